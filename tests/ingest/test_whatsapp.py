"""WhatsApp's webhooks, where a sample's outcome does not say why."""

import json
from typing import Any

import pytest

from shared.bus.delivery import Record
from shared.contracts.signals import Signal
from tests.ingest.builders import (
    PHONE_NUMBER_ID,
    a_record,
    a_whatsapp,
    settled,
    the_message,
    the_signal,
)


def a_change(field: str, time: int | None = None, **value: Any) -> Record:
    whole = {"metadata": {"phone_number_id": PHONE_NUMBER_ID}} | value
    entry = {"id": "waba", "time": time, "changes": [{"field": field, "value": whole}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return a_record("whatsapp", json.dumps(body).encode())


A_TEXT = {"from": "14155550123", "id": "wamid.1", "type": "text", "text": {"body": "hi"}}


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "field",
    [
        "smb_message_echoes",
        "history",
        "smb_app_state_sync",
        "user_preferences",
        "user_id_update",
        "calls",
        "message_template_status_update",
        "standby",
        "",
        "brand_new_field",
    ],
)
def test_only_the_field_messages_has_messages(field: str) -> None:
    names = ("messages", "message_echoes", "history", "user_preferences", "user_id_update")
    lists: dict[str, Any] = {name: [A_TEXT] for name in names}

    outcome = settled(a_change(field, **lists))

    assert outcome.said
    assert not outcome.refused
    assert {type(body) for body in outcome.said} == {Signal}


@pytest.mark.spec("ING 2")
def test_a_notice_again_is_the_same_if_it_says_when_it_was() -> None:
    def notice(time: int | None, event: str, offset: int) -> str:
        record = a_change("account_update", time, event=event)
        moved = Record(record.topic, 0, offset, None, record.value, (), record.timestamp)
        return the_signal(moved).id

    assert notice(1, "BAN", 7) == notice(1, "BAN", 8)
    assert len({notice(1, "BAN", 7), notice(2, "BAN", 7), notice(1, "UNBAN", 7)}) == 3
    assert notice(None, "BAN", 7) != notice(None, "BAN", 8)


def test_a_whatsapp_message_gets_the_name_of_its_sender_not_of_the_first_in_the_list() -> None:
    people = [
        {"wa_id": "393330000001", "profile": {"name": "Somebody"}},
        {"wa_id": "14155550123", "profile": {"name": " ", "username": "@ann"}},
        {"user_id": "US.9", "parent_user_id": "US.ENT.9", "profile": {"username": "@bea"}},
    ]
    by_parent = A_TEXT | {"from": None, "from_parent_user_id": "US.ENT.9", "id": "wamid.2"}

    said = settled(a_whatsapp({}, contacts=people, messages=[A_TEXT, by_parent])).said

    contacts = [body.contact for body in said if body.contact]
    assert [contact.display_name for contact in contacts][1] == "bea"
    assert contacts[0].id == "wa_id:14155550123"
    assert contacts[1].identities[0].key == "wa_bsuid:US.ENT.9"


def test_a_message_in_a_group_is_of_the_groups_conversation_and_of_its_authors_contact() -> None:
    message = the_message(a_whatsapp(A_TEXT | {"group_id": "G1"}))

    assert (message.conversation_id, message.party) == ("G1", "wa_id:14155550123")
    assert "group" in message.flags


@pytest.mark.spec("ING 4")
def test_everybody_in_a_group_has_a_receipt_of_their_own() -> None:
    receipts = [
        {
            "id": "wamid.o",
            "status": "read",
            "timestamp": "1767225600",
            "recipient_type": "group",
            "recipient_id": "G1",
            "recipient_participant_id": person,
        }
        for person in ("14155550123", "14155550124")
    ]

    assert len(settled(a_change("messages", statuses=receipts)).said) == 2


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    ("channel", "other"),
    [
        ("whatsapp", "instagram"),
        ("whatsapp", "page"),
        ("instagram", "page"),
        ("instagram", "whatsapp_business_account"),
    ],
)
def test_a_webhook_about_something_else_is_on_the_wrong_topic(channel: Any, other: str) -> None:
    provider = {"whatsapp": "cloud_api", "instagram": "meta"}[channel]
    body = json.dumps({"object": other, "entry": [{"id": "1", "messaging": [{}]}]}).encode()

    outcome = settled(a_record(channel, body, {"x-provider": provider}))

    assert outcome.refusal is not None
    assert outcome.refusal.reason == "wrong_channel"
