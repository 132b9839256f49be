"""Live updates: one connection for all tabs, nothing missed, and the page says when it is away."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.desk.fake_page import a_row, until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

    from tests.desk.conftest import Opened
    from tests.desk.fake_page import Fake

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 3")]


@pytest.fixture(autouse=True)
def twenty(fake: Fake) -> None:
    """There are twenty tickets, three of them Ann's."""
    fake.put(*(a_row(n) for n in range(1, 21)))
    for id_ in ("t1", "t2", "t3"):
        fake.put(replace(fake.rows[id_], assignee="ann", unread=id_ == "t1"))


def counted(page: Page, view: str) -> str:
    return page.inner_text(f'a[data-view="{view}"] .view-count [aria-hidden]')


def is_current(page: Page, *, state: str = "current") -> None:
    page.wait_for_selector(f'#desk[data-state="{state}"]', state="attached")


def test_counts_are_the_servers_alone(desk: Opened) -> None:
    page = desk.tab("/desk?view=inbox")
    page.mouse.move(1000, 400)
    assert counted(page, "inbox") == "3"

    desk.fake.change(a_row(0, id="new", number=99, assignee="ann"), counts=False)
    page.wait_for_selector("#row-new")
    assert counted(page, "inbox") == "3"

    desk.fake.counts = {"views": {"inbox": 41}, "unread": {"inbox": 7}, "badge": 7}
    desk.fake.tell("counts", desk.fake.counts)
    page.wait_for_selector('a[data-view="inbox"] .view-count:has-text("41")')
    assert page.inner_text("#list-total") == "41"


@pytest.mark.spec("VWS 4")
def test_the_badge_stands_in_the_title_and_on_the_tabs_sign(desk: Opened) -> None:
    page = desk.tab("/desk?view=inbox")
    assert page.title().startswith("(1) My Inbox")
    unread = page.get_attribute("#favicon", "href") or ""
    assert unread.endswith("icon-unread.svg")

    desk.fake.update("t1", unread=False)

    until(page, "document.title.startsWith('My Inbox')")
    assert (page.get_attribute("#favicon", "href") or "").endswith("icon.svg")


def test_three_tabs_have_one_connection(desk: Opened) -> None:
    context = desk.context()
    tabs = [desk.tab(context=context) for _ in range(3)]
    for tab in tabs:
        tab.mouse.move(1000, 400)

    desk.fake.change(a_row(0, id="new", number=99))

    for tab in tabs:
        tab.wait_for_selector("#row-new", state="attached")
    assert len(desk.fake.opened_with) == 1


def test_three_tabs_have_one_connection_where_there_are_no_locks(desk: Opened) -> None:
    context = desk.context()
    context.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
    tabs = [desk.tab(context=context) for _ in range(3)]

    desk.fake.update("t1", unread=False)

    for tab in tabs:
        tab.wait_for_selector("#row-t1:not(.unread)", state="attached")
    assert len(desk.fake.opened_with) == 1


def test_each_tab_goes_alone_where_tabs_cannot_speak_to_each_other(desk: Opened) -> None:
    context = desk.context()
    context.add_init_script(
        "delete window.BroadcastChannel;"
        "Object.defineProperty(navigator, 'locks', { value: undefined })"
    )
    tabs = [desk.tab(context=context) for _ in range(2)]

    desk.fake.update("t1", unread=False)

    for tab in tabs:
        tab.wait_for_selector("#row-t1:not(.unread)", state="attached")
    assert len(desk.fake.opened_with) == 2


def test_the_next_tab_goes_on_where_the_leading_one_was(desk: Opened) -> None:
    context = desk.context()
    leading, other = desk.tab(context=context), desk.tab(context=context)
    desk.fake.update("t1", unread=False)
    other.wait_for_selector("#row-t1:not(.unread)", state="attached")
    seen = len(desk.fake.events)

    leading.close()
    desk.fake.update("t4", unread=True)

    other.wait_for_selector("#row-t4.unread", state="attached")
    assert desk.fake.opened_with == ["0", str(seen)]


def test_it_begins_where_the_page_was_rendered(desk: Opened) -> None:
    desk.fake.update("t5", unread=True)
    seen = len(desk.fake.events)
    context = desk.context()

    def meanwhile(route: Route) -> None:
        desk.fake.update("t6", unread=True)
        route.continue_()

    context.route("**/app.js", meanwhile)

    page = desk.tab(context=context)

    page.wait_for_selector("#row-t6.unread", state="attached")
    assert desk.fake.opened_with == [str(seen)]


def test_what_was_missed_comes_after_a_lost_connection(desk: Opened) -> None:
    page = desk.tab()
    desk.fake.is_down = True
    desk.fake.cut()
    is_current(page, state="away")
    assert "Away, reconnecting" in page.inner_text("#state")
    desk.fake.update("t7", unread=True)
    desk.fake.update("t8", unread=True)

    desk.fake.is_down = False

    is_current(page)
    assert page.locator("#row-t7.unread, #row-t8.unread").count() == 2
    assert page.locator("#state").is_hidden()


def test_a_page_that_wakes_is_current_at_once(desk: Opened) -> None:
    context = desk.context()
    page = desk.tab(context=context)
    context.set_offline(True)
    is_current(page, state="away")
    desk.fake.cut()
    desk.fake.update("t7", unread=True)

    context.set_offline(False)

    page.wait_for_selector("#row-t7.unread", state="attached", timeout=2000)
    is_current(page)


def test_a_stream_that_died_unseen_is_noticed_when_one_looks_again(desk: Opened) -> None:
    page = desk.tab("/desk?view=inbox")
    # The stream stands, and says nothing any more.
    desk.fake.streams.clear()
    desk.fake.update("t9", assignee="ann")
    page.mouse.move(1000, 400)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    page.wait_for_selector("#row-t9", timeout=2000)
    assert counted(page, "inbox") == "4"
    assert len(desk.fake.opened_with) == 2


def test_a_page_told_to_reload_fetches_anew_and_nothing_jumps(desk: Opened) -> None:
    page = desk.tab("/desk?view=inbox")
    page.hover("#row-t2")
    before = page.locator("#row-t2").bounding_box()
    desk.fake.put(a_row(0, id="new", number=99, assignee="ann"))
    desk.fake.put(replace(desk.fake.rows["t1"], assignee="bob"))
    desk.fake.recount()

    desk.fake.tell("reload", {})

    page.wait_for_selector("#row-t1.left")
    page.wait_for_selector("#list-new:has-text('1 new')")
    assert page.locator("#row-t2").bounding_box() == before


def test_a_page_that_is_told_to_polls_until_it_is_live_again(desk: Opened) -> None:
    page = desk.tab("/desk?view=inbox")
    page.mouse.move(1000, 400)
    desk.fake.tell("poll", {})
    is_current(page, state="polling")
    desk.fake.put(a_row(0, id="new", number=99, assignee="ann"))
    desk.fake.recount()

    page.wait_for_selector("#row-new")
    assert counted(page, "inbox") == "4"

    desk.fake.tell("live", {})
    desk.fake.tell("counts", desk.fake.counts)
    is_current(page)


def test_a_page_asks_where_streams_do_not_pass(desk: Opened) -> None:
    page = desk.tab("/desk?view=inbox")
    page.mouse.move(1000, 400)
    page.clock.install()
    desk.fake.streams_refused = True
    desk.fake.cut()
    desk.fake.put(a_row(0, id="new", number=99, assignee="ann"))
    is_current(page, state="away")

    for _ in range(30):
        page.clock.run_for(1000)
        page.wait_for_timeout(20)

    is_current(page, state="polling")
    page.wait_for_selector("#row-new")


@pytest.mark.spec("ASG 2")
def test_an_agent_goes_online_and_the_page_says_that_they_are_still_there(desk: Opened) -> None:
    page = desk.tab()
    page.click("#presence")
    page.click("dialog >> text=Go online")
    page.wait_for_selector("#presence:has-text('Online') .dot.online")
    assert desk.fake.sent == [("POST", "/api/v1/presence", {"state": "online"})]

    desk.fake.tell("presence", {"agent": "ann", "online": False})

    page.wait_for_selector("#presence:has-text('Offline')")


@pytest.mark.spec("ASG 2")
def test_a_page_beats_while_the_agent_is_online(desk: Opened) -> None:
    desk.fake.presence = "online"

    page = desk.tab()

    until(page, "document.querySelector('#presence .dot.online') !== null")
    assert ("POST", "/api/v1/presence", {"state": "heartbeat"}) in desk.fake.sent


@pytest.mark.spec("VWS 7")
def test_an_agent_chooses_a_language_and_signs_out(desk: Opened) -> None:
    page = desk.tab()
    page.click("#me")
    desk.fake.who = replace(desk.fake.who, language="it")
    page.click("dialog >> text=Italiano")
    page.wait_for_selector("html[lang=it]", state="attached")
    assert ("PATCH", "/api/v1/me", {"language": "it"}) in desk.fake.sent
    is_current(page)

    page.click("#me")
    with page.expect_request(re.compile("/sign-out$")) as signed_out:
        page.click("dialog >> text=Esci")
    assert signed_out.value.method == "POST"
    assert signed_out.value.post_data == "csrf=token"
    page.wait_for_url("**/sign-in")


@pytest.mark.spec("ASG 2")
def test_an_agent_who_is_said_to_be_silent_and_is_there_says_so(desk: Opened) -> None:
    desk.fake.presence = "online"
    page = desk.tab()
    until(page, "document.querySelector('#presence .dot.online') !== null")
    desk.fake.sent.clear()

    desk.fake.tell("presence", {"agent": "ann", "online": False, "silent": True})
    desk.fake.change(a_row(0, id="new", number=99, assignee="ann"))
    page.wait_for_selector("#row-new", state="attached")

    assert ("POST", "/api/v1/presence", {"state": "heartbeat"}) in desk.fake.sent
    assert page.inner_text("#presence").strip() == "Online"
