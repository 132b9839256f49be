"""One running stack and one Chromium for all journeys; agents sign in once each."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.stack import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from tests.browser.stack import Stack

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")
PATIENCE = 30_000
"""Milliseconds that a page may take for one step on a busy machine."""


@dataclass
class Desk:
    """The desk in a browser: `page("ann")` is a tab in which she is signed in."""

    stack: Stack
    browser: Browser
    cookies: dict[str, Any] = field(default_factory=dict)
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def context(self, role: str = "support", **options: Any) -> BrowserContext:
        """A browser of its own in which an agent of that role is signed in."""
        options = {"viewport": {"width": 1360, "height": 860}, "reduced_motion": "reduce"} | options
        context = self.browser.new_context(storage_state=self._signed_in(role), **options)
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        return context

    def tab(self, context: BrowserContext, path: str = "/desk?view=all", url: str = "") -> Page:
        """A new tab, once its page follows what happens."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.goto((url or self.stack.url) + path)
        page.wait_for_selector('#desk[data-state="current"]', state="attached")
        return page

    def page(self, role: str = "support", path: str = "/desk?view=all", **options: Any) -> Page:
        """A tab in a browser of its own."""
        return self.tab(self.context(role, **options), path)

    def opened(self, mark: str, role: str = "support", **options: Any) -> Page:
        """A tab with the ticket of whoever wrote that."""
        page = self.page(role, f"/desk?view=all&q={mark}", **options)
        until_listed(page, mark)
        page.click("#rows .row-open")
        page.wait_for_selector("#ticket")
        return page

    def close(self) -> None:
        """Close all browsers; no script failed, and the policy stopped nothing."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()
        complaints, self.complaints = self.complaints, []
        assert complaints == []

    def _signed_in(self, role: str) -> Any:
        if role not in self.cookies:
            address, password = self.stack.seats[role]
            with self.browser.new_context() as context:
                page = context.new_page()
                page.set_default_timeout(PATIENCE)
                page.goto(f"{self.stack.url}/desk")
                page.fill("#email", address)
                page.fill("#password", password)
                page.click("[type=submit]")
                page.wait_for_selector("#desk", state="attached")
                self.cookies[role] = context.storage_state()
        return self.cookies[role]

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)


def until_listed(page: Page, mark: str) -> None:
    """Return once a ticket that says so is in the list; a search is asked again meanwhile."""
    row = page.locator(f'#rows .row:has-text("{mark}")')
    for _ in range(60):
        if row.count():
            return
        page.wait_for_timeout(250)
        if not row.count() and "q=" in page.url:
            page.reload()
            page.wait_for_selector('#desk[data-state="current"]', state="attached")
    raise AssertionError(f"{mark} is not in the list")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The pipeline with the sample data, for the whole run."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, for the whole run."""
    playwright_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def seated(stack: Stack, chromium: Browser) -> Desk:
    """The desk with whoever has signed in so far."""
    return Desk(stack, chromium)


@pytest.fixture
def desk(seated: Desk) -> Iterator[Desk]:
    """The desk; its browsers are closed after the test."""
    yield seated
    seated.close()
