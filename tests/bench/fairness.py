"""How long quiet accounts wait while one account's campaign is answered: beside the same alone.

A hundred accounts get a message each every few seconds, by SMS and WhatsApp; then the customers of
one more answer its campaign by SMS. What is measured is the time from an inbound record to its
`TicketAssigned`, by the brokers' records, which are read once all is over. Six services run as
processes on Apache Kafka, the Mongo-wire server in Rust and Valkey. `FULL=1` is the whole campaign.
"""

import asyncio
import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer, create_topics
from shared.contracts.presence import AgentWentOnline
from shared.embedded.servers import Servers
from shared.embedded.stack import Valkey
from shared.running.settings import KafkaSettings
from shared.topics import ACCOUNTS, PRESENCE, TICKETS
from tests.bench.figures import FULL, Figure
from tests.bench.fleet import SIX
from tests.chaos.fleet import Replica
from tests.chaos.payloads import AGENTS, Customer, Shop, record
from tests.fast_mongo import fast_mongo
from tests.servers import ApacheKafka

QUIET, EVERY = 100, 5.0
"""How many quiet accounts, and how many seconds lie between two messages of one."""

CAMPAIGN = 100_000 if FULL else 10_000
A_SECOND = 300
"""How many answers a second providers deliver: more than six services take on two shared cores."""

SECONDS = 30
"""How long the quiet are watched alone; beside the campaign, for as long as it is delivered."""

PATIENCE = 600
FAIR: Final = {"HELPDESK_INGEST_SHARE": "5", "HELPDESK_INGEST_LET_IN": "25"}


class Worker(Replica):
    """A service's process with its defaults, but for `more` of its environment."""

    more: dict[str, str]

    def environment(self) -> dict[str, str]:
        """Return the environment; what is looked for, and how often, is as by default."""
        ours = {**super().environment(), "HELPDESK_LOG_LEVEL": "warning", **self.more}
        del ours["HELPDESK_SWEEP_INTERVAL"]
        return ours


@dataclass
class Site:
    """Servers and services that run, and what was published when."""

    producer: Producer
    tickets: Any
    workers: Sequence[Worker]
    sent: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    async def quiet(self, until: asyncio.Event | None, seconds: float) -> list[str]:
        """Publish quiet messages at an even pace; returns whom they were of."""
        shops = [Shop(number) for number in range(QUIET)]
        random.Random(1).shuffle(shops)
        names: list[str] = []
        began = time.monotonic()
        for n in count():
            at = began + n * EVERY / QUIET
            if (until.is_set() if until else True) and at - began > seconds:
                return names
            await asyncio.sleep(max(at - time.monotonic(), 0))
            channel: Any = ("sms", "whatsapp")[n // QUIET % 2]
            customer = Customer(shops[n % QUIET], channel, next(self.numbers))
            names.append(await self._wrote([customer]))
        raise AssertionError("counting has no end")

    async def campaign(self, answers: int) -> None:
        """Publish the campaign's answers as they are delivered, a tenth of a second's at once."""
        shop, began = Shop(QUIET), time.monotonic()
        customers = (Customer(shop, "sms", next(self.numbers)) for _ in range(answers))
        step = A_SECOND // 10
        for n in range(0, answers, step):
            await asyncio.sleep(max(began + n / A_SECOND - time.monotonic(), 0))
            await self._wrote(list(islice(customers, step)))

    async def _wrote(self, customers: Sequence[Customer]) -> str:
        now = datetime.now(UTC)
        records = [
            record(c, "Yes please, that one in blue!", unique=f"SM{c.number:08}", now=now)
            for c in customers
        ]
        for customer in customers:
            self.sent[_digits(customer.name)] = time.time()
        await self.producer.publish(records)
        return _digits(customers[-1].name)

    async def assigned(self, names: Sequence[str]) -> list[float]:
        """How long each of these waited for an agent, in seconds from its record; once all have."""
        deadline = time.monotonic() + PATIENCE
        while not all(name in self.seen for name in names):
            for worker in self.workers:
                if not worker.runs or time.monotonic() > deadline:
                    last = "\n".join(worker.last_lines())
                    raise AssertionError(f"{worker.service} does not get on:\n{last}")
            # Following the stream would take the processor from those who are measured.
            await asyncio.sleep(3)
            await self._read()
        return [self.seen[name] - self.sent[name] for name in names]

    async def _read(self) -> None:
        """Note when each contact's ticket was assigned first, as far as that is published."""
        ends = await self.tickets.end_offsets(sorted(self.tickets.assignment()))
        while any([await self.tickets.position(tp) < end for tp, end in ends.items()]):
            for raws in (await self.tickets.getmany(timeout_ms=200)).values():
                for raw in raws:
                    if b'"type":"TicketAssigned"' in raw.value:
                        name = _digits(json.loads(raw.value)["ticket"]["contact"]["id"])
                        self.seen.setdefault(name, raw.timestamp / 1000)


def _digits(name: str) -> str:
    return name.rpartition(":")[2].removeprefix("+")


def settings() -> Iterator[Outgoing]:
    """The accounts' settings, and their agents, who are there."""
    now = datetime.now(UTC)
    for number in range(QUIET + 1):
        shop = Shop(number)
        yield ACCOUNTS.record(shop.settings())
        for agent in AGENTS:
            yield PRESENCE.record(
                AgentWentOnline(
                    account_id=shop.account_id,
                    id=f"online-{shop.account_id}-{agent}",
                    occurred_at=now,
                    correlation_id=f"online-{shop.account_id}-{agent}",
                    agent_id=agent,
                    said_by=agent,
                )
            )


@contextmanager
def started(more: dict[str, str]) -> Iterator[tuple[Servers, Sequence[Worker]]]:
    """Servers with topics, and the services, in their groups."""
    with ExitStack() as closing:
        kafka, mongo = closing.enter_context(ApacheKafka()), closing.enter_context(fast_mongo())
        redis = closing.enter_context(Valkey())
        servers = Servers(kafka.url, mongo.url, redis.url)
        asyncio.run(create_topics(KafkaSettings(bootstrap=kafka.url), replication=1))
        workers = []
        for service in SIX:
            worker = Worker(service, servers, Path(mongo.folder) / service, None)
            worker.more = more
            worker.launch()
            closing.callback(worker.close)
            workers.append(worker)
        for worker in workers:
            worker.wait()
        yield servers, workers


def measure() -> list[Figure]:
    """The quiet accounts' latencies beside a campaign, and how they stand to those without it."""
    with started(FAIR if os.environ.get("FAIR", "1") == "1" else {}) as (servers, workers):
        return asyncio.run(_measured(servers, workers))


async def _measured(servers: Servers, workers: Sequence[Worker]) -> list[Figure]:
    producer = Producer(KafkaSettings(bootstrap=servers.kafka))
    await producer.start()
    tickets = AIOKafkaConsumer(
        bootstrap_servers=servers.kafka, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await tickets.start()
    tickets.assign([TopicPartition(TICKETS.name, n) for n in range(TICKETS.partitions)])
    site = Site(producer, tickets, workers)
    try:
        await producer.publish(list(settings()))
        await site.assigned(await site.quiet(None, 10))  # now everybody is warm
        alone = await site.assigned(await site.quiet(None, SECONDS))
        delivered = asyncio.Event()
        watching = asyncio.create_task(site.quiet(delivered, SECONDS))
        await site.campaign(CAMPAIGN)
        delivered.set()
        beside = await site.assigned(await watching)
    finally:
        await tickets.stop()
        await producer.stop()
    figures = []
    for name, part in (("p50", 0.50), ("p99", 0.99)):
        loaded, quiet = (_quantile(of, part) * 1000 for of in (beside, alone))
        figures.append(
            Figure(
                f"fairness: to TicketAssigned beside a campaign, {name}",
                loaded,
                "ms",
                quiet,
                3,
                "less",
            )
        )
    return figures


def _quantile(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]
