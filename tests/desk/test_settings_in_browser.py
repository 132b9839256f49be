"""The settings' pages in a browser: painting hours, macros, conflicts, errors, for everybody."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.desk.rules.rows import Row
from services.desk.rules.settings import PAGES
from services.desk.web.words import LANGUAGES
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
from tests.desk.test_settings_rules import a_ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Dialog, Locator, Page

playwright_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]

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


def test_hours_are_painted_with_the_mouse_and_typed_besides(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("hours")
    page.locator('[data-at="1,18"]').hover()
    page.mouse.down()
    page.locator('[data-at="2,25"]').hover()
    page.mouse.up()
    assert page.input_value("#day-tue") == "09:00–13:00"
    assert page.input_value("#day-wed") == "09:00–13:00"

    page.fill("#day-thu", "8.30-12, 14:10–24:00")
    saved(page)

    weekly = desk.settings.business_hours.weekly
    assert span("tue", "09:00", "13:00") in weekly
    assert span("thu", "08:30", "12:00") in weekly
    assert span("thu", "14:10", "00:00") in weekly
    assert span("sat", "22:00", "02:00") in weekly


def test_hours_are_painted_with_keys_and_rubbed_out(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("hours")
    cell = page.locator('[data-at="0,18"]')
    assert cell.get_attribute("aria-label") == "Monday 09:00–09:30, open"
    cell.focus()
    page.keyboard.press("Space")
    assert page.input_value("#day-mon") == "09:30–13:00"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert page.input_value("#day-tue") == "09:00–10:00"
    assert page.input_value("#day-wed") == "09:30–10:00"

    # What runs into Sunday from Saturday is closed on Sunday.
    page.locator('[data-at="6,0"]').click()
    assert page.input_value("#day-sat") == "22:00–24:00"
    assert page.input_value("#day-sun") == "00:30–02:00"
    saved(page)

    assert span("wed", "09:30", "10:00") in desk.settings.business_hours.weekly


def test_what_is_no_span_is_told_at_its_day(opened: Callable[..., Page], desk: Desk) -> None:
    page = opened("hours")
    page.fill("#day-fri", "nine to five")
    page.click("#save")

    wrong = page.locator("#day-fri[aria-invalid=true]")
    told = described(wrong)[-1]
    assert "09:00–13:00" in page.inner_text(f"#{told}")
    assert page.evaluate("document.activeElement.id") == "day-fri"
    assert desk.settings.revision == 7


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


def test_a_macro_is_written_with_placeholders_and_seen_as_it_will_look(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("macros", role="manager")
    page.click("[data-add=macros]")
    row = page.locator("[data-row]").first
    row.locator("[data-field=name]").fill("Thanks")
    row.locator("[data-field=text]").fill("Dear ")
    row.locator('[data-place="contact.first_name"]').click()
    row.locator("[data-field=text]").press("End")
    page.keyboard.type(", {{contact.age}}")
    assert row.locator("[data-preview] .known").inner_text() == "Vera"
    assert "{{contact.age}}" in row.locator("[data-preview] .unknown").inner_text()

    page.click("#save")
    row.locator("[data-field=text][aria-invalid=true]").wait_for()
    row.locator("[data-field=text]").fill("Dear {{contact.first_name}}")
    row.locator("[data-field=tags]").fill("thanks, vip")
    row.locator("[data-field=status]").select_option("snoozed")
    row.locator("[data-field=snooze_for]").fill("36")
    saved(page)

    macro = desk.settings.macros[0]
    assert (macro.name, macro.text) == ("Thanks", "Dear {{contact.first_name}}")
    assert (macro.tags, macro.status) == (("thanks", "vip"), "snoozed")
    assert macro.snooze_for.total_seconds() == 36 * 3600
    assert [each.name for each in desk.settings.macros[1:]] == ["Hello", "Label"]


def test_macros_are_found_by_typing_and_a_wrong_one_opens(
    opened: Callable[..., Page], desk: Desk
) -> None:
    page = opened("macros")
    page.fill("#find", "label")
    assert page.locator("[data-row]:visible").count() == 1
    page.fill("#find", "")
    page.locator("[data-row] summary").nth(1).click()
    page.locator("[data-row] [data-field=name]").nth(1).fill("Hello")
    page.locator("[data-row] summary").nth(1).click()
    page.click("#save")

    page.locator("[data-row]:nth-child(2) [data-field=name][aria-invalid=true]").wait_for()
    assert page.locator("[data-row]:nth-child(2) details[open]").count() == 1
    assert desk.settings.revision == 7


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


def test_rules_are_moved_tried_and_saved(opened: Callable[..., Page], desk: Desk) -> None:
    for number in (2, 1):
        ticket = a_ticket(number, None, tags=("Returns",) if number == 1 else ())
        desk.model.rows.append(Row("acme", f"t{number}", summary=ticket))
    page = opened("routing", role="manager")
    page.click('[data-add="assignment.routing"]')
    last = page.locator("[data-row]").last
    last.locator('[data-field="is"]').fill("VIP")
    last.locator('[data-field="when"]').select_option("segment")
    last.locator('[data-act="up"]').click()
    page.click("#try")
    page.wait_for_selector("#tried table")

    assert page.inner_text("#tried p") == "1 of 2 would have gone elsewhere."
    assert "rule 2" in page.inner_text("#tried tbody tr >> nth=0")

    saved(page)
    assert [rule.is_ for rule in desk.settings.assignment.routing] == ["VIP", "Returns"]


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


def test_tags_keywords_and_channels_are_saved(opened: Callable[..., Page], desk: Desk) -> None:
    page = opened("tags")
    page.uncheck('input[value="Loyalty"]')
    page.locator('[data-field="examples"]').fill("It broke\n\nIs it covered?")
    saved(page)
    page.goto("/desk/settings/keywords")
    page.click("[data-add=keywords]")
    page.locator('[data-field="word"]').last.fill("BASTA")
    page.locator('[data-field="class"]').last.select_option("stop")
    page.fill('[id="keyword_languages"]', "it, fr-CA")
    saved(page)
    page.goto("/desk/settings/channels")
    page.check('input[value="sms"]')
    page.fill('[id="reply_windows.whatsapp"]', "12")
    saved(page)

    now = desk.settings
    assert now.tags.off == ("Loyalty",)
    assert now.tags.own[0].examples == ("It broke", "Is it covered?")
    assert [(k.word, k.class_) for k in now.keywords] == [("SALE", "campaign"), ("BASTA", "stop")]
    assert now.keyword_languages == ("it", "fr-CA")
    assert now.channels == ("email", "sms")
    assert now.reply_windows.whatsapp.total_seconds() == 12 * 3600


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
