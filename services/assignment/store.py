"""Followed tickets and agents in MongoDB, heartbeats in Redis."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import UpdateOne
from redis.asyncio import Redis

from services.assignment.rules.follow import Followed
from services.assignment.rules.lines import account_of
from services.assignment.rules.presence import Beat, Choice
from services.assignment.rules.rotation import Rotation
from shared.clock import EPOCH, FAR_FUTURE
from shared.stores.causal import Causal
from shared.stores.indexes import Indexed
from shared.stores.mongo import AT_ONCE, Database, compare_and_set, insert_new
from shared.stores.mongo_aggregates import MongoAggregates

_PAGE = 500
_FIELDS = [name for name in Followed._fields if name != "revision"]


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of assignment's that makes indexes, for whoever looks whether they are there."""
    return (MongoTickets(database), MongoAgents(database), mongo_rotations(database))


class MongoTickets:
    """The followed tickets, in the collection `assignment_tickets`."""

    def __init__(self, database: Database, causal: Causal | None = None) -> None:
        """Reads follow those of the rotations where both have the same `causal`."""
        self._tickets = database["assignment_tickets"]
        self._causal = causal or Causal(self._tickets)

    async def ensure_indexes(self) -> None:
        """Make sure of the indexes for finding waiting lines and open tickets."""
        await self._tickets.create_index([("line", 1), ("waiting_since", 1)])
        await self._tickets.create_index([("holder", 1)])

    async def load(self, ids: Collection[str]) -> dict[str, Followed]:
        """See `handlers.Tickets`."""
        if not ids:
            return {}
        query = {"_id": {"$in": sorted(ids)}}
        async with self._causal.reading() as session:
            rows = self._tickets.find(query, session=session, batch_size=AT_ONCE)
            return {row["_id"]: _followed(row) async for row in rows}

    async def save(self, tickets: Collection[Followed]) -> set[str]:
        """See `handlers.Tickets`."""
        rows = [(_row(ticket), ticket.revision) for ticket in tickets]
        return {ticket.id for ticket in tickets} - await compare_and_set(self._tickets, rows)

    async def busy(self, account_ids: Collection[str] | None) -> set[str]:
        """See `looking.Tickets`."""
        # One range around all these accounts: MongoDB goes from line to line in the index. The
        # embedded server reads all that waits in a range, and would do so again for each account.
        if account_ids is None:
            return set(await self._tickets.distinct("line", {"line": {"$gt": ""}}))
        ranges = [_of(account_id) for account_id in account_ids]
        first, last = min(each["$gt"] for each in ranges), max(each["$lt"] for each in ranges)
        found = await self._tickets.distinct("line", {"line": {"$gt": first, "$lt": last}})
        return {line for line in found if account_of(line) in account_ids}

    async def waiting(self, line: str, limit: int) -> list[Followed]:
        """See `looking.Tickets`."""
        query, sort = {"line": line}, [("waiting_since", 1)]
        async with self._causal.reading() as session:
            rows = self._tickets.find(
                query, sort=sort, limit=limit, session=session, batch_size=AT_ONCE
            )
            return [_followed(row) async for row in rows]

    async def waiting_since(self) -> datetime | None:
        """See `measure.Tickets`."""
        # MongoDB goes from line to line in the index, to the oldest of each.
        cursor = self._tickets.aggregate(
            [
                {"$match": {"line": {"$gt": ""}}},
                {"$sort": {"line": 1, "waiting_since": 1}},
                {"$group": {"_id": "$line", "since": {"$first": "$waiting_since"}}},
                {"$group": {"_id": None, "since": {"$min": "$since"}}},
            ]
        )
        return next((row["since"] for row in await cursor.to_list(1)), None)

    async def open_tickets(self, holders: Collection[str]) -> dict[str, int]:
        """See `looking.Tickets`."""
        stages: list[dict[str, Any]] = [
            {"$match": {"holder": {"$in": sorted(holders)}}},
            {"$group": {"_id": "$holder", "count": {"$sum": 1}}},
        ]
        async with self._causal.reading() as session:
            rows = self._tickets.aggregate(stages, session=session)
            return {row["_id"]: row["count"] async for row in rows}

    async def holders(self, account_id: str) -> set[str]:
        """See `sweep.Tickets`."""
        found = await self._tickets.distinct("holder", {"holder": _of(account_id)})
        return {holder.removeprefix(f"{account_id}:") for holder in found}

    def held_by(self, account_id: str, agent_id: str) -> AsyncIterator[list[Followed]]:
        """See `sweep.Tickets`."""
        return self._pages({"holder": f"{account_id}:{agent_id}"})

    def standing(self, account_id: str) -> AsyncIterator[list[Followed]]:
        """See `sweep.Tickets`."""
        return self._pages({"line": _of(account_id)})

    async def _pages(self, query: Mapping[str, Any]) -> AsyncIterator[list[Followed]]:
        cursor = self._tickets.find(dict(query), batch_size=_PAGE)
        while rows := await cursor.to_list(_PAGE):
            yield [_followed(row) for row in rows]


class MongoAgents:
    """The agents' own choices, in the collection `assignment_agents`."""

    def __init__(self, database: Database) -> None:
        self._agents = database["assignment_agents"]

    async def ensure_indexes(self) -> None:
        """Make sure of the indexes for finding agents who are online."""
        await self._agents.create_index([("due_at", 1), ("_id", 1)])
        await self._agents.create_index([("account_id", 1), ("due_at", 1)])

    async def choose(self, choices: Sequence[Choice], now: datetime) -> None:
        """See `handlers.Agents`."""
        ids = {choice.id: choice for choice in choices}
        known = {
            row["_id"] async for row in self._agents.find({"_id": {"$in": sorted(ids)}}, {"_id": 1})
        }
        await insert_new(
            self._agents,
            [
                {
                    "_id": choice.id,
                    "account_id": choice.account_id,
                    "agent_id": choice.agent_id,
                    "at": EPOCH,
                    "due_at": FAR_FUTURE,
                }
                for choice in ids.values()
                if choice.id not in known
            ],
        )
        updates = [update for choice in choices for update in _choose(choice, now)]
        await self._agents.bulk_write(updates, ordered=True)

    async def online(self, now: datetime, account_ids: Collection[str]) -> dict[str, set[str]]:
        """See `looking.Agents`."""
        query = {
            "account_id": {"$in": sorted(account_ids)},
            "due_at": {"$gt": now, "$lt": FAR_FUTURE},
        }
        found: dict[str, set[str]] = {}
        async for row in self._agents.find(query):
            found.setdefault(row["account_id"], set()).add(row["agent_id"])
        return found

    async def available(self, now: datetime) -> int:
        """See `measure.Agents`."""
        return await self._agents.count_documents({"due_at": {"$gt": now, "$lt": FAR_FUTURE}})

    async def due(self, before: datetime, limit: int, after: Choice | None = None) -> list[Choice]:
        """See `sweep.Agents`."""
        if after is None:
            return await self._by_due_date({"due_at": {"$gte": EPOCH, "$lt": before}}, limit)
        # Two ranges of the index; for one query with an "or" a server may not use the index.
        found = await self._by_due_date({"due_at": after.due_at, "_id": {"$gt": after.id}}, limit)
        if len(found) < limit:
            later = {"due_at": {"$gt": after.due_at, "$lt": before}}
            found += await self._by_due_date(later, limit - len(found))
        return found

    async def _by_due_date(self, query: Mapping[str, Any], limit: int) -> list[Choice]:
        cursor = self._agents.find(dict(query), sort=[("due_at", 1), ("_id", 1)], limit=limit)
        return [
            Choice(row["account_id"], row["agent_id"], row["at"], row["due_at"])
            async for row in cursor
        ]

    async def settle(self, checked: Sequence[Choice]) -> None:
        """See `sweep.Agents`."""
        await self._agents.bulk_write(
            [
                UpdateOne(
                    {"_id": choice.id, "at": choice.at, "due_at": {"$lt": FAR_FUTURE}},
                    {"$set": {"due_at": choice.due_at}},
                )
                for choice in checked
            ],
            ordered=False,
        )


_BEAT = """
for place = 1, #ARGV - 1, 2 do
  local known = redis.call('HGET', KEYS[1], ARGV[place])
  if not known or tonumber(known) < tonumber(ARGV[place + 1]) then
    redis.call('HSET', KEYS[1], ARGV[place], ARGV[place + 1])
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[#ARGV])
"""
_KEPT = timedelta(days=30)


class RedisHeartbeats:
    """When agents' apps were last connected: one hash for each account.

    Times are in milliseconds since 1970, UTC. If heartbeats are lost here, an agent's silence is
    noticed one heartbeat limit later.
    """

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    async def beat(self, beats: Sequence[Beat]) -> None:
        """See `handlers.Heartbeats`."""
        by_account: dict[str, list[str]] = {}
        for beat in beats:
            by_account.setdefault(beat.account_id, []).extend(
                (beat.agent_id, str(_milliseconds(beat.at)))
            )
        kept = str(_KEPT // timedelta(milliseconds=1))
        async with self._redis.pipeline(transaction=False) as pipeline:
            for account_id, pairs in by_account.items():
                pipeline.eval(_BEAT, 1, self._key(account_id), *pairs, kept)
            await pipeline.execute()

    async def last(self, choices: Sequence[Choice], now: datetime) -> Mapping[str, datetime]:
        """See `sweep.Heartbeats`."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for choice in choices:
                key = self._key(choice.account_id)
                pipeline.hsetnx(key, choice.agent_id, str(_milliseconds(now)))
                pipeline.hget(key, choice.agent_id)
            answers = await pipeline.execute()
        return {
            choice.id: EPOCH + timedelta(milliseconds=int(answer))
            for choice, answer in zip(choices, answers[1::2], strict=True)
        }

    def _key(self, account_id: str) -> str:
        return f"{self._prefix}:assignment:heartbeats:{{{account_id}}}"


def mongo_rotations(database: Database, causal: Causal | None = None) -> MongoAggregates[Rotation]:
    """The rotations in `assignment_rotations`; they know which turns are out, without a ledger."""
    return MongoAggregates(database["assignment_rotations"], None, Rotation, causal)


def _row(ticket: Followed) -> dict[str, Any]:
    row = {name: getattr(ticket, name) for name in _FIELDS}
    # Read by versions up to 0.1 alone: of these it says that no offer is out.
    row["offered"] = ""
    return row | {"_id": ticket.id, "holder": ticket.holder, "rev": ticket.revision + 1}


def _followed(row: Mapping[str, Any]) -> Followed:
    values = {name: row[name] for name in _FIELDS} | {"unanswered": tuple(row["unanswered"])}
    return Followed(**values, revision=row["rev"])


def _of(account_id: str) -> dict[str, str]:
    """The range of names that begin with the account and a colon; `;` comes right after `:`."""
    return {"$gt": f"{account_id}:", "$lt": f"{account_id};"}


def _choose(choice: Choice, now: datetime) -> list[UpdateOne]:
    """The updates that store a choice; the first replaces one that a wrong clock dated after `now`.

    They are two, since a server finds the agent by `_id` where the conditions are plain.
    """
    chosen = {"$set": {"at": choice.at, "due_at": choice.due_at}}
    earlier = "$lt" if choice.online else "$lte"
    return [
        UpdateOne({"_id": choice.id, "at": {"$gt": now}}, chosen),
        UpdateOne({"_id": choice.id, "at": {earlier: choice.at}}, chosen),
    ]


def _milliseconds(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(milliseconds=1)
