"""Kafka below the bus: connecting, publishing, creating topics."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from aiokafka.partitioner import DefaultPartitioner, murmur2

from shared.bus.delivery import Outgoing, Record
from shared.bus.refusals import in_words, why_unreachable
from shared.clock import EPOCH
from shared.errors import HelpdeskError, Poison, Transient
from shared.running import tasks
from shared.running.calls import Calls
from shared.running.settings import KafkaSettings
from shared.topic import FOR_EVER, MEBIBYTE, Topic
from shared.topics import TOPICS

LARGEST_RECORD = 7 * MEBIBYTE
"""Bytes; above every topic's own limit, so that a record meets its topic's limit, never this."""

OPERATIONS = frozenset(("publish",))

_log = structlog.get_logger()


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """The arguments with which every client of this process connects."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap.split(","),
        "security_protocol": settings.security_protocol,
    }
    if "SSL" in settings.security_protocol:
        options["ssl_context"] = settings.context()
    if settings.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.secret("password")
    return options


def renew_password(client: Any, settings: KafkaSettings) -> None:  # noqa: ANN401  # a driver's
    """Let the client's next connections be made with the password as it is now.

    The driver keeps the one it was given. One that cannot be read leaves the last one in place.
    """
    if settings.password_file is not None:
        with contextlib.suppress(Transient):
            client._sasl_plain_password = settings.secret("password")  # noqa: SLF001  # not public


async def start(client: Any, settings: KafkaSettings) -> None:  # noqa: ANN401  # a driver's
    """Start a producer or a consumer; raises Transient, saying why, when no broker takes us."""
    try:
        await client.start()
    except KafkaError as error:
        await client.stop()
        raise await unreachable(error, settings) from error
    except BaseException:
        await client.stop()
        raise


async def unreachable(error: KafkaError, settings: KafkaSettings) -> Transient:
    """What to raise when a client could not be started: why the brokers refuse it."""
    said = None
    if isinstance(error, KafkaConnectionError):
        said = await why_unreachable(connection(settings), settings)
    return Transient(f"Kafka does not answer: {said or repr(error)}")


def record_of(raw: Any, prefix: str) -> Record:  # noqa: ANN401  # aiokafka ships no types
    """Give aiokafka's record as ours: the topic without its prefix, headers as they are."""
    return Record(
        topic=raw.topic.removeprefix(prefix),
        partition=raw.partition,
        offset=raw.offset,
        key=raw.key,
        value=raw.value,
        headers=tuple(raw.headers),
        timestamp=EPOCH + timedelta(milliseconds=max(raw.timestamp, 0)),
    )


_by_default = DefaultPartitioner()


@lru_cache(maxsize=16_384)
def _hashed(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFFFFFF


def partition_of(key: bytes | None, all_partitions: Sequence[int], available: Sequence[int]) -> int:
    """The partition where Kafka's clients put a key; hashes are cached, as the driver is slow."""
    if key is None:
        return int(_by_default(key, all_partitions, available))
    return all_partitions[_hashed(key) % len(all_partitions)]


class Producer:
    """Publishes and waits for the acknowledgement of all in-sync replicas.

    After a failure the driver's producer is replaced by a new one. A batch that failed (given up
    because there was no leader for long, say, or refused by a broker) has used up numbers of the
    idempotent sequence, and brokers refuse for ever whatever comes after such a gap.
    """

    def __init__(self, settings: KafkaSettings, service: str = "other") -> None:
        self._prefix = settings.topic_prefix
        self._calls = Calls(service, "kafka", OPERATIONS)
        self._settings = settings
        self._producer: Any = None
        self._spoilt = False
        self._renewing = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect; raises Transient, saying why, when no broker answers or takes us."""
        producer = AIOKafkaProducer(
            **connection(self._settings),
            acks="all",
            enable_idempotence=self._settings.idempotent_producer,
            linger_ms=0,
            # A partition takes one batch at a time, so records published together go in one batch.
            max_batch_size=MEBIBYTE,
            partitioner=partition_of,
            max_request_size=LARGEST_RECORD,
            request_timeout_ms=15_000,
        )
        await start(producer, self._settings)
        self._producer, self._spoilt = producer, False

    async def stop(self) -> None:
        """Send what is buffered and let go of the connections."""
        await tasks.cancel(self._leaving)
        if self._producer is not None:
            await self._producer.stop()

    async def _working(self) -> Any:  # noqa: ANN401  # aiokafka ships no types
        """The driver's producer, a new one where the last one failed."""
        async with self._renewing:
            if self._spoilt:
                old = self._producer
                await self.start()
                # Others may still wait for records that they gave to the old one.
                leaving = asyncio.create_task(old.stop())
                self._leaving.add(leaving)
                leaving.add_done_callback(self._leaving.discard)
            renew_password(self._producer.client, self._settings)
            return self._producer

    def _failed(self, producer: Any) -> None:  # noqa: ANN401  # aiokafka ships no types
        self._spoilt = self._spoilt or producer is self._producer

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish in order per key; return when all are acknowledged.

        Raises Transient when a broker did not take a record (others of the sequence may have
        arrived), Poison when one is too large for its topic.
        """
        with self._calls.timed("publish"):
            await self._publish(records)

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        producer = None
        try:
            producer = await self._working()
            futures = [
                await producer.send(
                    self._prefix + record.topic,
                    # The driver refuses a record with neither key nor value; brokers do not.
                    key=b"" if record.value is None and record.key is None else record.key,
                    value=record.value,
                    headers=list(record.headers),
                )
                for record in records
            ]
            outcomes = await asyncio.gather(*futures, return_exceptions=True)
        except MessageSizeTooLargeError as error:
            raise Poison("too_large", str(error)) from error
        except KafkaError as error:
            self._failed(producer)
            topics = ", ".join(sorted({record.topic for record in records}))
            text = in_words(error, self._settings, f"publishing to {topics}")
            raise Transient(text) from error
        if any(isinstance(outcome, BaseException) for outcome in outcomes):
            self._failed(producer)
        for record, outcome in zip(records, outcomes, strict=True):
            if isinstance(outcome, MessageSizeTooLargeError):
                text = f"{record.topic} takes no record of {len(record.value or b'')} bytes"
                raise Poison("too_large", text) from outcome
            if isinstance(outcome, BaseException):
                text = in_words(outcome, self._settings, f"publishing to {record.topic}")
                raise Transient(text) from outcome

    async def missing(self, topics: Iterable[Topic[Any]]) -> list[str]:
        """Which of these topics the brokers do not have, by their full names."""
        there = (await self._producer.client.fetch_all_metadata()).topics()
        return sorted({self._prefix + topic.name for topic in topics} - set(there))


async def create_topics(
    settings: KafkaSettings, *, replication: int, partitions: int | None = None
) -> list[str]:
    """Create the topics that are not there yet; returns their full names.

    `partitions` overrides the registry's count, for small brokers. With a replication of 3 or
    more, two replicas must have a record before it counts. What exists is left as it is.
    """
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        await admin.start()
    except KafkaError as error:
        await admin.close()
        raise await unreachable(error, settings) from error
    try:
        there = set(await admin.list_topics())
        wanted = {settings.topic_prefix + topic.name: topic for topic in TOPICS}
        new = [
            NewTopic(
                name,
                topic.partitions if partitions is None else min(partitions, topic.partitions),
                replication,
                topic_configs=topic_configuration(topic, replication),
            )
            for name, topic in wanted.items()
            if name not in there
        ]
        outcomes = (await admin.create_topics(new)).topic_errors if new else ()
        created = []
        for name, code, *_ in outcomes:
            if code and for_code(code) is not TopicAlreadyExistsError:
                text = f"creating {name} failed: {for_code(code).__name__}"
                raise HelpdeskError(text)
            if not code:
                created.append(name)
        await _all_there(admin, settings.topic_prefix)
        return created
    finally:
        await admin.close()


async def _all_there(admin: Any, prefix: str) -> None:  # noqa: ANN401  # aiokafka ships no types
    """Return once the brokers show all topics: the controller's news reaches them a bit later.

    Raises HelpdeskError when they still do not after 20 seconds or more.
    """
    wanted = {prefix + topic.name for topic in TOPICS}
    for _ in range(200):
        if wanted <= set(await admin.list_topics()):
            return
        await asyncio.sleep(0.1)
    text = "the topics are created, but the brokers do not show them yet"
    raise HelpdeskError(text)


def topic_configuration(topic: Topic[Any], replication: int) -> dict[str, str]:
    """How a topic is configured where each of its partitions has so many replicas."""
    compacting = {"max.compaction.lag.ms": str(7 * 86_400_000)} if topic.compacted else {}
    retention = -1 if topic.retention == FOR_EVER else int(topic.retention.total_seconds() * 1000)
    lag = int(topic.uncompacted_for.total_seconds() * 1000)
    return {
        "cleanup.policy": "compact" if topic.compacted else "delete",
        **({"min.compaction.lag.ms": str(lag)} if lag else {}),
        "retention.ms": str(retention),
        "max.message.bytes": str(topic.max_bytes),
        "min.insync.replicas": "2" if replication > 2 else "1",
        # A producer would stamp its records by the clock that is not believed.
        **({"message.timestamp.type": "LogAppendTime"} if topic.allowance else {}),
        "unclean.leader.election.enable": "false",
        # What a tombstone replaces is gone a week later, however little comes after it.
        **compacting,
    }
