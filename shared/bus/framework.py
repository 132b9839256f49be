"""The framework, as the bus uses it. No other module knows it."""

import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

from aiokafka import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaAckableMessage
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.bus.consuming import Consuming
from shared.bus.kafka import LARGEST_RECORD, connection
from shared.running import metrics
from shared.running.settings import KafkaSettings
from shared.topic import MEBIBYTE


def broker_of(settings: KafkaSettings) -> KafkaBroker:
    """The framework's broker, which only consumes: publishing is `shared.bus.kafka.Producer`'s.

    It waits for no batch when it stops: `Consuming` has done so.
    """
    return KafkaBroker(
        settings.bootstrap.split(","),
        security=_security(settings),
        allow_auto_create_topics=False,
        # The framework's own publishing ignores keys when it batches.
        consumer_only=True,
        apply_types=False,
        graceful_timeout=None,
        logger=None,
    )


def subscribed(  # where, as whom, how, and who is called
    broker: KafkaBroker,
    topics: Sequence[str],
    group: str,
    settings: KafkaSettings,
    members: "Members",
    take: Callable[[Sequence[Any]], Awaitable[None]],
    gather: timedelta,
) -> Any:  # noqa: ANN401  # the framework's subscriber is generic in privates
    """The subscriber that calls `take` with batches of raw records; nothing is committed for it.

    The brokers may gather records for so long before they give them.
    """
    subscriber = broker.subscriber(
        *topics,
        group_id=group,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        auto_offset_reset="earliest",
        max_records=settings.max_batch,
        batch_timeout_ms=10,
        fetch_min_bytes=MEBIBYTE if gather else 1,
        fetch_max_wait_ms=int((gather or settings.fetch_wait).total_seconds() * 1000),
        max_partition_fetch_bytes=LARGEST_RECORD,
        session_timeout_ms=int(settings.session_timeout.total_seconds() * 1000),
        heartbeat_interval_ms=int(settings.session_timeout.total_seconds() * 1000) // 4,
        rebalance_timeout_ms=int(settings.rebalance_timeout.total_seconds() * 1000),
        max_poll_interval_ms=600_000,
        listener=members,
        parser=_as_it_is,
        decoder=_undecoded,
    )
    subscriber(take)
    return subscriber


def _security(settings: KafkaSettings) -> BaseSecurity | None:
    """The options of `connection` in the form that the framework takes."""
    options = connection(settings)
    context: ssl.SSLContext | None = options.get("ssl_context")
    if not settings.security_protocol.startswith("SASL"):
        return BaseSecurity(ssl_context=context) if context else None
    kinds = {
        "PLAIN": SASLPlaintext,
        "SCRAM-SHA-256": SASLScram256,
        "SCRAM-SHA-512": SASLScram512,
    }
    return kinds[settings.sasl_mechanism](
        username=settings.username or "",
        password=options["sasl_plain_password"] or "",
        ssl_context=context,
        use_ssl=context is not None,
    )


class Members(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """Lets the batch in flight end before its partitions go to somebody else."""

    def __init__(self, service: str, consuming: Consuming) -> None:
        self._service, self._consuming = service, consuming
        self.joined = False

    async def on_partitions_revoked(self, _: Iterable[Any]) -> None:
        """Return once the batch in flight has ended, and what is done is committed."""
        async with self._consuming.in_flight:
            await self._consuming.commit()
        metrics.REBALANCES.labels(self._service).inc()

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Note that this replica is a member, whatever it was given."""
        self.joined = True
        partitions = list(assigned)
        self._consuming.assigned(partitions)


async def _as_it_is(raws: tuple[Any, ...]) -> KafkaAckableMessage:
    """A batch as it came: the framework's own parser drops a whole batch for one odd header."""
    return KafkaAckableMessage(
        body=raws,
        raw_message=raws,
        headers={},
        message_id="",
        correlation_id="",
        consumer=FAKE_CONSUMER,  # acknowledging is `Consuming`'s, by explicit offsets
    )


async def _undecoded(message: KafkaAckableMessage) -> Any:  # noqa: ANN401  # raw records
    return message.raw_message
