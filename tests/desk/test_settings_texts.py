"""Settings of what goes out without an agent: what is wrong with them, what would be sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.desk.rules.settings import document
from services.desk.rules.settings_checks import checked
from services.desk.rules.settings_texts import TEXTS, at
from shared.contracts.accounts import AccountSettings, Address, BusinessHours
from tests.desk.settings_desk import Desk, a_desk, an_account
from tests.desk.test_settings_api import put

MAILBOX = Address(channel="email", value="help@acme.example")
PHONE = Address(channel="sms", value="+390655500100")


def wrong(**fields: Any) -> dict[str, str]:
    """What is wrong with acme's settings, by field."""
    _, found = checked({**document(an_account()), **fields})
    return {each.field: each.code for each in found}


def test_every_text_of_the_contract_is_looked_at() -> None:
    settings = an_account()
    said = [f"auto_replies.{place}" for place, *_ in settings.auto_replies.texts()]
    said += [f"handoff.{place}" for place, *_ in settings.handoff.texts()]

    assert sorted(TEXTS) == sorted(said)
    assert all(at(document(settings), path) == {} for path in TEXTS)


@pytest.mark.spec("ARP 1")
@pytest.mark.parametrize(
    ("sms", "expected"),
    [
        ({"enabled": True}, {"auto_replies.sms.text.en": "no_own_text"}),
        ({"text": {"it": "Ciao"}}, {"auto_replies.sms.text.en": "no_own_text"}),
        (
            {"text": {"en": "Hi {{contact.nmae}}", "it": "Ciao"}},
            {"auto_replies.sms.text.en": "no_placeholder"},
        ),
        ({"text": {"en": "{% x %}"}}, {"auto_replies.sms.text.en": "no_template"}),
        ({"text": {"en": "  "}}, {"auto_replies.sms.text.en": "needed"}),
        ({"text": {"en": "Hi"}, "every": "PT1S"}, {"auto_replies.sms.every": "at_least"}),
        ({"text": {"en": "Hi"}, "to": "nobody"}, {"auto_replies.sms.to": "not_one_of"}),
        ({"enabled": True, "text": {"en": "Hi {{contact.name|default('you')}}"}}, {}),
    ],
)
def test_a_wrong_text_is_told_at_its_place_and_language(
    sms: dict[str, Any], expected: dict[str, str]
) -> None:
    assert wrong(auto_replies={"sms": sms}) == expected


@pytest.mark.spec("ARP 3")
@pytest.mark.spec("ARP 5")
def test_whoever_has_no_mailbox_cannot_send_mails() -> None:
    mails = {"follow_up": {"enabled": True}, "new_sms": {"to": ["team@acme.example"]}}
    box = MAILBOX.model_dump(mode="json")

    assert wrong(auto_replies=mails) == {
        "auto_replies.follow_up.enabled": "no_mailbox",
        "auto_replies.new_sms.to": "no_mailbox",
    }
    assert wrong(auto_replies=mails, addresses=[box]) == {}
    assert wrong(auto_replies={"new_sms": {"to": ["team"]}}, addresses=[box]) == {
        "auto_replies.new_sms.to.0": "no_mail_address"
    }


@pytest.mark.spec("HND 4")
@pytest.mark.parametrize(
    ("handoff", "expected"),
    [
        (
            {"method": "zendesk"},
            {"handoff.zendesk.subdomain": "needed", "handoff.zendesk.secret": "needed"},
        ),
        (
            {"method": "zendesk", "zendesk": {"subdomain": "a.b", "secret": "../x"}},
            {
                "handoff.zendesk.subdomain": "no_subdomain",
                "handoff.zendesk.secret": "no_secret_name",
            },
        ),
        (
            {"gorgias": {"domain": "acme", "secret": "gorgias", "from_address": "x"}},
            {"handoff.gorgias.from_address": "no_mail_address"},
        ),
        ({"method": "message"}, {"handoff.message.en": "no_own_text"}),
        ({"method": "message", "message": {"en": "See https://acme.example"}}, {}),
        ({"method": "zendesk", "zendesk": {"subdomain": "acme", "secret": "zendesk"}}, {}),
    ],
)
def test_a_hand_off_that_leads_nowhere_is_told_at_what_is_missing(
    handoff: dict[str, Any], expected: dict[str, str]
) -> None:
    assert wrong(handoff=handoff) == expected


@pytest.mark.spec("OUT 1")
@pytest.mark.parametrize("domain", ["https://go.acme.example", "acme", "go.acme.example/x", "1.2"])
def test_a_short_domain_is_a_name_alone(domain: str) -> None:
    assert wrong(links={"short_domain": domain}) == {"links.short_domain": "no_domain"}


@pytest.mark.spec("OUT 1")
async def test_the_desks_own_address_is_no_short_domain() -> None:
    desk = a_desk(public_url="https://desk.acme.example")
    async with desk.client("admin") as client:
        answer = await put(client, "links", {"links": {"short_domain": "desk.acme.example"}})

    assert (answer.status_code, answer.json()["field"]) == (422, "links.short_domain")
    assert "own address" in answer.json()["detail"]


def test_a_language_without_texts_cannot_be_the_accounts_own() -> None:
    texts = {"webchat": {"open": {"en": "Hi"}}}

    assert wrong(auto_replies=texts, language="it") == {
        "auto_replies.webchat.open.it": "no_own_text"
    }


async def previewed(desk: Desk, part: str, role: str = "owner", **body: Any) -> Any:
    async with desk.client(role) as client:
        return await client.post(f"/api/v1/settings/{part}/preview", json=body)


SMS = {
    "sms": {
        "enabled": True,
        "text": {
            "en": "Hi {{contact.first_name}}: https://acme.example/terms?lang=en",
            "it": "Salve {{contact.first_name}}: {{account.phone}}",
        },
    },
    "webchat": {"closed": {"en": "Back {{hours.opens_at}}"}},
}


@pytest.mark.spec("ARP 1")
@pytest.mark.spec("OUT 1")
async def test_what_would_be_sent_is_shown_by_settings_that_are_not_saved() -> None:
    desk = a_desk(an_account(addresses=(PHONE,), links={"short_domain": "go.acme.example"}))

    answer = await previewed(
        desk, "auto-replies", "manager", settings={"auto_replies": SMS}, name="Vera Bianchi"
    )

    items = {each["place"]: each for each in answer.json()["items"]}
    sms = items["auto_replies.sms.text"]
    assert sms["text"] == "Hi Vera: https://go.acme.example/0000000000"
    assert (sms["language"], sms["sent"], sms["ready"], sms["segments"]) == ("en", True, False, 1)
    assert items["auto_replies.webchat.open"]["text"] is None
    assert items["auto_replies.follow_up.text"]["ready"] is True
    assert desk.settings.revision == 7


@pytest.mark.spec("ARP 1")
async def test_each_language_has_its_own_text_and_others_get_the_accounts() -> None:
    desk = a_desk(an_account(addresses=(PHONE,)))
    said = {}
    for language in ("it", "de", None):
        answer = await previewed(
            desk, "auto-replies", settings={"auto_replies": SMS}, language=language
        )
        said[language] = answer.json()["items"][0]

    assert said["it"]["text"] == "Salve: +390655500100"
    assert [said[each]["language"] for each in ("it", "de", None)] == ["it", "en", "en"]


@pytest.mark.spec("ARP 2")
async def test_it_is_told_whether_the_account_is_open_now() -> None:
    hours = BusinessHours.model_validate(
        {"weekly": [{"day": "thu", "from": "09:00", "until": "17:00"}]}
    )
    desk = a_desk(an_account(business_hours=hours))

    told = (await previewed(desk, "auto-replies", settings={"auto_replies": SMS})).json()

    items = {each["place"]: each for each in told["items"]}
    assert (told["open"], told["opens_at"]) == (False, "2026-03-05T09:00:00Z")
    closed = items["auto_replies.webchat.closed"]
    assert (closed["text"], closed["sent"]) == ("Back Thursday 09:00", True)


@pytest.mark.spec("OUT 1")
async def test_links_are_shown_as_they_would_go_out() -> None:
    text = "See https://acme.example/a and www.acme.example."
    links = {"short_domain": "go.acme.example"}

    answer = await previewed(a_desk(), "links", settings={"links": links}, text=text)

    (item,) = answer.json()["items"]
    short = "https://go.acme.example/0000000000"
    assert item["text"] == f"See {short} and {short}."


@pytest.mark.spec("HND 5")
async def test_what_a_visitor_would_be_shown_is_only_the_hand_offs() -> None:
    handoff = {"method": "message", "message": {"en": "Write to {{account.email}}"}}
    desk = a_desk(an_account(addresses=(MAILBOX,)))

    items = (await previewed(desk, "handoff", settings={"handoff": handoff})).json()["items"]

    assert {each["place"].partition(".")[0] for each in items} == {"handoff"}
    assert items[0]["text"] == "Write to help@acme.example"
    ready = {each["place"]: each["text"] for each in items if each["ready"]}
    assert "person" in ready["handoff.connect"]
    assert len(ready) == 4


async def test_what_is_wrong_is_told_before_it_would_be_sent() -> None:
    bad = {"sms": {"enabled": True, "text": {"en": "{{contact.nmae}}"}}}

    answer = await previewed(a_desk(), "auto-replies", settings={"auto_replies": bad})
    elsewhere = await previewed(a_desk(), "auto-replies", settings={"name": "x"})
    unknown = await previewed(a_desk(), "macros", settings={})
    more = await previewed(a_desk(), "links", settings={}, html="x")

    assert (answer.status_code, answer.json()["field"]) == (422, "auto_replies.sms.text.en")
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (422, "name")
    assert unknown.status_code == 404
    assert more.status_code == 422


@pytest.mark.spec("ROL 1")
async def test_managers_save_automatic_replies_and_admins_where_links_and_hand_offs_lead() -> None:
    desk = a_desk(an_account(addresses=(MAILBOX,)))
    replies = {"auto_replies": {**SMS, "follow_up": {"enabled": True}}}
    links = {"links": {"short_domain": "GO.acme.example"}}
    handoff = {"handoff": {"method": "zendesk", "zendesk": {"subdomain": "a", "secret": "zd"}}}

    async with desk.client("manager") as manager, desk.client("admin") as admin:
        saved = await put(manager, "auto-replies", replies)
        refused = [(await put(manager, p, v)).status_code for p, v in (("links", links),)]
        refused += [(await put(manager, "handoff", handoff)).status_code]
        by_admin = [await put(admin, "links", links), await put(admin, "handoff", handoff)]

    assert saved.status_code == 200
    assert refused == [403, 403]
    assert [each.status_code for each in by_admin] == [200, 200]
    # As `helpdesk accounts` reads it: the same document is the same settings.
    read = AccountSettings.model_validate(json.loads(desk.settings.model_dump_json(by_alias=True)))
    assert read == desk.settings
    assert read.links.short_domain == "go.acme.example"
    assert read.handoff.zendesk is not None
    assert read.auto_replies.sms.text["it"].startswith("Salve")
