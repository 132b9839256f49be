"""The settings' own forms in a browser: hours that are painted, macros, rules, tags, channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from services.desk.rules.rows import Row
from tests.desk.settings_desk import Desk
from tests.desk.settings_pages import CHROMIUM, chromium, described, desk, opened, saved, span
from tests.desk.test_settings_rules import a_ticket

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

__all__ = ["chromium", "desk", "opened"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


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
