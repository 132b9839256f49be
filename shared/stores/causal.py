"""Reads of several collections that follow one another, also where the primary changes between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bson.timestamp import Timestamp
from motor.motor_asyncio import AsyncIOMotorClientSession

from shared.stores.mongo import MongoCollection


class Causal:
    """Gives sessions whose reads see at least what was read in earlier ones, by all who share it.

    Without it a primary that has just been elected might answer as of a moment before. They are of
    the client that has the collection.
    """

    def __init__(self, collection: MongoCollection) -> None:
        self._collection = collection
        self._read_up_to: Timestamp | None = None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncIOMotorClientSession]:
        """A session; once it ends, later ones see what was read in it."""
        client = self._collection.database.client
        async with await client.start_session(causal_consistency=True) as session:
            if self._read_up_to is not None:
                session.advance_operation_time(self._read_up_to)
            yield session
            seen: Any = session.operation_time
            if seen is not None and (self._read_up_to is None or seen > self._read_up_to):
                self._read_up_to = seen
