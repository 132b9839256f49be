"""Ticketing on Apache Kafka and a Mongo-wire server, beside two others in the same run.

The service itself; a bare loop of the same reads, writes and produces, without framework and
models, one batch after the other; and a plain FastStream handler that takes one message at a time
and awaits each step. And the time from a record to `TicketOpened` at fifty a second.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.clock import system_clock
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.messages import InboundMessage
from shared.ids import computed_id
from shared.topics import ACCOUNTS, SCREENED, TICKETS
from tests.bench.figures import Figure
from tests.bench.stack import bench_stack
from tests.e2e.harness import Pipeline, pipeline

MANY, CONTACTS, SLOW_MANY = 10_000, 500, 400
AT_A_SECOND, PROBES = 50, 500


async def measure() -> list[Figure]:
    """The figures of one run, after setting everything up."""
    with tempfile.TemporaryDirectory() as folder, bench_stack(_say) as servers:
        rates: dict[str, float] = {}
        for name, many in (("service", MANY), ("bare", MANY), ("plain", SLOW_MANY)):
            async with pipeline(servers, f"rate-{name}", Path(folder)) as place:
                rates[name] = await _rate(place, name, many)
                _say(f"{name}: {rates[name]:,.0f} messages/s")
        delays: dict[str, tuple[float, float]] = {}
        for name in ("service", "bare"):
            async with pipeline(servers, f"delay-{name}", Path(folder)) as place:
                delays[name] = await _delay(place, name)
                _say(f"{name}: p50 {delays[name][0]:.1f} ms, p99 {delays[name][1]:.1f} ms")
    service, bare = delays["service"], delays["bare"]
    return [
        Figure(
            "ticketing: to the bare loop",
            rates["service"],
            "messages/s",
            rates["bare"],
            0.7,
            "more",
        ),
        Figure(
            "ticketing: to a plain handler",
            rates["service"],
            "messages/s",
            rates["plain"],
            20,
            "more",
        ),
        Figure("ticketing: record to TicketOpened, p50", service[0], "ms", bare[0], 2, "less"),
        Figure("ticketing: record to TicketOpened, p99", service[1], "ms", bare[1], 2, "less"),
    ]


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _message(number: int, contact: int) -> InboundMessage:
    now = system_clock()
    return InboundMessage(
        account_id="bench",
        id=computed_id("bench", str(number)),
        occurred_at=now,
        correlation_id=computed_id("bench", str(number)),
        channel="sms",
        address="+390200000000",
        contact=Contact(id=f"e164:+39333{contact:07}"),
        provider_message_id=f"SM{number}",
        sent_at=now,
        text="Where is my order? It should have been here on Monday. " * 4,
    )


async def _rate(place: Pipeline, name: str, many: int) -> float:
    """Messages a second, from a full topic to the last event."""
    await place.publish([ACCOUNTS.record(AccountSettings(account_id="bench", channels=("sms",)))])
    records = [SCREENED.record(_message(n, n % CONTACTS)) for n in range(many)]
    await place.publish(records)
    async with _running(place, name), _events(place) as next_events:
        seen: dict[str, float] = {}
        while len(seen) < many:
            for event in await next_events():
                if event["type"] == "CustomerWrote":
                    seen.setdefault(event["message_id"], time.monotonic())
    # From the first event on: starting a process is not what is measured.
    moments = sorted(seen.values())
    skipped = len(moments) // 10
    return (len(moments) - skipped) / (moments[-1] - moments[skipped])


async def _delay(place: Pipeline, name: str) -> tuple[float, float]:
    """Median and 99th percentile, in ms, from publishing a record to reading `TicketOpened`."""
    await place.publish([ACCOUNTS.record(AccountSettings(account_id="bench", channels=("sms",)))])
    sent: dict[str, float] = {}
    opened: dict[str, float] = {}

    async def publish() -> None:
        began = time.monotonic()
        for number in range(PROBES):
            message = _message(number, number)
            await asyncio.sleep(max(began + number / AT_A_SECOND - time.monotonic(), 0))
            sent[message.id] = time.monotonic()
            await place.publish([SCREENED.record(message)])

    async with _running(place, name), _events(place) as next_events:
        warm = _message(PROBES + 1, PROBES + 1)
        await place.publish([SCREENED.record(warm)])
        while not any(e["type"] == "TicketOpened" for e in await next_events()):
            pass
        publishing = asyncio.create_task(publish())
        while len(opened) < PROBES:
            for event in await next_events():
                if event["type"] == "TicketOpened":
                    opened.setdefault(event["cause_id"], time.monotonic())
        await publishing
    took = sorted((opened[key] - moment) * 1000 for key, moment in sent.items() if key in opened)
    return median(took), took[int(len(took) * 0.99) - 1]


@asynccontextmanager
async def _running(place: Pipeline, name: str) -> AsyncIterator[None]:
    """The contestant runs, as a process of its own."""
    module = {"service": "services.ticketing"}.get(name, f"tests.bench.{name}_ticketing")
    replica = place.run_module(module)
    try:
        yield
    finally:
        replica.kill()


@asynccontextmanager
async def _events(
    place: Pipeline,
) -> AsyncIterator[Callable[[], Awaitable[list[dict[str, Any]]]]]:
    """Reads the ticket stream as it grows."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=place.servers.kafka,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    name = f"{place.unique}-{TICKETS.name}"
    metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001
    consumer.assign([TopicPartition(name, p) for p in metadata.partitions_for_topic(name)])

    async def more() -> list[dict[str, Any]]:
        batches = await consumer.getmany(timeout_ms=100)
        return [json.loads(raw.value) for raws in batches.values() for raw in raws]

    try:
        yield more
    finally:
        await consumer.stop()
