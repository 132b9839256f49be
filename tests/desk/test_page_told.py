"""An open page waits for what it is told next, and goes away at any moment."""

from __future__ import annotations

import asyncio

import pytest

from services.desk.live.pages import Event, Page
from tests.desk.hubs import ANN


@pytest.mark.parametrize("turns", range(8))
async def test_a_page_that_goes_as_it_is_told_something_is_gone(turns: int) -> None:
    page = Page(ANN, "0-0")
    waits = asyncio.create_task(page.told_within(60))
    await asyncio.sleep(0)

    page.tell(Event("ticket"))
    for _ in range(turns):
        await asyncio.sleep(0)

    if waits.cancel():
        with pytest.raises(asyncio.CancelledError):
            await waits
    else:
        assert await waits == Event("ticket")


async def test_what_comes_as_the_time_is_over_is_told_next() -> None:
    page = Page(ANN, "0-0")
    asyncio.get_running_loop().call_later(0.01, page.tell, Event("ticket"))

    told = None
    while told is None:
        try:
            told = await page.told_within(0.001)
        except TimeoutError:
            continue

    assert told == Event("ticket")


async def test_the_end_is_told_as_nothing() -> None:
    page = Page(ANN, "0-0")
    page.end()
    assert await page.told_within(0) is None
