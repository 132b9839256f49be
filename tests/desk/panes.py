"""A ticket's pane in a browser, for its tests."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.desk.fake_ticket import Desk, Ticket, ticket
from tests.desk.fake_ticket_http import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Error, Page

WRITTEN = "#composer-text"
REAL = "#thread-lines .line"
GOING = "#thread-sending .line"
SAYS = "#composer-says .says-box"


class Shown:
    """A page with a ticket open, and the desk behind it. No script may have failed at the end."""

    def __init__(self, page: Page, desk: Desk) -> None:
        self.page = page
        self.desk = desk
        self.failed: list[str] = []
        page.on("pageerror", self._failed)
        page.on("console", self._said)

    def _failed(self, error: Error) -> None:
        self.failed.append(str(error))

    def _said(self, said: ConsoleMessage) -> None:
        expected = ("Failed to load resource", "ERR_", "Blocked script execution")
        if said.type == "error" and not any(each in said.text for each in expected):
            self.failed.append(said.text)

    @property
    def ticket(self) -> Ticket:
        """Return the first ticket."""
        return next(iter(self.desk.tickets.values()))

    def open(self, name: str = "t1", **more: str) -> None:
        """The ticket is shown, and its scripts run."""
        asked = "&".join(f"{key}={value}" for key, value in {"ticket": name, **more}.items())
        self.page.goto(f"{self.desk.address}/desk?{asked}")
        self.until("document.querySelector('#ticket') && document.querySelector('.row.current')")

    def until(self, condition: str) -> None:
        """Wait until a script's expression is true; fails after ten seconds.

        The page's policy forbids the browser to wait for it by itself.
        """
        self.becomes(lambda: self.page.evaluate(f"Boolean({condition})"), condition)

    def becomes(self, condition: Callable[[], bool], what: str = "it") -> None:
        """Wait until it is true; fails after ten seconds."""
        for _ in range(400):
            if condition():
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"not within ten seconds: {what}")

    def heard(self) -> None:
        """Wait until the page hears live events."""
        self.until("document.querySelector('#state').hidden")
        self.becomes(lambda: bool(self.desk.streams))

    def write(self, text: str) -> None:
        """The agent types."""
        self.page.fill(WRITTEN, text)

    @property
    def written(self) -> str:
        """Return what is in the composer."""
        return self.page.input_value(WRITTEN)

    def saved(self) -> None:
        """Wait until the server has the draft."""
        self.until("document.querySelector('#composer').dataset.state === 'saved'")

    def lines(self, text: str) -> int:
        """Return how many lines say exactly that, sent or on their way."""
        found = self.page.locator(f"{REAL} .line-text, {GOING} .line-text").all_text_contents()
        return sum(1 for each in found if each.strip() == text)


@contextmanager
def shown(
    browser: Browser, *tickets: Ticket, width: int = 1280, height: int = 800, **desk: Any
) -> Iterator[Shown]:
    """A page on a desk with those tickets, or with one."""
    every = {each.row.id: each for each in tickets or (ticket(),)}
    context = browser.new_context(viewport={"width": width, "height": height})
    with served(Desk(every, **desk)) as there:
        page = Shown(context.new_page(), there)
        try:
            yield page
            assert page.failed == []
        finally:
            context.close()
