"""How often the database is asked: six services on one log, each with a client that counts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Final

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from services.assignment import app as assignment
from services.assignment.store import MongoAgents, mongo_rotations
from services.assignment.store import MongoTickets as FollowedTickets
from services.attribution import app as attribution
from services.attribution.store import MongoContacts as ContactHistories
from services.autoclose import app as autoclose
from services.autoclose.store import MongoTimers
from services.ingest import app as ingest
from services.ingest.store import MongoAliases, MongoAssemblies, MongoProfiles
from services.spam import app as spam
from services.spam.store import MongoContacts
from services.ticketing import app as ticketing
from services.ticketing.snapshot_store import MongoRequests
from services.ticketing.store import MongoTickets
from shared.stores.indexes import ENTRY_POINTS
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Database
from shared.topic import Service
from tests.assignment.memory import MemoryHeartbeats
from tests.autoclose.memory import MemoryTyping
from tests.bench.fleet import SIX
from tests.memory_bus import FakeClock, MemoryBus, MemoryLog
from tests.pipeline.stage import Stage

_READS: Final = frozenset({"find", "aggregate", "distinct", "count", "getMore"})
_WRITES: Final = frozenset({"insert", "update", "delete", "findAndModify"})


@dataclass(frozen=True, slots=True)
class Cost:
    """What was asked of the database: commands in all, writes among them, documents written."""

    commands: int = 0
    writes: int = 0
    documents: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.commands + other.commands,
            self.writes + other.writes,
            self.documents + other.documents,
        )

    def __sub__(self, other: "Cost") -> "Cost":
        return self + Cost(-other.commands, -other.writes, -other.documents)


class Counting(CommandListener):
    """Notes each command of a client that reads or writes documents."""

    def __init__(self) -> None:
        self.cost = Cost()

    def started(self, event: CommandStartedEvent) -> None:
        """Count it."""
        if event.command_name in _READS:
            self.cost += Cost(1)
        elif event.command_name in _WRITES:
            self.cost += Cost(1, 1)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Count the documents that it wrote."""
        if event.command_name in _WRITES:
            self.cost += Cost(0, 0, event.reply.get("n", 1))

    def failed(self, event: CommandFailedEvent) -> None:
        """It was counted when it started."""


@dataclass
class CountedStage(Stage):
    """Services with their stores in MongoDB, delivered to by hand."""

    log: MemoryLog = field(default_factory=MemoryLog)
    listeners: dict[Service, Counting] = field(default_factory=dict)
    _idle: dict[Service, Cost] = field(default_factory=dict)

    async def append(self, records: Sequence[Any]) -> None:
        """See `Stage`."""
        for record in records:
            self.log.append(record)
        await self.settle()

    async def settle(self) -> None:
        """Deliver until nothing moves; sweeps run when `swept` is called."""
        while any([await bus.deliver() for bus in self.log.buses]):
            pass

    async def swept(self) -> None:
        """Every sweep has run."""
        for bus in self.log.buses:
            for sweep in bus.sweeps:
                await sweep()

    def records(self, topic: Any) -> list[Any]:
        """See `Stage`."""
        return self.log.records[topic.name]

    async def at_rest(self) -> None:
        """Sweeps have done all that they find to do; what one asks then is known."""
        for _ in range(3):
            await self.swept()
            await self.settle()
        self._asked()
        await self.swept()
        self._idle = self._asked()

    async def spent(self) -> dict[Service, Cost]:
        """What each service asked since `at_rest`, until it is at rest again.

        What it asks of the database when there is nothing to be done is not part of it.
        """
        await self.swept()
        asked = self._asked()
        costs = {name: asked[name] - idle for name, idle in self._idle.items()}
        return {name: cost for name, cost in costs.items() if cost != Cost()}

    def _asked(self) -> dict[Service, Cost]:
        told = {name: listener.cost for name, listener in self.listeners.items()}
        for listener in self.listeners.values():
            listener.cost = Cost()
        return told


@asynccontextmanager
async def counted_stage(url: str, name: str) -> AsyncIterator[CountedStage]:
    """Ingest to attribution on a database of that name; nothing is counted yet."""
    log = MemoryLog(clock=FakeClock())
    stage = CountedStage(clock=log.clock, log=log)
    clients: list[Any] = []
    databases: dict[Service, Database] = {}
    for service in SIX:
        stage.listeners[service] = Counting()
        client: Any = AsyncIOMotorClient(
            url, tz_aware=True, retryWrites=False, event_listeners=[stage.listeners[service]]
        )
        clients.append(client)
        databases[service] = client.get_database(name)
    try:
        await _wire(stage, {service: MemoryBus(service, log) for service in SIX}, databases)
        yield stage
    finally:
        for client in clients:
            client.close()


async def _wire(
    stage: CountedStage, bus: dict[Service, MemoryBus], of: dict[Service, Database]
) -> None:
    clock = stage.clock
    profiles, aliases = MongoProfiles(of["ingest"]), MongoAliases(of["ingest"])
    assemblies = MongoAssemblies(of["ingest"])
    contacts, lessons = MongoContacts(of["spam"]), MongoLessons(of["spam"], "spam")
    memories = MongoMemories(of["spam"], "spam")
    tickets = MongoTickets(of["ticketing"])
    requests = MongoRequests(of["ticketing"], tickets)
    followed, agents = FollowedTickets(of["assignment"]), MongoAgents(of["assignment"])
    rotations = mongo_rotations(of["assignment"])
    timers, histories = MongoTimers(of["autoclose"]), ContactHistories(of["attribution"])
    for indexed in entry_points(group=ENTRY_POINTS):
        for store in indexed.load()(of["ingest"]):
            await store.ensure_indexes()
    ingest.wire(bus["ingest"], profiles, aliases, assemblies, clock)
    model = (spam.load_phrases(), spam.load_model())
    spam.wire(bus["spam"], contacts, lessons, memories, *model, clock)
    ticketing.wire(bus["ticketing"], tickets, requests, clock)
    heartbeats = MemoryHeartbeats()
    stands = assignment.Stores(followed, agents, heartbeats, rotations)
    assignment.wire(bus["assignment"], stands, clock)
    autoclose.wire(bus["autoclose"], timers, MemoryTyping(), clock)
    attribution.wire(bus["attribution"], histories, clock)
