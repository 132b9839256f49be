"""What autoclose does a second, and what a full collection of timers costs its sweep.

Beside a bare loop of the same reads and writes, and beside the bare query, writes and commands.
"""

import asyncio
import json
import statistics
import time
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pymongo import UpdateOne

from services.autoclose.rules.timer import Timer, armed
from services.autoclose.store import MongoTimers
from services.autoclose.sweep import BATCH, Sweep
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer
from shared.clock import EPOCH, FAR_FUTURE
from shared.contracts.accounts import AutoClose
from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings
from shared.stores.mongo import Database, Mongo
from shared.topics import COMMANDS, TICKETS
from tests.autoclose.memory import MemoryTyping
from tests.bench import events, places
from tests.bench.contest import Contest
from tests.bench.figures import FULL, Figure
from tests.bench.tape import Row
from tests.bench.workload import ACCOUNT, phone
from tests.builders import MONDAY, an_account

TICKETS_MANY: Final = 2_000
MANY: Final = 1_000_000 if FULL else 300_000
FEW: Final = 10_000
DUE: Final = 1_000
ROUNDS: Final = 4
"""How often as many are due, for the sweep and for the bare query in turns."""

SETTINGS: Final = AutoClose(enabled=True)
CHUNK: Final = 5_000
_TURNS: Final = 2 * ROUNDS


def measure() -> list[Figure]:
    """Rates of autoclose, and how its sweep's time grows."""
    with places.servers() as there, TemporaryDirectory() as folder:
        return asyncio.run(_measured(there, Path(folder)))


async def _measured(there: Servers, folder: Path) -> list[Figure]:
    contest = Contest(there, "autoclose", (TICKETS.name,), events.lives(range(TICKETS_MANY)))
    part, _ = await contest.taped(folder)
    ours, bare = await contest.against([part])
    few, many = await _swept(there, FEW), await _swept(there, MANY)
    return [
        Figure("autoclose: events, to a bare loop", ours, "events/s", bare, 0.7, "more"),
        Figure(
            f"autoclose: {DUE:,} due of {MANY:,} timers to as many of {FEW:,}, to what the bare"
            " query and writes grow by",
            *(many[0] / few[0], "times", many[1] / few[1]),
            1.2,
            "less",
        ),
    ]


async def _swept(there: Servers, timers: int) -> tuple[float, float]:
    """Seconds of the sweep and of the bare work for `DUE` of so many timers; medians."""
    settings = {"url": there.mongo, "database": f"bench_timers_{timers}"}
    mongo = Mongo(MongoSettings.model_validate(settings), patience=300)
    try:
        async with places.a_place(there) as (_, producer):
            await MongoTimers(mongo.database).ensure_indexes()
            await _fill(mongo.database, timers)
            ours, bare = [], []
            for turn in range(0, _TURNS, 2):
                ours.append(await _sweep(mongo.database, producer, _moment(turn)))
                bare.append(await _bare(mongo.database, producer, _moment(turn + 1)))
            return statistics.median(ours), statistics.median(bare)
    finally:
        await mongo.close()


def _moment(turn: int) -> datetime:
    """When the timers of a turn, and of those before, are due."""
    return MONDAY + timedelta(hours=turn + 1)


def timer(number: int) -> Timer:
    """The first timers are due turn by turn, `DUE` in each; all others long afterwards."""
    turn, place = divmod(number, DUE)
    due_at = _moment(turn) - timedelta(minutes=1) + timedelta(milliseconds=place)
    if turn >= _TURNS:
        due_at = MONDAY + timedelta(days=30, seconds=number)
    began = due_at - SETTINGS.period
    waiting = Timer(
        account_id=ACCOUNT,
        ticket_id=events.ticket_id(number),
        channel="sms",
        party=f"e164:{phone(number)}",
        seen_at=began,
        correlation_id=f"m-{number}-2",
        last_seq=4,
        reset_seq=2,
        waiting_epoch=4,
        last_reply_seq=4,
        first_reply_at=began,
        last_reply_at=began,
    )
    return armed(waiting, SETTINGS)


async def _fill(database: Database, timers: int) -> None:
    for start in range(0, timers, CHUNK):
        rows = [
            {"_id": f"{ACCOUNT}:{events.ticket_id(number)}", **timer(number)._asdict()}
            for number in range(start, min(start + CHUNK, timers))
        ]
        await database["autoclose_timers"].insert_many(rows, ordered=False)


async def _sweep(database: Database, producer: Producer, now: datetime) -> float:
    """Seconds of the service's sweep."""
    accounts = AccountsTable()
    accounts.apply(an_account(account_id=ACCOUNT, autoclose=SETTINGS))
    timers = MongoTimers(database)
    sweep = Sweep(timers, MemoryTyping(), accounts, producer.publish, lambda: now)
    began = time.monotonic()
    await sweep.close_due()
    took = time.monotonic() - began
    assert not await timers.due(now, 1), "something is due after a sweep"
    return took


async def _bare(database: Database, producer: Producer, now: datetime) -> float:
    """Seconds of the same query, commands and writes, without models and rules."""
    timers, done = database["autoclose_timers"], 0
    began = time.monotonic()
    while True:
        cursor = timers.find({"due_at": {"$gte": EPOCH, "$lt": now}}, limit=BATCH)
        rows = await cursor.to_list(None)
        if rows:
            await producer.publish(list(map(_command, rows)))
            await timers.bulk_write(list(map(_asked, rows)), ordered=False)
        done += len(rows)
        if len(rows) < BATCH:
            assert done == DUE, f"{done} were due"
            return time.monotonic() - began


def _command(row: Row) -> Outgoing:
    body = {
        "account_id": row["account_id"],
        "id": row["_id"],
        "occurred_at": row["due_at"].isoformat(),
        "correlation_id": row["correlation_id"],
        "ticket_id": row["ticket_id"],
        "author": {"kind": "system", "id": "autoclose"},
        "type": "CloseTicket",
        "reason": "inactivity",
        "waiting_epoch": row["waiting_epoch"],
        "last_reply_seq": row["last_reply_seq"],
    }
    headers = (("correlation-id", row["correlation_id"].encode()),)
    return Outgoing(COMMANDS.name, row["_id"].encode(), json.dumps(body).encode(), headers)


def _asked(row: Row) -> UpdateOne:
    asked = (row["waiting_epoch"], row["last_reply_seq"])
    after = row | {"asked_for": asked, "settings": "", "due_at": FAR_FUTURE}
    del after["_id"]
    same = {name: row[name] for name in ("_id", "last_seq", "due_at", "settings")}
    return UpdateOne(same, {"$set": after})
