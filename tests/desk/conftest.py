"""A browser, and the desk's page in it over a desk that a test scripts."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.desk.fake_page import Fake
from tests.desk.fake_page_served import serving
from tests.desk.hubs import Site, a_site
from tests.desk.served import served, two

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from shared.embedded.servers import Servers

__all__ = ["served", "two"]

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")


@pytest.fixture
async def site(servers: Servers, unique: str) -> AsyncIterator[Site]:
    """Hubs on a Redis, with streams of their own."""
    async with a_site(servers.redis, unique) as found:
        yield found


@pytest.fixture(scope="module")
def page_browser() -> Iterator[Browser]:
    """Chromium, for a module's tests."""
    playwright_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """The page, the desk behind it, and what the browser complained of."""

    fake: Fake
    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        """Return a browser's profile: its tabs share a store and locks."""
        options = {"viewport": {"width": 1360, "height": 700}, "reduced_motion": "reduce"} | options
        context = self.browser.new_context(**options)
        context.set_default_timeout(20_000)
        self.contexts.append(context)
        return context

    def tab(self, path: str = "/desk?view=all", context: BrowserContext | None = None) -> Page:
        """Return a new tab, once its page follows what happens."""
        page = (context or self.context()).new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.goto(self.url + path)
        page.wait_for_selector('#desk[data-state="current"]')
        return page

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)


@pytest.fixture
def fake() -> Fake:
    """Return the desk, without tickets."""
    return Fake()


@pytest.fixture
def desk(page_browser: Browser, fake: Fake) -> Iterator[Opened]:
    """Serve the desk; when the test is over, no script failed and the policy stopped nothing."""
    with serving(fake) as url:
        opened = Opened(fake, url, page_browser)
        yield opened
        for context in opened.contexts:
            context.close()
    assert opened.complaints == []
