"""What the faults are injected into: three brokers, stores, a pipeline, and what watches it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.bus.kafka import create_topics
from shared.embedded.probes import HOST
from shared.embedded.servers import Servers
from shared.embedded.stack import SecantusDB, Valkey
from shared.running.settings import KafkaSettings
from tests.chaos.faults import World
from tests.chaos.fleet import Fleet, Replica
from tests.chaos.proxy import Proxy
from tests.chaos.table import alerts, disk
from tests.chaos.table.cluster import LINES, NODES, Node, nodes
from tests.chaos.topics import Topics


@dataclass(frozen=True)
class Line:
    """One replica's way to the servers: a proxy before each of them."""

    kafka: Sequence[Proxy]
    mongo: Proxy
    redis: Proxy

    @property
    def all(self) -> Iterator[Proxy]:
        """Every proxy of the line."""
        yield from (*self.kafka, self.mongo, self.redis)

    @property
    def servers(self) -> Servers:
        """Where a replica at the end of this line finds the servers."""
        return Servers(
            kafka=",".join(f"{HOST}:{proxy.port}" for proxy in self.kafka),
            # Else the driver would learn where the server is, and go there.
            mongo=f"mongodb://{HOST}:{self.mongo.port}/?directConnection=true",
            redis=f"redis://{HOST}:{self.redis.port}",
        )


@dataclass(frozen=True)
class Site(World):
    """Everything that can be broken. What a fault measures beside its recovery goes to `notes`."""

    nodes: Sequence[Node]
    lines: Sequence[Line]
    topics: Topics
    watch: alerts.Watch
    folder: Path
    disk: disk.SmallDisk | None
    notes: list[str] = field(default_factory=list)

    @property
    def replicas(self) -> list[Replica]:
        """All that are meant to run."""
        return [replica for replica in self.fleet.replicas if replica.expected]

    def mended(self) -> None:
        """The network is whole."""
        for line in self.lines:
            for proxy in line.all:
                proxy.mend()


@asynccontextmanager
async def started(folder: Path, say: alerts.Say) -> AsyncIterator[Site]:
    """Twelve services and more, at rest; nothing of it is left afterwards."""
    async with AsyncExitStack() as closing:
        small = closing.enter_context(disk.small(folder / "kafka"))
        brokers = nodes(folder / "kafka")
        mongo, redis = SecantusDB(folder=folder / "mongo"), Valkey(folder=folder / "redis")
        every = (*brokers, mongo, redis)
        for server in every:
            closing.callback(server.close)
        lines = [Line([Proxy() for _ in range(NODES)], Proxy(), Proxy()) for _ in LINES]
        for place, line in enumerate(lines):
            for proxy in line.all:
                await proxy.start()
                closing.push_async_callback(proxy.stop)
            for node, proxy in zip(brokers, line.kafka, strict=True):
                node.advertised[place] = proxy.port
                proxy.target = node.behind[place]
        say("starting three nodes of Apache Kafka, SecantusDB and Valkey")
        for server in every:
            await asyncio.to_thread(server.launch)
        for server in every:
            await asyncio.to_thread(server.wait)
        for line in lines:
            line.mongo.target, line.redis.target = mongo.port, redis.port
        direct = ",".join(node.url for node in brokers)
        await _topics_made(direct)
        topics = Topics(direct)
        await topics.start()
        closing.push_async_callback(topics.stop)
        fleet = Fleet(lines[0].servers, folder / "services", second=lines[1].servers)
        closing.push_async_callback(fleet.close)
        say("starting two replicas of every service")
        await fleet.start()
        watch = alerts.Watch([replica.port for replica in fleet.replicas])
        await asyncio.to_thread(closing.enter_context, watch.prometheus)
        closing.push_async_callback(watch.stop)
        watch.start()
        yield Site(fleet, brokers[0], mongo, redis, brokers, lines, topics, watch, folder, small)


async def _topics_made(bootstrap: str) -> None:
    """Once all three nodes are known to each other, the topics can have three replicas."""
    deadline = time.monotonic() + 30
    settings = KafkaSettings(bootstrap=bootstrap)
    while True:
        with contextlib.suppress(Exception):
            await create_topics(settings, replication=NODES, partitions=Topics.partitions)
            return
        if time.monotonic() > deadline:
            await create_topics(settings, replication=NODES, partitions=Topics.partitions)
        await asyncio.sleep(0.5)
