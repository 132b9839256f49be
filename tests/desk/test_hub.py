"""Live updates: each page is told what happens, whoever comes and goes."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import TYPE_CHECKING

import pytest

from services.desk.handlers import News
from services.desk.live.pages import QUEUED, Event, Page
from services.desk.live.telling import RedisTelling

if TYPE_CHECKING:
    pass

from tests.desk.hubs import ANN, BOB, EVE, Plain, Seen, Site

pytestmark = pytest.mark.connected


async def test_a_page_is_told_what_happens_in_its_order(site: Site) -> None:
    hub = site.hub()
    async with hub.opened(ANN, None) as page:
        seen = Seen(page)
        for _ in range(20):
            await site.happen(3)

        assert await seen.until_told(60) == list(range(1, 61))


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
