"""Timers in MongoDB, typing marks in Redis."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from services.autoclose.rules.closing import TypingMark
from services.autoclose.rules.timer import NOTHING_RUNS, TicketRef, Timer, Typist
from shared.clock import EPOCH
from shared.stores.indexes import Indexed
from shared.stores.mongo import AT_ONCE, Database, insert_new

if TYPE_CHECKING:
    from redis.asyncio import Redis

_PIPELINE = 500
_AFTER_ALL_KEYS = "~"
_MILLISECOND = timedelta(milliseconds=1)


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of autoclose's that makes indexes, for whoever looks whether they are there."""
    return (MongoTimers(database),)


class MongoTimers:
    """Collection `autoclose_timers`: a document for each ticket, `account:ticket`, for ever."""

    def __init__(self, database: Database) -> None:
        self._timers = database["autoclose_timers"]

    async def ensure_indexes(self) -> None:
        """Create the indexes that both sweeps need, if they are missing."""
        await self._timers.create_index([("due_at", 1)])
        await self._timers.create_index([("account_id", 1), ("settings", 1)])

    async def load(self, tickets: Collection[TicketRef]) -> dict[TicketRef, Timer]:
        """See `handlers.Timers`."""
        if not tickets:
            return {}
        found = await self._find({"_id": {"$in": sorted(map(_id, tickets))}})
        return {timer.ref: timer for timer in found}

    async def save(self, timers: Sequence[Timer], known: Collection[TicketRef]) -> None:
        """See `handlers.Timers`."""
        new = [timer for timer in timers if timer.ref not in known]
        there = await insert_new(self._timers, [{"_id": _id(t.ref), **t._asdict()} for t in new])
        older = [timer for timer in timers if timer.ref in known]
        updates = [
            UpdateOne(
                {"_id": _id(timer.ref), "last_seq": {"$lt": timer.last_seq}},
                {"$set": timer._asdict()},
            )
            for timer in [*older, *(new[place] for place in sorted(there))]
        ]
        if updates:
            await self._timers.bulk_write(updates, ordered=False)

    async def due(self, now: datetime, limit: int) -> list[Timer]:
        """See `sweep.RunningTimers`."""
        return await self._find({"due_at": {"$gte": EPOCH, "$lt": now}}, limit)

    async def set_otherwise(self, account_id: str, settings: str, limit: int) -> list[Timer]:
        """See `sweep.RunningTimers`."""
        # Two ranges with both their ends, instead of "not equal": only what is returned is read.
        below = {"account_id": account_id, "settings": {"$gt": NOTHING_RUNS, "$lt": settings}}
        above = {"account_id": account_id, "settings": {"$gt": settings, "$lt": _AFTER_ALL_KEYS}}
        found = await self._find(below, limit)
        if len(found) < limit:
            found += await self._find(above, limit - len(found))
        return found

    async def revise(self, changes: Sequence[tuple[Timer, Timer]]) -> None:
        """See `sweep.RunningTimers`."""
        updates = [
            UpdateOne(
                {
                    "_id": _id(before.ref),
                    "last_seq": before.last_seq,
                    "due_at": before.due_at,
                    "settings": before.settings,
                },
                {"$set": after._asdict()},
            )
            for before, after in changes
        ]
        if updates:
            await self._timers.bulk_write(updates, ordered=False)

    async def _find(self, query: Mapping[str, Any], limit: int = 0) -> list[Timer]:
        rows = self._timers.find(dict(query), limit=limit, batch_size=AT_ONCE)
        return [_timer(row) async for row in rows]


def _id(ticket: TicketRef) -> str:
    return f"{ticket.account_id}:{ticket.ticket_id}"


def _timer(row: Mapping[str, Any]) -> Timer:
    kept = {name: row[name] for name in Timer._fields if name in row}
    asked = kept["asked_for"]
    return Timer(**{**kept, "asked_for": None if asked is None else (asked[0], asked[1])})


class RedisTyping:
    """A key for each who was seen typing; it expires after the mark's `matters_for`."""

    def __init__(self, redis: "Redis", prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def mark(self, marks: Mapping[Typist, TypingMark]) -> None:
        """See `handlers.Typing`."""
        pending = list(marks.items())
        for start in range(0, len(pending), _PIPELINE):
            pipeline = self._redis.pipeline(transaction=False)
            for typist, mark in pending[start : start + _PIPELINE]:
                keep = max(mark.matters_for, _MILLISECOND)
                pipeline.set(self._key(typist), _milliseconds(mark.at), px=keep)
            await pipeline.execute()

    async def seen(self, typists: Collection[Typist]) -> dict[Typist, datetime]:
        """See `handlers.Typing`."""
        if not typists:
            return {}
        asked = list(typists)
        pipeline = self._redis.pipeline(transaction=False)
        for typist in asked:
            pipeline.get(self._key(typist))
        found = zip(asked, await pipeline.execute(), strict=True)
        return {typist: _moment(value) for typist, value in found if value is not None}

    async def forget(self, typists: Collection[Typist]) -> None:
        """See `handlers.Typing`."""
        if typists:
            pipeline = self._redis.pipeline(transaction=False)
            for typist in typists:
                pipeline.delete(self._key(typist))
            await pipeline.execute()

    def _key(self, typist: Typist) -> str:
        # The braces keep an account's keys on one node of a cluster.
        return f"{self._prefix}:typing:{{{typist.account_id}}}:{typist.channel}:{typist.party}"


def _milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // _MILLISECOND


def _moment(value: bytes | str) -> datetime:
    return EPOCH + int(value) * _MILLISECOND
