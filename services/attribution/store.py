"""Contacts' histories in MongoDB."""

from collections.abc import Sequence

from services.attribution.rules.history import History
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database
from shared.stores.mongo_aggregates import MongoAggregates


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of attribution's that makes indexes, for whoever looks whether they are there."""
    return (MongoContacts(database),)


class MongoContacts(MongoAggregates[History]):
    """Collection `attribution_contacts`, without a ledger: they tell by themselves what is new.

    The histories are kept for ever.
    """

    def __init__(self, database: Database) -> None:
        self.erasures = MongoErasures(database, "attribution")
        super().__init__(database["attribution_contacts"], None, History)

    async def ensure_indexes(self) -> None:
        """Create the aggregates' indexes, and that by which erasures are forgotten."""
        await super().ensure_indexes()
        await self.erasures.ensure_indexes()
