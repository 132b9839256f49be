"""The settings' pages in a browser: for everybody, and nothing that is typed is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.desk.rules.settings import PAGES
from services.desk.web.words import LANGUAGES
from shared.contracts.accounts import (
    Macro,
)
from tests.desk.settings_desk import Desk
from tests.desk.settings_pages import (
    CHROMIUM,
    PHONE,
    RULES,
    SCREEN,
    axe,
    chromium,
    described,
    desk,
    opened,
    saved,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Dialog, Page

__all__ = ["chromium", "desk", "opened"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


def test_wrong_values_are_told_at_their_fields_until_they_are_right(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("auto-closing")
    page.check('[id="autoclose.enabled"]')
    page.fill('[id="autoclose.period"]', "91")
    page.click("#save")
    field = page.locator('[id="autoclose.period"][aria-invalid=true]')
    field.wait_for()
    told = described(field)
    assert page.inner_text(f'[id="{told[0]}"]').startswith("From 1 to 90")
    assert page.inner_text(f"#{told[1]}") == "At most 90 days."
    assert page.evaluate("document.activeElement.id") == "autoclose.period"

    page.fill('[id="autoclose.period"]', "90")
    saved(page)

    assert page.locator(".wrong").count() == 0
    assert desk.settings.autoclose.enabled
    assert desk.settings.autoclose.period.days == 90


def conflict(page: Page, desk: Desk) -> None:
    """Both add a macro; and the first changes what the second has open."""
    page.click("[data-add=macros]")
    page.locator("[data-field=name]").first.fill("Mine")
    theirs = (
        desk.settings.macros[0].model_copy(update={"text": "Theirs"}),
        desk.settings.macros[1],
        Macro(id="m9", name="Added by them"),
    )
    desk.log.by_another(desk.settings.model_copy(update={"macros": theirs}), "desk:mara")
    page.click("#save")
    page.wait_for_selector(".conflict")


def test_a_conflict_says_what_the_other_changed_and_mine_goes_on_top_of_theirs(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("macros")
    conflict(page, desk)
    told = page.inner_text(".conflict")
    assert "Mara Vega has changed this meanwhile" in told
    assert "Macros – Hello – Text" in told
    assert "Theirs" in told
    assert "Added by them" in told

    with page.expect_navigation():
        page.click(".conflict .main")
    page.wait_for_selector("#save-state[data-says=saved]")

    macros = {macro.name: macro.text for macro in desk.settings.macros}
    assert macros == {"Mine": "", "Hello": "Theirs", "Label": "Your label", "Added by them": ""}


def test_a_conflict_can_end_with_theirs(opened: Callable[..., Page], desk: Desk) -> None:
    page = opened("macros")
    conflict(page, desk)

    with page.expect_navigation():
        page.click(".conflict-acts button >> nth=0")

    names = page.locator("[data-title]").all_inner_texts()
    assert names == ["Hello", "Label", "Added by them"]


def test_what_is_unsaved_is_told_and_not_lost_by_going_away(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("account")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.fill('[id="name"]', "Another name")
    assert page.inner_text("#save-state") == "Not saved yet"
    with page.expect_event("dialog"):
        page.evaluate("setTimeout(() => location.assign('/desk/settings/spam'))")

    assert asked == ["beforeunload"]
    assert page.input_value('[id="name"]') == "Another name"

    saved(page)
    page.click('a[href="/desk/settings/plan"]')
    page.wait_for_url("**/plan")
    assert asked == ["beforeunload"]
    assert desk.settings.name == "Another name"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_for_everybody_in_every_language(
    opened: Callable[..., Page], language: str
) -> None:
    wide = {"viewport": SCREEN, "color_scheme": "light"}
    narrow = {"viewport": PHONE, "color_scheme": "dark"}
    look = narrow if language == "it" else wide
    page = opened("macros", locale=language, **look)
    found: dict[str, str] = {}
    for name in PAGES:
        page.goto(f"/desk/settings/{name}")
        page.wait_for_load_state("networkidle")
        page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        violations = axe.Axe().run(page, options=RULES).response["violations"]
        found |= {f"{name}: {each['id']}": each["nodes"][0]["html"] for each in violations}
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{name} is wider than the window"
        assert page.get_attribute("html", "lang") == language

    assert found == {}
