"""What the desk's page costs a browser: bytes over the network, and the browser's own work.

A whole pipeline from wheels, its sample data, and Debian's Chromium. Two agents look at the same
ticket; what one does comes to the other as an update.
"""

import asyncio
import os
import statistics
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from shared.cli.demo.sign_ins import sign_ins
from shared.cli.demo.story import Story
from shared.cli.local import local_pipeline
from shared.clock import system_clock
from tests.bench.figures import Figure

BROWSER = os.environ.get("HELPDESK_TEST_CHROMIUM", "/usr/bin/chromium")
UPDATES = 15
WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def measure() -> list[Figure]:
    """Bytes of a first visit and of an update, and how long a browser works on an update.

    Nothing where there is no Chromium, and stderr says so.
    """
    if not os.access(BROWSER, os.X_OK):
        sys.stderr.write(f"left out: no browser at {BROWSER}; HELPDESK_TEST_CHROMIUM names one\n")
        return []
    return asyncio.run(_measure())


async def _measure() -> list[Figure]:
    async with _desk() as (url, people), _browser() as browser:
        agent, colleague = [await _signed_in(browser, url, people[r]) for r in ("support", "admin")]
        watched = await _Watched.of(agent)
        await agent.goto(f"{url}/desk?view=all")
        await agent.locator("li.row").first.click()
        await agent.locator("#ticket").wait_for()
        await asyncio.sleep(2)  # what a page does by itself after it is there
        first = watched.take()
        ticket = await agent.locator("#ticket").get_attribute("data-id")
        sizes, works = [], []
        for number in range(UPDATES):
            before = await watched.work()
            await _note(colleague, str(ticket), f"Note {number}")
            await agent.get_by_text(f"Note {number}", exact=True).first.wait_for()
            await asyncio.sleep(0.8)  # counts come a little later
            sizes.append(watched.take())
            works.append((await watched.work() - before) * 1000)
    return [
        Figure("desk: a first visit", first / 1000, "kB", None, 150, "less"),
        Figure("desk: an update", statistics.median(sizes) / 1000, "kB", None, 20, "less"),
        Figure("desk: the browser's work on it", statistics.median(works), "ms", None, 50, "less"),
    ]


class _Watched:
    """What a page's network carries, and how long its browser works."""

    def __init__(self, session: Any) -> None:  # of the browser's protocol
        self._session = session
        self._bytes = 0

    @classmethod
    async def of(cls, page: Any) -> "_Watched":  # as above
        session = await page.context.new_cdp_session(page)
        watched = cls(session)
        await session.send("Network.enable")
        await session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        await session.send("Performance.enable")
        session.on("Network.dataReceived", watched._received)
        session.on("Network.responseReceived", watched._headers)
        return watched

    def _received(self, event: dict[str, Any]) -> None:
        # Of a stream the length before compression is all that is told.
        self._bytes += event["encodedDataLength"] or 0

    def _headers(self, event: dict[str, Any]) -> None:
        self._bytes += len(event["response"].get("headersText") or "") or 400

    def take(self) -> int:
        """The bytes since this was asked last."""
        taken, self._bytes = self._bytes, 0
        return taken

    async def work(self) -> float:
        """Seconds of scripts, styles and layout so far."""
        told = await self._session.send("Performance.getMetrics")
        return float(sum(each["value"] for each in told["metrics"] if each["name"] in WORK))


@asynccontextmanager
async def _desk() -> AsyncIterator[tuple[str, dict[str, tuple[str, str]]]]:
    def silent(_: str) -> None:
        return

    async with local_pipeline(silent) as pipeline:
        await Story(pipeline, system_clock()).tell()
        yield pipeline.desk.url, await sign_ins(pipeline.environment)


@asynccontextmanager
async def _browser() -> AsyncIterator[Any]:
    # The browser's driver is a development dependency that not everybody has.
    from playwright.async_api import async_playwright  # noqa: PLC0415

    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def _signed_in(browser: Any, url: str, who: tuple[str, str]) -> Any:  # as above
    page = await (await browser.new_context(viewport={"width": 1360, "height": 860})).new_page()
    await page.goto(f"{url}/sign-in")
    await page.fill("input[name=email]", who[0])
    await page.fill("input[name=password]", who[1])
    await page.click("button[type=submit]")
    await page.wait_for_url("**/desk*")
    return page


async def _note(page: Any, ticket: str, text: str) -> None:  # as above
    """Add a note, as the page of a colleague does."""
    script = """async ([ticket, text]) => {
      const csrf = document.querySelector('meta[name="csrf"]').content;
      const headers = {"X-Desk": csrf, "Content-Type": "application/json",
        "Idempotency-Key": crypto.randomUUID()};
      const body = JSON.stringify({type: "note", text});
      await fetch(`/api/v1/tickets/${ticket}/commands`, {method: "POST", headers, body});
    }"""
    await page.evaluate(script, [ticket, text])
