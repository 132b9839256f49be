"""Parties and the agents' own choices in MongoDB."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from services.handoff.rules.party import KEPT, Party
from shared.clock import EPOCH
from shared.stores.documents import Document
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database, insert_new
from shared.stores.mongo_aggregates import MongoAggregates
from shared.values.attendance import Attendance

_MOST_COUNTED = 10_000


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of the hand-off's that makes indexes, for whoever looks whether they are there."""
    return (MongoParties(database), MongoAgents(database))


class MongoParties(MongoAggregates[Party]):
    """Collection `handoff_parties`, with the ledger `handoff_seen`."""

    def __init__(self, database: Database) -> None:
        self._parties = database["handoff_parties"]
        self._seen = database["handoff_seen"]
        self.erasures = MongoErasures(database, "handoff")
        super().__init__(self._parties, self._seen, Party)

    async def ensure_indexes(self) -> None:
        """Create the aggregates' indexes, those of the queries here, and the ledger's.

        The ledger may forget what no topic can bring again.
        """
        await super().ensure_indexes()
        await self.erasures.ensure_indexes()
        await self._parties.create_index([("line", 1), ("due_at", 1)])
        await self._parties.create_index([("handing_at", 1)])
        await self._parties.create_index([("names", 1)])
        await self._seen.create_index([("of", 1)])
        await self._seen.create_index([("at", 1)], expireAfterSeconds=int(KEPT.total_seconds()))

    async def due(self, line: str, now: datetime, limit: int) -> list[Document[Party]]:
        """See `sweep.Parties`."""
        query = {"line": line, "due_at": {"$gte": EPOCH, "$lte": now}}
        return await self.find(query, limit, [("due_at", 1)])

    async def named(self, account_id: str, names: Collection[str]) -> list[Document[Party]]:
        """See `erasing.Erasable`."""
        wanted = [f"{account_id}|{name}" for name in sorted(names)]
        return await self.find({"names": {"$in": wanted}}, 0)

    async def since(self, before: datetime) -> Mapping[str, int]:
        """See `measure.Parties`."""
        rows = self._parties.find(
            {"handing_at": {"$gte": EPOCH, "$lt": before}},
            projection={"method": 1},
            limit=_MOST_COUNTED,
        )
        return Counter([row["method"] async for row in rows])


class MongoAgents:
    """Collection `handoff_agents`."""

    def __init__(self, database: Database) -> None:
        self._agents = database["handoff_agents"]

    async def ensure_indexes(self) -> None:
        """Create the index by which an account's agents are found."""
        await self._agents.create_index([("account_id", 1)])

    async def known(self, agents: Collection[tuple[str, str]]) -> dict[tuple[str, str], Attendance]:
        """See `handlers.Agents`."""
        ids = [_id(*agent) for agent in sorted(agents)]
        found = await self._find({"_id": {"$in": ids}})
        return {(each.account_id, each.agent_id): each for each in found}

    async def of(self, account_id: str) -> list[Attendance]:
        """See `handlers.Agents`."""
        return await self._find({"account_id": account_id})

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        """See `handlers.Agents`."""
        rows = [{"_id": _id(a.account_id, a.agent_id), **asdict(a)} for a in attendances]
        there = await insert_new(self._agents, rows)
        writes = [
            UpdateOne(
                {
                    "_id": rows[place]["_id"],
                    "chosen_at": {"$lte": rows[place]["chosen_at"]},
                    "seen_at": {"$lte": rows[place]["seen_at"]},
                },
                {"$set": {name: value for name, value in rows[place].items() if name != "_id"}},
            )
            for place in sorted(there)
        ]
        if writes:
            await self._agents.bulk_write(writes, ordered=False)

    async def _find(self, query: Mapping[str, Any]) -> list[Attendance]:
        return [Attendance(**row) async for row in self._agents.find(dict(query), {"_id": 0})]


def _id(account_id: str, agent_id: str) -> str:
    return f"{account_id}:{agent_id}"
