"""Reads dead letters: which there are, and what they say (ING 7)."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import DEAD_HEADER_PREFIX, REPLAYED, Record
from shared.bus.kafka import LARGEST_RECORD, connection, record_of, start
from shared.errors import HelpdeskError
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES, Service
from shared.topics import DEAD


@dataclass(frozen=True, slots=True)
class Letter:
    """A record on a dead-letter topic."""

    service: Service
    record: Record

    @property
    def position(self) -> str:
        """Where it lies: `service:partition:offset`."""
        return f"{self.service}:{self.record.partition}:{self.record.offset}"

    @property
    def root(self) -> str:
        """The position of the record's first dead letter: each replay may have added another."""
        return (self.record.header(REPLAYED) or "").partition(" ")[2] or self.position

    def note(self, name: str) -> str:
        """What stands in its header `helpdesk-dead-<name>`; empty without one."""
        return self.record.header(DEAD_HEADER_PREFIX + name) or ""

    def moment(self, name: str) -> datetime:
        """The header `helpdesk-dead-<name>` as a time; the dead letter's own if it has no zone.

        The dead letter's own time is also returned if there is no such header or it is no time.
        """
        try:
            said = datetime.fromisoformat(self.note(name))
        except ValueError:
            return self.record.timestamp
        return said if said.tzinfo else self.record.timestamp

    @property
    def text(self) -> str:
        """Why it died, without the words of an unexpected error: they may be a customer's."""
        return self.note("error") if self.note("reason") == "bug" else self.note("text")

    @property
    def topic(self) -> str:
        """The topic that it was on."""
        return self.note("topic")

    @property
    def dead_at(self) -> datetime:
        """When it was given up."""
        return self.moment("at")

    def document(self) -> dict[str, Any]:
        """What `list` says of it."""
        notes = ("topic", "partition", "offset", "reason", "error", "text", "tries")
        return {
            "position": self.position,
            "dead_at": self.dead_at.isoformat(),
            **{name: self.note(name) for name in notes},
            "text": self.text,
            "replayed": self.record.header(REPLAYED),
            "bytes": len(self.record.value or b""),
        }

    def whole(self) -> dict[str, Any]:
        """All of it; bytes that are no UTF-8 are given in base64."""
        headers = [[name, _shown(value)] for name, value in self.record.headers]
        key, value = _shown(self.record.key), _shown(self.record.value)
        return {
            **self.document(),
            "text": self.note("text"),
            "key": key,
            "headers": headers,
            "value": value,
        }


def _shown(value: bytes | None) -> str | dict[str, str] | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(value).decode()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters are meant; a field left at its default takes all. `until` is exclusive."""

    services: frozenset[Service] = frozenset(SERVICES)
    reasons: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    positions: frozenset[str] = frozenset()

    def __contains__(self, letter: Letter) -> bool:
        return (
            letter.service in self.services
            and (not self.reasons or letter.note("reason") in self.reasons)
            and (not self.topics or letter.topic in self.topics)
            and (not self.positions or letter.position in self.positions)
            and (self.since is None or letter.dead_at >= self.since)
            and (self.until is None or letter.dead_at < self.until)
        )

    def spans(self, there: Mapping[Any, tuple[int, int]]) -> dict[Any, tuple[int, int]]:
        """What is to be read of each partition: from an offset up to another, exclusive."""
        spans = {}
        for partition, (earliest, end) in there.items():
            first, last = earliest, end
            if self.positions:
                place = f"{_service_of(partition)}:{partition.partition}:"
                named = [
                    int(position.removeprefix(place))
                    for position in self.positions
                    if position.startswith(place)
                ]
                first = max(earliest, min(named, default=end))
                last = min(end, max(named, default=earliest - 1) + 1)
            if first < last:
                spans[partition] = (first, last)
        return spans


def _service_of(partition: Any) -> Service:  # noqa: ANN401  # aiokafka ships no types
    return cast("Service", partition.topic.rpartition(".")[2])


async def _ends(
    consumer: Any,  # noqa: ANN401  # aiokafka ships no types
    services: Iterable[Service],
    prefix: str,
) -> dict[Any, int]:
    """How far the dead-letter topics reach now, by partition."""
    metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
    partitions = [
        TopicPartition(prefix + DEAD[service].name, number)
        for service in sorted(services)
        for number in sorted(metadata.partitions_for_topic(prefix + DEAD[service].name) or ())
    ]
    if not partitions:
        text = "there are no dead-letter topics; `helpdesk topics --create`"
        raise HelpdeskError(text)
    return cast("dict[Any, int]", await consumer.end_offsets(partitions))


async def read(settings: KafkaSettings, wanted: Wanted) -> AsyncIterator[tuple[Letter, float]]:
    """The dead letters that are wanted, each partition's in order.

    With each comes the share, from 0 to 1, of the records that have been read by then. Dead letters
    that are published after the reading began are not among them.
    """
    prefix = settings.topic_prefix
    consumer = AIOKafkaConsumer(
        **connection(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=LARGEST_RECORD,
    )
    await start(consumer, settings)
    try:
        last = await _ends(consumer, wanted.services, prefix)
        begin = await consumer.beginning_offsets(list(last))
        spans = wanted.spans({tp: (begin[tp], end) for tp, end in last.items()})
        total = sum(end - first for first, end in spans.values())
        done = 0
        for partition, (first, end) in spans.items():
            consumer.assign([partition])
            consumer.seek(partition, first)
            service = _service_of(partition)
            while await consumer.position(partition) < end:
                batch = await consumer.getmany(partition, timeout_ms=500)
                for raw in batch.get(partition, ()):
                    if raw.offset >= end:
                        break
                    done += 1
                    letter = Letter(service, record_of(raw, prefix))
                    if letter in wanted:
                        yield letter, done / total
    finally:
        await consumer.stop()


def in_json(document: dict[str, Any]) -> str:
    """A document as one line."""
    return json.dumps(document, ensure_ascii=False)
