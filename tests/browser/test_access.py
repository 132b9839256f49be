"""A checker of accessibility finds nothing serious, in whatever state the desk is (VWS 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.states import STATES, speaking

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 7"), pytest.mark.timeout(300)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""What may differ between light and dark, where all else is the same."""


def complaints(page: Page, *, only: tuple[str, list[str]] = ("tag", RULES)) -> list[str]:
    """What is serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    kind, values = only
    options = {"runOnly": {"type": kind, "values": values}, "resultTypes": ["violations"]}
    found: dict[str, Any] = axe.Axe().run(page, options=options).response
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def in_light_and_dark(page: Page) -> list[str]:
    """What is serious in either. Nothing moves meanwhile: half way, a colour is neither's."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = complaints(page)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return found + complaints(page, only=("rule", OF_COLOURS))


@pytest.mark.parametrize("language", ["en", "es", "it"])
def test_nothing_serious_is_found_in_any_state(desk: Desk, language: str) -> None:
    found: dict[str, list[str]] = {}
    # The policy lets no script in but the page's own; the checker comes around it.
    page = desk.tab(desk.context(bypass_csp=True))
    with speaking(page, language):
        for name, reach in STATES.items():
            reach(desk, page)
            found[name] = in_light_and_dark(page)
    with desk.browser.new_context(bypass_csp=True, locale=language) as nobodys:
        page = nobodys.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{desk.stack.url}/sign-in")
        found["sign-in"] = in_light_and_dark(page)

    assert {name: said for name, said in found.items() if said} == {}
