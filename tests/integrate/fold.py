"""A ticket stream, and what whoever follows it has to hold in the end."""

import json
import random
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.e2e.harness import until

Event = dict[str, Any]

TYPES = ("CustomerWrote", "AgentReplied", "TicketTagged", "TypeOfLaterVersions")
TICKETS = (("acme", "t-1"), ("acme", "t-2"), ("beta", "t-1"))


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


async def until_folded(file: Path, log: Sequence[Event]) -> None:
    """Return once the tables are the fold of the stream; fail when they never are."""
    wanted = fold(log)

    async def whether() -> bool:
        try:
            return tables(file) == wanted
        except sqlite3.OperationalError:  # nobody has made them yet
            return False

    await until("the tables are the fold of the stream", whether)
