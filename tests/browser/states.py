"""The states of the desk's page that are looked at: each is reached from wherever the page is."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote_plus

from shared.cli.demo.samples import ACCOUNT, WIDGET
from shared.contracts.base import Contact, Identity
from shared.contracts.handoffs import HandoffRequested, TranscriptLine
from shared.topics import HANDOFFS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import FilePayload, Page

    from tests.browser.conftest import Desk

CURRENT = '#desk[data-state="current"]'
_ANSWER = """Dear Ingrid,

that should not happen. Send it back with this label: our workshop replaces the zip.

Ann"""
_LABEL = b"%PDF-1.7\n" + bytes(48_000)
_CHAT: Final[tuple[tuple[Literal["visitor", "ai"], str], ...]] = (
    ("visitor", "My voucher of the loyalty programme is not taken at the checkout."),
    ("ai", "I am sorry to hear that. What does the page say?"),
    ("visitor", "That it has been used. I have not bought anything since March!"),
    ("ai", "I cannot see vouchers. Shall I connect you to a colleague?"),
)
AWAY = {"code": "away", "detail": "the database is away: try again shortly"}


def _at(desk: Desk, page: Page, path: str) -> None:
    page.goto(desk.stack.url + path)
    page.wait_for_selector(CURRENT, state="attached")


def a_list(desk: Desk, page: Page) -> None:
    """All tickets."""
    _at(desk, page, "/desk?view=all")
    page.wait_for_selector("#rows .row")


def _opened(desk: Desk, page: Page, search: str) -> None:
    _at(desk, page, f"/desk?view=all&q={quote_plus(search)}")
    ticket = page.get_attribute("#rows .row >> nth=0", "data-id")
    _at(desk, page, f"/desk?view=all&ticket={ticket}")
    page.wait_for_selector("#ticket")
    page.wait_for_timeout(300)


def a_ticket(desk: Desk, page: Page) -> None:
    """A mail with an answer, a note and a profile."""
    _opened(desk, page, "chidi@okafor.example")


def a_question(desk: Desk, page: Page) -> None:
    """A mail that nobody has answered."""
    _opened(desk, page, "tom.baker@mail.example")


def a_mail(desk: Desk, page: Page) -> None:
    """A mail with its own looks, in its frame."""
    _opened(desk, page, "harriet.lowe@mail.example")
    page.click("[data-thread=html]")
    page.wait_for_selector(".line-html iframe")
    page.wait_for_timeout(700)


def composing(desk: Desk, page: Page) -> None:
    """A reply by mail that is not sent yet: with a file, and to somebody else as well."""
    _opened(desk, page, "ingrid@solberg.example")
    page.fill("#composer-text", _ANSWER)
    page.fill("#composer-cc", "workshop@sample.example")
    if not page.locator("#composer-files li").count():
        label: FilePayload = {
            "name": "return-label.pdf",
            "mimeType": "application/pdf",
            "buffer": _LABEL,
        }
        page.set_input_files("#composer-pick", label)
    page.wait_for_selector("#composer-files li[data-state=ready]")


def handed_over(desk: Desk, page: Page) -> None:
    """A chat that the AI agent handed over, with what was said before."""
    desk.stack.publish(HANDOFFS.record(_asks_for_people(datetime.now(UTC))))
    for _ in range(60):
        _at(desk, page, "/desk?view=all&q=Nora+Lindgren")
        if page.locator("#rows .row").count():
            break
        page.wait_for_timeout(500)
    _opened(desk, page, "Nora Lindgren")
    page.click("#thread-lines .transcript summary")


def _asks_for_people(now: datetime) -> HandoffRequested:
    """The AI agent's request; asked again it is the same, and a day later too old."""
    visitor = Identity(type="visitor", value=f"{WIDGET}:visitor-lindgren")
    said = [
        TranscriptLine(at=now - (len(_CHAT) - place) * timedelta(minutes=1), who=who, text=text)
        for place, (who, text) in enumerate(_CHAT)
    ]
    return HandoffRequested(
        account_id=ACCOUNT,
        id="handoff-lindgren",
        occurred_at=now,
        correlation_id="handoff-lindgren",
        channel="webchat",
        address=WIDGET,
        contact=Contact(id=visitor.key, identities=(visitor,), display_name="Nora Lindgren"),
        conversation_id="chat-lindgren",
        reason="cannot_answer",
        confirmed=True,
        email="nora.lindgren@mail.example",
        language="en",
        transcript=tuple(said),
    )


def many_chosen(desk: Desk, page: Page) -> None:
    """Some rows chosen, with what can be done to them."""
    a_list(desk, page)
    for place in (1, 2, 4):
        page.check(f"#rows .row-choose >> nth={place}")
    page.wait_for_selector("#bulk:not([hidden])")


def a_macro(desk: Desk, page: Page) -> None:
    """Macros to choose from."""
    a_ticket(desk, page)
    page.click("[data-act=macro]")
    page.wait_for_selector("dialog[open]")


def filters(desk: Desk, page: Page) -> None:
    """What a list may be narrowed to."""
    _at(desk, page, "/desk?view=all&tag=Shipping&unread=true")
    page.click("#filter")
    page.wait_for_selector("#filters:not([hidden])")


def empty(desk: Desk, page: Page) -> None:
    """A list of nothing."""
    _at(desk, page, "/desk?view=all&q=nobody-ever-wrote-this")


def refused(desk: Desk, page: Page) -> None:
    """A reply that may not be sent: the customer has not consented."""
    _opened(desk, page, "+393403334455")


def failing(desk: Desk, page: Page) -> None:
    """A list that cannot be fetched."""
    a_list(desk, page)
    page.route(
        "**/desk/list?*",
        lambda route: route.fulfill(status=503, json=AWAY),
    )
    page.click('a[data-view="unassigned"]')
    page.wait_for_selector("#list-body [role=alert]")
    page.unroute("**/desk/list?*")


STATES: Mapping[str, Callable[[Desk, Page], None]] = {
    "list": a_list,
    "ticket": a_ticket,
    "mail": a_mail,
    "composer": composing,
    "handed-over": handed_over,
    "bulk": many_chosen,
    "macro": a_macro,
    "filters": filters,
    "empty": empty,
    "refused": refused,
    "error": failing,
}


@contextlib.contextmanager
def speaking(page: Page, language: str) -> Iterator[None]:
    """Whoever is signed in there reads that language, and English again afterwards."""
    script = """async (language) => {
      const answer = await fetch("/api/v1/me", {
        method: "PATCH", body: JSON.stringify({ language }),
        headers: { "Content-Type": "application/json",
                   "X-Desk": document.querySelector("meta[name=csrf]").content },
      });
      return answer.status;
    }"""
    assert page.evaluate(script, language) == 200
    try:
        yield
    finally:
        page.evaluate(script, "en")
