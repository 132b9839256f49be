"""Reading topics from their beginnings, outside any consumer group: nobody's place moves."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import Record
from shared.bus.kafka import LARGEST_RECORD, connection, record_of, start
from shared.errors import HelpdeskError
from shared.running.settings import KafkaSettings
from shared.topic import Topic

Ends = Mapping[Any, int]
"""Where partitions ended, by partition."""


class Rereading:
    """All records of some topics, those of each partition in order; then those that come."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[Topic[Any]]) -> None:
        self._settings = settings
        self._topics = topics
        self._consumer: Any = None
        self._partitions: list[Any] = []

    async def __aenter__(self) -> Self:
        self._consumer = AIOKafkaConsumer(
            **connection(self._settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=LARGEST_RECORD,
        )
        await start(self._consumer, self._settings)
        metadata = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
        prefix = self._settings.topic_prefix
        for topic in self._topics:
            numbers = metadata.partitions_for_topic(prefix + topic.name)
            if not numbers:
                await self._consumer.stop()
                text = f"the brokers have no topic {topic.name}; `helpdesk topics --create`"
                raise HelpdeskError(text)
            self._partitions += [TopicPartition(prefix + topic.name, n) for n in sorted(numbers)]
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def ends(self) -> Ends:
        """Where the topics end now."""
        ends: Ends = await self._consumer.end_offsets(self._partitions)
        return ends

    async def reached(self, ends: Ends) -> bool:
        """Whether everything before these ends was given out."""
        return all([await self._consumer.position(tp) >= end for tp, end in ends.items()])

    async def some(self, most: int) -> list[Record]:
        """The next records, `most` at most; none where none come within half a second."""
        batches = await self._consumer.getmany(timeout_ms=500, max_records=most)
        prefix = self._settings.topic_prefix
        return [record_of(raw, prefix) for raws in batches.values() for raw in raws]
