"""The pages of automatic replies, short links and hand-offs in a browser."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from shared.contracts.accounts import Address
from tests.desk.settings_desk import Desk, a_desk, an_account
from tests.desk.settings_pages import (  # noqa: F401  # fixtures
    chromium,
    opened,
    saved,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

CHROMIUM = os.environ.get("HELPDESK_TEST_CHROMIUM") or shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]


@pytest.fixture
def desk() -> Desk:
    return a_desk(
        an_account(
            language="es",
            addresses=(
                Address(channel="email", value="help@acme.example"),
                Address(channel="sms", value="+34910555010"),
            ),
        )
    )


def area(path: str) -> str:
    return f'[data-path="{path}"]'


@pytest.mark.spec("ARP 1")
def test_a_text_is_written_in_two_languages_previewed_and_saved(
    opened: Callable[..., Page],  # noqa: F811
    desk: Desk,
) -> None:
    page = opened("auto-replies", role="manager")
    page.check('[data-path="auto_replies.sms.enabled"]')
    texts = page.locator('[data-texts="auto_replies.sms.text"]')
    page.fill(area("auto_replies.sms.text.es"), "Hola ")
    texts.locator("[data-insert]").select_option("contact.first_name")
    texts.locator("[data-more]").select_option("it")
    page.fill(area("auto_replies.sms.text.it"), "Salve {{contact.first_name}}!")
    assert page.input_value(area("auto_replies.sms.text.es")) == "Hola {{contact.first_name}}"

    page.select_option("#would-language", "it")
    page.fill("#would-name", "Vera Bianchi")
    page.click("#would")
    shown = page.locator('[data-place="auto_replies.sms.text"] .preview-text')
    assert shown.inner_text() == "Salve Vera!"
    about = page.locator('[data-place="auto_replies.sms.text"] .faint')
    assert "Italian" in about.inner_text()
    page.select_option("#would-language", "de")
    page.click("#would")
    page.wait_for_function(
        "document.querySelector('[data-place=\"auto_replies.sms.text\"] .preview-text')"
        ".textContent === 'Hola Vera'"
    )
    assert "You are open now" in page.inner_text("#would-be")
    assert desk.settings.auto_replies.sms.text == {}

    saved(page)
    assert desk.settings.auto_replies.sms.text == {
        "es": "Hola {{contact.first_name}}",
        "it": "Salve {{contact.first_name}}!",
    }
    page.fill(area("auto_replies.sms.text.it"), "")
    saved(page)
    assert list(desk.settings.auto_replies.sms.text) == ["es"]


@pytest.mark.spec("ARP 1")
def test_a_wrong_text_is_told_where_it_stands_when_previewed_and_when_saved(
    opened: Callable[..., Page],  # noqa: F811
    desk: Desk,
) -> None:
    page = opened("auto-replies")
    page.check('[data-path="auto_replies.sms.enabled"]')
    field = area("auto_replies.sms.text.es")

    page.click("#save")
    page.wait_for_selector("#save-state[data-says=wrong]")
    assert page.locator(f"{field}[aria-invalid=true]").count() == 1
    assert "own language" in page.locator(".wrong").inner_text()

    page.fill(field, "Hola {{contact.nmae}}")
    page.click("#would")
    page.wait_for_selector(".wrong:has-text('contact.nmae')")
    assert page.evaluate("document.activeElement.dataset.path") == "auto_replies.sms.text.es"
    assert desk.settings.revision == 7


@pytest.mark.spec("HND 4")
def test_a_hand_off_shows_the_fields_of_its_method_and_is_saved(
    opened: Callable[..., Page],  # noqa: F811
    desk: Desk,
) -> None:
    page = opened("handoff", role="admin")
    assert page.is_hidden(area("handoff.zendesk.secret"))

    page.select_option(area("handoff.method"), "zendesk")
    page.fill(area("handoff.zendesk.subdomain"), "acme")
    page.click("#save")
    page.wait_for_selector(f"{area('handoff.zendesk.secret')}[aria-invalid=true]")
    page.fill(area("handoff.zendesk.secret"), "zendesk-token")
    saved(page)
    assert desk.settings.handoff.zendesk is not None
    assert desk.settings.handoff.zendesk.secret == "zendesk-token"  # noqa: S105  # its name
    assert desk.settings.handoff.gorgias is None

    page.select_option(area("handoff.method"), "message")
    page.fill(area("handoff.message.es"), "Escriba a {{account.email}}")
    page.click("#would")
    shown = page.locator('[data-place="handoff.message"] .preview-text')
    assert shown.inner_text() == "Escriba a help@acme.example"


@pytest.mark.spec("OUT 1")
def test_a_short_domain_is_tried_before_it_is_saved(
    opened: Callable[..., Page],  # noqa: F811
    desk: Desk,
) -> None:
    page = opened("links", role="admin")

    page.fill(area("links.short_domain"), "go.acme.example")
    page.fill("#would-text", "See https://acme.example/very/long?x=1, or write")
    page.click("#would")
    shown = page.locator('[data-place="links"] .preview-text')
    assert shown.inner_text() == "See https://go.acme.example/0000000000, or write"
    assert "SMS segments: 1" in page.inner_text("#would-be")

    page.fill(area("links.short_domain"), "https://go.acme.example/")
    page.click("#save")
    page.wait_for_selector(f"{area('links.short_domain')}[aria-invalid=true]")
    page.fill(area("links.short_domain"), "go.acme.example")
    saved(page)
    assert desk.settings.links.short_domain == "go.acme.example"
