"""Contacts' histories in MongoDB."""

from collections.abc import Sequence
from datetime import timedelta

from services.attribution.rules.history import History
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database
from shared.stores.mongo_aggregates import MongoAggregates

LEDGER_KEPT = timedelta(days=120)
"""How long after its fact's own time an entry stays: longer than its topic keeps a record."""


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of attribution's that makes indexes, for whoever looks whether they are there."""
    return (MongoContacts(database),)


class MongoContacts(MongoAggregates[History]):
    """Collection `attribution_contacts`, with the ledger `attribution_seen`."""

    def __init__(self, database: Database) -> None:
        self._seen = database["attribution_seen"]
        self.erasures = MongoErasures(database, "attribution")
        super().__init__(database["attribution_contacts"], self._seen, History)

    async def ensure_indexes(self) -> None:
        """Create the aggregates' indexes, and one by which old entries of the ledger are deleted.

        The ledger may forget, since news that is applied twice leaves a history as it is. The
        histories themselves are kept for ever.
        """
        await super().ensure_indexes()
        await self.erasures.ensure_indexes()
        await self._seen.create_index([("of", 1)])
        await self._seen.create_index(
            [("at", 1)], expireAfterSeconds=int(LEDGER_KEPT.total_seconds())
        )
