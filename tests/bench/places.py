"""Where benchmarks run: servers, places of their own on them, and processes."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.acls import group_id
from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import LARGEST_RECORD, Producer, create_topics, record_of
from shared.embedded.servers import Server, Servers
from shared.embedded.stack import Valkey
from shared.running.settings import KafkaSettings
from shared.topic import Service
from shared.topics import BY_NAME
from tests.fast_mongo import fast_mongo
from tests.servers import CHECKOUT, ApacheKafka
from tests.wired import ENVIRONMENT

PATIENCE: Final = 600.0
"""Seconds without any progress after which a benchmark is given up."""

CHUNK: Final = 1000
OFFSETS: Final = "__consumer_offsets"
"""Where the broker stores what groups commit; `tests.servers` gives it so many partitions:"""

_OFFSETS_PARTITIONS: Final = 4
Consumed = Mapping[Service, Sequence[str]]
"""Services, and the topics that each consumes."""

_numbers = count()


@dataclass(frozen=True, slots=True)
class Place:
    """Topics and a database that nobody else uses."""

    servers: Servers
    prefix: str
    shared: str = ""
    """The name of a database that others use as well, if it is to use that one."""

    @property
    def kafka(self) -> KafkaSettings:
        """How its topics are reached."""
        return KafkaSettings(bootstrap=self.servers.kafka, topic_prefix=self.prefix)

    @property
    def database(self) -> str:
        """The name of its database."""
        return self.shared or self.prefix.strip(".")

    def environment(self, port: int) -> Mapping[str, str]:
        """What a process here reads; it answers its probes on `port`."""
        return {
            **ENVIRONMENT,
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(CHECKOUT),
            "HELPDESK_KAFKA__BOOTSTRAP": self.servers.kafka,
            "HELPDESK_KAFKA__TOPIC_PREFIX": self.prefix,
            "HELPDESK_MONGO__URL": self.servers.mongo,
            "HELPDESK_MONGO__DATABASE": self.database,
            "HELPDESK_REDIS__URL": self.servers.redis,
            "HELPDESK_REDIS__PREFIX": self.prefix,
            "HELPDESK_HEALTH_HOST": "127.0.0.1",
            "HELPDESK_HEALTH_PORT": str(port),
            "HELPDESK_LOG_LEVEL": "warning",
        }


class Process(Server):
    """A module that runs in a place; a service serves once it is ready."""

    name = "process"
    start_timeout = 120.0

    def __init__(self, place: Place, *module: str, probed: bool = False, **more: str) -> None:
        super().__init__()
        self._place, self._module, self._probed, self._more = place, module, probed, more

    @property
    def url(self) -> str:
        """Where a service answers its probes."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """Return its command line."""
        return (sys.executable, "-P", "-m", *self._module)

    def environment(self) -> Mapping[str, str]:
        """Return what it reads."""
        return {**self._place.environment(self.port), **self._more}

    def answers(self) -> bool:
        """Whether it is ready; one without probes is when it runs."""
        if not self._probed:
            return self.runs
        try:
            with urlopen(f"{self.url}/ready", timeout=1) as answer:  # noqa: S310  # our own port
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def check(self) -> None:
        """Raise, with what it wrote, if it has ended."""
        if not self.runs:
            last = "\n".join(self.last_lines())
            raise AssertionError(f"{self._module} has ended:\n{last}")


def service(place: Place, name: Service, **more: str) -> Process:
    """A service's process, as operators run it; `more` is in its environment."""
    return Process(place, f"services.{name}", probed=True, **more)


@contextmanager
def running(*processes: Process) -> Iterator[None]:
    """They are started at once and serve inside; afterwards none runs, and each could say bye."""
    try:
        for process in processes:
            process.launch()
        for process in processes:
            process.wait()
        yield
        for process in processes:
            process.check()
            process.stop()
    finally:
        for process in processes:
            process.close()


@contextmanager
def servers() -> Iterator[Servers]:
    """Apache Kafka, the Mongo-wire server in Rust with synced writes, and Valkey."""
    with ExitStack() as closing:
        kafka = closing.enter_context(ApacheKafka())
        mongo = closing.enter_context(fast_mongo())
        redis = closing.enter_context(Valkey())
        yield Servers(kafka=kafka.url, mongo=mongo.url, redis=redis.url)


@asynccontextmanager
async def a_place(there: Servers, shared: str = "") -> AsyncIterator[tuple[Place, Producer]]:
    """A place whose topics are there and empty, and a producer for them.

    It has a database of its own too, but for where it is to use a `shared` one.
    """
    place = Place(there, f"bench{next(_numbers)}.", shared)
    await create_topics(place.kafka, replication=1)
    async with producing(place) as producer:
        yield place, producer


@asynccontextmanager
async def producing(place: Place) -> AsyncIterator[Producer]:
    """A producer for the place's topics."""
    producer = Producer(place.kafka)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def publish(producer: Producer, records: Sequence[Outgoing]) -> None:
    """Publish in order; return once all are acknowledged."""
    for start in range(0, len(records), CHUNK):
        await producer.publish(records[start : start + CHUNK])


@asynccontextmanager
async def following(place: Place, *topics: str) -> AsyncIterator[Any]:
    """A consumer of the topics from their start, in no group."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=place.servers.kafka,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=LARGEST_RECORD,
        exclude_internal_topics=False,
    )
    await consumer.start()
    try:
        consumer.assign([each for topic in topics for each in _partitions(place, topic)])
        yield consumer
    finally:
        await consumer.stop()


def _partitions(place: Place, topic: str) -> list[Any]:
    if topic == OFFSETS:
        return [TopicPartition(topic, number) for number in range(_OFFSETS_PARTITIONS)]
    name = place.prefix + topic
    return [TopicPartition(name, number) for number in range(BY_NAME[topic].partitions)]


async def all_of(place: Place, *topics: str) -> list[Record]:
    """What lies on the topics now, by the brokers' and producers' times."""
    records: list[Record] = []
    async with following(place, *topics) as consumer:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        while any([await consumer.position(p) < end for p, end in ends.items()]):
            polled = await consumer.getmany(timeout_ms=100)
            records += [record_of(raw, place.prefix) for raws in polled.values() for raw in raws]
    return sorted(records, key=lambda record: record.timestamp)


async def ends(place: Place, *topics: str) -> dict[Any, int]:
    """How many records each partition of the topics was given."""
    async with following(place, *topics) as consumer:
        found: dict[Any, int] = await consumer.end_offsets(sorted(consumer.assignment()))
        return found


async def until_taken(place: Place, consumed: Consumed, *processes: Process) -> None:
    """Return once each service has committed all that its topics hold, while the processes run."""
    topics = sorted({topic for each in consumed.values() for topic in each})
    admin = AIOKafkaAdminClient(bootstrap_servers=place.servers.kafka)
    await admin.start()
    try:
        async with following(place, *topics) as consumer:
            left, deadline = -1, time.monotonic() + PATIENCE
            while left:
                await asyncio.sleep(0.2)
                for process in processes:
                    process.check()
                # What was committed first: what one makes in between is left for the next then.
                done = {
                    name: await admin.list_consumer_group_offsets(group_id(name, place.prefix))
                    for name in consumed
                }
                held = await consumer.end_offsets(sorted(consumer.assignment()))
                now = sum(
                    max(held[partition] - _offset(done[name].get(partition)), 0)
                    for name, names in consumed.items()
                    for topic in names
                    for partition in _partitions(place, topic)
                )
                if now != left:
                    left, deadline = now, time.monotonic() + PATIENCE
                elif time.monotonic() > deadline:
                    raise AssertionError(f"{list(consumed)} do not get on: {left} records are left")
    finally:
        await admin.close()


def _offset(committed: Any) -> int:
    return max(committed.offset, 0) if committed else 0


def quantile(values: Sequence[float], part: float) -> float:
    """The value that so many of all have at most."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


async def paced(records: Sequence[Outgoing], a_second: float, send: Callable[[int], Any]) -> None:
    """Send each record at its moment, by its number; one that is late is sent at once."""
    began, sending = time.monotonic(), []
    for number in range(len(records)):
        await asyncio.sleep(max(began + number / a_second - time.monotonic(), 0))
        sending.append(asyncio.create_task(send(number)))
    await asyncio.gather(*sending)
