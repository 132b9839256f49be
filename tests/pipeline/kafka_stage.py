"""All services in this process, on Kafka, MongoDB and Redis; only the clock is a fake."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.metadata import entry_points
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from redis.asyncio import Redis

from services.assignment import app as assignment
from services.assignment.store import MongoAgents, RedisHeartbeats, mongo_rotations
from services.assignment.store import MongoTickets as FollowedTickets
from services.attribution import app as attribution
from services.attribution.store import MongoContacts as ContactHistories
from services.autoclose import app as autoclose
from services.autoclose.store import MongoTimers, RedisTyping
from services.desk import app as desk
from services.desk.erasing import Erasing as DeskErasing
from services.desk.filing import Filing
from services.desk.handlers import Desk
from services.desk.live.telling import RedisTelling
from services.desk.store.around import MongoAround
from services.desk.store.models import Models
from services.desk.store.own import MongoOwn
from services.desk.sweep import Sweep as DeskSweep
from services.handoff import app as handoff
from services.handoff.store import MongoAgents as HandoffAgents
from services.handoff.store import MongoParties
from services.ingest import app as ingest
from services.ingest.store import MongoAliases, MongoAssemblies, MongoProfiles
from services.replies import app as replies
from services.replies.store import MongoCorrespondents
from services.spam import app as spam
from services.spam.store import MongoContacts
from services.tagging import app as tagging
from services.ticketing import app as ticketing
from services.ticketing.snapshot_store import MongoRequests
from services.ticketing.store import MongoTickets
from shared.bus.delivery import Handler, Outgoing, Record
from shared.bus.kafka import create_topics, record_of
from shared.bus.kafka_bus import KafkaBus
from shared.embedded.servers import Servers
from shared.learning.models import WHICH_TAGS, whole
from shared.running.settings import KafkaSettings, MongoSettings, RedisSettings
from shared.stores import mongo, redis
from shared.stores.indexes import ENTRY_POINTS
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Mongo
from shared.topic import SERVICES, Service, Topic
from shared.topics import TOPICS
from tests.handoff.memory import Counts, nowhere
from tests.lasting import let_nothing_expire
from tests.memory_bus import FakeClock
from tests.pipeline.stage import Stage

SWEEP = timedelta(milliseconds=50)
PATIENCE = 60


class CountedBus(KafkaBus):
    """Also counts how often each sweep has ended, so that a test can wait for the next ones."""

    runs: Counter[int]

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        """See `KafkaBus`. The brokers' clock is no fake: what is said by ours is believed."""
        super().consume(replace(topic, allowance=None) if topic.allowance else topic, handler)

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        """See `KafkaBus`."""
        if not hasattr(self, "runs"):
            self.runs = Counter()
        number = len(self.runs)
        self.runs[number] = 0

        async def counted() -> None:
            await sweep()
            self.runs[number] += 1

        super().every(interval, counted)


@dataclass
class KafkaStage(Stage):
    """At rest: every group has committed all there is, and every sweep found nothing since."""

    settings: KafkaSettings = field(default_factory=KafkaSettings)
    buses: dict[Service, CountedBus] = field(default_factory=dict)
    producer: Any = None
    consumer: Any = None
    _records: dict[str, list[Record]] = field(default_factory=dict)
    _groups: dict[Service, Any] = field(default_factory=dict)

    async def append(self, records: Sequence[Outgoing]) -> None:
        """See `Stage`. The record's time is the clock's."""
        now = int(self.clock().timestamp() * 1000)
        for record in records:
            await self.producer.send_and_wait(
                self.settings.topic_prefix + record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                timestamp_ms=now,
            )
        await self.settle()

    async def settle(self) -> None:
        """See `Stage`."""
        deadline = time.monotonic() + PATIENCE
        ends: dict[Any, int] = {}
        while True:
            assert time.monotonic() < deadline, "the pipeline does not come to rest"
            before, ends = ends, await self._ends()
            if ends != before or not await self._all_taken(ends):
                await asyncio.sleep(0.02)
                continue
            await self._two_sweeps(deadline)
            if await self._ends() == ends:
                break
        await asyncio.gather(*(bus.refresh() for bus in self.buses.values()))
        await self._read(ends)

    async def _ends(self) -> dict[Any, int]:
        # A consumer that reads would first wait for what it has asked for last.
        asking = self._groups["ticketing"]
        found: dict[Any, int] = await asking.end_offsets(self.consumer.assignment())
        return found

    async def _all_taken(self, ends: dict[Any, int]) -> bool:
        for service, bus in self.buses.items():
            names = {self.settings.topic_prefix + name for name in bus.consumed}
            for partition, end in ends.items():
                if partition.topic in names and end:
                    committed = await self._groups[service].committed(partition)
                    if (committed or 0) < end:
                        return False
        return True

    async def _two_sweeps(self, deadline: float) -> None:
        """The first may have begun before; the second saw everything."""
        wanted = {
            name: {n: runs + 2 for n, runs in bus.runs.items()}
            for name, bus in self.buses.items()
            if hasattr(bus, "runs")
        }
        while any(
            self.buses[name].runs[number] < count
            for name, counts in wanted.items()
            for number, count in counts.items()
        ):
            assert time.monotonic() < deadline, "the sweeps do not run"
            await asyncio.sleep(0.02)

    async def _read(self, ends: dict[Any, int]) -> None:
        while any([await self.consumer.position(tp) < end for tp, end in ends.items()]):
            for raws in (await self.consumer.getmany(timeout_ms=100)).values():
                for raw in raws:
                    record = record_of(raw, self.settings.topic_prefix)
                    self._records.setdefault(record.topic, []).append(record)

    def records(self, topic: Topic[Any]) -> list[Record]:
        """See `Stage`."""
        return self._records.get(topic.name, [])


@asynccontextmanager
async def kafka_stage(
    servers: Servers, unique: str, clock: FakeClock | None = None, *, as_shipped: bool = False
) -> AsyncIterator[KafkaStage]:
    """A stage of its own; nothing of it runs afterwards. The same `unique` goes on with it.

    What it stores lasts, unless the database is to have all indexes `as_shipped`.
    """
    settings = KafkaSettings.model_validate(
        {
            "bootstrap": servers.kafka,
            "topic_prefix": f"{unique}-",
            "session_timeout": 6,
            "fetch_wait": 0.05,
        }
    )
    await create_topics(settings, replication=1, partitions=2)
    database = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    cache: Redis = redis.connect(RedisSettings.model_validate({"url": servers.redis}))

    def transient(error: BaseException) -> bool:
        return mongo.is_transient(error) or redis.is_transient(error)

    stage = KafkaStage(clock=clock or FakeClock(), settings=settings)
    stage.buses = {name: CountedBus(name, settings, transient=transient) for name in SERVICES}
    await _wire(stage, database, cache, unique)
    if not as_shipped:
        await let_nothing_expire(database.database)
    stage.producer = AIOKafkaProducer(bootstrap_servers=servers.kafka, acks="all")
    stage.consumer = AIOKafkaConsumer(
        bootstrap_servers=servers.kafka, auto_offset_reset="earliest", enable_auto_commit=False
    )
    for name in SERVICES:
        stage._groups[name] = AIOKafkaConsumer(  # noqa: SLF001  # made here
            bootstrap_servers=servers.kafka,
            group_id=f"{unique}-helpdesk.{name}",
            enable_auto_commit=False,
        )
    running = [stage.producer, stage.consumer, *stage._groups.values(), *stage.buses.values()]  # noqa: SLF001
    try:
        await asyncio.gather(*(each.start() for each in running))
        metadata = await stage.consumer._client.fetch_all_metadata()  # noqa: SLF001
        partitions = [
            TopicPartition(f"{unique}-{topic.name}", number)
            for topic in TOPICS
            for number in metadata.partitions_for_topic(f"{unique}-{topic.name}")
        ]
        stage.consumer.assign(partitions)
        yield stage
    finally:
        await asyncio.gather(*(each.stop() for each in running))
        await database.close()
        await cache.aclose()


async def _wire(stage: KafkaStage, database: Mongo, cache: Redis, unique: str) -> None:
    bus, clock = stage.buses, stage.clock
    tickets, timers = MongoTickets(database.database), MongoTimers(database.database)
    profiles, histories = MongoProfiles(database.database), ContactHistories(database.database)
    followed, agents = FollowedTickets(database.database), MongoAgents(database.database)
    rotations = mongo_rotations(database.database)
    assemblies = MongoAssemblies(database.database)
    lessons = MongoLessons(database.database, "spam")
    memories = MongoMemories(database.database, "spam")
    lessons_on_tags = MongoLessons(database.database, "tagging")
    beginnings = MongoMemories(database.database, "tagging")
    requests = MongoRequests(database.database, tickets)
    for indexed in entry_points(group=ENTRY_POINTS):
        for store in indexed.load()(database.database):
            await store.ensure_indexes()
    stores = assignment.Stores(followed, agents, RedisHeartbeats(cache, unique), rotations)
    ingest.wire(
        bus["ingest"],
        profiles,
        MongoAliases(database.database),
        assemblies,
        clock,
        interval=SWEEP,
    )
    spam.wire(
        bus["spam"],
        MongoContacts(database.database),
        lessons,
        memories,
        spam.load_phrases(),
        spam.load_model(),
        clock,
        SWEEP,
    )
    models, around = Models(own := MongoOwn(database.database)), MongoAround(database.database)
    telling, stage.files = RedisTelling(cache, unique), own.files
    at_desk = bus["desk"]
    desk.read_along(
        at_desk,
        Desk(models, around, own, telling, at_desk.accounts, clock, at_desk.publish, own.files),
        DeskErasing(around, models, telling, at_desk.publish),
        Filing(own.files, around, clock),
        DeskSweep(own, at_desk.accounts, at_desk.publish, clock, own.side),
        SWEEP,
    )
    ticketing.wire(bus["ticketing"], tickets, requests, clock, SWEEP)
    assignment.wire(bus["assignment"], stores, clock, SWEEP)
    autoclose.wire(bus["autoclose"], timers, RedisTyping(cache, unique), clock, SWEEP)
    attribution.wire(bus["attribution"], histories, clock, interval=SWEEP)
    correspondents = MongoCorrespondents(database.database)
    await correspondents.ensure_indexes()
    replies.wire(bus["replies"], correspondents, clock, interval=SWEEP)
    handoffs = handoff.Stores(
        parties := MongoParties(database.database), HandoffAgents(database.database)
    )
    await parties.ensure_indexes()
    handoff.wire(bus["handoff"], handoffs, nowhere(), clock, Counts(), interval=SWEEP)
    tagging.wire(bus["tagging"], lessons_on_tags, beginnings, whole(WHICH_TAGS), clock, SWEEP)
