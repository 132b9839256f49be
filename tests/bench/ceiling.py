"""What the database alone takes of the writes on a tape: in bulk, as bytes, and nothing asked."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import bson
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient

from shared.embedded.servers import Servers
from tests.bench.tape import BODIES, Asked, Row, bulk

BULK: Final = 1_000
"""Documents in one command, at most."""

_numbers = count()


@dataclass(frozen=True, slots=True)
class Database:
    """One that nobody else uses."""

    database: Any

    async def write(self, asked: Sequence[Asked], prepared: Sequence[Row] = ()) -> float:
        """Seconds that the writes took, one command after the other, after what is `prepared`."""
        writes = list(map(_encoded, bulk(asked, BULK)))
        for command in prepared:
            await self.database.command(command)
        began = time.monotonic()
        for command in writes:
            await self.database.command(command)
        return time.monotonic() - began


@asynccontextmanager
async def database(there: Servers) -> AsyncIterator[Database]:
    """A database without anything in it."""
    client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(there.mongo, retryWrites=False)
    try:
        yield Database(client[f"ceiling{next(_numbers)}"])
    finally:
        client.close()


def _encoded(command: Row) -> Row:
    """The command, its documents as bytes: whoever asks it spends no time on them."""
    body = BODIES.get(next(iter(command)), "")
    if body not in command:
        return command
    return {**command, body: [RawBSONDocument(bson.encode(each)) for each in command[body]]}
