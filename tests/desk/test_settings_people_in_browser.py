"""Who may come in, in a browser: agents, their invitations and teams, and tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.desk.settings_desk import Desk
from tests.desk.settings_pages import CHROMIUM, chromium, desk, opened, saved

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

__all__ = ["chromium", "desk", "opened"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


def test_an_agent_is_added_and_invited(opened: Callable[..., Page], desk: Desk) -> None:
    page = opened("agents", role="admin")
    assert page.locator('[data-row] >> nth=0 >> [data-field="name"]').is_disabled()
    page.click("[data-add=agents]")
    row = page.locator("[data-row]").last
    row.locator('[data-field="name"]').fill("Zoë Ångström")
    row.locator('[data-field="email"]').fill("zoe@acme.example")
    assert row.locator('[data-field="id"]').input_value() == "zoe-angstrom"
    saved(page)
    assert desk.settings.agents[-1].role == "support"

    page.reload()
    row = page.locator("[data-row]").last
    row.locator("[data-invite]").click()
    page.wait_for_selector(".invitation input")
    assert "/set-password?token=" in row.locator(".invitation input").input_value()


def test_an_agent_who_goes_leaves_the_teams(opened: Callable[..., Page], desk: Desk) -> None:
    page = opened("agents")
    page.locator("[data-row]").last.locator("[data-act=remove]").click()
    saved(page)

    assert [agent.id for agent in desk.settings.agents] == ["olga", "adam", "mara"]
    assert desk.settings.teams[0].members == ()


def test_a_token_is_made_and_shown_once(opened: Callable[..., Page], desk: Desk) -> None:
    page = opened("tokens")
    page.click("#new-token button")
    page.locator("#token-name[aria-invalid=true]").wait_for()
    page.fill("#token-name", "Reports")
    page.check('#token-scopes input[value="tickets:read"]')
    page.select_option("#token-expires", "90")
    page.click("#new-token button")
    page.wait_for_selector("#secret:visible")

    assert page.input_value("#secret-value").startswith("hdt_")
    (token,) = desk.people.held.values()
    assert token.name == "Reports"
    assert token.expires_at is not None
    left = token.expires_at - datetime.now(UTC)  # the browser's clock is the real one
    assert timedelta(days=89) < left <= timedelta(days=90)
    page.wait_for_selector("#tokens li:has-text('expires')")
    desk.people.held[token.key] = replace(token, expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    page.reload()
    page.wait_for_selector("#tokens li .bad:has-text('expired')")
    page.locator("#tokens button").click()
    page.wait_for_selector("#tokens li", state="detached")
    assert desk.people.held == {}
