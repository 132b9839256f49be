"""Follow the ticket stream into tables of your own, each event once.

python follow_tickets.py DATABASE    run several, kill any of them: the tables are right
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError
from desk import CONNECTION, Body, group, topic

TABLES = """
CREATE TABLE IF NOT EXISTS tickets (
    account_id, ticket_id, last_seq, missed, replies, summary, PRIMARY KEY (account_id, ticket_id));
CREATE TABLE IF NOT EXISTS todo (
    account_id, event_id, ticket_id, what, PRIMARY KEY (account_id, event_id));
CREATE TABLE IF NOT EXISTS rejected (
    account_id, command_id, code, reason, PRIMARY KEY (account_id, command_id));
"""


def connect(file: str) -> sqlite3.Connection:
    """The database, with its tables. Transactions begin where `take` says."""
    database = sqlite3.connect(file, isolation_level=None, timeout=30)
    database.executescript(TABLES)
    return database


def take(database: sqlite3.Connection, events: Iterable[Body]) -> None:
    """Store what the events change, in one write: all of it, or nothing if this dies.

    Whoever else writes waits. So nobody else can take an event between our look at `last_seq`
    and our write: not even a replica that lost its partition and has not noticed yet.
    """
    database.execute("BEGIN IMMEDIATE")
    with database:
        for event in events:
            if event["type"] == "CommandRejected":  # an answer to a command: it has no seq
                database.execute(
                    "INSERT OR IGNORE INTO rejected VALUES (?, ?, ?, ?)",
                    (event["account_id"], event["command_id"], event["code"], event["reason"]),
                )
            else:
                _take(database, event)


def _take(database: sqlite3.Connection, event: Body) -> None:
    ticket = (event["account_id"], event["ticket_id"])
    found = database.execute(
        "SELECT last_seq, missed, replies FROM tickets WHERE account_id = ? AND ticket_id = ?",
        ticket,
    ).fetchone()
    last_seq, missed, replies = found or (0, 0, 0)
    if event["seq"] <= last_seq:
        return  # a repeat
    jump = event["seq"] - last_seq - 1  # events we never got: we began late, or were away for long
    what = _to_do(event, after_a_jump=jump > 0)
    if what is not None:
        database.execute(
            "INSERT INTO todo VALUES (?, ?, ?, ?)", (ticket[0], event["id"], ticket[1], what)
        )
    row = (event["seq"], missed + jump, replies + (event["type"] == "AgentReplied"))
    database.execute(
        "REPLACE INTO tickets VALUES (?, ?, ?, ?, ?, ?)",
        (*ticket, *row, json.dumps(event["ticket"])),
    )


def _to_do(event: Body, *, after_a_jump: bool) -> str | None:
    """What we decide: here, that somebody reads what a customer wrote.

    After a jump the summary tells what single events no longer can: whether a customer waits.
    """
    if event["type"] == "CustomerWrote":
        return str(event["text"])
    if after_a_jump and event["ticket"].get("customer_waits_since"):
        return "read what the customer wrote"
    return None  # types that we do not know too: their summary and their seq count all the same


async def main(file: str) -> None:
    """Take what there is and what comes, until stopped."""
    database = connect(file)
    consumer = AIOKafkaConsumer(
        topic("tickets"),
        **CONNECTION,
        group_id=group("tickets"),
        enable_auto_commit=False,  # it would commit what is not written yet
        auto_offset_reset="earliest",  # the first time; "latest" leaves out what is there
        session_timeout_ms=6_000,  # after so long without a sign of life, others take over
    )
    async with consumer:
        while True:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                take(database, [json.loads(record.value) for record in records])
            # After the write: a crash in between repeats, and loses nothing. Where our partitions
            # have moved, whoever has them now finds repeats.
            with suppress(CommitFailedError):
                await consumer.commit()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
