"""What ticketing does a second, and how soon: beside a bare loop and a plain handler.

All three run as processes of their own, one at a time, on the same Apache Kafka and the same
Mongo-wire server, with topics and a database of their own.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import Record
from shared.bus.kafka import LARGEST_RECORD, Producer, create_topics, record_of
from shared.embedded.servers import KafkaServer, MongoServer, Server
from shared.running.settings import KafkaSettings
from shared.topics import TICKETS
from tests.bench import workload
from tests.bench.figures import Figure
from tests.bench.places import quantile
from tests.fast_mongo import fast_mongo
from tests.servers import CHECKOUT, ApacheKafka

MANY = 12_000
"""Messages of a run of batches, three of each contact."""

FEW = 400
"""Messages for who takes them one at a time."""

ROUNDS = 3
A_SECOND, SECONDS = 50, 10
"""How many messages come in while latency is measured, and for how long."""

PATIENCE = 120
SERVICE, BARE, PLAIN = "services.ticketing", "tests.bench.bare", "tests.bench.plain"


@dataclass(frozen=True, slots=True)
class Measured:
    """Messages a second of one contestant's run, and seconds from record to `TicketOpened`."""

    rate: float
    latencies: Sequence[float] = ()


class Contestant(Server):
    """A process that takes screened messages and publishes tickets."""

    name = "contestant"

    def __init__(self, module: str, kafka: KafkaSettings, mongo: MongoServer) -> None:
        super().__init__()
        self._module, self._kafka, self._mongo = module, kafka, mongo

    @property
    def url(self) -> str:
        """Where the service answers its probes; the others have none."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """Return its command line."""
        return (sys.executable, "-P", "-m", self._module)

    def environment(self) -> Mapping[str, str]:
        """Return the environment that all of them read."""
        return {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(CHECKOUT),
            "HELPDESK_KAFKA__BOOTSTRAP": self._kafka.bootstrap,
            "HELPDESK_KAFKA__TOPIC_PREFIX": self._kafka.topic_prefix,
            "HELPDESK_MONGO__URL": self._mongo.url,
            "HELPDESK_MONGO__DATABASE": self._kafka.topic_prefix.strip("."),
            "HELPDESK_HEALTH_HOST": "127.0.0.1",
            "HELPDESK_HEALTH_PORT": str(self.port),
            "HELPDESK_LOG_LEVEL": "warning",
        }

    def answers(self) -> bool:
        """Whether it runs; when it works shows on its topic."""
        return self.runs


@dataclass
class Arena:
    """The servers."""

    kafka: KafkaServer
    mongo: MongoServer
    _numbers: Iterator[int] = field(default_factory=count)

    async def run(self, module: str, messages: int, *, latency: bool) -> Measured:
        """Let a contestant take that many messages, then one after another, and end it."""
        prefix = f"bench{next(self._numbers)}."
        settings = KafkaSettings(bootstrap=self.kafka.url, topic_prefix=prefix)
        await create_topics(settings, replication=1)
        producer = Producer(settings)
        await producer.start()
        try:
            await producer.publish([workload.settings()])
            records = workload.records(messages, of_each=3, named="many")
            for start in range(0, messages, 1000):
                await producer.publish(records[start : start + 1000])
            with _running(Contestant(module, settings, self.mongo)) as contestant:
                async with _following(settings, contestant) as followed:
                    rate = _rate(await followed.until_written(messages))
                    latencies = await followed.latencies(producer) if latency else []
            return Measured(rate, latencies)
        finally:
            await producer.stop()


@dataclass
class _Followed:
    """The ticket stream as somebody who waits for it sees it."""

    consumer: Any
    settings: KafkaSettings
    contestant: Contestant

    async def until_written(self, messages: int) -> list[Record]:
        """The `CustomerWrote` events, once there are as many as messages."""
        # Counting them while they come in would take the processor from those who are measured.
        partitions = sorted(self.consumer.assignment())
        deadline = time.monotonic() + PATIENCE
        ends: dict[Any, int] = {}
        written: list[Record] = []
        while len(written) < messages:
            self._still(deadline)
            await asyncio.sleep(0.5)
            now = await self.consumer.end_offsets(partitions)
            if now != ends or sum(now.values()) < messages:
                ends = now
                continue
            while any([await self.consumer.position(p) < end for p, end in ends.items()]):
                polled = await self.consumer.getmany(timeout_ms=100)
                found = [record_of(raw, "") for raws in polled.values() for raw in raws]
                written += [r for r in found if b'"CustomerWrote"' in (r.value or b"")]
        return written

    async def latencies(self, producer: Producer) -> list[float]:
        """Seconds from publishing each message to seeing its ticket opened, at an even pace."""
        sent: dict[str, float] = {}
        seen: dict[str, float] = {}
        records = workload.records(A_SECOND * SECONDS, named="few")

        async def publish() -> None:
            began = time.monotonic()
            for number, record in enumerate(records):
                await asyncio.sleep(max(began + number / A_SECOND - time.monotonic(), 0))
                sent[dict(record.headers)["correlation-id"].decode()] = time.monotonic()  # type: ignore[union-attr]  # it has one
                await producer.publish([record])

        publishing = asyncio.create_task(publish())
        deadline = time.monotonic() + PATIENCE
        while len(seen) < len(records):
            self._still(deadline)
            polled = await self.consumer.getmany(timeout_ms=200)
            now = time.monotonic()
            for raws in polled.values():
                for raw in raws:
                    if b'"TicketOpened"' in raw.value:
                        seen[dict(raw.headers)["correlation-id"].decode()] = now
        await publishing
        return [seen[name] - at for name, at in sent.items()]

    def _still(self, deadline: float) -> None:
        """Raise, with what it wrote, when it has ended or takes too long."""
        if not self.contestant.runs or time.monotonic() > deadline:
            last = "\n".join(self.contestant.last_lines())
            raise AssertionError(f"{self.contestant.command()} does not get on:\n{last}")


@contextmanager
def _running(contestant: Contestant) -> Iterator[Contestant]:
    contestant.launch()
    try:
        yield contestant
    finally:
        contestant.close()


@asynccontextmanager
async def _following(settings: KafkaSettings, contestant: Contestant) -> AsyncIterator[_Followed]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=LARGEST_RECORD,
    )
    await consumer.start()
    try:
        name = settings.topic_prefix + TICKETS.name
        consumer.assign([TopicPartition(name, n) for n in range(TICKETS.partitions)])
        yield _Followed(consumer, settings, contestant)
    finally:
        await consumer.stop()


def _rate(written: Sequence[Record]) -> float:
    """Messages a second, without the first tenth, in which a process still warms up."""
    times = sorted(record.timestamp for record in written)
    warm = times[len(times) // 10]
    # They come in batches: only what came later was made in the time since then.
    return sum(time > warm for time in times) / (times[-1] - warm).total_seconds()


def measure() -> list[Figure]:
    """Rates and latencies of the service, and how they stand to the others'."""
    with ExitStack() as closing:
        arena = Arena(closing.enter_context(ApacheKafka()), closing.enter_context(fast_mongo()))
        return asyncio.run(_measured(arena))


async def _measured(arena: Arena) -> list[Figure]:
    # A broker that has just started is slow for everybody.
    await arena.run(BARE, 3000, latency=False)
    service, bare, plain = [], [], []
    for _ in range(ROUNDS):
        # In turns, so that a slow minute of the machine is everybody's.
        bare.append(await arena.run(BARE, MANY, latency=True))
        service.append(await arena.run(SERVICE, MANY, latency=True))
        plain.append(await arena.run(PLAIN, FEW, latency=False))
    rate = statistics.median(run.rate for run in service)
    figures = [
        Figure(
            "ticketing: messages, to a bare loop",
            rate,
            "messages/s",
            statistics.median(run.rate for run in bare),
            0.9,
            "more",
        ),
        Figure(
            "ticketing: messages, to one at a time",
            rate,
            "messages/s",
            statistics.median(run.rate for run in plain),
            25,
            "more",
        ),
    ]
    for name, part in (("p50", 0.50), ("p99", 0.99)):
        ours, ceiling = (
            statistics.median(quantile(run.latencies, part) for run in runs) * 1000
            for runs in (service, bare)
        )
        figures.append(
            Figure(
                f"ticketing: record to TicketOpened at {A_SECOND}/s, {name}",
                ours,
                "ms",
                ceiling,
                2,
                "less",
            )
        )
    return figures
