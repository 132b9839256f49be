"""A ticket can be worked with: macros, actions, keys, reading (VWS 6, VWS 7, MAC 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from services.desk.rules.shown import ShownPanel, ShownProfile, ShownProfileEvent
from tests.desk.fake_ticket import NOW, ticket
from tests.desk.panes import REAL, SAYS, WRITTEN, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

MACROS: list[dict[str, Any]] = [
    {"id": "m1", "name": "Where it is", "text": "Hi {{contact.first_name}}, it is on its way."}
    | {"missing": ["contact.first_name"], "tags": ["Shipping", "vip"], "status": "closed"},
    {"id": "m2", "name": "Thanks", "text": "Thank you!", "missing": [], "tags": [], "status": None},
]


@pytest.mark.spec("MAC 1")
def test_a_placeholder_without_a_value_is_marked_and_never_sent(page_browser: Browser) -> None:
    with shown(page_browser, macros=MACROS) as it:
        it.open()
        it.page.focus(WRITTEN)
        it.page.keyboard.type("/where")
        it.page.keyboard.press("Enter")
        it.page.wait_for_selector("#composer-mirror mark")
        assert it.page.text_content("#composer-mirror mark") == "{{contact.first_name}}"

        it.page.keyboard.press("Control+Enter")
        it.page.wait_for_selector(f"{SAYS}[data-says=missing]")
        assert it.desk.bodies("reply") == []

        it.page.keyboard.type("Vera")
        assert it.written == "Hi Vera, it is on its way."
        it.page.click("#composer-with button >> nth=1")
        it.page.keyboard.press("Control+Enter")
        it.becomes(lambda: it.ticket.lines[-1].text == "Hi Vera, it is on its way.")

        sent = it.desk.bodies("reply")[0]
        assert (sent["macro"], sent["tags"], sent["then"]) == ("m1", ["Shipping"], "close")


def test_a_macro_is_put_in_where_the_cursor_is(page_browser: Browser) -> None:
    with shown(page_browser, macros=MACROS) as it:
        it.open()
        it.write("Hello. Bye.")
        it.page.evaluate(f"document.querySelector('{WRITTEN}').setSelectionRange(7, 7)")
        it.page.keyboard.press("Escape")
        it.page.keyboard.press("m")
        it.page.keyboard.type("than")
        it.page.keyboard.press("Enter")

        it.becomes(lambda: it.written == "Hello. Thank you!Bye.")


def test_a_tag_that_is_there_comes_before_a_new_one_that_begins_alike(
    page_browser: Browser,
) -> None:
    with shown(page_browser, tags=["Pricing", "Returns"]) as it:
        it.open()
        it.page.focus("#ticket-title")
        for typed, tags in (("ret", ("Returns",)), ("re-sent", ("Returns", "re-sent"))):
            it.page.keyboard.press("t")
            it.page.wait_for_selector("dialog[open] .menu-item >> nth=0")
            it.page.keyboard.type(typed)
            it.page.keyboard.press("Enter")
            it.becomes(lambda wanted=tags: it.ticket.row.tags == wanted)  # type: ignore[misc]


def test_everything_is_done_without_a_mouse(page_browser: Browser) -> None:
    with shown(page_browser, ticket(tags=("vip",))) as it:
        it.open()
        press = it.page.keyboard.press
        it.page.focus("#row-t1 a")
        press("o")
        it.page.focus("#ticket-title")
        press("i")
        it.becomes(lambda: it.ticket.row.assignee == "ann")
        press("a")
        it.page.keyboard.type("bob")
        press("Enter")
        it.becomes(lambda: it.ticket.row.assignee == "bob")
        press("t")
        it.page.keyboard.type("Returns")
        press("Enter")
        it.becomes(lambda: it.ticket.row.tags == ("vip", "Returns"))
        press("n")
        assert it.page.evaluate("document.activeElement.id") == "composer-text"
        it.page.keyboard.type("a note")
        press("Control+Enter")
        it.becomes(lambda: it.ticket.lines[-1].kind == "note")
        press("Escape")
        press("r")
        it.page.keyboard.type("a reply")
        press("Control+Enter")
        it.becomes(lambda: it.ticket.lines[-1].kind == "reply")
        press("Escape")
        press("s")
        it.page.wait_for_selector("dialog[open]")
        press("Enter")
        it.becomes(lambda: it.ticket.row.status == "snoozed")
        it.page.wait_for_selector("dialog", state="detached")
        press("e")
        it.becomes(lambda: it.ticket.row.status == "closed")
        it.page.wait_for_selector("[data-act=reopen]")
        press("!")
        it.becomes(lambda: it.ticket.row.spam)
        press("u")
        it.page.wait_for_selector("#ticket", state="detached")


def test_a_key_does_nothing_while_one_types(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.page.focus(WRITTEN)
        it.page.keyboard.type("raise it !")

        assert it.written == "raise it !"
        assert it.page.locator("dialog[open]").count() == 0


def test_a_claim_that_came_too_late_says_who_has_it_and_can_be_taken_over(
    page_browser: Browser,
) -> None:
    refuse = [{"code": "taken", "detail": "Bob Ray has it"}]
    with shown(page_browser, refuse=refuse) as it:
        it.open()
        it.page.click("[data-act=mine]")
        it.page.wait_for_selector("#head-says .says-box")
        assert "Bob Ray has it" in it.page.inner_text("#head-says")
        assert it.desk.bodies("assign")[0]["seen_assignee"] == "unassigned"

        it.page.click("#head-says button:has-text('Take it over')")

        it.becomes(lambda: it.ticket.row.assignee == "ann")
        assert "seen_assignee" not in it.desk.bodies("assign")[1]


@pytest.mark.spec("VWS 7")
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Bob Ray has it now."), ("es", "Ahora lo tiene Bob Ray."), ("it", "ce l’ha Bob Ray.")],
)
def test_a_refusal_is_said_in_the_readers_language_with_names(
    page_browser: Browser, language: str, words: str
) -> None:
    said = {"code": "taken", "detail": "bob has it now", "why": "has_it", "named": {"agent": "bob"}}
    plain = {"code": "stale", "detail": "the ticket has changed hands since"}
    with shown(page_browser, refuse=[said, plain], language=language) as it:
        it.open()
        for expected in (words, ""):
            it.page.click("[data-act=mine]")
            it.page.wait_for_selector("#head-says .says-box")
            told = it.page.inner_text("#head-says")
            assert expected in told
            assert "bob has" not in told
            assert ("changed hands" in told) == (not expected and language == "en")
            it.page.click("#head-says button:last-child")


@pytest.mark.spec("ASG 2")
def test_that_the_assignee_fell_silent_is_shown_without_loading(page_browser: Browser) -> None:
    theirs = ticket(assignee="bob", assignee_name="Bob Ray", assignee_online=True)
    with shown(page_browser, theirs) as it:
        it.open()
        it.heard()
        assert "offline" not in it.page.inner_text(".head [data-act=assign]")

        it.ticket.row = replace(it.ticket.row, assignee_online=False)
        it.desk.tell("presence", {"agent": "bob", "online": False, "silent": True})

        it.page.wait_for_selector(".head [data-act=assign]:has-text('offline')")


def test_a_ticket_is_read_when_it_is_opened(page_browser: Browser) -> None:
    with shown(page_browser, ticket(unread=True)) as it:
        it.open()

        it.becomes(lambda: not it.ticket.row.unread)


def test_others_see_that_one_looks_writes_and_leaves(page_browser: Browser) -> None:
    with shown(page_browser, ticket(), ticket("t2", 17)) as it:

        def told(name: str) -> list[str]:
            path = f"/api/v1/tickets/{name}/here"
            states = [body["state"] for _, asked, body in it.desk.asked if asked == path]
            return list(dict.fromkeys(states))

        it.desk.others = [{"agent": "bob", "name": "Bob Ray", "state": "writing"}]
        it.open()
        it.page.wait_for_selector("#ticket-others .writing:has-text('Bob Ray is writing')")
        assert it.page.inner_text("#composer-others") == "Bob Ray is writing"
        it.write("D")
        it.page.click("#row-t2 a")

        it.becomes(lambda: told("t2") == ["looking"])
        it.becomes(lambda: told("t1") == ["looking", "writing", "gone"], str(told("t1")))


def test_a_line_that_changed_takes_its_place_and_new_ones_are_said(page_browser: Browser) -> None:
    with shown(page_browser) as it:
        it.open()
        it.heard()
        reply = it.ticket.says("On its way", "reply")
        it.desk.changed("t1")
        it.becomes(lambda: it.lines("On its way") == 1)

        it.ticket.lines[-1] = replace(reply, delivery="failed", delivery_error="mailbox full")
        it.ticket.row = replace(it.ticket.row, seq=3)
        it.desk.changed("t1")
        it.page.wait_for_selector(f"{REAL}.failed:has-text('mailbox full')")
        it.ticket.says("Thank you so much")
        it.desk.changed("t1")

        it.becomes(lambda: "Thank you so much" in it.page.inner_text("#live"))
        assert it.page.locator(REAL).count() == 3


@pytest.mark.spec("PRF 1")
def test_the_metrics_that_an_agent_looks_at_are_kept(page_browser: Browser) -> None:
    events = tuple(
        ShownProfileEvent(name, NOW, name, f"what {name} was", None, None)
        for name in ("Placed order", "Opened mail")
    )
    kinds = ("Placed order", "Opened mail")
    profile = ShownProfile("p", "Vera", (), "none", 12.5, "EUR", 2, 0.1, None, None, events, kinds)
    shows = ticket()
    shows.panel = ShownPanel(2, (), profile, (), None, None)
    with shown(page_browser, shows, width=1500) as it:
        it.open()
        it.page.click("#panel-filter summary")
        it.page.uncheck("input[value='Opened mail']")
        it.becomes(lambda: it.desk.metrics == ["Placed order"])
        it.page.reload()

        it.page.wait_for_selector("[data-metric='Opened mail']", state="hidden")
        assert it.page.is_visible("[data-metric='Placed order']")
