"""A run's end of Kafka: publishing until all is taken, reading everything, how far groups are."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import LARGEST_RECORD, Producer, record_of, topic_configuration
from shared.errors import Transient
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES, Service, Topic
from shared.topics import ACCOUNTS, TOPICS

_PARTITIONS = 4


class Topics:
    """All topics of the pipeline on one broker, which may be away at any moment."""

    partitions = _PARTITIONS

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer = Producer(KafkaSettings(bootstrap=bootstrap))
        self._dated: Any = None
        self._consumer: Any = None
        self._admin: Any = None

    async def start(self) -> None:
        """Connect; the topics exist."""
        self._consumer = self._reader()
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        self._dated = AIOKafkaProducer(bootstrap_servers=self._bootstrap, acks="all")
        for client in (self._producer, self._consumer, self._admin, self._dated):
            await client.start()

    async def stop(self) -> None:
        """Let go of the connections."""
        await self._producer.stop()
        if self._consumer is not None:
            await self._consumer.stop()
        if self._dated is not None:
            await self._dated.stop()
        if self._admin is not None:
            await self._admin.close()

    async def publish(self, records: Sequence[Outgoing]) -> int:
        """Publish in order, all again until the broker has taken all; returns how often."""
        for times in count(1):
            try:
                await self._producer.publish(records)
            except Transient:
                await asyncio.sleep(0.5)
            else:
                return times
        raise AssertionError("counting has no end")

    async def publish_dated(self, records: Sequence[tuple[Outgoing, datetime]]) -> None:
        """As `publish`, each as a record of that time, where the topic leaves that to producers."""
        for record, at in records:
            while True:
                try:
                    await self._dated.send_and_wait(
                        record.topic,
                        key=record.key,
                        value=record.value,
                        headers=list(record.headers),
                        timestamp_ms=int(at.timestamp() * 1000),
                    )
                except KafkaError:
                    await asyncio.sleep(0.5)
                else:
                    break

    async def believe_producers(self, topic: Topic[Any]) -> None:
        """The topic's records have from now on the times that their producers give them."""
        configuration = topic_configuration(topic, 1)
        configuration["message.timestamp.type"] = "CreateTime"
        await self._altered(topic, configuration)

    async def limit(self, topic: Topic[Any], replication: int, largest: int) -> None:
        """From now on the topic takes no record of more than `largest` bytes."""
        configuration = topic_configuration(topic, replication)
        configuration["max.message.bytes"] = str(largest)
        await self._altered(topic, configuration)

    async def _altered(self, topic: Topic[Any], configuration: dict[str, str]) -> None:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=configuration)
        await self._admin.alter_configs([resource])

    async def follow(self, *topics: Topic[Any]) -> Any:
        """A consumer of all of these topics, from their beginnings; the caller stops it."""
        consumer = self._reader()
        await consumer.start()
        consumer.assign(_partitions(topics))
        return consumer

    async def read(self, topics: Iterable[Topic[Any]]) -> list[Record]:
        """Everything that lies there now, in order per partition."""
        consumer = self._reader()
        await consumer.start()
        try:
            consumer.assign(_partitions(topics))
            ends = await consumer.end_offsets(consumer.assignment())
            records: list[Record] = []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for raws in (await consumer.getmany(timeout_ms=200)).values():
                    records += [record_of(raw, "") for raw in raws]
            return records
        finally:
            await consumer.stop()

    async def ends(self) -> dict[Any, int]:
        """How far every topic has grown."""
        partitions = _partitions(TOPICS)
        found: dict[Any, int] = await self._consumer.end_offsets(partitions)
        return found

    async def committed(self, service: Service) -> dict[Any, Any]:
        """What a service's group has committed."""
        found: dict[Any, Any] = await self._admin.list_consumer_group_offsets(f"helpdesk.{service}")
        return found

    async def lag(self, ends: Mapping[Any, int]) -> dict[str, int]:
        """How many records before these ends each group has not committed; none is left out."""
        lags: dict[str, int] = {}
        for service in SERVICES:
            committed = await self.committed(service)
            names = {topic.name for topic in TOPICS if service in topic.consumers}
            if service != "ingest":
                # The others read the settings without a group, each replica all of them.
                names.discard(ACCOUNTS.name)
            behind = sum(
                max(end - max(committed[tp].offset if tp in committed else 0, 0), 0)
                for tp, end in ends.items()
                if tp.topic in names
            )
            if behind:
                lags[service] = behind
        return lags

    async def caught_up(self, seconds: float) -> float | None:
        """How long it took until all groups had what is there now; None: longer than that."""
        began = time.monotonic()
        ends: dict[Any, int] = {}
        while time.monotonic() - began < seconds:
            try:
                async with asyncio.timeout(10):
                    ends = ends or await self.ends()
                    if not await self.lag(ends):
                        return time.monotonic() - began
            except (KafkaError, TimeoutError):
                pass
            await asyncio.sleep(0.2)
        return None

    def _reader(self) -> Any:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=LARGEST_RECORD,
        )


def _partitions(topics: Iterable[Topic[Any]]) -> list[Any]:
    return [
        TopicPartition(topic.name, number)
        for topic in topics
        for number in range(min(topic.partitions, _PARTITIONS))
    ]
