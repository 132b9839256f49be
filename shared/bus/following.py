"""Following a compacted topic: every replica reads all of it, and holds what it says last."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.bus.delivery import Record
from shared.bus.kafka import LARGEST_RECORD, connection, record_of, renew_password, start
from shared.bus.refusals import in_words
from shared.errors import Poison, Transient
from shared.running import tasks
from shared.running.settings import KafkaSettings
from shared.topic import Topic

_log = structlog.get_logger()


class Follower:
    """Calls `apply` with everything that a topic says, from its beginning on, in every replica.

    What cannot be understood is left out, and the log says so: what was said of that key before
    stays.
    """

    def __init__(
        self, settings: KafkaSettings, topic: Topic[Any], apply: Callable[[Any], None]
    ) -> None:
        self.topic = topic
        self._apply_to = apply
        self._settings = settings
        self._consumer: Any = None
        self.task: asyncio.Task[None] | None = None
        self._partitions: list[Any] = []
        self._read: dict[Any, int] = {}
        self._moved = asyncio.Condition()

    async def start(self) -> None:
        """Return once all that the topic says now was applied."""
        name = self._settings.topic_prefix + self.topic.name
        self._consumer = AIOKafkaConsumer(
            **connection(self._settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=int(self._settings.fetch_wait.total_seconds() * 1000),
            max_partition_fetch_bytes=LARGEST_RECORD,
        )
        await start(self._consumer, self._settings)
        metadata = await self._consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
        self._partitions = [
            TopicPartition(name, number) for number in metadata.partitions_for_topic(name) or ()
        ]
        self._consumer.assign(self._partitions)
        self._read = await self._consumer.beginning_offsets(self._partitions)
        self.task = asyncio.create_task(self._follow())
        await self.refresh()

    async def stop(self) -> None:
        """Stop following."""
        if self.task is not None:
            await tasks.cancel([self.task])
        if self._consumer is not None:
            await self._consumer.stop()

    async def refresh(self) -> None:
        """Return once all was applied that the topic said when this was called.

        Raises Transient when the brokers do not let it catch up within ten seconds.
        """
        try:
            async with asyncio.timeout(10):
                ends = await self._consumer.end_offsets(self._partitions)
                async with self._moved:
                    await self._moved.wait_for(
                        lambda: all(self._read[tp] >= end for tp, end in ends.items())
                    )
        except (TimeoutError, KafkaError) as error:
            text = f"{self.topic.name} could not be read up to its end: {error!r}"
            raise Transient(text) from error

    async def _follow(self) -> None:
        while True:
            renew_password(self._consumer._client, self._settings)  # noqa: SLF001  # not public
            try:
                batches = await self._consumer.getmany(timeout_ms=1000)
            except KafkaError as error:
                text = in_words(error, self._settings, f"reading {self.topic.name}")
                _log.warning("following a topic failed, trying again", error=text)
                await asyncio.sleep(1)
                continue
            for partition, raws in batches.items():
                for raw in raws:
                    self._apply(record_of(raw, self._settings.topic_prefix))
                # Compaction leaves gaps, so the position counts, not the last offset.
                self._read[partition] = await self._consumer.position(partition)
            # The position may move without records: compaction may leave none at a topic's end.
            for partition in self._partitions:
                position = await self._consumer.position(partition)
                self._read[partition] = max(self._read[partition], position)
            async with self._moved:
                self._moved.notify_all()

    def _apply(self, record: Record) -> None:
        try:
            self._apply_to(self.topic.parse(record))
        except Poison as error:
            # Whoever consumes the topic makes it a dead letter.
            _log.warning("a record was ignored", at=record.position, error=str(error))
