"""A page of settings in a browser, for its tests."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from shared.contracts.accounts import (
    Address,
    AssignmentSettings,
    BusinessHours,
    Keyword,
    Macro,
    OpeningHours,
    OwnTag,
    RoutingRule,
    TagSettings,
)
from tests.desk.settings_desk import OF_ROLE, Desk, a_desk, an_account, served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page

playwright_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PHONE = {"width": 360, "height": 740}
SCREEN = {"width": 1280, "height": 900}


def span(day: Any, start: str, end: str) -> OpeningHours:
    return OpeningHours.model_validate({"day": day, "from": start, "until": end})


def a_full_account() -> Any:
    rule = RoutingRule.model_validate({"when": "tag", "is": "Returns", "team_id": "returns"})
    return an_account(
        macros=(
            Macro(id="m1", name="Hello", text="Hello {{contact.first_name}}"),
            Macro(id="m2", name="Label", text="Your label", status="snoozed"),
        ),
        addresses=(Address(channel="email", value="help@acme.example"),),
        channels=("email",),
        keywords=(Keyword(word="SALE"),),
        business_hours=BusinessHours(
            weekly=(span("mon", "09:00", "13:00"), span("sat", "22:00", "02:00")),
            holidays=("2026-12-25",),
        ),
        assignment=AssignmentSettings(routing=(rule,)),
        tags=TagSettings(own=(OwnTag(name="Warranty", examples=("It broke",)),)),
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def desk() -> Desk:
    return a_desk(a_full_account())


@pytest.fixture
def opened(chromium: Browser, desk: Desk) -> Iterator[Callable[..., Page]]:
    """Opens a page of settings; fails if the browser's console has anything to say."""
    contexts = []
    said: list[str] = []
    with served(desk) as at:

        def open_(name: str, role: str = "owner", **context: Any) -> Page:
            made = chromium.new_context(**{"viewport": SCREEN, "base_url": at} | context)
            made.set_default_timeout(30_000)
            contexts.append(made)
            cookie, _, held = desk.signed_in(OF_ROLE[role])["Cookie"].partition("=")
            made.add_cookies([{"name": cookie, "value": held, "url": at}])
            page = made.new_page()
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("console", lambda line: told(line.text))
            page.goto(f"/desk/settings/{name}")
            return page

        def told(text: str) -> None:
            if "status of 412" not in text and "status of 422" not in text:
                said.append(text)

        yield open_
        for each in contexts:
            each.close()
    assert said == []


def saved(page: Page) -> None:
    page.click("#save")
    page.wait_for_selector("#save-state[data-says=saved]")


def described(field: Locator) -> list[str]:
    """The ids of what says more about the field."""
    return (field.get_attribute("aria-describedby") or "").split()
