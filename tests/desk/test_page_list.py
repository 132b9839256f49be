"""The list: nothing jumps, nothing is shown twice or left out, and all can be done by keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.desk.fake_page import a_row, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.desk.conftest import Opened
    from tests.desk.fake_page import Fake

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 3")]


@pytest.fixture(autouse=True)
def twenty(fake: Fake) -> None:
    """There are twenty tickets."""
    fake.put(*(a_row(n) for n in range(1, 21)))


def ids(page: Page) -> list[str]:
    found: list[str] = page.locator("#rows > .row").evaluate_all(
        "rows => rows.map((row) => row.dataset.id)"
    )
    return found


def top_of(page: Page, id_: str) -> float:
    box = page.locator(f"#row-{id_}").bounding_box()
    assert box
    return box["y"]


def focused(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.closest('.row')?.dataset.id")
    return found


def fresh(number: int = 99, **fields: Any) -> Any:
    return a_row(0, id=f"new{number}", number=number, **fields)


class TestWhatIsLookedFor:
    """A page may end before it is full, where much was looked at for it."""

    def test_is_found_though_the_first_pages_have_none_of_it(
        self, desk: Opened, fake: Fake
    ) -> None:
        fake.looks_at = 3
        fake.put(replace(fake.rows["t1"], tags=("late",)), replace(fake.rows["t9"], tags=("late",)))

        page = desk.tab("/desk?view=all&tag=late")

        page.wait_for_selector("#more", state="hidden")
        assert sorted(ids(page)) == ["t1", "t9"]
        assert page.locator(".empty").count() == 0

    def test_is_said_not_to_be_there_once_all_was_looked_at(self, desk: Opened, fake: Fake) -> None:
        fake.looks_at = 3

        page = desk.tab("/desk?view=all&tag=late")

        page.wait_for_selector(".empty")
        assert page.locator("#more").is_hidden()
        # A page that learns late that it leads loads the list once more.
        assert len(set(fake.cursors)) == 6

    def test_is_looked_for_when_the_list_is_narrowed_too(self, desk: Opened, fake: Fake) -> None:
        fake.looks_at = 3
        fake.put(replace(fake.rows["t1"], tags=("late",)))
        page = desk.tab("/desk?view=all")

        page.evaluate(
            "history.pushState(null, '', '/desk?view=all&tag=late');"
            "dispatchEvent(new PopStateEvent('popstate'))"
        )

        until(page, "document.querySelector('#more').hidden")
        assert ids(page) == ["t1"]


class TestWhatIsNew:
    def test_comes_in_by_itself_while_nobody_is_in_the_list(self, desk: Opened) -> None:
        page = desk.tab()
        page.mouse.move(1000, 400)
        desk.fake.change(fresh())

        page.wait_for_selector("#row-new99")

        assert ids(page)[0] == "new99"

    def test_waits_while_the_pointer_is_in_the_list(self, desk: Opened) -> None:
        page = desk.tab()
        page.hover("#row-t3")
        before = top_of(page, "t3")
        for number in (97, 98, 99):
            desk.fake.change(fresh(number))

        page.wait_for_selector("#list-new:has-text('3 new')")

        assert top_of(page, "t3") == before
        assert ids(page)[0] == "t1"
        page.click("#list-new")
        assert set(ids(page)[:3]) == {"new97", "new98", "new99"}
        assert focused(page) == ids(page)[0]
        assert page.locator("#list-new").is_hidden()

    def test_waits_while_the_focus_is_in_the_list_and_comes_when_it_leaves(
        self, desk: Opened
    ) -> None:
        page = desk.tab()
        page.mouse.move(1000, 400)
        page.keyboard.press("j")
        desk.fake.change(fresh())
        page.wait_for_selector("#list-new:has-text('1 new')")
        assert ids(page)[0] == "t1"

        page.evaluate("document.activeElement.blur()")

        page.wait_for_selector("#row-new99")

    def test_that_has_gone_again_does_not_wait_any_more(self, desk: Opened) -> None:
        page = desk.tab("/desk?view=unassigned")
        page.hover("#row-t3")
        desk.fake.change(fresh())
        page.wait_for_selector("#list-new:has-text('1 new')")

        desk.fake.update("new99", assignee="bob")

        page.wait_for_selector("#list-new", state="hidden")


class TestWhatChanges:
    def test_stays_where_it_is_while_one_is_in_the_list(self, desk: Opened) -> None:
        page = desk.tab()
        page.hover("#row-t3")
        before = ids(page)

        desk.fake.update("t9", active_at=fresh().active_at, unread=True)
        page.wait_for_selector("#row-t9.unread")
        assert ids(page) == before

        page.mouse.move(1000, 400)
        until(page, "document.querySelector('.row').dataset.id === 't9'")

    def test_is_in_its_order_when_one_has_left_the_list(self, desk: Opened) -> None:
        page = desk.tab("/desk?view=all&sort=number")
        page.hover("#row-t3")
        for number in (7, 2, 15):
            desk.fake.update(f"t{number}", number=100 + number)
        desk.fake.change(fresh(0))
        page.wait_for_selector("#list-new:has-text('1 new')")

        page.mouse.move(1000, 400)
        page.wait_for_selector("#row-new0")

        order = sorted(desk.fake.rows.values(), key=lambda row: row.number)
        assert ids(page) == [row.id for row in order]

    def test_keeps_focus_choice_and_place(self, desk: Opened) -> None:
        page = desk.tab()
        for key in "jjx":
            page.keyboard.press(key)
        assert focused(page) == "t2"

        desk.fake.update("t2", unread=True)
        page.wait_for_selector("#row-t2.unread")

        assert focused(page) == "t2"
        assert page.locator("#row-t2 .row-choose").is_checked()
        page.keyboard.press("j")
        assert focused(page) == "t3"

    def test_is_greyed_when_it_left_the_view_until_the_agent_moves_on(self, desk: Opened) -> None:
        page = desk.tab("/desk?view=unassigned")
        page.hover("#row-t3")
        below = top_of(page, "t4")

        desk.fake.update("t3", assignee="bob", assignee_name="Bob")
        page.wait_for_selector("#row-t3.left:has-text('not in this view')")
        assert top_of(page, "t4") == below

        page.mouse.move(1000, 400)
        page.wait_for_selector("#row-t3", state="detached")

    @pytest.mark.parametrize("narrowed", ["", "&channel=sms"])
    def test_that_left_the_view_has_its_tickets_facts_as_they_are(
        self, desk: Opened, narrowed: str
    ) -> None:
        for n in (3, 4):
            desk.fake.put(replace(desk.fake.rows[f"t{n}"], channel="sms"))
        page = desk.tab(f"/desk?view=unassigned{narrowed}")
        page.hover("#row-t3")
        page.focus("#row-t3 .row-open")
        below = top_of(page, "t4")

        desk.fake.update("t3", assignee="bob", assignee_name="Bob", subject="Said anew")
        page.wait_for_selector("#row-t3.left:has-text('Bob')")
        desk.fake.update("t3", tags=("found",))

        page.wait_for_selector("#row-t3.left:has-text('found')")
        assert page.locator("#row-t3 .row-gone").count() == 1
        assert "Said anew" in page.inner_text("#row-t3")
        assert (focused(page), top_of(page, "t4")) == ("t3", below)

        desk.fake.update("t3", assignee=None, assignee_name=None)
        page.wait_for_selector("#row-t3:not(.left)")
        assert page.locator("#row-t3 .row-gone").count() == 0

    def test_that_is_older_than_what_is_shown_is_passed_by(self, desk: Opened) -> None:
        page = desk.tab()
        desk.fake.update("t2", seq=9, subject="Newest")
        page.wait_for_selector("#row-t2:has-text('Newest')")

        desk.fake.update("t2", seq=4, subject="Stale")
        desk.fake.update("t1", subject="After it")

        page.wait_for_selector("#row-t1:has-text('After it')")
        assert "Newest" in page.inner_text("#row-t2")

    def test_is_asked_for_where_the_list_is_narrowed_further(self, desk: Opened) -> None:
        page = desk.tab("/desk?view=all&channel=email")
        assert page.locator(".empty").is_visible()
        page.mouse.move(1000, 400)

        desk.fake.change(fresh(98))
        desk.fake.change(fresh(99, channel="email"))

        page.wait_for_selector("#row-new99")
        assert ids(page) == ["new99"]

    @pytest.mark.spec("VWS 6")
    def test_says_who_else_is_there(self, desk: Opened) -> None:
        page = desk.tab()
        others = [
            {"agent": "bob", "name": "Bob", "state": "writing"},
            {"agent": "ann", "name": "Ann", "state": "looking"},
        ]

        desk.fake.tell("here", {"ticket_id": "t2", "others": others})

        page.wait_for_selector("#row-t2 [data-others]:has-text('Bob writing')")
        assert "Ann" not in page.inner_text("#row-t2 [data-others]")

    def test_says_that_its_assignee_went_offline(self, desk: Opened) -> None:
        desk.fake.put(
            replace(desk.fake.rows["t2"], assignee="bob", assignee_name="Bob", assignee_online=True)
        )
        page = desk.tab()
        assert page.locator("#row-t2 .row-offline").is_hidden()

        desk.fake.tell("presence", {"agent": "bob", "online": False})

        page.wait_for_selector("#row-t2 .row-offline:has-text('offline')")


class TestPaging:
    @pytest.fixture(autouse=True)
    def many(self, fake: Fake) -> None:
        """There are 120 tickets, and 50 come at once."""
        fake.put(*(a_row(n) for n in range(1, 121)))

    def test_neither_repeats_nor_skips_while_new_ones_come(self, desk: Opened) -> None:
        page = desk.tab()
        page.hover("#row-t3")
        scroll = "document.querySelector('#list-scroll').scrollTo(0, 1e6)"
        # One that would have come with a later page moves up meanwhile.
        desk.fake.update("t115", active_at=fresh().active_at)
        page.wait_for_selector("#list-new:has-text('1 new')")
        for number in range(200, 212):
            desk.fake.change(fresh(number))
            page.evaluate(scroll)
        while page.locator("#more").is_visible():
            page.evaluate(scroll)
            page.wait_for_timeout(30)
        page.wait_for_selector("#list-new:has-text('13 new')")
        page.click("#list-new")

        shown = ids(page)
        assert len(shown) == len(set(shown))
        assert set(shown) == set(desk.fake.rows)

    def test_starts_anew_when_the_cursor_is_no_longer_good(self, desk: Opened) -> None:
        page = desk.tab()
        problem = {"code": "invalid_cursor", "detail": "Start again."}
        page.route("**/desk/list?*cursor*", lambda r: r.fulfill(status=400, json=problem), times=1)
        asked: list[bool] = []
        page.on("request", lambda r: asked.append("cursor" in r.url) if "/list?" in r.url else None)
        scroll = "document.querySelector('#list-scroll').scrollTo(0, 1e6)"

        with page.expect_response(lambda r: "/desk/list?" in r.url and r.status == 200):
            page.evaluate(scroll)
        until(page, "document.querySelector('#list-scroll').scrollTop === 0")
        assert asked == [True, False], "the page asked with a cursor of the old list"
        assert len(ids(page)) == 50

        page.evaluate(scroll)
        until(page, "document.querySelectorAll('.row').length > 50")
        assert ids(page) == [f"t{n}" for n in range(1, len(ids(page)) + 1)]


class TestKeys:
    @pytest.mark.spec("VWS 7")
    def test_move_open_and_lead_back(self, desk: Opened) -> None:
        page = desk.tab()
        for key in "jjjk":
            page.keyboard.press(key)
        assert focused(page) == "t2"

        page.keyboard.press("o")
        page.wait_for_selector("#pane h2:has-text('#2')")
        assert "ticket=t2" in page.url
        assert page.locator("#row-t2.current .row-open").get_attribute("aria-current") == "true"

        page.keyboard.press("u")
        page.wait_for_selector("#pane h2", state="detached")
        assert focused(page) == "t2"
        assert "ticket=" not in page.url

    def test_do_nothing_while_one_types(self, desk: Opened) -> None:
        page = desk.tab()
        page.keyboard.press("/")
        page.keyboard.type("jx?e")

        assert page.input_value("#search input") == "jx?e"
        assert page.locator(".row.chosen, dialog").count() == 0

    def test_can_be_turned_off(self, desk: Opened) -> None:
        page = desk.tab()
        page.keyboard.press("?")
        page.uncheck("dialog .help-off input")
        page.keyboard.press("Escape")
        page.evaluate("document.activeElement.blur()")

        page.keyboard.press("j")

        assert focused(page) is None

    def test_are_all_shown_and_each_goes_to_its_view(self, desk: Opened) -> None:
        page = desk.tab()
        page.keyboard.press("?")
        shown = page.inner_text("dialog")
        assert all(words in shown for words in ("Next ticket", "Snooze", "Unassigned", "Search"))
        page.keyboard.press("Escape")

        for letter, view in {"m": "inbox", "u": "unassigned", "a": "all", "s": "spam"}.items():
            page.keyboard.press("g")
            page.keyboard.press(letter)
            page.wait_for_selector(f'#rows[data-view="{view}"]', state="attached")
            assert page.locator(f'a[data-view="{view}"][aria-current="page"]').is_visible()
