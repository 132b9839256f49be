"""How the page looks and is read: WCAG 2.2 AA, 360 px, three languages, no more than it needs."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pytest

from services.desk.web import templating
from services.desk.web.words import LANGUAGES
from tests.desk.busy_desk import a_busy_desk
from tests.desk.fake_page import Fake, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.desk.conftest import Opened

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 7")]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def fake() -> Fake:
    """Return a desk with one of each thing that a list shows."""
    return a_busy_desk()


def complaints(page: Page) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    # The policy lets no script in but the page's own; the checker comes around it.
    found: dict[str, Any] = axe.Axe().run(page, options=options).response
    return [
        f"{one['id']} ({one['impact']}): {node['html']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_checker_of_accessibility_finds_nothing_serious(
    desk: Opened, language: str, scheme: Literal["light", "dark"]
) -> None:
    desk.fake.who = replace(desk.fake.who, language=language)
    context = desk.context(color_scheme=scheme, bypass_csp=True)
    page = desk.tab("/desk?view=all&tag=returns&tag=vip&tag=billing", context)
    assert complaints(page) == []

    page.goto(f"{desk.url}/desk?view=all")
    page.wait_for_selector('#desk[data-state="current"]', state="attached")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.hover("#row-a3")
    desk.fake.update("a1", spam=True)
    page.wait_for_selector("#row-a1.left")
    assert complaints(page) == []

    page.keyboard.press("f")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert complaints(page) == []
    page.keyboard.press("Escape")
    page.click("#presence")
    assert complaints(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_column_at_a_time_at_360_px_with_a_way_back(desk: Opened, language: str) -> None:
    desk.fake.who = replace(desk.fake.who, language=language)
    context = desk.context(viewport={"width": 360, "height": 640}, has_touch=True)
    page = desk.tab("/desk?view=all", context)
    fits = "document.documentElement.scrollWidth <= 360"
    assert page.locator("#side").is_hidden()
    assert page.evaluate(fits)

    page.click(".list-views")
    page.click('a[data-view="unassigned"]')
    page.wait_for_selector('#rows[data-view="unassigned"]')
    assert page.locator("#side").is_hidden()

    page.click("#row-a1 .row-open")
    page.wait_for_selector("#pane h2:has-text('#1042')")
    assert page.locator("#list").is_hidden()
    assert page.evaluate(fits)
    page.go_back()
    page.wait_for_selector("#list")
    assert page.locator("#pane").is_hidden()
    assert page.evaluate("document.activeElement.closest('.row').dataset.id") == "a1"

    page.click("#filter")
    assert page.evaluate(fits)
    page.click("#filters [type=submit]")
    page.check("#row-a1 .row-choose")
    box = page.locator("[data-does=more]").bounding_box()
    assert box
    assert box["x"] + box["width"] <= 360


def test_the_width_of_a_column_is_dragged_or_moved_by_keys_and_remembered(desk: Opened) -> None:
    context = desk.context()
    page = desk.tab(context=context)
    splitter = page.locator('[data-split="list"]')
    box = splitter.bounding_box()
    assert box
    page.mouse.move(box["x"] + 4, 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 104, 300)
    page.mouse.up()
    splitter.focus()
    page.keyboard.press("ArrowRight")
    assert splitter.get_attribute("aria-valuenow") == "500"

    page.reload()

    until(page, "document.querySelector('#list').getBoundingClientRect().width === 500")


def test_times_are_short_and_in_full_for_whoever_hovers_or_listens(desk: Opened) -> None:
    page = desk.tab()
    time = page.locator("#row-a1 .row-at time")

    assert re.fullmatch(r"\d+ min", time.locator("[aria-hidden]").inner_text())
    full = time.get_attribute("title")
    assert full
    assert time.locator(".said").text_content() == full


def test_an_empty_view_says_why(desk: Opened) -> None:
    desk.fake.rows.clear()
    desk.fake.recount()
    page = desk.tab("/desk?view=inbox")

    assert "Nothing waits for you" in page.inner_text("#list-body")

    page.goto(f"{desk.url}/desk?view=all&tag=none-such")
    page.click("text=Clear filters")
    page.wait_for_selector("#list-body:has-text('No tickets yet')")


def test_a_failed_request_says_so_where_it_failed(desk: Opened) -> None:
    page = desk.tab()
    page.route(
        "**/desk/list?*",
        lambda route: route.fulfill(status=409, json={"code": "x", "detail": "Not today."}),
        times=1,
    )
    page.click('a[data-view="unassigned"]')
    assert page.inner_text("#list-body [role=alert] p >> nth=0") == "Not today."

    page.click("#list-body >> text=Try again")

    page.wait_for_selector('#rows[data-view="unassigned"]')
    assert page.locator("#list-body [role=alert]").count() == 0


def test_what_strangers_wrote_is_text(desk: Opened) -> None:
    evil = "<img src=x onerror=document.title='evil'>"
    row = desk.fake.rows["a1"]
    contact = replace(row.contact, name=f"Eve{evil}")
    desk.fake.put(replace(row, subject=evil, contact=contact, tags=(evil,)))
    page = desk.tab()
    desk.fake.update("a1", team="returns", team_name=evil)
    page.wait_for_selector("#row-a1:has-text('Eve')")

    assert page.locator("#list img").count() == 0
    assert "evil" not in page.title()


def test_the_page_is_small_and_its_files_can_be_read() -> None:
    files = [*templating.STATIC.glob("*.js"), *templating.STATIC.glob("*.css")]
    lengths = {path.name: path.read_text().count("\n") for path in files}
    # The settings' pages have scripts of their own, which the desk does not load.
    others = ("settings", "hours", "spans", "sign_in")
    loaded = [path for path in files if not path.name.startswith(others)]
    packed = gzip.compress(b"".join(path.read_bytes() for path in loaded))

    assert {name: length for name, length in lengths.items() if length >= 300} == {}
    assert len(packed) < 60_000


def test_nothing_is_inline_and_nothing_is_anybody_elses() -> None:
    inline = r"<script(?![^>]*(src=|application/json))|<style|\sstyle=|\son\w+="
    strange = r"\.style\.(?!setProperty|removeProperty)|cssText|https?://(?!www\.w3\.org)"
    for path in (templating.HERE / "templates").glob("*.html"):
        assert not re.search(inline, path.read_text()), path.name
    for path in templating.STATIC.glob("*.js"):
        assert not re.search(strange, path.read_text()), path.name
