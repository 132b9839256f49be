"""The example that follows the ticket stream is right, whoever dies when, and whatever repeats."""

import asyncio
import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest
from aiokafka.errors import CommitFailedError
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.library import examples
from tests.integrate.examples import module
from tests.integrate.fold import Event, a_log, fold, tables

TAKE = "                take(database, ["
COMMIT = """\
                with suppress(CommitFailedError):
                    await consumer.commit()
"""


class Killed(BaseException):
    """The process is no more."""


class Connection(sqlite3.Connection):
    """Calls `before_each` before each statement, and before the end of a transaction."""

    before_each: Callable[[], None]

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self.before_each()
        return super().execute(*arguments)

    def __exit__(self, *arguments: object) -> Any:
        if arguments[0] is None:
            self.before_each()
        return super().__exit__(*arguments)  # type: ignore[arg-type]


@dataclass
class World:
    """A partition, and the example's processes, each of which may die at any of its steps.

    Between any two statements another one, who has lost the partition and does not know it, may
    take some of it once more. A commit may fail: the partition was moved away, and comes back.
    """

    example: Any
    draw: random.Random
    log: Sequence[Event]
    file: Path
    committed: int = 0
    position: int = 0
    deaths: int = 6
    connections: list[sqlite3.Connection] = field(default_factory=list)

    def follow(self) -> None:
        """Run processes, one after another, until one has committed all there is."""
        self.example.AIOKafkaConsumer = self.begun
        self.example.sqlite3 = SimpleNamespace(connect=self.connected)
        while self.committed < len(self.log):
            try:
                asyncio.run(self.example.main(str(self.file)))
            except Killed:
                pass
            finally:
                for connection in self.connections:
                    connection.close()

    def connected(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, **options, factory=Connection)
        # Processes die here, machines do not: nothing has to wait for the disk.
        sqlite3.Connection.execute(connection, "PRAGMA synchronous = OFF")
        connection.before_each = self._step
        self.connections.append(connection)
        return connection

    def begun(self, *_: Any, enable_auto_commit: bool, **__: Any) -> Self:
        assert not enable_auto_commit
        self.position = self.committed
        return self

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass

    async def getmany(self, **_: Any) -> dict[int, list[Any]]:
        if self.committed == len(self.log):
            raise Killed
        batch = self.log[self.position : self.position + self.draw.randint(1, 4)]
        self.position += len(batch)
        return {0: [SimpleNamespace(value=json.dumps(event)) for event in batch]}

    async def commit(self) -> None:
        self._may_die()
        if self.draw.random() < 0.1:
            self.position = self.committed
            raise CommitFailedError
        self.committed = self.position
        self._may_die()

    def _may_die(self) -> None:
        if self.deaths and self.draw.random() < 0.1:
            self.deaths -= 1
            raise Killed

    def _step(self) -> None:
        self._may_die()
        if self.draw.random() < 0.1:
            self._late()

    def _late(self) -> None:
        stale = self.log[max(0, self.committed - 3) : self.committed + 2]
        database = sqlite3.connect(self.file, isolation_level=None, timeout=0)
        database.execute("PRAGMA synchronous = OFF")
        try:
            self.example.take(database, stale)
        except sqlite3.OperationalError as error:
            assert "locked" in str(error)  # noqa: PT017  # it waits for the other, and would go on
        finally:
            database.close()


def _is_right(example: Any, draw: random.Random, folder: Path) -> bool:
    log = a_log(draw)
    file = folder / "tables.db"
    file.unlink(missing_ok=True)
    try:
        World(example, draw, log, file).follow()
    except sqlite3.Error:
        return False
    return tables(file) == fold(log)


@settings(deadline=None)  # it writes files
@given(seed=st.integers(0, 2**32))
def test_the_tables_are_the_fold_of_the_stream_whoever_dies_and_whatever_repeats(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw, folder = random.Random(seed), tmp_path_factory.getbasetemp()

    assert _is_right(module("follow_tickets"), draw, folder)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('event["seq"] <= last_seq', 'event["seq"] < last_seq'),
        ('event["seq"] <= last_seq', 'event["seq"] != last_seq + 1'),
        ('    database.execute("BEGIN IMMEDIATE")\n', ""),
        ('event["seq"] - last_seq - 1', "0"),
        ("WHERE account_id = ? AND ticket_id = ?", "WHERE ? <> '' AND ticket_id = ?"),
        ("INSERT OR IGNORE", "INSERT"),
        (TAKE, COMMIT + TAKE),
    ],
)
def test_an_example_that_is_wrong_is_found(before: str, after: str, tmp_path: Path) -> None:
    wrong = module("follow_tickets", (before, after))

    assert not all(_is_right(wrong, random.Random(seed), tmp_path) for seed in range(100))


def test_a_snapshot_is_taken_as_an_event_after_a_jump(tmp_path: Path) -> None:
    (snapshot,) = [each.json for each in examples() if each.type == "TicketSnapshot"]
    example, file = module("follow_tickets"), tmp_path / "tables.db"
    database = example.connect(str(file))

    example.take(database, [snapshot, {**snapshot, "page": 1}])

    database.close()
    ((*_, last_seq, missed, _replies, summary),) = tables(file)[0]
    assert (last_seq, missed) == (snapshot["seq"], snapshot["seq"] - 1)
    assert json.loads(summary) == snapshot["ticket"]
