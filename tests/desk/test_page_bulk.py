"""Many tickets at once: chosen, confirmed with their count, answered one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.desk.fake_page import a_row

if TYPE_CHECKING:
    from tests.desk.conftest import Opened
    from tests.desk.fake_page import Fake

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 6")]


@pytest.fixture(autouse=True)
def many(fake: Fake) -> None:
    """There are 120 tickets, and 50 are shown at once."""
    fake.put(*(a_row(n) for n in range(1, 121)))


def asked(fake: Fake) -> list[Any]:
    return [body for _, path, body in fake.sent if path == "/api/v1/bulk"]


def test_rows_are_chosen_one_by_one_and_through_to_another(desk: Opened) -> None:
    page = desk.tab()
    page.click("#row-t2 .row-choose")
    page.click("#row-t6 .row-choose", modifiers=["Shift"])
    page.click("#row-t4 .row-choose")

    assert page.inner_text(".bulk-count") == "4 chosen"
    page.keyboard.press("Escape")
    assert page.locator("#bulk").is_hidden()


def test_each_refusal_is_listed_with_its_reason_and_opens_its_ticket(desk: Opened) -> None:
    desk.fake.refusals = [
        {"ticket_id": "t2", "number": 2, "code": "taken", "reason": "Bob has taken this ticket."}
    ]
    page = desk.tab()
    for key in "jxjxjx":
        page.keyboard.press(key)
    page.keyboard.press("e")
    page.wait_for_selector("dialog:has-text('Close: 3 tickets?')")
    page.click("dialog [type=submit]")

    page.wait_for_selector("#bulk-said:has-text('2 done, 1 refused')")

    assert asked(desk.fake) == [{"command": {"type": "close"}, "ids": ["t1", "t2", "t3"]}]
    assert "Bob has taken this ticket." in page.inner_text("#bulk-said li")
    assert page.locator("#bulk").is_hidden()
    page.click("#bulk-said a")
    page.wait_for_selector("#pane h2:has-text('#2')")
    page.click("#bulk-said [aria-label='Put away']")
    assert page.locator("#bulk-said").is_hidden()


def test_all_of_a_view_is_counted_by_the_server_and_confirmed(desk: Opened) -> None:
    page = desk.tab("/desk?view=unassigned")
    page.check("#choose-all")
    assert page.inner_text(".bulk-count") == "50 chosen"
    page.click("text=Choose all 120 of this view")
    page.click("[data-does=more]")
    page.click("dialog >> text=Reply to all")
    page.fill("dialog textarea", "We are on it.")
    assert "Reply to 120 tickets" in page.inner_text("dialog")
    page.click("dialog >> text=Send 120 replies")

    page.wait_for_selector("#bulk-said:has-text('120 done, none refused')")

    dry, real = asked(desk.fake)
    assert dry["dry_run"] is True
    assert real == {
        "command": {"type": "reply", "text": "We are on it."},
        "view": "unassigned",
        "filters": {},
    }


def test_progress_comes_as_events(desk: Opened) -> None:
    page = desk.tab()
    running = {"id": "j1", "total": 2, "done": 1, "refused": [], "finished": False}
    page.route("**/api/v1/bulk/j1", lambda route: route.fulfill(json=running))
    for key in "jxjx":
        page.keyboard.press(key)
    page.click("[data-does=more]")
    page.click("dialog >> text=Mark as read")
    page.wait_for_selector("#bulk-said:has-text('Mark as read: 1 of 2') progress")

    desk.fake.tell("job", running | {"done": 2, "finished": True})

    page.wait_for_selector("#bulk-said:has-text('Mark as read: 2 done, none refused')")


@pytest.mark.parametrize(
    ("does", "choice", "command"),
    [
        ("assign", "Bob Verdi", {"type": "assign", "assignee": "bob"}),
        ("assign", "Nobody", {"type": "unassign"}),
        ("route", "Returns", {"type": "route", "team": "returns"}),
        ("tag", "billing", {"type": "tag", "tags": ["billing"]}),
        ("untag", "vip", {"type": "untag", "tags": ["vip"]}),
    ],
)
def test_what_an_action_needs_is_chosen_from_a_list(
    desk: Opened, does: str, choice: str, command: dict[str, Any]
) -> None:
    page = desk.tab()
    page.check("#row-t1 .row-choose")
    if page.locator(f"[data-does={does}]").count():
        page.click(f"[data-does={does}]")
    else:
        page.click("[data-does=more]")
        names = {"tag": "Tag", "route": "Give to a team", "untag": "Remove a tag"}
        page.click(f"dialog .menu-item:has-text('{names[does]}') >> nth=0")
    page.click(f"dialog .menu-item:has-text('{choice}')")

    page.wait_for_selector("#bulk-said:has-text('1 done')")

    assert asked(desk.fake) == [{"command": command, "ids": ["t1"]}]


def test_a_tag_that_there_is_not_yet_is_typed(desk: Opened) -> None:
    page = desk.tab()
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.keyboard.type("outage")
    page.keyboard.press("Enter")

    page.wait_for_selector("#bulk-said:has-text('1 done')")

    assert asked(desk.fake)[0]["command"] == {"type": "tag", "tags": ["outage"]}


def test_what_could_not_be_sent_stays_and_is_tried_again_with_the_same_key(desk: Opened) -> None:
    page = desk.tab()
    keys: list[str] = []
    page.on(
        "request",
        lambda r: keys.append(r.headers["idempotency-key"]) if r.url.endswith("/bulk") else None,
    )
    page.route("**/api/v1/bulk", lambda route: route.abort(), times=1)
    page.keyboard.press("j")
    page.keyboard.press("e")
    page.click("#bulk-said >> text=Try again")

    page.wait_for_selector("#bulk-said:has-text('1 done')")

    assert len(keys) == 2
    assert len(set(keys)) == 1
