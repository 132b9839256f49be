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

Event = dict[str, Any]

TAKE = "                take(database, ["
COMMIT = """\
                with suppress(CommitFailedError):
                    await consumer.commit()
"""
TYPES = ("CustomerWrote", "AgentReplied", "TicketTagged", "TypeOfLaterVersions")
TICKETS = (("acme", "t-1"), ("acme", "t-2"), ("beta", "t-1"))


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


def _history(draw: random.Random, ticket: tuple[str, str]) -> list[Event]:
    """A ticket's events from 1 on; of some nothing is left but later ones, or there are holes."""
    length = draw.randint(1, 7)
    events = [
        {
            "account_id": ticket[0],
            "ticket_id": ticket[1],
            "id": f"{ticket[1]}:{seq}",
            "seq": seq,
            "type": draw.choice(TYPES),
            "text": f"text {seq}",
            "ticket": {"tags": [seq], "customer_waits_since": draw.choice([None, "2026-01-01"])},
        }
        for seq in range(1, length + 1)
    ]
    if draw.random() < 0.5:
        del events[: draw.randint(0, length - 1)]
    if draw.random() < 0.3 and len(events) > 2:
        del events[draw.randint(1, len(events) - 2)]
    return events


def _rejection(draw: random.Random) -> Event:
    account, ticket = draw.choice(TICKETS)
    told = {"account_id": account, "ticket_id": ticket, "type": "CommandRejected"}
    return {**told, "command_id": f"c{draw.randint(1, 3)}", "code": "stale", "reason": "no"}


def a_log(draw: random.Random, suffix: str = "") -> list[Event]:
    """A partition: tickets beside each other; now and then some of one's events once more."""
    histories = [_history(draw, (account, ticket + suffix)) for account, ticket in TICKETS]
    log: list[Event] = []
    while any(histories):
        history = draw.choice([events for events in histories if events])
        log.append(history.pop(0))
        if draw.random() < 0.3:  # an outbox is published again: from any event on, in order
            mine = [e for e in log if "seq" in e and _ticket(e) == _ticket(log[-1])]
            since = draw.choice(mine)["seq"]
            again = {e["seq"]: e for e in mine if e["seq"] >= since}
            log += [again[seq] for seq in sorted(again)]
        if draw.random() < 0.2:
            log.append(_rejection(draw))
    return log


def _ticket(event: Event) -> tuple[str, str]:
    return event["account_id"], event["ticket_id"]


def fold(log: Sequence[Event]) -> tuple[Any, ...]:
    """What the tables have to hold: by sets alone, without an order of steps."""
    tickets, todo = set(), set()
    for ticket in {_ticket(event) for event in log if "seq" in event}:
        seen = {e["seq"]: e for e in log if "seq" in e and _ticket(e) == ticket}
        last = max(seen)
        replies = sum(event["type"] == "AgentReplied" for event in seen.values())
        tickets.add(
            (*ticket, last, last - len(seen), replies, json.dumps(seen[last]["ticket"])),
        )
        for seq, event in seen.items():
            what = event["text"] if event["type"] == "CustomerWrote" else None
            if seq > 1 and seq - 1 not in seen and event["ticket"].get("customer_waits_since"):
                what = what or "read what the customer wrote"
            if what:
                todo.add((ticket[0], event["id"], ticket[1], what))
    rejected = {
        (e["account_id"], e["command_id"], e["code"], e["reason"]) for e in log if "seq" not in e
    }
    return tickets, todo, rejected


def tables(file: Path) -> tuple[Any, ...]:
    """What the tables hold; a row that is there twice is one too many."""
    database = sqlite3.connect(file)
    try:
        found = [
            database.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608  # our own names
            for name in ("tickets", "todo", "rejected")
        ]
    finally:
        database.close()
    assert all(len(rows) == len(set(rows)) for rows in found)
    return tuple(set(rows) for rows in found)


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
