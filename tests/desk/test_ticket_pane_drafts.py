"""What an agent has begun to write is not lost (VWS 6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from services.desk.rules.shown import ShownDraft
from tests.desk.fake_ticket import ticket
from tests.desk.panes import SAYS, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_a_draft_survives_opening_another_ticket(page_browser: Browser) -> None:
    with shown(page_browser, ticket(), ticket("t2", 17)) as it:
        it.open()
        it.write("Dear Vera")
        it.page.click("#row-t2 a")
        it.until("document.querySelector('#ticket').dataset.id === 't2'")
        assert it.written == ""

        it.page.click("#row-t1 a")
        it.until("document.querySelector('#ticket').dataset.id === 't1'")

        assert it.written == "Dear Vera"


def test_a_draft_survives_a_reload_and_is_on_the_server(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.page.click("#tab-note")
        it.write("She called twice")
        it.saved()

        it.page.reload()

        assert it.written == "She called twice"
        assert it.page.get_attribute("#composer", "data-mode") == "note"
        assert it.ticket.draft is not None
        assert it.ticket.draft.text == "She called twice"


def test_a_draft_survives_a_server_that_fails(page_browser: Browser) -> None:
    with shown(page_browser, drafts_fail=True) as it:
        it.open()
        it.write("Dear Vera")
        it.until("document.querySelector('#composer').dataset.state === 'kept'")
        it.page.reload()
        assert it.written == "Dear Vera"
        assert it.ticket.draft is None

        it.desk.drafts_fail = False
        it.saved()

        assert it.ticket.draft is not None
        assert it.ticket.draft.text == "Dear Vera"


def test_another_devices_draft_comes_by_itself(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.until("document.querySelector('#composer').dataset.state === 'none'")
        it.ticket.draft = ShownDraft("From my phone", note=False, at=datetime.now(UTC), revision=4)
        it.heard()

        it.desk.tell("draft", {"ticket_id": "t1", "revision": 4})

        it.until("document.querySelector('#composer-text').value === 'From my phone'")


@pytest.mark.parametrize(
    ("choice", "left"),
    [(0, "From my desk"), (1, "From my phone"), (2, "From my desk\n\nFrom my phone")],
)
def test_of_two_devices_drafts_the_agent_chooses(
    page_browser: Browser, choice: int, left: str
) -> None:
    with shown(page_browser) as it:
        it.open()
        it.ticket.draft = ShownDraft("From my phone", note=False, at=datetime.now(UTC), revision=4)
        it.write("From my desk")
        it.page.wait_for_selector(f"{SAYS}[data-says=draft]")
        assert it.page.text_content(f"{SAYS} blockquote") == "From my phone"

        it.page.click(f"{SAYS} .says-acts button >> nth={choice}")
        it.saved()

        assert it.written == left
        assert it.ticket.draft.text == left
