"""Pictures of the desk for docs/pictures: `python -m tests.browser.pictures [NAME ...]`."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from tests.architecture.tree import ROOT
from tests.browser import states
from tests.browser.conftest import CHROMIUM, Desk
from tests.browser.small_png import smaller
from tests.browser.stack import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from playwright.sync_api import Page

FOLDER = ROOT / "docs" / "pictures"
SIZE = {"width": 1360, "height": 860}
SMALL = {"width": 390, "height": 844}
LARGEST = 150_000
"""Bytes of a picture."""


def _conflict(desk: Desk, page: Page) -> None:
    """A colleague has answered since: told before it goes out."""
    states.a_question(desk, page)
    theirs = desk.page("manager", page.url.removeprefix(desk.stack.url))
    page.route("**/thread?since=*", lambda route: route.abort())
    page.fill("#composer-text", "Could you send me a picture of the two charges, please?")
    theirs.fill("#composer-text", "We see one charge only. I have asked the bank, and shall write.")
    theirs.keyboard.press("Control+Enter")
    theirs.wait_for_selector("#thread-lines .line.reply")
    theirs.context.close()
    desk.contexts.remove(theirs.context)
    page.unroute("**/thread?since=*")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#composer-says:not(:empty)")


def _automatic_replies(desk: Desk, page: Page) -> None:
    """Texts in two languages; nothing is saved."""
    page.goto(f"{desk.stack.url}/desk/settings/auto-replies")
    page.check('[data-path="auto_replies.sms.enabled"]')
    text = "auto_replies.sms.text"
    page.fill(
        f'[data-path="{text}.en"]',
        "Hi {{contact.first_name|default('there')}}! Reply YES to subscribe, then we can answer.",
    )
    page.select_option(f'[data-texts="{text}"] [data-more]', "it")
    page.fill(
        f'[data-path="{text}.it"]',
        "Ciao {{contact.first_name}}! Rispondi SÌ per iscriverti: poi potremo rispondere.",
    )


def _would_be_sent(desk: Desk, page: Page) -> None:
    """What an Italian customer would be sent by them."""
    _automatic_replies(desk, page)
    page.fill(
        '[data-path="auto_replies.webchat.open.en"]',
        "Hello {{contact.first_name}}! Somebody will be with you in a moment.",
    )
    page.check('[data-path="auto_replies.follow_up.enabled"]')
    page.select_option("#would-language", "it")
    page.click("#would")
    page.wait_for_selector("#would-be .preview")
    page.evaluate("document.querySelector('#would-title').scrollIntoView()")


def _hand_off(desk: Desk, page: Page) -> None:
    """Where conversations go that the AI agent hands over; nothing is saved."""
    page.goto(f"{desk.stack.url}/desk/settings/handoff")
    page.select_option('[data-path="handoff.method"]', "zendesk")
    page.fill('[data-path="handoff.zendesk.subdomain"]', "sample-shop")
    page.fill('[data-path="handoff.zendesk.secret"]', "zendesk-sample-shop")


def _spoken(language: str) -> Callable[[Desk, Page], None]:
    def reach(desk: Desk, page: Page) -> None:
        with states.speaking(page, language):
            states.a_ticket(desk, page)

    return reach


PICTURES: Mapping[str, tuple[Callable[[Desk, Page], None], dict[str, Any]]] = {
    "list": (states.a_list, {}),
    "ticket": (states.a_ticket, {}),
    "mail": (states.a_mail, {}),
    "composer": (states.composing, {}),
    "handed-over": (states.handed_over, {}),
    "automatic-replies": (_automatic_replies, {"role": "manager"}),
    "would-be-sent": (_would_be_sent, {"role": "manager"}),
    "hand-off": (_hand_off, {"role": "admin"}),
    "bulk": (states.many_chosen, {}),
    "macro": (states.a_macro, {}),
    "conflict": (_conflict, {}),
    "refused": (states.refused, {}),
    "empty": (states.empty, {}),
    "error": (states.failing, {}),
    "mobile": (states.a_ticket, {"viewport": SMALL}),
    "list-es": (_spoken("es"), {}),
    "list-it": (_spoken("it"), {}),
    "dark": (states.a_ticket, {"color_scheme": "dark"}),
}


@contextlib.contextmanager
def _desk() -> Iterator[Desk]:
    with running() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Desk(stack, browser)
        browser.close()


def take(names: Sequence[str]) -> None:
    """Take the pictures of these names, all of them where there are none."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _desk() as desk:
        for name in names or PICTURES:
            reach, options = PICTURES[name]
            page = desk.page(**({"viewport": SIZE} | options))
            reach(desk, page)
            page.wait_for_timeout(500)
            picture = smaller(desk.browser, page.screenshot())
            assert len(picture) <= LARGEST, f"{name} is larger than {LARGEST} bytes"
            (FOLDER / f"{name}.png").write_bytes(picture)
            desk.contexts[-1].close()
            print(name)  # noqa: T201  # it is a command


if __name__ == "__main__":
    take(sys.argv[1:])
