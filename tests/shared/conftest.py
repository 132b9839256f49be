"""Stores of aggregates on the run's MongoDB."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr

from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from shared.stores.mongo_aggregates import MongoAggregates
from tests.shared.toy import Ticket

Connect = Callable[[], MongoAggregates[Ticket]]


@pytest.fixture
async def connect(servers: Servers, unique: str) -> AsyncIterator[Connect]:
    """Make stores with connections of their own to one database."""
    async with AsyncExitStack() as stack:
        settings = MongoSettings(url=SecretStr(servers.mongo), database=unique)

        def connected() -> MongoAggregates[Ticket]:
            mongo = Mongo(settings)
            stack.push_async_callback(mongo.close)
            database = mongo.database
            return MongoAggregates(database["tickets"], database["thread"], Ticket)

        await connected().ensure_indexes()
        yield connected
        mongo = Mongo(settings)
        stack.push_async_callback(mongo.close)
        await mongo.database.client.drop_database(unique)
