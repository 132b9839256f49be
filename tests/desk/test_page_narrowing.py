"""What a list is narrowed to: filters, search, orders, and views that keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.desk.rules.shown import ShownView
from tests.desk.fake_page import a_row, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.desk.conftest import Opened
    from tests.desk.fake_page import Fake

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 2")]


@pytest.fixture(autouse=True)
def twenty(fake: Fake) -> None:
    """There are twenty tickets."""
    fake.put(*(a_row(n) for n in range(1, 21)))


def ids(page: Page) -> list[str]:
    found: list[str] = page.locator("#rows > .row").evaluate_all(
        "rows => rows.map((row) => row.dataset.id)"
    )
    return found


def test_narrowing_is_in_the_address_shown_as_chips_and_taken_away(desk: Opened) -> None:
    desk.fake.put(a_row(0, id="mail", channel="email"), a_row(0, id="vip", tags=("vip",)))
    page = desk.tab()
    page.keyboard.press("f")
    page.check("#filters [name=channel][value=email]")
    page.fill("#filters [name='tag.none']", "returns, spam")
    page.click("#filters [type=submit]")

    page.wait_for_selector(".chip:has-text('Email')")
    assert ids(page) == ["mail"]
    assert "channel=email" in page.url
    assert page.url.count("tag.none=") == 2
    page.click(".chip:has-text('returns')")
    page.wait_for_selector(".chip:has-text('returns')", state="detached")
    assert page.locator(".chip").count() == 2
    page.go_back()
    page.wait_for_selector(".chip:has-text('returns')")


def test_finds_by_words_as_they_are_typed(desk: Opened) -> None:
    page = desk.tab()
    page.fill("#search input", "parcel 17")

    until(page, "document.querySelectorAll('.row').length === 1")

    assert ids(page) == ["t17"]
    assert page.evaluate("document.activeElement.name") == "q"


def test_becomes_a_view(desk: Opened) -> None:
    page = desk.tab("/desk?view=all&tag.all=vip&assignee=ann&waiting_longer_than=900")
    page.keyboard.press("f")
    page.click("#filters-save")
    page.fill("dialog [name=name]", "VIPs")
    page.click("dialog [type=submit]")

    page.wait_for_selector('a[data-view="v-new"][aria-current="page"]')

    body = next(body for _, path, body in desk.fake.sent if path == "/api/v1/views")
    assert body["filters"] == {
        "status": ["open", "snoozed", "closed"],
        "tag_all": ["vip"],
        "assignee": ["me"],
        "waiting_longer_than": 900,
    }
    assert (body["name"], body["sort"], body["shared"]) == ("VIPs", "-active", False)


def test_renames_and_deletes_a_view(desk: Opened) -> None:
    desk.fake.views = [ShownView("v1", "Old name", "private", 2)]
    page = desk.tab()
    page.click("[data-view-more=v1]", force=True)
    page.click("dialog >> text=Rename")
    page.fill("dialog [name=name]", "New name")
    page.eval_on_selector("[data-view-more=v1]", "button => { button.dataset.old = '1' }")
    page.click("dialog [type=submit]")
    # The names are loaded anew once that is kept: a press meanwhile is of a button that goes.
    page.wait_for_selector("[data-view-more=v1]:not([data-old])", state="attached")
    page.click("[data-view-more=v1]", force=True)
    page.click("dialog >> text=Delete")
    page.click("dialog [type=submit]")
    page.wait_for_selector("dialog", state="detached")

    puts = [body for method, _, body in desk.fake.sent if method == "PUT"]
    assert [body["name"] for body in puts] == ["New name"]
    assert ("DELETE", "/api/v1/views/v1", None) in desk.fake.sent


def test_an_order_is_kept_in_the_address(desk: Opened) -> None:
    page = desk.tab()
    page.select_option("#sort", "number")

    until(page, "document.querySelector('#rows').dataset.sort === 'number'")

    assert ids(page)[:2] == ["t1", "t2"]
    assert "sort=number" in page.url


def test_a_view_keeps_what_its_list_showed_and_takes_what_it_is_narrowed_to(desk: Opened) -> None:
    page = desk.tab("/desk?view=unassigned&channel=sms")
    page.keyboard.press("f")
    page.click("#filters-save")
    page.fill("dialog [name=name]", "Texts")
    page.check("dialog [name=shared]")
    page.click("dialog [type=submit]")
    page.wait_for_selector('a[data-view="v-new"][aria-current="page"]')
    page.goto(f"{desk.url}/desk?view=v-new&tag=vip&sort=waiting")
    page.wait_for_selector('#desk[data-state="current"]', state="attached")
    page.click("[data-view-more=v-new]", force=True)
    page.click("dialog >> text=Save these filters")
    page.wait_for_selector(".chip", state="detached")

    made, changed = (body for _, path, body in desk.fake.sent if path.startswith("/api/v1/views"))
    assert made["filters"] == {"assignee": ["none"], "channel": ["sms"]}
    assert made["shared"] is True
    assert changed["filters"] == {"assignee": ["none"], "channel": ["sms"], "tag": ["vip"]}
    assert changed["sort"] == "waiting"
