"""A checker of accessibility finds nothing serious, in whatever state the desk is (VWS 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.states import STATES, speaking

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Desk

pytestmark = [pytest.mark.browser, pytest.mark.spec("VWS 7"), pytest.mark.timeout(300)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def complaints(page: Page) -> list[str]:
    """What is serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found: dict[str, Any] = axe.Axe().run(page, options=options).response
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("language", ["en", "es", "it"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found_in_any_state(
    desk: Desk, language: str, scheme: Literal["light", "dark"]
) -> None:
    context = desk.context(color_scheme=scheme, bypass_csp=True)
    found: dict[str, list[str]] = {}
    page = desk.tab(context)
    with speaking(page, language):
        for name, reach in STATES.items():
            reach(desk, page)
            found[name] = complaints(page)
    with desk.browser.new_context(color_scheme=scheme, bypass_csp=True, locale=language) as nobodys:
        page = nobodys.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{desk.stack.url}/sign-in")
        found["sign-in"] = complaints(page)

    assert {name: said for name, said in found.items() if said} == {}
