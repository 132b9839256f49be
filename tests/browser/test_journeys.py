"""What agents do in a day, in a browser on the whole pipeline (VWS, MAC)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import until_listed
from tests.desk.fake_page import until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 6"), pytest.mark.timeout(300)]

MINE = "#thread-lines .line.reply"
SAYS = "#composer-says:not(:empty)"


def asked(page: Page, body: dict[str, Any], path: str = "") -> Any:
    """Ask the API from the page, as its scripts do: of the open ticket, or of that path."""
    script = """async ([path, body]) => {
      const id = document.querySelector("#ticket")?.dataset.id;
      const answer = await fetch(path || `/api/v1/tickets/${id}/commands`, {
        method: "POST", body,
        headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID(),
                   "X-Desk": document.querySelector("meta[name=csrf]").content },
      });
      return { status: answer.status, body: await answer.json() };
    }"""
    return page.evaluate(script, [path, json.dumps(body)])


def answered(page: Page, text: str) -> None:
    """Write a reply and send it; return once it is in the thread as sent."""
    page.fill("#composer-text", text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f'{MINE}:has-text("{text}")')


@pytest.mark.spec("VWS 3")
def test_a_new_chat_comes_by_itself_and_is_answered(desk: Desk) -> None:
    page = desk.page()
    page.mouse.move(1200, 400)
    mark = desk.stack.writes("Do you have it in red?")
    until_listed(page, mark)
    page.click(f'#rows .row:has-text("{mark}") .row-open')
    page.wait_for_selector("#ticket")

    answered(page, f"Yes, in red too, {mark}.")

    assert desk.stack.replies(f"Yes, in red too, {mark}.") == 1


def test_whoever_takes_what_a_colleague_has_taken_is_told_who_has_it(desk: Desk) -> None:
    mark = desk.stack.writes("Is anybody there?")
    ann = desk.opened(mark)
    asked(ann, {"type": "unassign"})
    ann.wait_for_selector('.head[data-assignee=""]')
    bob = desk.opened(mark, "manager")
    ann.route("**/api/v1/events*", lambda route: route.abort())
    assert asked(bob, {"type": "assign", "assignee": "bob"})["status"] == 200

    refused = asked(ann, {"type": "assign", "assignee": "ann", "seen_assignee": "unassigned"})

    assert (refused["status"], refused["body"]["code"]) == (409, "taken")
    ann.wait_for_selector('.head[data-assignee="bob"]')


def test_many_are_closed_at_once_and_what_is_refused_says_why(desk: Desk) -> None:
    marks = [desk.stack.writes("bulkjourney") for _ in range(3)]
    page = desk.opened(marks[0])
    asked(page, {"type": "close"})
    page.goto(f"{desk.stack.url}/desk?view=all&q=bulkjourney")
    for mark in marks:
        until_listed(page, mark)
    page.check("#choose-all")
    page.click("#bulk [data-does=close]")
    page.click("dialog [type=submit]")

    page.wait_for_selector("#bulk-said:has-text('2 done, 1 refused')")

    assert "closed already" in page.inner_text("#bulk-said li")


@pytest.mark.spec("MAC 1")
def test_a_macro_is_found_by_typing_and_goes_out_filled(desk: Desk) -> None:
    mark = desk.stack.writes("Where is my parcel?")
    page = desk.opened(mark)
    page.focus("#composer-text")
    page.keyboard.type("/")
    page.wait_for_selector("dialog[open] .menu-item")
    page.keyboard.type("carrier")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#composer-text').value.includes('asked the carrier')")
    number = page.get_attribute("#ticket", "data-number")
    assert f"about ticket {number} " in page.input_value("#composer-text")
    # A visitor has no name: what stands for it does not go out as it is.
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(f'{SAYS}:has-text("contact.first_name")')
    page.keyboard.type("Nora")
    page.keyboard.press("Control+Enter")

    page.wait_for_selector(f'{MINE}:has-text("Hi Nora,")')


@pytest.mark.spec("TKT 6")
def test_a_snoozed_ticket_wakes_by_itself(desk: Desk) -> None:
    mark = desk.stack.writes("Remind me later")
    page = desk.opened(mark)
    until = page.evaluate("new Date(Date.now() + 4000).toISOString()")
    assert asked(page, {"type": "snooze", "until": until})["status"] == 200
    page.wait_for_selector('.head[data-status="snoozed"]')

    page.wait_for_selector('.head[data-status="open"]')

    assert page.locator(".head-notice").count() == 1


@pytest.mark.spec("SPM 2")
def test_what_is_no_spam_after_all_is_in_other_lists_at_once(desk: Desk) -> None:
    mark = desk.stack.writes("An honest question")
    page = desk.opened(mark)
    asked(page, {"type": "mark_spam"})
    page.wait_for_selector('.head[data-spam="1"]')
    other = desk.page("manager")
    other.mouse.move(1200, 400)
    assert other.locator(f'#rows .row:has-text("{mark}")').count() == 0

    asked(page, {"type": "mark_not_spam"})

    other.wait_for_selector(f'#rows .row:has-text("{mark}")')


@pytest.mark.spec("VWS 3")
def test_nothing_is_missed_while_there_was_no_connection(desk: Desk) -> None:
    page = desk.page()
    page.mouse.move(1200, 400)
    page.context.set_offline(offline=True)
    mark = desk.stack.writes("While you were away")
    page.wait_for_timeout(5000)

    page.context.set_offline(offline=False)

    page.wait_for_selector(f'#rows .row:has-text("{mark}")')
    page.wait_for_selector('#desk[data-state="current"]', state="attached")


@pytest.mark.spec("VWS 7")
def test_a_ticket_is_answered_and_closed_by_keys_alone(desk: Desk) -> None:
    mark = desk.stack.writes("Only keys")
    page = desk.page(path=f"/desk?view=all&q={mark}")
    until_listed(page, mark)
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_selector("#ticket")
    page.keyboard.press("r")
    until(page, "document.activeElement.id === 'composer-text'")
    page.keyboard.type(f"By keys, {mark}")
    page.keyboard.press("Control+Shift+Enter")

    page.wait_for_selector(f'{MINE}:has-text("By keys, {mark}")')
    page.wait_for_selector('.head[data-status="closed"]')


@pytest.mark.spec("VWS 7")
def test_a_ticket_is_found_and_answered_on_a_telephone(desk: Desk) -> None:
    mark = desk.stack.writes("On a small screen")
    page = desk.opened(mark, viewport={"width": 360, "height": 740}, has_touch=True)

    answered(page, f"Small, {mark}")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("[data-act=back]")
    page.wait_for_selector("#list-body")


def test_a_reply_that_is_sent_twice_while_the_answer_is_slow_goes_out_once(desk: Desk) -> None:
    mark = desk.stack.writes("Send it twice")
    page = desk.opened(mark)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(1500)
        route.continue_()

    page.route("**/commands", slowly)
    page.fill("#composer-text", f"Once, {mark}")
    page.dblclick("#composer-send")

    page.wait_for_selector(f'{MINE}:has-text("Once, {mark}")')

    assert page.locator(f'.line:has-text("Once, {mark}")').count() == 1
    assert desk.stack.replies(f"Once, {mark}") == 1


def test_of_two_who_answer_at_once_the_second_is_told_before_it_goes_out(desk: Desk) -> None:
    mark = desk.stack.writes("Who is first?")
    ann, bob = desk.opened(mark), desk.opened(mark, "manager")
    bob.route("**/thread?since=*", lambda route: route.abort())
    bob.fill("#composer-text", f"Bob too, {mark}")
    assert asked(ann, {"type": "reply", "text": f"Ann first, {mark}"})["status"] == 200

    bob.keyboard.press("Control+Enter")

    bob.wait_for_selector(SAYS)
    assert desk.stack.replies(f"Bob too, {mark}") == 0
    assert bob.input_value("#composer-text") == f"Bob too, {mark}"


def test_a_draft_outlives_a_reload_and_is_on_the_other_device(desk: Desk) -> None:
    mark = desk.stack.writes("A long answer, please")
    page = desk.opened(mark)
    with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        page.fill("#composer-text", f"Not ready yet, {mark}")
    page.reload()
    page.wait_for_selector("#composer-text")
    assert page.input_value("#composer-text") == f"Not ready yet, {mark}"

    other = desk.opened(mark)

    assert other.input_value("#composer-text") == f"Not ready yet, {mark}"


@pytest.mark.spec("VWS 3")
def test_three_tabs_have_one_connection(desk: Desk) -> None:
    context = desk.context()
    streams: list[str] = []
    context.on(
        "request",
        lambda one: streams.append(one.url) if "/api/v1/events" in one.url else None,
    )
    tabs = [desk.tab(context) for _ in range(3)]
    for tab in tabs:
        tab.mouse.move(1200, 400)

    mark = desk.stack.writes("For all tabs")

    for tab in tabs:
        tab.wait_for_selector(f'#rows .row:has-text("{mark}")', state="attached")
    assert len(streams) == 1
