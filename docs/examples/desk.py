"""What the examples share: where Kafka is, what its topics are called, and computed ids."""

import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaProducer

Body = dict[str, Any]

PREFIX = os.environ.get("HELPDESK_KAFKA__TOPIC_PREFIX", "")
CONNECTION: Body = {
    "bootstrap_servers": os.environ.get("HELPDESK_KAFKA__BOOTSTRAP", "localhost:9092"),
    # With TLS and a user of your own, also security_protocol="SASL_SSL", ssl_context,
    # sasl_mechanism="SCRAM-SHA-512", sasl_plain_username and sasl_plain_password.
}
SYSTEM = "crm.example.com"  # your system's name: nobody else computes ids or sets `source` with it


def topic(name: str) -> str:
    """The full name of a topic."""
    return f"{PREFIX}helpdesk.{name}"


def group(name: str) -> str:
    """The name of a consumer group of ours."""
    return f"{PREFIX}{SYSTEM}.{name}"


def computed_id(*parts: str) -> str:
    """The same parts give the same id: in each process, and after each crash."""
    return str(uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_DNS, SYSTEM), json.dumps(parts)))


def now() -> datetime:
    """The time, with its zone: one without is refused."""
    return datetime.now(UTC)


def producer() -> AIOKafkaProducer:
    """A producer, to be used with `async with`. It puts a key where Kafka's Java client puts it."""
    return AIOKafkaProducer(**CONNECTION, acks="all", max_request_size=4 * 1024 * 1024)


async def publish(
    kafka: AIOKafkaProducer,
    name: str,
    key: str,
    value: Body | bytes | None,
    **headers: str,
) -> str:
    """Publish a record. Returns its place, `topic[partition]@offset`, once all replicas have it.

    A record that could not be published may be there all the same: publish it again, as it was.
    """
    named = [(name.replace("_", "-"), text.encode()) for name, text in headers.items()]
    there = await kafka.send_and_wait(
        topic(name),
        key=key.encode(),
        value=json.dumps(value).encode() if isinstance(value, dict) else value,
        headers=[("source", SYSTEM.encode()), *named],
    )
    return f"{there.topic.removeprefix(PREFIX)}[{there.partition}]@{there.offset}"
