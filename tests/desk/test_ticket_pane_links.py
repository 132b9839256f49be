"""The pane shows hand-overs, short links and automatic replies, and counts links as they go out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from services.desk.rules.shown_links import ShownLink, ShownPicture, ShownSaid
from tests.desk.fake_ticket import NOW, Ticket, line, ticket
from tests.desk.panes import shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

SHORT = "https://go.acme.example/abc123XYZ0"
URL = "https://acme.example/help/returns?lang=en"
PICTURE = "https://pictures.example/broken.jpg"


def handed_over(**more: Any) -> Ticket:
    said = (
        ShownSaid(NOW, "visitor", "It is <b>broken</b>", (ShownPicture(PICTURE, "broken.jpg"),)),
        ShownSaid(NOW, "ai", "I am sorry to hear that."),
    )
    over = line(
        1,
        "",
        "notice",
        code="TicketHandedOver",
        said={"reason": "asked_for_person"},
        transcript=said,
        because="HND 3",
    )
    return ticket(lines=[over], **more)


@pytest.mark.spec("HND 3")
def test_a_hand_over_says_why_and_unfolds_what_was_said_before(page_browser: Browser) -> None:
    with shown(page_browser, handed_over(channel="webchat")) as it:
        fetched: list[str] = []
        it.page.context.on("request", lambda request: fetched.append(request.url))
        it.open()
        notice = it.page.locator("#thread-lines .line.notice")
        expect(notice).to_contain_text("the customer asked for a person")
        transcript = notice.locator(".transcript")
        expect(transcript.locator(".line-text").first).to_be_hidden()

        transcript.locator("summary").click()
        expect(transcript.locator(".line-text").first).to_have_text("It is <b>broken</b>")
        expect(transcript.locator(".said-by-ai")).to_contain_text("AI agent")
        link = transcript.locator("a")
        expect(link).to_have_attribute("href", PICTURE)
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
        assert it.page.locator("#ticket img").count() == 0
        assert not [url for url in fetched if "pictures.example" in url]

        # It stays unfolded when the thread is fetched anew.
        it.heard()
        it.ticket.says("Hello?")
        it.desk.changed("t1")
        it.until("document.querySelectorAll('#thread-lines .line').length === 2")
        expect(transcript.locator(".line-text").first).to_be_visible()


@pytest.mark.spec("HND 3")
@pytest.mark.parametrize(
    ("language", "said"), [("es", "pidió hablar con una persona"), ("it", "ha chiesto una persona")]
)
def test_a_hand_over_is_told_in_the_agents_language(
    page_browser: Browser, language: str, said: str
) -> None:
    with shown(page_browser, handed_over(), language=language) as it:
        it.open()
        expect(it.page.locator("#thread-lines .line.notice")).to_contain_text(said)


@pytest.mark.spec("OUT 1")
def test_how_often_a_link_was_followed_is_shown_and_follows_what_happens(
    page_browser: Browser,
) -> None:
    reply = line(2, f"See {URL}", "reply", links=(ShownLink(URL, SHORT),))
    with shown(page_browser, ticket(lines=[line(1, "Hi"), reply], channel="sms")) as it:
        it.open()
        links = it.page.locator(".line-links")
        expect(links).to_contain_text(SHORT)
        expect(links).to_contain_text("not followed yet")

        it.heard()
        it.ticket.lines[1] = replace(reply, links=(ShownLink(URL, SHORT, 3, NOW),))
        it.desk.tell("followed", {"ticket_id": "t1"})
        expect(links).to_contain_text("followed 3 times, last on")


@pytest.mark.spec("ARP 1")
@pytest.mark.spec("ARP 3")
def test_automatic_replies_and_mails_are_marked_as_such(page_browser: Browser) -> None:
    auto = line(2, "We are closed", "reply", writer="system", name="replies", auto_reply=True)
    mailed = line(3, "Here it is", "reply", mailed_to="vera@example.com")
    with shown(page_browser, ticket(lines=[line(1, "Hi"), auto, mailed], channel="webchat")) as it:
        it.open()
        lines = it.page.locator("#thread-lines .line.reply")
        expect(lines.first.locator(".line-head")).to_contain_text("Automatic reply")
        expect(lines.first.locator(".line-head")).not_to_contain_text("replies")
        expect(lines.last.locator(".line-foot")).to_contain_text("sent by mail to vera@example.com")


@pytest.mark.spec("OUT 1")
def test_an_sms_is_counted_with_its_links_as_they_go_out(page_browser: Browser) -> None:
    text = "a" * 120 + f" {URL}. "
    with shown(page_browser, ticket(channel="sms")) as it:
        it.ticket.short_link = "https://go.acme.example/0000000000"
        it.open()

        it.write(text)
        count = it.page.locator("#composer-count")
        # 120, a space, 34 of the short link, a full stop and a space.
        expect(count).to_contain_text("1 segment, GSM-7, 3 left")
        expect(count).to_contain_text("1 link goes out short, at go.acme.example")

        it.page.locator("#composer-text").press_sequentially("abcd")
        expect(count).to_contain_text("2 segments")
        it.write("no link")
        expect(count).not_to_contain_text("short")


@pytest.mark.spec("OUT 1")
def test_without_a_short_domain_links_count_as_they_are_written(page_browser: Browser) -> None:
    with shown(page_browser, ticket(channel="sms")) as it:
        it.open()

        it.write("a" * 120 + f" {URL}.")
        expect(it.page.locator("#composer-count")).to_contain_text("2 segments")
        assert not [path for _, path, _ in it.desk.asked if path.endswith("/links/found")]
