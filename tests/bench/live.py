"""How soon a change is in open pages: 50 pages on two replicas, 50 events a second (VWS 3).

Replicas, pages and ticketing share one process: no faster than it is in earnest.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from shared.embedded.servers import Servers
from shared.embedded.stack import Valkey
from tests.bench.figures import Figure
from tests.desk.http import Served, serving
from tests.desk.memory_people import MemoryPeople
from tests.desk.streams import Stream
from tests.desk.ticketing import ROLES
from tests.fast_mongo import SecantusInRust

PAGES: Final = 50
EVENTS_A_SECOND: Final = 50
SECONDS: Final = 20.0
TICKETS: Final = 200
PATIENCE: Final = 120.0
AIM_MS: Final = 1_000.0

Change = tuple[str, int]
"""A ticket and its seq."""


def measure() -> list[Figure]:
    """Milliseconds from an event's coming to the desk until its row has come to each page."""
    with SecantusInRust() as mongo, Valkey() as cache:
        delays = asyncio.run(delays_on(Servers("", mongo.url, cache.url), "live", SECONDS))
    return [
        Figure(f"live: event to page, {name}", 1000 * each, "ms", None, AIM_MS, "less")
        for name, each in (("median", at(delays, 0.5)), ("99th percentile", at(delays, 0.99)))
    ]


def at(delays: list[float], share: float) -> float:
    """The delay that so many of all have at most; they are in order."""
    return delays[min(int(len(delays) * share), len(delays) - 1)]


async def delays_on(servers: Servers, prefix: str, seconds: float) -> list[float]:
    """Seconds, of each event in each page, the shortest first."""
    async with AsyncExitStack() as stack:
        desk = serving(servers, prefix, MemoryPeople(), replicas=2)
        served = await stack.enter_async_context(desk)
        pages = [await _page(served, stack, number) for number in range(PAGES)]
        came = await _happen(served, seconds)
        *_, (ticket, seq) = came
        for page in pages:
            await page.until(_has(page, ticket, seq), PATIENCE)
    return sorted(delay for page in pages for delay in _delays(page, came))


def _has(page: Stream, ticket: str, seq: int) -> Callable[[], bool]:
    return lambda: page.rows().get(ticket, 0) >= seq


async def _page(served: Served, stack: AsyncExitStack, number: int) -> Stream:
    agents = list(ROLES)
    asks = await served.browser(agents[number % len(agents)])
    asks.replica = served.replicas[number % 2]
    page = await stack.enter_async_context(asks.stream())
    await page.next("counts")
    return page


async def _happen(served: Served, seconds: float) -> dict[Change, float]:
    """When each event came to the desk; customers write to tickets that are there in turn."""
    came: dict[Change, float] = {}
    start = time.monotonic()
    for number in range(int(EVENTS_A_SECOND * seconds)):
        await asyncio.sleep(max(start + number / EVENTS_A_SECOND - time.monotonic(), 0))
        begun = time.monotonic()
        ticket = await served.ticketing.write(f"c{number % TICKETS}", channel="sms")
        came[ticket.id, served.ticketing.world.now_is(ticket).seq] = begun
    return came


def _delays(page: Stream, came: dict[Change, float]) -> list[float]:
    """Of each event, until its row, or one that is newer, came to the page."""
    told: dict[str, list[tuple[int, float]]] = {}
    for event in page.told:
        if event.type == "tickets":
            for row in event.data["rows"]:
                told.setdefault(row["id"], []).append((row["seq"], event.at))
    return [
        next(when for newest, when in told[ticket] if newest >= seq) - begun
        for (ticket, seq), begun in came.items()
    ]
