"""Live updates: whatever happens to replicas, Redis and pages, nothing is missed or told twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from services.desk.live.hub import UNKNOWN

if TYPE_CHECKING:
    from shared.embedded.servers import RedisServer

from tests.desk.hubs import ANN, BOB, Seen, Site, a_site

pytestmark = pytest.mark.connected


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
