"""What is sent goes out once, and is either in the thread or back where it was written (VWS 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from services.desk.rules.shown import ShownReplying
from tests.desk.fake_ticket import ticket
from tests.desk.panes import GOING, REAL, SAYS, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

STOPPED = {"code": "no_consent", "detail": "the contact said STOP"}


def test_two_presses_send_once(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.write("It comes tomorrow")
        it.page.dblclick("#composer-send")
        it.becomes(lambda: len(it.ticket.lines) == 2)
        it.becomes(lambda: it.page.locator(GOING).count() == 0)

        assert it.written == ""
        assert it.lines("It comes tomorrow") == 1
        assert len(it.desk.bodies("reply")) == 1


def test_the_draft_is_gone_when_it_was_sent(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.write("It comes tomorrow")
        it.saved()
        it.page.click("#composer-send")

        it.becomes(lambda: it.ticket.draft is None)
        it.page.reload()

        assert it.written == ""
        assert it.lines("It comes tomorrow") == 1


def test_an_event_before_a_slow_answer_gives_one_line(page_browser: Browser) -> None:
    with shown(page_browser, slow=1.5) as it:
        it.open()
        it.heard()
        it.write("It comes tomorrow")
        it.page.keyboard.press("Control+Enter")
        it.becomes(lambda: it.lines("It comes tomorrow") > 0)
        counts = set()
        for _ in range(30):
            counts.add(it.lines("It comes tomorrow"))
            it.page.wait_for_timeout(80)

        assert counts == {1}
        assert it.page.locator(GOING).count() == 0
        assert it.page.locator(REAL).count() == 2


def test_what_was_accepted_becomes_sent_by_its_event(page_browser: Browser) -> None:
    with shown(page_browser, accepts=True) as it:
        it.open()
        it.heard()
        it.write("It comes tomorrow")
        it.page.click("#composer-send")
        it.becomes(lambda: len(it.desk.bodies("reply")) == 1)
        assert it.page.locator(GOING).count() == 1

        (key,) = (key for key, _, body in it.desk.asked if body and body.get("type") == "reply")
        event = it.desk.apply("t1", it.desk.bodies("reply")[0])
        it.desk.changed("t1", [{"command_id": key, "ticket_id": "t1", "seq": event["seq"]}])

        it.becomes(lambda: it.page.locator(GOING).count() == 0)
        assert it.lines("It comes tomorrow") == 1


def test_what_was_accepted_is_asked_for_where_no_event_comes(page_browser: Browser) -> None:
    with shown(page_browser, accepts=True) as it:
        it.open()
        it.write("It comes tomorrow")
        it.page.click("#composer-send")
        it.becomes(lambda: len(it.desk.bodies("reply")) == 1)
        (key,) = (key for key, _, body in it.desk.asked if body and body.get("type") == "reply")

        it.desk.sent[key] = it.desk.apply("t1", it.desk.bodies("reply")[0])

        it.becomes(lambda: it.page.locator(GOING).count() == 0)
        assert it.lines("It comes tomorrow") == 1


def test_a_reload_while_sending_sends_with_the_same_key(page_browser: Browser) -> None:
    with shown(page_browser, lost=3) as it:
        it.open()
        it.write("It comes tomorrow")
        it.saved()
        it.page.click("#composer-send")
        it.becomes(lambda: it.desk.lost < 3)
        it.page.reload()
        assert it.written == ""

        it.becomes(lambda: len(it.ticket.lines) == 2)
        it.becomes(lambda: it.page.locator(GOING).count() == 0)

        keys = {key for key, _, body in it.desk.asked if body and body.get("type") == "reply"}
        assert len(keys) == 1
        assert it.lines("It comes tomorrow") == 1


def test_without_a_connection_it_waits_and_says_so(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.write("It comes tomorrow")
        it.page.context.set_offline(offline=True)
        it.page.click("#composer-send")
        it.page.wait_for_selector(f"{GOING} .line-foot:has-text('No connection')")

        it.page.context.set_offline(offline=False)

        it.becomes(lambda: len(it.ticket.lines) == 2)
        assert it.lines("It comes tomorrow") == 1


def test_a_refusal_brings_the_text_back_with_its_words(page_browser: Browser) -> None:
    with shown(page_browser, refuse=[STOPPED]) as it:
        it.open()
        it.write("It comes tomorrow")
        it.page.click("#composer-send")
        it.page.wait_for_selector(SAYS)

        assert it.written == "It comes tomorrow"
        said = it.page.text_content(SAYS) or ""
        assert "has not consented" in said
        assert "the contact said STOP" in said
        assert it.page.locator(GOING).count() == 0

        it.page.click(f"{SAYS} button:has-text('Keep it as a note')")

        assert it.page.get_attribute("#composer", "data-mode") == "note"
        assert it.written == "It comes tomorrow"


def test_a_refusal_does_not_overwrite_what_was_written_since(page_browser: Browser) -> None:
    with shown(page_browser, lost=1, refuse=[STOPPED]) as it:
        it.open()
        it.write("First")
        it.page.click("#composer-send")
        it.write("Second")
        it.page.wait_for_selector(SAYS)
        assert it.written == "Second"
        assert it.page.text_content(f"{SAYS} blockquote") == "First"

        it.page.click(f"{SAYS} button:has-text('Put it back')")

        assert it.written == "Second\n\nFirst"


def test_a_refusal_is_told_in_another_ticket_too(page_browser: Browser) -> None:
    with shown(page_browser, ticket(), ticket("t2", 17), lost=1, refuse=[STOPPED]) as it:
        it.open()
        it.write("It comes tomorrow")
        it.page.click("#composer-send")
        it.page.click("#row-t2 a")
        it.page.wait_for_selector(SAYS)
        assert "#1042 Vera Bianchi" in (it.page.text_content(SAYS) or "")

        it.page.click(f"{SAYS} button:has-text('Open #1042')")
        it.until("document.querySelector('#ticket').dataset.id === 't1'")

        assert it.written == "It comes tomorrow"
        assert "has not consented" in (it.page.text_content(SAYS) or "")


def test_a_closed_ticket_is_reopened_and_then_answered(page_browser: Browser) -> None:
    with shown(page_browser, refuse=[{"code": "not_open", "detail": "the ticket is closed"}]) as it:
        it.open()
        it.ticket.row = replace(it.ticket.row, status="closed", seq=2)
        it.write("It comes tomorrow")
        it.page.click("#composer-send")
        it.page.click(f"{SAYS} button:has-text('Reopen and send')")

        it.becomes(lambda: it.ticket.lines[-1].text == "It comes tomorrow")
        assert it.ticket.row.status == "open"
        assert it.desk.bodies("reopen")


def test_a_colleagues_answer_is_shown_before_ones_own_goes_out(page_browser: Browser) -> None:
    refuse = [{"code": "unseen", "detail": "there is something new", "newest_seq": 2}]
    with shown(page_browser, refuse=refuse) as it:
        it.open()
        it.write("It comes tomorrow")
        it.ticket.says("I answered her already", "reply")
        it.page.click("#composer-send")
        it.page.wait_for_selector(f"{SAYS}[data-says=unseen]")

        assert it.written == "It comes tomorrow"
        assert "I answered her already" in (it.page.text_content(SAYS) or "")
        assert it.lines("I answered her already") == 1

        it.page.click(f"{SAYS} button:has-text('Send mine anyway')")
        it.becomes(lambda: it.ticket.lines[-1].text == "It comes tomorrow")

        assert it.desk.bodies("reply")[-1]["unseen_ok"] is True


def test_a_colleagues_answer_that_comes_while_one_writes_stops_the_send(
    page_browser: Browser,
) -> None:
    with shown(page_browser) as it:
        it.open()
        it.heard()
        it.write("It comes tomorrow")
        it.ticket.says("I answered her already", "reply")
        it.desk.changed("t1")
        it.page.wait_for_selector(f"{SAYS}[data-says=unseen]")

        it.page.click("#composer-send")

        assert it.desk.bodies("reply") == []
        assert it.written == "It comes tomorrow"


def test_where_no_reply_may_go_out_that_is_said_first_and_a_note_is_offered(
    page_browser: Browser,
) -> None:
    closed = ticket(channel="sms")
    closed.replying = ShownReplying(allowed=False, code="no_consent")
    with shown(page_browser, closed) as it:
        it.open()

        assert it.page.get_attribute("#composer", "data-mode") == "note"
        assert "has not consented" in it.page.inner_text("#composer-replying")

        it.page.click("#tab-reply")
        assert not it.page.is_editable("#composer-text")
        it.page.click("#composer-replying button:has-text('note')")
        it.write("Called her instead")
        it.page.keyboard.press("Control+Enter")
        it.becomes(lambda: it.ticket.lines[-1].kind == "note")


def test_send_and_close_is_one_command(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.write("Done!")
        it.page.keyboard.press("Control+Shift+Enter")
        it.becomes(lambda: len(it.desk.bodies("reply")) == 1)

        assert it.desk.bodies("reply")[0]["then"] == "close"
