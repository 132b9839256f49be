"""Driving the real services from outside: processes, topics, and waiting with a deadline."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import create_topics, record_of
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings
from tests.wired import ENVIRONMENT


async def until(what: str, condition: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Return as soon as the condition holds; fail, naming `what`, when it never does."""
    deadline = time.monotonic() + seconds
    while not await condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        await asyncio.sleep(0.1)


@dataclass
class Replica:
    """One process of a service."""

    service: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a crash would: nothing is finished, nothing said."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def get(self, path: str) -> str:
        """What the process answers on its health port; raises HTTPError where that is no 200."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]
        port = next(line["health_port"] for line in lines if line.get("event") == "serving")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            text: str = answer.read().decode()
        return text

    async def is_ready(self) -> bool:
        """Whether it says that it takes records."""
        try:
            self.get("/ready")
        except (OSError, StopIteration):  # it does not serve yet
            return False
        return True

    def metric(self, series: str) -> float:
        """The present value of one series."""
        lines = self.get("/metrics").splitlines()
        return float(next(line for line in lines if line.startswith(series)).split()[-1])

    def stop(self, seconds: float = 40) -> int:
        """End it as Kubernetes would; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


@dataclass
class Pipeline:
    """A place of its own on shared servers: topics, database, and the processes that use them."""

    servers: Servers
    unique: str
    folder: Path
    replicas: list[Replica] = field(default_factory=list)
    producer: Any = None

    @property
    def kafka(self) -> KafkaSettings:
        """The settings with which tests reach the same topics."""
        return KafkaSettings(bootstrap=self.servers.kafka, topic_prefix=f"{self.unique}-")

    def environment(self) -> Mapping[str, str]:
        """What a service's process reads."""
        return {
            "HELPDESK_KAFKA__BOOTSTRAP": self.servers.kafka,
            "HELPDESK_KAFKA__TOPIC_PREFIX": f"{self.unique}-",
            "HELPDESK_KAFKA__IDEMPOTENT_PRODUCER": self.idempotent,
            "HELPDESK_KAFKA__SESSION_TIMEOUT": "6",
            "HELPDESK_MONGO__URL": self.servers.mongo,
            "HELPDESK_MONGO__DATABASE": self.unique,
            "HELPDESK_REDIS__URL": self.servers.redis,
            "HELPDESK_REDIS__PREFIX": self.unique,
            "HELPDESK_HEALTH_PORT": "0",
            **ENVIRONMENT,
            "HELPDESK_HEALTH_HOST": "127.0.0.1",
            "HELPDESK_SWEEP_INTERVAL": "0.5",
        }

    idempotent: str = "true"

    def run(self, service: str, **more: str) -> Replica:
        """Start a replica of a service."""
        return self.run_module(f"services.{service}", **more)

    def run_module(self, module: str, **more: str) -> Replica:
        """Start a module of ours as a process with the same environment."""
        service = module.rpartition(".")[2]
        log = self.folder / f"{service}-{len(self.replicas)}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", module],
                env={**os.environ, **self.environment(), **more},
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        replica = Replica(service, process, log)
        self.replicas.append(replica)
        return replica

    def _assert_nobody_died(self) -> None:
        for replica in self.replicas:
            code = replica.process.poll()
            if code not in (None, 0, -signal.SIGKILL):
                lines = replica.log.read_text(errors="replace").splitlines()[-15:]
                raise AssertionError(f"{replica.service} ended with {code}: " + "\n".join(lines))

    async def until(
        self, what: str, condition: Callable[[], Awaitable[bool]], seconds: float = 60
    ) -> None:
        """Return once the condition holds; fail when it never does, or a process has died."""

        async def holds() -> bool:
            self._assert_nobody_died()
            return await condition()

        await until(what, holds, seconds)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish records in order, and return when the broker has them."""
        sent = [
            await self.producer.send(
                f"{self.unique}-{record.topic}",
                key=record.key,
                value=record.value,
                headers=list(record.headers),
            )
            for record in records
        ]
        await asyncio.gather(*sent)

    async def read(self, topic: str) -> list[Record]:
        """Everything on a topic up to now; in order per partition."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers.kafka,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 * 1024 * 1024,
        )
        await consumer.start()
        try:
            name = f"{self.unique}-{topic}"
            metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001
            partitions = [TopicPartition(name, p) for p in metadata.partitions_for_topic(name)]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            records: list[Record] = []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                batches = await consumer.getmany(timeout_ms=200)
                for raws in batches.values():
                    records += [record_of(raw, f"{self.unique}-") for raw in raws]
            return records
        finally:
            await consumer.stop()


@asynccontextmanager
async def pipeline(servers: Servers, unique: str, folder: Path) -> AsyncIterator[Pipeline]:
    """Topics are there at the start; no process is left at the end."""
    place = Pipeline(servers, unique, folder)
    await create_topics(place.kafka, replication=1, partitions=4)
    place.producer = AIOKafkaProducer(
        bootstrap_servers=servers.kafka, acks="all", max_request_size=7 * 1024 * 1024
    )
    await place.producer.start()
    try:
        yield place
    finally:
        await place.producer.stop()
        for replica in place.replicas:
            if replica.process.poll() is None:
                replica.kill()
