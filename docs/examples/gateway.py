"""Deliver a channel's outbound messages, and report what became of each.

python gateway.py CHANNEL FOLDER    a folder stands in for the provider: each message is a file
"""

import asyncio
import hashlib
import json
import sys
from contextlib import suppress
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import CommitFailedError
from desk import CONNECTION, SYSTEM, Body, computed_id, group, now, producer, publish, topic


class ProviderRefused(Exception):
    """The provider will never deliver this message."""


def deliver(message: Body, folder: Path) -> None:
    """Hand a message to the provider, who takes each idempotency key once.

    Most providers have such a key. Where yours has none, store the key before you send; what you
    find stored without an outcome after a crash may have been sent: ask the provider.
    """
    if not message["text"] and not message.get("attachments"):
        raise ProviderRefused("there is nothing in it")
    key = f"{message['account_id']}:{message['idempotency_key']}"
    name = hashlib.sha256(key.encode()).hexdigest()
    unfinished = folder / f"{name}.part"
    unfinished.write_text(json.dumps(message))
    unfinished.replace(folder / f"{name}.json")


def report(message: Body, status: str, error: str | None = None) -> Body:
    """The command that tells ticketing. Each status of a message has an id of its own."""
    return {
        "type": "ReportDelivery",
        "account_id": message["account_id"],
        "id": computed_id(message["account_id"], message["idempotency_key"], status),
        "correlation_id": message["correlation_id"],
        "occurred_at": now().isoformat(),
        "ticket_id": message["ticket_id"],
        "author": {"kind": "integration", "id": SYSTEM},
        "outbound_id": message["idempotency_key"],
        "status": status,
        "error": error,
    }


async def deliver_and_report(message: Body, folder: Path, kafka: AIOKafkaProducer) -> None:
    """Afterwards the provider has the message and ticketing knows, or ticketing knows why not."""
    try:
        deliver(message, folder)
        said = report(message, "sent")
    except ProviderRefused as refused:
        said = report(message, "failed", str(refused))
    # Any other error ends this: the message comes again. "delivered" and "read" are reported
    # later, when the provider calls back.
    await publish(kafka, "commands", f"{message['account_id']}:{message['ticket_id']}", said)


async def main(channel: str, folder: Path) -> None:
    """Deliver what there is and what comes, until stopped."""
    consumer = AIOKafkaConsumer(
        topic("outbound"),
        **CONNECTION,
        group_id=group(f"gateway.{channel}"),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=6_000,  # after so long without a sign of life, others take over
    )
    async with consumer, producer() as kafka:
        while True:
            for records in (await consumer.getmany(timeout_ms=500, max_records=50)).values():
                for record in records:
                    message = json.loads(record.value)
                    if message["channel"] == channel:
                        await deliver_and_report(message, folder, kafka)
            # Where our partitions have moved, they are delivered again: the keys are the same.
            with suppress(CommitFailedError):
                await consumer.commit()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    provider = Path(sys.argv[2])
    provider.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(sys.argv[1], provider))
