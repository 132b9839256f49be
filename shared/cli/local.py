"""The whole pipeline on one machine: embedded servers, topics, and a process a service."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.request import urlopen

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import Outgoing
from shared.bus.kafka import LARGEST_RECORD, Producer, connection, create_topics, record_of
from shared.cli.demo.observed import WATCHED, Observed
from shared.embedded.probes import free_port
from shared.embedded.servers import Server, Servers
from shared.embedded.stack import EmbeddedStack
from shared.errors import HelpdeskError
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES, Service, Topic
from shared.topics import ACCOUNTS, TOPICS
from shared.values.ids import attempt_token

EMBEDDED_PARTITIONS = 3


def kafka_settings(servers: Servers) -> KafkaSettings:
    """How to reach the embedded broker.

    It does not know idempotent producers, and holds an empty fetch for as long as it may.
    """
    return KafkaSettings.model_validate(
        {
            "bootstrap": servers.kafka,
            "idempotent_producer": False,
            "session_timeout": 2,
            "fetch_wait": 0.03,
        }
    )


def environment(servers: Servers) -> dict[str, str]:
    """What a process needs in its environment to reach this stack, the operator's command too."""
    kafka = kafka_settings(servers)
    return {
        "HELPDESK_KAFKA__BOOTSTRAP": kafka.bootstrap,
        "HELPDESK_KAFKA__IDEMPOTENT_PRODUCER": "false",
        "HELPDESK_MONGO__URL": servers.mongo,
        "HELPDESK_REDIS__URL": servers.redis,
    }


class ServiceProcess(Server):
    """One of the services as a process of its own; `port` is that of its probes."""

    name: ClassVar[str] = "service"
    start_timeout: ClassVar[float] = 60.0

    def __init__(
        self,
        service: Service,
        servers: Servers,
        folder: Path,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """Choose its port; nothing runs yet. `more` is in its environment besides."""
        super().__init__(folder=folder / service)
        self.more = dict(more or {})
        self.service = service
        self._servers = servers

    @property
    def url(self) -> str:
        """Where it answers /metrics, /live and /ready."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """Return its command line."""
        return (sys.executable, "-P", "-m", f"services.{self.service}")

    def environment(self) -> Mapping[str, str]:
        """Return our environment with the addresses of this stack."""
        kafka = kafka_settings(self._servers)
        return {
            **os.environ,
            **environment(self._servers),
            "HELPDESK_KAFKA__SESSION_TIMEOUT": str(kafka.session_timeout.total_seconds()),
            "HELPDESK_KAFKA__FETCH_WAIT": str(kafka.fetch_wait.total_seconds()),
            "HELPDESK_HEALTH_HOST": "127.0.0.1",
            "HELPDESK_HEALTH_PORT": str(self.port),
            **self.more,
        }

    def answers(self) -> bool:
        """Whether it has joined its group."""
        try:
            with urlopen(f"{self.url}/ready", timeout=1) as answer:  # noqa: S310  # our own port
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """Where the desk answers on this machine, by which its agents may come without TLS."""

    port: int
    secret: str = field(default_factory=attempt_token)

    @property
    def url(self) -> str:
        """Its address in a browser."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What its process needs besides."""
        return {
            "HELPDESK_HTTP_HOST": "127.0.0.1",
            "HELPDESK_HTTP_PORT": str(self.port),
            "HELPDESK_SECURE_COOKIES": "false",
            "HELPDESK_SIGNING_SECRET": self.secret,
        }


@dataclass
class LocalPipeline:
    """A running pipeline: a `World` (`shared.cli.demo.story`), and for people to look at."""

    servers: Servers
    services: Sequence[ServiceProcess]
    producer: Producer
    desk: LocalDesk
    patience: float = 30
    _seen: Observed = field(default_factory=Observed)
    _consumer: Any = None

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to reach all of it, the desk's command too."""
        return {**environment(self.servers), **self.desk.environment()}

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """See `World`."""
        await self.producer.publish(records)

    async def taken(self, topic: Topic[Any], service: Service) -> None:
        """See `World`: the group's committed offsets have reached the topic's ends."""
        consumer = AIOKafkaConsumer(
            **connection(kafka_settings(self.servers)),
            group_id=f"helpdesk.{service}",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            partitions = await _partitions(consumer, [topic])
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            deadline = time.monotonic() + self.patience
            waiting = {partition for partition, end in ends.items() if end}
            while waiting:
                if time.monotonic() > deadline:
                    text = f"{service} has not taken all of {topic.name} in {self.patience} s"
                    raise HelpdeskError(text)
                for partition in list(waiting):
                    if (await consumer.committed(partition) or 0) >= ends[partition]:
                        waiting.discard(partition)
                if waiting:
                    await asyncio.sleep(0.05)
        finally:
            await consumer.stop()

    async def all_taken(self, service: Service) -> None:
        """Return once a service has handled all that its topics hold."""
        for topic in TOPICS:
            # Accounts are followed by each replica, and no group says how far.
            if service in topic.consumers and topic is not ACCOUNTS:
                await self.taken(topic, service)

    async def until(self, what: str, holds: Callable[[Observed], bool]) -> Observed:
        """See `World`. After `patience` seconds it raises HelpdeskError.

        The error says what did not happen, and which services have ended.
        """
        deadline = time.monotonic() + self.patience
        consumer = await self._watching()
        while not holds(self._seen):
            batches = await consumer.getmany(timeout_ms=50)
            for raws in batches.values():
                for raw in raws:
                    self._seen.add(record_of(raw, ""))
            if time.monotonic() > deadline:
                text = f"this did not happen within {self.patience} s: {what}{self._the_dead()}"
                raise HelpdeskError(text)
        return self._seen

    @property
    def seen(self) -> Observed:
        """What was seen so far."""
        return self._seen

    async def _watching(self) -> Any:  # noqa: ANN401  # aiokafka ships no types
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(
                **connection(kafka_settings(self.servers)),
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                fetch_max_wait_ms=30,
                max_partition_fetch_bytes=LARGEST_RECORD,
            )
            await self._consumer.start()
            self._consumer.assign(await _partitions(self._consumer, WATCHED))
        return self._consumer

    async def close(self) -> None:
        """Let go of the connections; the processes are their starter's to stop."""
        if self._consumer is not None:
            await self._consumer.stop()
        await self.producer.stop()

    def _the_dead(self) -> str:
        lines = ""
        for process in self.services:
            if not process.runs:
                last = "\n".join(process.last_lines()[-5:])
                lines += f"\n{process.service} has ended; the last it wrote:\n{last}"
        return lines


async def _partitions(consumer: Any, topics: Sequence[Topic[Any]]) -> list[Any]:  # noqa: ANN401  # aiokafka ships no types
    metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
    return [
        TopicPartition(topic.name, number)
        for topic in topics
        for number in sorted(metadata.partitions_for_topic(topic.name) or ())
    ]


@contextlib.asynccontextmanager
async def local_pipeline(
    say: Callable[[str], None],
    *,
    kafka_port: int | None = None,
    mongo_port: int | None = None,
    redis_port: int | None = None,
    desk_port: int | None = None,
) -> AsyncIterator[LocalPipeline]:
    """A pipeline that is ready; nothing of it is left afterwards.

    Ports that are not given are free ones. When something does not come up, HelpdeskError or
    ServerError is raised, and says what.
    """
    with contextlib.ExitStack() as cleaning:
        folder = Path(cleaning.enter_context(tempfile.TemporaryDirectory(prefix="helpdesk-")))
        say("starting Tansu (Kafka), SecantusDB (MongoDB) and Valkey (Redis)")
        stack = EmbeddedStack(kafka_port=kafka_port, mongo_port=mongo_port, redis_port=redis_port)
        servers = cleaning.enter_context(stack)
        settings = kafka_settings(servers)
        await create_topics(settings, replication=1, partitions=EMBEDDED_PARTITIONS)
        say("starting the services")
        desk = LocalDesk(desk_port or free_port())
        services = [
            ServiceProcess(
                service, servers, folder, desk.environment() if service == "desk" else {}
            )
            for service in SERVICES
        ]
        pool = cleaning.enter_context(ThreadPoolExecutor(len(services)))
        cleaning.callback(lambda: list(pool.map(ServiceProcess.stop, services)))
        for service in services:
            service.launch()
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, s.wait) for s in services))
        producer = Producer(settings)
        await producer.start()
        pipeline = LocalPipeline(servers, services, producer, desk)
        try:
            yield pipeline
        finally:
            await pipeline.close()


def addresses(pipeline: LocalPipeline) -> str:
    """Where everything is, as JSON for people and scripts alike."""
    return json.dumps(
        {
            "kafka": pipeline.servers.kafka,
            "mongo": pipeline.servers.mongo,
            "redis": pipeline.servers.redis,
            "desk_page": pipeline.desk.url,
            **{process.service: f"{process.url}/metrics" for process in pipeline.services},
        },
        indent=2,
    )
