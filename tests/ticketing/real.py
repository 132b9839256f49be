"""Replicas of ticketing on a real store, which die where a test wants them to."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from services.ticketing.app import TicketStore, wire
from services.ticketing.rules.ticket import Ticket
from services.ticketing.snapshot_store import MongoRequests
from services.ticketing.snapshots import Requests
from services.ticketing.store import MongoTickets
from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings
from shared.stores.documents import Entry
from shared.stores.mongo import Database, Mongo
from tests.memory import MemoryAggregates
from tests.ticketing.memory import MemoryTickets
from tests.ticketing.world import Item, Step, Stepwise, World

COLLECTIONS = (
    "tickets",
    "thread",
    "mail_destinations",
    "ticket_numbers",
    "snapshot_requests",
    "ticketing_erasures",
)


class Crash(Exception):
    """The process is gone, in the middle of whatever it did."""


class Fate:
    """When a replica dies: after so many steps, then after so many of its next life, and so on."""

    def __init__(self, lives: Iterable[int] = ()) -> None:
        self._lives = iter(lives)
        self._left = next(self._lives, None)
        self.deaths = 0

    async def __call__(self) -> None:
        # Whoever else is there goes on meanwhile.
        await asyncio.sleep(0)
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            self._left = next(self._lives, None)
            self.deaths += 1
            raise Crash


class RealWorld(World):
    """A replica on MongoDB. `store` is a copy of what is there, made by `look`."""

    def __init__(
        self, database: Database, beside: "World | None" = None, step: Step | None = None
    ) -> None:
        self._database = database
        self._tickets = MongoTickets(database)
        super().__init__(beside, step or Fate())

    def wired_store(self) -> TicketStore:
        """See `World`."""
        return cast(TicketStore, Stepwise(cast(MemoryTickets, self._tickets), self._step))

    def wired_requests(self) -> Requests:
        """See `World`."""
        return cast(Requests, Stepwise(MongoRequests(self._database, self._tickets), self._step))

    async def until_taken(self, batch: Sequence[Item]) -> None:
        """Deliver a batch until a life lasts long enough for it."""
        while True:
            try:
                await self.batch(batch)
            except Crash:
                self.born_again()
            else:
                return

    def born_again(self) -> None:
        """Start anew: nothing is left of what it had in memory."""
        self._handlers, self._sweeps = {}, []
        wire(self, self.wired_store(), self.wired_requests(), self.clock)

    def calm(self) -> "RealWorld":
        """A replica beside this one that does not die."""
        calm = RealWorld(self._database, beside=self)
        calm.now = self.now
        return calm

    async def look(self) -> None:
        """Copy what is stored, so that it can be looked at like a store in memory."""
        copy: MemoryAggregates[Ticket] = self.store
        copy.documents.clear()
        copy.ledger.clear()
        for document in await self._tickets.find({}, 10_000):
            copy.documents[document.state.id] = document
        async for row in self._database["thread"].find():
            body = {name: value for name, value in row.items() if name not in ("_id", "of")}
            copy.ledger[row["_id"]] = (row["of"], Entry(row["_id"], body))

    async def thread(self, ticket_id: str, **more: Any) -> list[dict[str, Any]]:
        """A page of a thread, as the database has it."""
        return await self._tickets.thread(ticket_id, **more)


@asynccontextmanager
async def empty(url: str, name: str) -> AsyncIterator[Database]:
    """A database with the indexes and nothing else."""
    mongo = Mongo(MongoSettings.model_validate({"url": url, "database": name}))
    try:
        await MongoTickets(mongo.database).ensure_indexes()
        await emptied(mongo.database)
        yield mongo.database
    finally:
        await mongo.close()


async def emptied(database: Database) -> None:
    """Leave nothing in it."""
    for collection in COLLECTIONS:
        await database[collection].delete_many({})


def on_mongo(
    servers: Servers, unique: str, test: Callable[[Database], Coroutine[Any, Any, None]]
) -> None:
    """Run a test on a database of its own."""

    async def run() -> None:
        async with empty(servers.mongo, unique) as database:
            await test(database)

    asyncio.run(run())
