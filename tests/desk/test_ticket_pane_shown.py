"""Whatever a customer is called or says, and however much: the pane shows it and goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from services.desk.rules.shown import ShownContact, ShownVisitor
from tests.desk.fake_ticket import line, ticket
from tests.desk.panes import REAL, WRITTEN, Shown, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

IMAGE = '<img src=x onerror="window.harmed=1">'
HOSTILE = [
    IMAGE,
    "\u202edeverse \u202e\u2066 and not closed",
    "Z" + "\u0300\u0301\u0302\u0303\u0304" * 60 + "algo",
    "x" * 10_000,
    "'\"</textarea></template></script><script>window.harmed=1</script>",
    "{{ 7*7 }} ${7*7} {% raw %}",
    "\n" * 200 + "end",
    "",
]


def overflows(it: Shown) -> dict[str, int]:
    """Return by how many pixels the page and its parts are wider than their places."""
    script = """(names) => names.map((name) => {
        const { scrollWidth, clientWidth } = document.querySelector(name);
        return [name, scrollWidth - clientWidth];
    })"""
    found = it.page.evaluate(script, ["html", "#pane", "#thread", ".ticket-top", "#composer"])
    return {name: by for name, by in found if by > 0}


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_and_texts_break_nothing(
    page_browser: Browser, hostile: str, width: int
) -> None:
    kinds = ("message", "reply", "note", "notice", "send")
    lines = [line(seq, hostile, kind, name=hostile) for seq, kind in enumerate(kinds, 1)]
    lines.append(line(6, "plain", quoted=hostile, subject=hostile, delivery_error=hostile))
    contact = ShownContact("c1", hostile or "?", hostile or None)
    it = ticket(lines=lines, contact=contact, subject=hostile, tags=(hostile[:60] or "t",))
    with shown(page_browser, it, width=width) as page:
        page.open()
        assert overflows(page) == {}

        page.write(hostile or "still works")
        page.page.keyboard.press("Control+Enter")
        if hostile.strip():
            page.becomes(lambda: page.ticket.lines[-1].text.strip() == hostile.strip())
        assert overflows(page) == {}
        assert page.page.evaluate("window.harmed") is None
        assert page.page.locator("#ticket img, #ticket script").count() == 0


def test_a_thread_of_5000_lines_stays_light_and_does_not_jump(page_browser: Browser) -> None:
    lines = [line(seq, f"line {seq} " + "word " * (seq % 60)) for seq in range(1, 5001)]
    with shown(page_browser, ticket(lines=lines)) as it:
        it.open()
        assert it.page.locator(REAL).count() == 50
        for turn in range(12):
            first = it.page.locator(REAL).first.get_attribute("id")
            seen, top = it.page.evaluate(
                f"""() => {{
                    const {{ top }} = document.querySelector('#thread').getBoundingClientRect();
                    const line = [...document.querySelectorAll('{REAL}')]
                        .find((each) => each.getBoundingClientRect().bottom > top);
                    return [line.id, line.getBoundingClientRect().top];
                }}"""
            )
            it.page.locator("[data-thread=earlier]").dispatch_event("click")
            it.until(f"document.querySelector('{REAL}').id !== '{first}'")
            # What was read stands where it stood, until so many lines are above that it goes.
            if turn > 3:
                continue
            there = f"document.getElementById('{seen}').getBoundingClientRect().top"
            it.until(f"Math.abs({there} - {top}) < 40")

        assert it.page.locator(REAL).count() <= 300
        it.page.click("#thread-newest")
        it.page.wait_for_selector(f"{REAL}:has-text('line 5000 ')")
        assert it.page.locator(REAL).count() == 50


@pytest.mark.spec("VWS 5")
def test_a_web_chats_visitor_who_comes_or_leaves_is_shown_without_loading(
    page_browser: Browser,
) -> None:
    with shown(page_browser) as it:
        it.open()
        it.heard()
        expect(it.page.locator("#ticket-visitor")).to_have_count(0)
        for here, words in (
            (True, "Customer is in the chat now"),
            (False, "left the chat · 5 min"),
        ):
            since = datetime.now(UTC) - timedelta(minutes=5, seconds=10)
            it.ticket.visitor = ShownVisitor(here=here, since=since)
            it.desk.tell("visitor", {"ticket_ids": [it.ticket.row.id], "here": here})
            expect(it.page.locator("#ticket-visitor")).to_contain_text(words)


@pytest.mark.spec("VWS 5")
def test_older_lines_come_by_scrolling_up(page_browser: Browser) -> None:
    with shown(
        page_browser, ticket(lines=[line(seq, f"line {seq}") for seq in range(1, 121)])
    ) as it:
        it.open()
        it.page.hover("#thread")
        for _ in range(40):
            it.page.mouse.wheel(0, -2000)
            it.page.wait_for_timeout(30)

        it.page.wait_for_selector(f"{REAL} >> nth=119")
        assert it.page.locator(".earlier").count() == 0


def test_what_comes_while_one_reads_above_moves_nothing(page_browser: Browser) -> None:
    with shown(
        page_browser, ticket(lines=[line(seq, f"line {seq}") for seq in range(1, 51)])
    ) as it:
        it.open()
        it.heard()
        it.page.evaluate("document.querySelector('#thread').scrollTop = 300")
        it.page.wait_for_selector("#thread-newest")
        before = it.page.evaluate("document.querySelector('#thread').scrollTop")
        it.ticket.says("new at the end")
        it.desk.changed("t1")
        it.page.wait_for_selector("#thread-newest.news")

        assert it.page.evaluate("document.querySelector('#thread').scrollTop") == before


@pytest.mark.spec("VWS 5")
def test_a_mail_is_text_until_it_is_asked_for_and_then_can_do_nothing(
    page_browser: Browser,
) -> None:
    mail = ticket(lines=[line(1, "Hello", html=True, remote=2)])
    with shown(page_browser, mail) as it:
        it.open()
        assert it.page.locator("iframe").count() == 0
        assert it.page.is_hidden("[data-thread=remote]")

        it.page.click("[data-thread=html]")
        frame = it.page.frame_locator("iframe")
        expect(frame.locator("h1")).to_have_text("Hello")
        source = it.page.get_attribute("iframe", "src") or ""
        assert "allow-s" not in (it.page.get_attribute("iframe", "sandbox") or "allow-s")
        assert source.endswith("remote=0")

        it.page.click("[data-thread=remote]")
        assert (it.page.get_attribute("iframe", "src") or "").endswith("remote=1")
        it.page.click("[data-thread=html]")
        assert it.page.locator("iframe").count() == 0


def test_segments_are_counted_while_one_types(page_browser: Browser) -> None:
    with shown(page_browser, ticket(channel="sms")) as it:
        it.open()
        it.write("a" * 161)
        assert it.page.inner_text("#composer-count") == "2 segments, GSM-7, 145 left"

        it.write("ж")
        assert it.page.inner_text("#composer-count") == "1 segment, UCS-2, 69 left"


@pytest.mark.parametrize("language", ["es", "it"])
def test_the_pane_speaks_the_agents_language(page_browser: Browser, language: str) -> None:
    every: list[Any] = [line(1, "Ciao", delivery="read", edited=2, grey=True, html=True)]
    with shown(page_browser, ticket(lines=every), language=language) as it:
        it.open()

        words = {"es": "Enviar", "it": "Invia"}
        assert it.page.inner_text("#composer-send") == words[language]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nobody_is_kept_out(page_browser: Browser, width: int, scheme: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    kinds = ("message", "reply", "note", "notice", "send")
    lines = [line(seq, f"a {kind}", kind) for seq, kind in enumerate(kinds, 1)]
    lines.append(line(6, "failed", "reply", delivery="failed", delivery_error="full"))
    lines.append(line(7, "odd", html=True, remote=1, quoted="old", edited=1, grey=True))
    it = ticket(lines=lines, tags=("vip",), assignee="bob", assignee_name="Bob", unread=True)
    it.row = replace(it.row, reply_failed=True)
    with shown(page_browser, it, width=width) as page:
        page.page.emulate_media(color_scheme=scheme)
        page.open()
        page.write("Hi {{contact.name}}")
        page.page.keyboard.press("Control+Enter")
        for mode in ("reply", "note"):
            page.page.click(f"#tab-{mode}")
            found = axe.run(page.page, context="#pane").response["violations"]
            grave = [each for each in found if each["impact"] in {"serious", "critical"}]
            told = [(each["id"], [n["html"][:200] for n in each["nodes"]]) for each in grave]

            assert told == []
        assert page.page.locator(WRITTEN).count() == 1
