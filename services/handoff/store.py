"""Parties and the agents' own choices in MongoDB."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from services.handoff.rules.party import KEPT, Party
from shared.clock import EPOCH
from shared.stores.attendance import MongoAttendances
from shared.stores.documents import Document
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database
from shared.stores.mongo_aggregates import MongoAggregates

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


class MongoAgents(MongoAttendances):
    """Collection `handoff_agents`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database["handoff_agents"])
