"""What a closed ticket's composer says before one sends, and what it offers (TKT 11, VWS 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from services.desk.rules.shown import ShownPanel, ShownReplying
from tests.desk.fake_ticket import ticket
from tests.desk.panes import shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.spec("TKT 11")
def test_that_sending_opens_a_closed_ticket_again_is_said_before(page_browser: Browser) -> None:
    closed = ticket(status="closed")
    closed.replying = ShownReplying(allowed=False, code="not_open", reopens=True)
    with shown(page_browser, closed) as it:
        it.open()
        assert "Sending opens it again" in it.page.inner_text("#composer-replying")
        assert it.page.inner_text("#composer-send") == "Reopen and send"
        it.write("It is on its way.")

        it.page.click("#composer-send")

        it.becomes(lambda: bool(it.desk.bodies("reply")))
        assert it.desk.bodies("reply")[0]["reopen"] is True
        it.becomes(lambda: it.page.inner_text("#composer-send") == "Send")
        it.write("And one more thing.")
        it.page.click("#composer-send")
        it.becomes(lambda: len(it.desk.bodies("reply")) == 2)
        assert "reopen" not in it.desk.bodies("reply")[1]


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize(
    ("also", "words"),
    [("cannot_reopen", "cannot be reopened"), ("no_consent", "not consented"), (None, "closed")],
)
def test_what_would_be_refused_is_said_before_with_what_is_possible(
    page_browser: Browser, also: str | None, words: str
) -> None:
    closed, later = ticket(status="closed"), ticket("t2", 17)
    closed.replying = ShownReplying(allowed=False, code="not_open", also=also)
    closed.panel = ShownPanel(2, (later.row,), None, (), None, None)
    with shown(page_browser, closed, later) as it:
        it.open()
        assert words in it.page.inner_text("#composer-replying")
        it.page.click("#composer-replying [data-act=open]")

        it.until("document.querySelector('#ticket').dataset.id === 't2'")


@pytest.mark.spec("VWS 6")
def test_what_was_typed_stays_when_the_ticket_is_closed_meanwhile(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.heard()
        it.write("half a sentence")
        it.ticket.row = replace(it.ticket.row, status="closed", seq=it.ticket.row.seq + 1)
        it.ticket.replying = ShownReplying(allowed=False, code="not_open", also="cannot_reopen")
        it.desk.changed("t1")
        expect(it.page.locator("#composer-replying .says-box")).to_be_visible()

        assert it.written == "half a sentence"
        it.page.keyboard.press("Control+Enter")
        assert it.written == "half a sentence"
        it.page.click("#composer-replying [data-mode=note]")
        it.page.click("#composer-add")

        it.becomes(lambda: bool(it.desk.bodies("note")))
        assert it.desk.bodies("note")[0]["text"] == "half a sentence"
        assert it.desk.bodies("reply") == []
