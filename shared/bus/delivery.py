"""Records and their fates, as values and pure decisions: no Kafka, no clock, no chance."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from shared.errors import Poison, Transient

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies on a topic. `topic` is the contract's name, without any prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: datetime

    @property
    def position(self) -> str:
        """Where it lies, for people: `topic[partition]@offset`."""
        return f"{self.topic}[{self.partition}]@{self.offset}"

    def header(self, name: str) -> str | None:
        """The last header of that name as text; None where there is none or it is not UTF-8."""
        for key, value in reversed(self.headers):
            if key.lower() == name and value is not None:
                try:
                    return value.decode()
                except UnicodeDecodeError:
                    return None
        return None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be published; `topic` is the contract's name, without any prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]
"""Publishes in order and returns once the broker has acknowledged all; else raises Transient."""

Refusals = Mapping[int, Poison]
"""What a handler could not take of its batch: the place in the batch, and why."""

Handler = Callable[[Sequence[Any]], Awaitable[Refusals | None]]
"""Takes a batch of one topic's parsed records, in order. When it returns, all effects stand."""

Fate = Literal["wait", "again", "singly", "dead"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What is done about failures.

    `tries` is how often a batch is tried whole before its records are handled one by one.
    `bugs_in_a_row` is how many records may fail unexpectedly, one after another, before the service
    stops: something else is wrong then, and draining the topic into the dead letters would help
    nobody.
    """

    first_pause: timedelta = timedelta(milliseconds=200)
    longest_pause: timedelta = timedelta(seconds=5)
    tries: int = 3
    bugs_in_a_row: int = 20

    def pause(self, attempt: int, jitter: float) -> timedelta:
        """How long to wait after the `attempt`-th failure (1, 2 …); `jitter` is in 0..1.

        The pause doubles with each failure, up to `longest_pause`. What is returned lies between
        half of it (`jitter` 0) and all of it (`jitter` 1).
        """
        doubled = self.first_pause * int(2 ** min(attempt - 1, 16))
        return min(doubled, self.longest_pause) * (0.5 + jitter / 2)

    def fate(self, error: Exception, attempt: int, *, alone: bool, transient: bool) -> Fate:
        """What becomes of a batch (or of one record `alone`) whose handling failed.

        With a transient error it waits, for as long as it takes. With Poison, a batch is handled
        record by record at once. With a bug that happens after `tries` attempts; before, the batch
        is tried again. A record that fails alone becomes a dead letter.
        """
        if transient or isinstance(error, Transient):
            return "wait"
        if alone:
            return "dead"
        if isinstance(error, Poison) or attempt >= self.tries:
            return "singly"
        return "again"


DEAD_HEADER_PREFIX = "helpdesk-dead-"

REPLAYED = "helpdesk-replayed"
"""The header of a replayed record: when, a space, and the position of its first dead letter."""


def dead_letter(
    record: Record, error: Exception, *, service: str, tries: int, now: datetime
) -> Outgoing:
    """The dead letter of a record: its bytes, key and headers untouched, and why beside them.

    It has further headers `helpdesk-dead-…`, in place of any from an earlier dead letter: service,
    topic, partition, offset, reason (a closed set), error (class), text (for people), tries,
    record-at (the record's own time) and at (when it died); both times in ISO 8601, UTC.
    """
    reason = error.reason if isinstance(error, Poison) else "bug"
    notes = {
        "service": service,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "reason": reason,
        "error": type(error).__name__,
        "text": f"{record.position}: {error}"[:2000],
        "tries": str(tries),
        "record-at": record.timestamp.isoformat(),
        "at": now.isoformat(),
    }
    original = tuple(h for h in record.headers if not h[0].startswith(DEAD_HEADER_PREFIX))
    added = tuple(
        (DEAD_HEADER_PREFIX + name, text.encode(errors="replace")) for name, text in notes.items()
    )
    return Outgoing(
        topic=f"helpdesk.dead.{service}",
        key=record.key,
        value=record.value,
        headers=original + added,
    )
