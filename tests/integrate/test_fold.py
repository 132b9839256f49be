"""The example that follows the ticket stream is right, whoever dies when, and whatever repeats."""

import json
import random
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.integrate.examples import module

Event = dict[str, Any]

TYPES = ("CustomerWrote", "AgentReplied", "TicketTagged", "TypeOfLaterVersions")
TICKETS = (("acme", "t-1"), ("acme", "t-2"), ("beta", "t-1"))


class Killed(BaseException):
    """The process is no more."""


class Connection(sqlite3.Connection):
    """Dies before the statement that `left` counts down to; calls `between` before each."""

    left = 10**9
    between: Any = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self.left -= 1
        if self.left < 0:
            raise Killed
        if self.between is not None:
            self.between()
        return super().execute(*arguments)


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


def a_log(draw: random.Random) -> list[Event]:
    """A partition: tickets beside each other; now and then some of one's events once more."""
    histories = [_history(draw, ticket) for ticket in TICKETS]
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


def _dies_at_the_end(batch: Iterable[Event]) -> Iterator[Event]:
    yield from batch
    raise Killed  # all statements are done, the transaction is not


def follow(example: Any, draw: random.Random, log: Sequence[Event], file: Path) -> None:
    """Take the log to its end, by processes that die and begin again where was committed.

    Between any two statements another one, who has lost the partition and does not know it, may
    take an older batch once more.
    """
    example.connect(str(file)).close()
    committed, deaths = 0, draw.randint(0, 6)
    while committed < len(log):
        database = sqlite3.connect(file, isolation_level=None, timeout=30, factory=Connection)
        try:
            while committed < len(log):
                batch = log[committed : committed + draw.randint(1, 4)]
                dies = draw.choice(["no", "within", "before the end", "after"]) if deaths else "no"
                deaths -= dies != "no"
                if dies == "within":
                    database.left = draw.randint(0, 3 * len(batch))
                stale = log[max(0, committed - 3) : committed + 2]
                if draw.random() < 0.3:
                    database.between = lambda stale=stale: _late(example, draw, stale, file)
                example.take(
                    database, _dies_at_the_end(batch) if dies == "before the end" else batch
                )
                database.left, database.between = 10**9, None
                if dies == "after":
                    break
                committed += len(batch)
        except Killed:
            pass
        finally:
            database.close()


def _late(example: Any, draw: random.Random, stale: Sequence[Event], file: Path) -> None:
    if draw.random() < 0.7:
        return
    database = sqlite3.connect(file, isolation_level=None, timeout=0)
    try:
        example.take(database, stale)
    except sqlite3.OperationalError as error:
        assert "locked" in str(error)  # noqa: PT017  # it waits for the other, and would go on
    finally:
        database.close()


def _is_right(example: Any, draw: random.Random, folder: Path) -> bool:
    log = a_log(draw)
    file = folder / "tables.db"
    file.unlink(missing_ok=True)
    try:
        follow(example, draw, log, file)
    except sqlite3.Error:
        return False
    return tables(file) == fold(log)


@given(draw=st.randoms(use_true_random=False))
def test_the_tables_are_the_fold_of_the_stream_whoever_dies_and_whatever_repeats(
    draw: random.Random, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert _is_right(module("follow_tickets"), draw, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('event["seq"] <= last_seq', 'event["seq"] < last_seq'),
        ('event["seq"] <= last_seq', 'event["seq"] != last_seq + 1'),
        ('    database.execute("BEGIN IMMEDIATE")\n', ""),
        ('event["seq"] - last_seq - 1', "0"),
        ("WHERE account_id = ? AND ticket_id = ?", "WHERE ? <> '' AND ticket_id = ?"),
        ("INSERT OR IGNORE", "INSERT"),
    ],
)
def test_an_example_that_is_wrong_is_found(before: str, after: str, tmp_path: Path) -> None:
    wrong = module("follow_tickets", (before, after))

    assert not all(_is_right(wrong, random.Random(seed), tmp_path) for seed in range(100))
