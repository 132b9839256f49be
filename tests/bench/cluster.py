"""The six services on three nodes of Apache Kafka, with one, two and three replicas of each.

Every topic has three replicas, of which two must have a record; all runs on one machine, so only
ratios say something: to one node, and to one replica of each service.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from shared.bus.kafka import Producer, create_topics
from shared.embedded.servers import Servers
from shared.embedded.stack import Valkey
from shared.errors import HelpdeskError, Transient
from shared.topic import Service
from tests.bench import fleet, places, workload
from tests.bench.figures import FULL, Figure
from tests.bench.fleet import SIX
from tests.bench.places import PATIENCE, Place, Process, quantile
from tests.chaos.table.cluster import NODES, nodes
from tests.fast_mongo import fast_mongo
from tests.servers import ApacheKafka

A_SECOND: Final = 50
WARM: Final = range(150)
PACED: Final = range(WARM.stop, WARM.stop + 10 * A_SECOND)
BACKLOG: Final = range(PACED.stop, PACED.stop + (20_000 if FULL else 4_000))
REPLICAS: Final = (1, 2, 3)

_numbers = count()


@dataclass(frozen=True, slots=True)
class Measured:
    """Records a second of the backlog, and seconds from record to `TicketAssigned` at 50/s."""

    rate: float
    delays: Sequence[float]


@contextmanager
def _servers(many: int) -> Iterator[Servers]:
    """One node of Kafka as in the other benchmarks, or three; and the databases."""
    with ExitStack() as closing:
        mongo = closing.enter_context(fast_mongo())
        redis = closing.enter_context(Valkey())
        folder = Path(closing.enter_context(TemporaryDirectory()))
        brokers = [ApacheKafka()] if many == 1 else nodes(folder)
        for broker in brokers:
            closing.callback(broker.close)
            broker.launch()
        for broker in brokers:
            broker.wait()
        yield Servers(",".join(broker.url for broker in brokers), mongo.url, redis.url)


@asynccontextmanager
async def _a_place(there: Servers, replication: int) -> AsyncIterator[tuple[Place, Producer]]:
    """As `places.a_place`, with that many replicas of each topic."""
    place = Place(there, f"cluster{next(_numbers)}.")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            await create_topics(place.kafka, replication=replication)
            break
        except (HelpdeskError, Transient):
            # The nodes are there before they know of each other.
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.5)
    async with places.producing(place) as producer:
        yield place, producer


def _replicas(place: Place, many: int) -> dict[Service, Process]:
    """So many of each service; all but the first have a name of their own here."""
    return {
        cast("Service", name if number == 0 else f"{name} {number + 1}"): places.service(
            place, name
        )
        for name in SIX
        for number in range(many)
    }


async def _run(there: Servers, replication: int, many: int) -> Measured:
    async with _a_place(there, replication) as (place, producer):
        await producer.publish(workload.open_office())
        with fleet.serving(_replicas(place, many)) as all_of_them:
            await producer.publish(workload.come_online())
            await fleet.watched(place, producer, all_of_them, WARM, A_SECOND)
            await fleet.until_all_taken(place, all_of_them)
            sent, seen = await fleet.watched(place, producer, all_of_them, PACED, A_SECOND)
            await fleet.until_all_taken(place, all_of_them)
            began = time.monotonic()
            await fleet.worked_off(place, producer, all_of_them, BACKLOG)
            rate = len(BACKLOG) / (time.monotonic() - began)
        return Measured(rate, seen.delays(sent, "TicketAssigned"))


def measure() -> list[Figure]:
    """Backlogs and delays, to one node's and to one replica's."""
    with _servers(1) as there:
        alone = asyncio.run(_run(there, 1, 1))
    with _servers(NODES) as there:
        runs = {many: asyncio.run(_run(there, NODES, many)) for many in REPLICAS}
    figures = _figures("three nodes to one", runs[1], alone, backlog=0.4, delay=3)
    for many in REPLICAS[1:]:
        name = f"{many} replicas of each to one"
        figures += _figures(name, runs[many], runs[1], backlog=0.6, delay=2)
    return figures


def _figures(
    name: str, ours: Measured, other: Measured, *, backlog: float, delay: float
) -> list[Figure]:
    """The aims are floors for a machine of two cores, on which nothing can become faster."""
    return [
        Figure(f"cluster: a backlog, {name}", ours.rate, "records/s", other.rate, backlog, "more"),
        *(
            Figure(
                f"cluster: to TicketAssigned at {A_SECOND}/s, {name}, {part}",
                *(1000 * quantile(ours.delays, at), "ms", 1000 * quantile(other.delays, at)),
                delay,
                "less",
            )
            for part, at in (("p50", 0.5), ("p99", 0.99))
        ),
    ]
