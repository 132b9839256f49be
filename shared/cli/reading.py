"""Reading topics from outside any consumer group: nothing is committed, nobody's place moves."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import Record
from shared.bus.kafka import LARGEST_RECORD, connection, record_of, start
from shared.errors import HelpdeskError
from shared.running.settings import KafkaSettings
from shared.topic import Topic
from shared.topics import BY_NAME

_PREFIX = "helpdesk."


def topic_named(name: str) -> Topic[Any]:
    """The topic of that name, which may leave out `helpdesk.`. Raises HelpdeskError for none."""
    for form in (name, _PREFIX + name):
        if form in BY_NAME:
            return BY_NAME[form]
    known = ", ".join(sorted(each.removeprefix(_PREFIX) for each in BY_NAME))
    text = f"there is no topic {name!r}; there are: {known}"
    raise HelpdeskError(text)


async def partitions_of(consumer: Any, topics: Sequence[Topic[Any]], prefix: str) -> list[Any]:  # noqa: ANN401  # aiokafka ships no types
    """The partitions of these topics. Raises HelpdeskError where the brokers lack a topic."""
    metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
    missing = [t.name for t in topics if not metadata.partitions_for_topic(prefix + t.name)]
    if missing:
        text = f"the brokers have no topic {', '.join(missing)}; `helpdesk topics --create`"
        raise HelpdeskError(text)
    return [
        TopicPartition(prefix + topic.name, number)
        for topic in topics
        for number in sorted(metadata.partitions_for_topic(prefix + topic.name))
    ]


async def records(
    settings: KafkaSettings,
    topics: Sequence[Topic[Any]],
    *,
    since: datetime | None = None,
    follow: bool = True,
) -> AsyncIterator[Record]:
    """The topics' records, each partition's in order.

    They begin with the first record at or after `since`; without it, with the next one that comes.
    With `follow` they never end; without, they end with what the topics held at the beginning.
    """
    consumer = AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=LARGEST_RECORD,
    )
    await start(consumer, settings)
    try:
        partitions = await partitions_of(consumer, topics, settings.topic_prefix)
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        starts = dict(ends)
        if since is not None:
            moment = int(since.timestamp() * 1000)
            found = await consumer.offsets_for_times(dict.fromkeys(partitions, moment))
            starts |= {place: at.offset for place, at in found.items() if at is not None}
        for place, offset in starts.items():
            consumer.seek(place, offset)
        left = {place for place in partitions if starts[place] < ends[place]}
        while follow or left:
            batches = await consumer.getmany(timeout_ms=500)
            for place, raws in batches.items():
                for raw in raws:
                    if follow or raw.offset < ends[place]:
                        yield record_of(raw, settings.topic_prefix)
            for place in list(left):
                if await consumer.position(place) >= ends[place]:
                    left.discard(place)
    finally:
        await consumer.stop()
