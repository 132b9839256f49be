"""The accounts' topic on Kafka, for whoever changes settings."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import LARGEST_RECORD, Producer, connection, record_of, start
from shared.bus.refusals import in_words
from shared.errors import HelpdeskError, Transient
from shared.running.settings import KafkaSettings
from shared.topics import ACCOUNTS


class AccountsTopic:
    """See `shared.bus.account_changes.Log`. No group is joined, and nothing is committed.

    It connects on entering and lets go on leaving. What it has read it keeps, so that a further
    `read` asks for what is new alone.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._place = TopicPartition(settings.topic_prefix + ACCOUNTS.name, 0)
        self._producer: Producer | None = None
        self._records: list[Record] = []
        self._consumer: Any = AIOKafkaConsumer(
            **connection(settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=int(settings.fetch_wait.total_seconds() * 1000),
            max_partition_fetch_bytes=LARGEST_RECORD,
        )

    async def __aenter__(self) -> Self:
        """Connect. Raises Transient when no broker takes us, HelpdeskError without the topic."""
        await start(self._consumer, self._settings)
        try:
            await self._has_one_partition()
            self._consumer.assign([self._place])
            await self._consumer.seek_to_beginning(self._place)
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def _has_one_partition(self) -> None:
        metadata = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
        numbers = metadata.partitions_for_topic(self._place.topic)
        if not numbers:
            text = f"the brokers have no topic {self._place.topic}; `helpdesk topics --create`"
            raise HelpdeskError(text)
        if len(numbers) > 1:
            text = (
                f"{self._place.topic} has {len(numbers)} partitions: settings that several"
                " operators change need the one order of a single partition"
            )
            raise HelpdeskError(text)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the connections."""
        await self._consumer.stop()
        if self._producer is not None:
            await self._producer.stop()

    async def read(self) -> Sequence[Record]:
        """See `Log`. Raises Transient when the brokers do not answer."""
        try:
            end = (await self._consumer.end_offsets([self._place]))[self._place]
            # Compaction may leave no record at the end, so the position counts.
            while await self._consumer.position(self._place) < end:
                batch = await self._consumer.getmany(self._place, timeout_ms=500)
                for raw in batch.get(self._place, ()):
                    self._records.append(record_of(raw, self._settings.topic_prefix))
        except KafkaError as error:
            raise Transient(in_words(error, self._settings, f"reading {ACCOUNTS.name}")) from error
        return tuple(self._records)

    async def append(self, record: Outgoing) -> None:
        """See `Log`."""
        if self._producer is None:
            producer = Producer(self._settings)
            await producer.start()
            self._producer = producer
        await self._producer.publish([record])
