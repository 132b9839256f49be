"""What is remembered of contacts, in MongoDB."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.replies.rules.correspondent import Correspondent
from shared.clock import EPOCH
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database
from shared.stores.mongo_aggregates import MongoAggregates

LEDGER_KEPT = timedelta(days=120)
"""How long after its own time an entry stays: longer than any topic keeps a record."""


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of replies' that makes indexes, for whoever looks whether they are there."""
    return (MongoCorrespondents(database),)


class MongoCorrespondents(MongoAggregates[Correspondent]):
    """Collection `replies_contacts`, with the ledger `replies_seen`."""

    def __init__(self, database: Database) -> None:
        self._seen = database["replies_seen"]
        self.erasures = MongoErasures(database, "replies")
        super().__init__(database["replies_contacts"], self._seen, Correspondent)

    async def ensure_indexes(self) -> None:
        """Create the aggregates' indexes, and those by which the ledger forgets.

        It may: what comes again after that is too old to be answered, and ticketing knows the
        command.
        """
        await super().ensure_indexes()
        await self.erasures.ensure_indexes()
        await self._seen.create_index([("of", 1)])
        await self._seen.create_index(
            [("at", 1)], expireAfterSeconds=int(LEDGER_KEPT.total_seconds())
        )

    async def due(self, now: datetime, limit: int) -> list[Correspondent]:
        """See `sweep.DueContacts`."""
        found = await self.find({"due_at": {"$gte": EPOCH, "$lt": now}}, limit)
        return [document.state for document in found]
