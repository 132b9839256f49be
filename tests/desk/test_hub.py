"""Live updates: whatever happens to replicas, Redis and pages, nothing is missed or told twice."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.desk.handlers import News
from services.desk.live.hub import UNKNOWN, Hub
from services.desk.live.pages import QUEUED, Event, Page
from services.desk.live.telling import RedisTelling, stream_of
from services.desk.rules.people import Who
from shared.running.settings import RedisSettings
from shared.stores import redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from collections.abc import Set as AbstractSet

    from services.desk.live.streams import Entry
    from shared.embedded.servers import RedisServer, Servers

pytestmark = pytest.mark.connected

ANN, BOB = Who("acme", "ann", "Ann"), Who("acme", "bob", "Bob")
EVE = Who("zeta", "eve", "Eve")


@dataclass
class Plain:
    """Tells each page the numbers of the entries; fails for the accounts in `broken`."""

    broken: set[str] = field(default_factory=set)
    counted_for: list[tuple[str, AbstractSet[str] | None]] = field(default_factory=list)

    async def told(
        self, account_id: str, entries: Sequence[Entry], people: Sequence[Who]
    ) -> list[list[Event]]:
        await asyncio.sleep(0)
        if account_id in self.broken:
            raise ValueError(account_id)
        numbers = json.dumps([entry.body["n"] for entry in entries])
        return [[Event("tickets", numbers, entries[-1].id)] for _ in people]

    async def counted(
        self, account_id: str, people: Sequence[Who], seats: AbstractSet[str] | None
    ) -> dict[str, Event]:
        await asyncio.sleep(0)
        self.counted_for.append((account_id, seats))
        return {who.id: Event("counts") for who in people}


@dataclass
class Site:
    """Redis, and the replicas that listen to it."""

    cache: Any
    prefix: str
    hubs: list[Hub] = field(default_factory=list)
    running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    count: int = 0

    def hub(self, *, runs: bool = True, board: Plain | None = None) -> Hub:
        hub = Hub(self.cache, self.prefix, board or Plain())
        self.hubs.append(hub)
        if runs:
            self.run(hub)
        return hub

    def run(self, hub: Hub) -> None:
        self.running[id(hub)] = asyncio.create_task(hub.run())

    async def stop(self, hub: Hub) -> None:
        task = self.running.pop(id(hub), None)
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def happen(self, times: int = 1, account: str = "acme") -> list[int]:
        numbers = list(range(self.count + 1, self.count + times + 1))
        self.count += times
        telling = RedisTelling(self.cache, self.prefix)
        body = [{"n": n, "ticket_id": f"t{n}", "of": [""]} for n in numbers]
        await telling.tell([News(account, "ticket", each) for each in body])
        return numbers

    @property
    def key(self) -> str:
        return stream_of(self.prefix, "acme")


@contextlib.asynccontextmanager
async def a_site(url: str, prefix: str) -> AsyncIterator[Site]:
    cache = redis.connect(RedisSettings(url=SecretStr(url)))
    found = Site(cache, prefix)
    try:
        yield found
    finally:
        for hub in found.hubs:
            await found.stop(hub)
        await cache.aclose()


@pytest.fixture
async def site(servers: Servers, unique: str) -> AsyncIterator[Site]:
    async with a_site(servers.redis, unique) as found:
        yield found


class Seen:
    """What a page was told so far."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.events: list[Event] = []
        self.ended = False

    async def until(self, holds: Any, patience: float = 15) -> None:
        async with asyncio.timeout(patience):
            while not holds():
                event = await self.page.events.get()
                if event is None:
                    self.ended = True
                else:
                    self.events.append(event)

    async def until_told(self, number: int) -> list[int]:
        """All numbers that it was told, once it was told that one."""
        await self.until(lambda: number in self.numbers)
        return self.numbers

    async def until_type(self, type_: str) -> None:
        await self.until(lambda: type_ in self.types)

    @property
    def numbers(self) -> list[int]:
        return [n for e in self.events if e.type == "tickets" for n in json.loads(e.data)]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def last_id(self) -> str:
        """As browsers keep it."""
        return next(event.id for event in reversed(self.events) if event.id is not None)


async def test_a_page_is_told_what_happens_in_its_order(site: Site) -> None:
    hub = site.hub()
    async with hub.opened(ANN, None) as page:
        seen = Seen(page)
        for _ in range(20):
            await site.happen(3)

        assert await seen.until_told(60) == list(range(1, 61))


async def test_from_any_position_a_page_is_told_what_one_that_stayed_was_told(site: Site) -> None:
    hub = site.hub()
    positions = [await hub.position("acme")]
    async with hub.opened(ANN, None) as page:
        stayed = Seen(page)
        for _ in range(12):
            await site.happen()
            positions.append(await hub.position("acme"))
        await stayed.until_told(12)

        for place, since in enumerate(positions[1:], 1):
            async with hub.opened(BOB, since) as again:
                back = Seen(again)
                await back.until_type("counts")

                assert back.numbers == stayed.numbers[place:]
                assert "reload" not in back.types
                assert back.last_id == positions[-1]


async def test_counts_come_with_each_connection_after_what_was_missed(site: Site) -> None:
    hub = site.hub()
    await site.happen()
    since = await hub.position("acme")
    await site.happen(2)

    async with hub.opened(ANN, since) as page:
        seen = Seen(page)
        await seen.until_type("counts")

    assert seen.types == ["live", "tickets", "counts"]


async def test_nothing_is_missed_between_rendering_and_subscribing(site: Site) -> None:
    hub = site.hub()
    await site.happen()
    going_on = True

    async def work() -> None:
        while going_on:
            await site.happen()
            await asyncio.sleep(0.002)

    async def look() -> None:
        since = await hub.position("acme")
        rendered = site.count  # what the page shows has all of this, and perhaps more
        async with hub.opened(ANN, since) as page:
            seen = Seen(page)
            await seen.until_told(rendered + 3)
            first = seen.numbers[0]
            assert first <= rendered + 1
            assert seen.numbers == list(range(first, first + len(seen.numbers)))

    working = asyncio.create_task(work())
    try:
        for _ in range(4):
            await asyncio.gather(*(look() for _ in range(5)))
    finally:
        going_on = False
        await working


async def test_ids_only_ever_grow_while_a_page_catches_up(site: Site) -> None:
    hub = site.hub()
    await site.happen()
    since = await hub.position("acme")
    async with hub.opened(BOB, None):
        await site.happen(50)
        async with hub.opened(ANN, since) as page:
            seen = Seen(page)
            *_, last = await site.happen(50)
            await seen.until_told(last)

    ids = [event.id for event in seen.events if event.id]
    places = [tuple(map(int, id_.split("-"))) for id_ in ids]
    assert places == sorted(places)
    assert seen.numbers == list(range(2, last + 1))


@pytest.mark.parametrize(
    "since", ["0-0", "nonsense", "", "-", "99999999999999-0", "1-1-1", "²-1", "9" * 400, UNKNOWN]
)
async def test_a_page_of_which_nobody_knows_what_it_missed_loads_anew(
    site: Site, since: str
) -> None:
    hub = site.hub()
    await site.happen(3)

    async with hub.opened(ANN, since) as page:
        seen = Seen(page)
        await seen.until_type("counts")
        (number,) = await site.happen()
        await seen.until_told(number)

    assert seen.types[:3] == ["live", "reload", "counts"]
    assert seen.numbers == [number]


async def test_a_page_that_missed_what_is_forgotten_loads_anew(site: Site) -> None:
    hub = site.hub()
    await site.happen()
    since = await hub.position("acme")
    await site.happen(5)
    await site.cache.xtrim(site.key, maxlen=2, approximate=False)

    async with hub.opened(ANN, since) as page:
        seen = Seen(page)
        await seen.until_type("counts")

    assert seen.types == ["live", "reload", "counts"]


async def test_a_page_that_missed_very_much_loads_anew(site: Site) -> None:
    hub = site.hub()
    await site.happen()
    since = await hub.position("acme")
    await site.happen(1_200)

    async with hub.opened(ANN, since) as page:
        seen = Seen(page)
        await seen.until_type("counts")

    assert "reload" in seen.types
    assert seen.numbers == []


async def test_a_page_goes_on_with_another_replica(site: Site) -> None:
    one, other = site.hub(), site.hub()
    async with one.opened(ANN, None) as page:
        seen = Seen(page)
        (number,) = await site.happen()
        await seen.until_told(number)
        await site.happen(4)
        await site.stop(one)
        await seen.until(lambda: seen.ended)

    async with other.opened(ANN, seen.last_id) as again:
        back = Seen(again)
        *_, last = await site.happen(2)
        await back.until_told(last)

    assert seen.numbers + back.numbers == list(range(1, last + 1))


async def test_a_replica_that_lags_tells_nothing_twice(site: Site) -> None:
    ahead, behind = site.hub(), site.hub(runs=False)
    await site.happen()
    async with behind.opened(BOB, None):  # from here on it knows where it is
        *_, last = await site.happen(5)
        async with ahead.opened(ANN, None) as page:
            await site.happen()
            seen = Seen(page)
            await seen.until_told(last + 1)

        async with behind.opened(ANN, seen.last_id) as page:
            back = Seen(page)
            site.run(behind)
            (newest,) = await site.happen()
            await back.until_told(newest)

    assert back.numbers == [newest]
    assert "reload" not in back.types


async def test_every_replica_tells_its_pages(site: Site) -> None:
    hubs = [site.hub(), site.hub()]
    async with hubs[0].opened(ANN, None) as one, hubs[1].opened(BOB, None) as other:
        (number,) = await site.happen()

        assert await Seen(one).until_told(number) == [number]
        assert await Seen(other).until_told(number) == [number]


async def test_an_account_hears_nothing_of_another(site: Site) -> None:
    hub = site.hub()
    async with hub.opened(ANN, None) as anns, hub.opened(EVE, None) as eves:
        await site.happen(3, account="zeta")
        (number,) = await site.happen()

        assert await Seen(anns).until_told(number) == [number]
        assert await Seen(eves).until_told(3) == [1, 2, 3]


async def test_what_cannot_be_told_to_one_account_is_told_to_the_others(site: Site) -> None:
    hub = site.hub(board=Plain(broken={"zeta"}))
    async with hub.opened(ANN, None) as anns, hub.opened(EVE, None) as eves:
        await site.happen(account="zeta")
        await Seen(eves).until_type("reload")
        (number,) = await site.happen()

        seen = Seen(anns)
        await seen.until_told(number)

    assert "reload" not in seen.types
    assert "poll" not in seen.types


async def test_an_emptied_stream_makes_pages_load_anew(site: Site) -> None:
    hub = site.hub()
    async with hub.opened(ANN, None) as page:
        seen = Seen(page)
        (number,) = await site.happen()
        await seen.until_told(number)
        await site.cache.delete(site.key)

        await seen.until_type("reload")
        (number,) = await site.happen()
        await seen.until_told(number)


async def test_while_redis_is_away_pages_poll_and_load_anew_once_it_is_back(
    own_redis: RedisServer, unique: str
) -> None:
    async with a_site(own_redis.url, unique) as site:
        hub = site.hub()
        async with hub.opened(ANN, None) as page:
            seen = Seen(page)
            (number,) = await site.happen()
            await seen.until_told(number)
            own_redis.kill()
            await seen.until_type("poll")
            assert await hub.position("acme") == UNKNOWN
            async with hub.opened(BOB, None) as meanwhile:
                late = Seen(meanwhile)
                await late.until_type("counts")
                assert late.types == ["poll", "counts"]
                own_redis.start()
                await late.until_type("reload")
            await seen.until_type("reload")
            (number,) = await site.happen()
            await seen.until_told(number)

        after = seen.types[seen.types.index("poll") :]
        assert [each for each in after if each != "counts"][:4] == [
            "poll",
            "live",
            "reload",
            "tickets",
        ]


async def test_the_counts_come_again_with_what_changes_them(site: Site) -> None:
    async with site.hub().opened(ANN, None) as page:
        seen = Seen(page)
        await seen.until_type("counts")
        await site.happen()
        await seen.until(lambda: seen.types.count("counts") == 2)


async def test_a_page_that_takes_nothing_is_told_to_load_anew() -> None:
    page = Page(ANN, "0-0")
    page.tell(Event("poll"))
    for number in range(QUEUED):
        page.tell(Event("tickets", "[]", f"{number}-0"))

    seen = Seen(page)
    await seen.until_type("reload")
    assert seen.types == ["poll", "reload"]
    assert page.events.empty()


async def test_a_thousand_pages_that_come_and_go_leave_nothing_behind(site: Site) -> None:
    hub = site.hub()
    for _ in range(10):
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(100):
                await stack.enter_async_context(hub.opened(ANN, None))
            assert hub.open_by(ANN) == 100
            await site.happen()

    assert hub.open_by(ANN) == 0
    # The last ones may be told something still.
    async with asyncio.timeout(10):
        while _pages():
            await asyncio.sleep(0.05)


def _pages() -> int:
    gc.collect()
    # By its type: whatever stands for something else may be asked for its class no more.
    return sum(type(each) is Page for each in gc.get_objects())


async def test_when_a_replica_stops_its_pages_go_elsewhere_at_once(site: Site) -> None:
    hub = site.hub()
    async with hub.opened(ANN, None) as page:
        seen = Seen(page)
        await seen.until_type("counts")
        await site.stop(hub)

        await seen.until(lambda: seen.ended, patience=2)


async def test_whoever_waits_for_an_answer_is_told_by_the_stream(site: Site) -> None:
    hub = site.hub()
    async with hub.opened(ANN, None) as page:
        await Seen(page).until_type("counts")
        with hub.answer_to("acme", "desk-1") as told:
            body = {"command_id": "desk-1", "ticket_id": "t", "n": 0}
            telling = RedisTelling(site.cache, site.prefix)
            await telling.tell([News("acme", "command", body)])

            entry = await asyncio.wait_for(told, 5)

    assert entry.body == body
