"""Contacts' histories in MongoDB."""

from datetime import timedelta

from services.attribution.rules.history import History
from shared.stores.mongo import Database
from shared.stores.mongo_aggregates import MongoAggregates

LEDGER_KEPT = timedelta(days=120)
"""Longer than any topic keeps what could be delivered again."""


class MongoContacts(MongoAggregates[History]):
    """Collection `attribution_contacts`, with the ledger `attribution_seen`."""

    def __init__(self, database: Database) -> None:
        self._seen = database["attribution_seen"]
        super().__init__(database["attribution_contacts"], self._seen, History)

    async def ensure_indexes(self) -> None:
        """Make sure of the aggregates' indexes, and that the ledger forgets.

        It may, for what is taken twice leaves a history as it is; only the state is for ever.
        """
        await super().ensure_indexes()
        await self._seen.create_index(
            [("at", 1)], expireAfterSeconds=int(LEDGER_KEPT.total_seconds())
        )
