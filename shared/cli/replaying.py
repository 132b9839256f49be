"""Putting dead letters back where they came from (ING 7)."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from aiokafka import AIOKafkaProducer

from shared.bus.delivery import DEAD_HEADER_PREFIX, REPLAYED, Outgoing
from shared.bus.kafka import LARGEST_RECORD, connection, start
from shared.cli.letters import Letter
from shared.errors import HelpdeskError
from shared.running.settings import KafkaSettings
from shared.topic import FOR_EVER
from shared.topics import BY_NAME, INBOUND

RECEIVED_AT = "x-received-at"
_INBOUND = frozenset(topic.name for topic in INBOUND.values())
_AT_ONCE = 200
"""Records that are put back before their acknowledgements are waited for."""


@dataclass(slots=True)
class Replay:
    """Decides which letters are put back, each record once; `skipped` counts the others by reason.

    A record that died again after a replay has two dead letters: if both were put back, their
    number would double with every replay.
    """

    now: datetime
    compacted: bool = False
    skipped: dict[str, int] = field(default_factory=dict)
    _put_back: set[tuple[str, bytes]] = field(default_factory=set)

    def put_back(self, letter: Letter) -> tuple[Outgoing, datetime] | None:
        """The original record and the timestamp to give it; None if it is not to be put back."""
        topic = BY_NAME.get(letter.topic)
        why = ""
        if topic is None or letter.topic.startswith("helpdesk.dead."):
            why = f"on no topic of ours: {letter.topic!r}"
        elif topic.compacted and not self.compacted:
            why = f"{letter.topic} is compacted: it would take the place of what came later"
        elif _identity(letter) in self._put_back:
            why = "the same record again"
        if why:
            self.skipped[why] = self.skipped.get(why, 0) + 1
            return None
        self._put_back.add(_identity(letter))
        return original(letter, self.now), timestamp(letter, self.now)


def _identity(letter: Letter) -> tuple[str, bytes]:
    """What all dead letters of one record share; a header alone could be set by anybody."""
    return letter.root, sha256(letter.record.value or b"").digest()


def original(letter: Letter, now: datetime) -> Outgoing:
    """The record as it was, with a header that says that it was replayed.

    An inbound record without a header for the time of its receipt gets one: ingest would take
    the new record's time otherwise, and decide by it.
    """
    record = letter.record
    headers = tuple(
        (name, value)
        for name, value in record.headers
        if name != REPLAYED and not name.startswith(DEAD_HEADER_PREFIX)
    )
    if letter.topic in _INBOUND and record.header(RECEIVED_AT) is None:
        headers += ((RECEIVED_AT, letter.moment("record-at").isoformat().encode()),)
    said = f"{now.isoformat()} {letter.root}".encode()
    return Outgoing(letter.topic, record.key, record.value, (*headers, (REPLAYED, said)))


def timestamp(letter: Letter, now: datetime) -> datetime:
    """The original record's time, so that whoever decides by it decides as before.

    A time that is older than half the topic's retention becomes that half: the broker would soon
    delete an older record, perhaps before it is read.
    """
    retention = BY_NAME[letter.topic].retention
    at = letter.moment("record-at")
    return at if retention == FOR_EVER else max(at, now - retention / 2)


class Sender:
    """Puts letters back, some at a time; all are acknowledged when it ends without an error.

    Raises HelpdeskError for one that was not put back.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._sent: list[Any] = []
        self._names: list[str] = []

    async def __aenter__(self) -> Self:
        self._producer = AIOKafkaProducer(
            **connection(self._settings),
            acks="all",
            enable_idempotence=self._settings.idempotent_producer,
            max_request_size=LARGEST_RECORD,
        )
        await start(self._producer, self._settings)
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                await self._acknowledged()
        finally:
            await self._producer.stop()

    async def send(
        self, letter: Letter, record: Outgoing, at: datetime, partition: int | None = None
    ) -> None:
        """Put a letter's record back, with that timestamp; by default its key says where."""
        self._sent.append(
            await self._producer.send(
                self._settings.topic_prefix + record.topic,
                # The driver refuses a record with neither key nor value; brokers do not.
                key=b"" if record.value is None and record.key is None else record.key,
                value=record.value,
                headers=list(record.headers),
                partition=partition,
                timestamp_ms=int(at.timestamp() * 1000),
            )
        )
        self._names.append(letter.position)
        if len(self._sent) >= _AT_ONCE:
            await self._acknowledged()

    async def _acknowledged(self) -> None:
        outcomes = await asyncio.gather(*self._sent, return_exceptions=True)
        for position, outcome in zip(self._names, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                text = f"{position} was not put back: {outcome!r}"
                raise HelpdeskError(text) from outcome
        self._sent, self._names = [], []
