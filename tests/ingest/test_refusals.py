"""What is refused, and why; and whose a record is (ING 4, 7)."""

import json

import pytest

from shared.bus.delivery import Record
from shared.contracts.messages import InboundMessage
from tests.ingest.builders import (
    a_chat,
    a_mail,
    a_record,
    a_table,
    a_whatsapp,
    an_account,
    an_sms,
    refusal_of,
    settled,
    the_message,
    the_signal,
    with_headers,
)


@pytest.mark.spec("ING 4")
def test_a_channel_that_is_off_is_refused() -> None:
    accounts = a_table(an_account(channels=["email"]))

    assert refusal_of(an_sms(), accounts=accounts) == "channel_off"


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (a_record("sms", None), "empty"),
        (a_record("sms", b"  "), "empty"),
        (a_record("sms", b"{"), "malformed"),
        (a_record("sms", b"[" * 5000), "malformed"),
        (a_record("sms", b'{"a": NaN}'), "malformed"),
        (a_record("sms", b"{}"), "unknown_provider"),
        (a_record("sms", b"{}", {"x-provider": "pigeon"}), "unknown_provider"),
        (a_record("sms", b"{}", {"x-provider": "twilio"}), "malformed"),
        (an_sms(From="messenger:1415555", To="messenger:14155550"), "wrong_channel"),
        (an_sms(From=""), "no_sender"),
        (an_sms(To=""), "no_address"),
        (an_sms(To="+14155559999"), "unknown_account"),
        (with_headers(an_sms(), account="other"), "account_mismatch"),
        (a_record("whatsapp", b'{"object": "whatsapp_business_account", "entry": []}'), "empty"),
        (a_whatsapp({"from": "", "type": "text", "text": {"body": "x"}}), "no_sender"),
        (a_chat(widget_id="   "), "malformed"),
        (a_chat("message", client_message_id=None), "malformed"),
        (a_record("email", b"\x00\x01\x02 no mail"), "malformed"),
        (a_mail(without=["To", "Delivered-To"]), "no_address"),
    ],
)
def test_what_cannot_be_understood_is_refused_for_a_known_reason(
    record: Record, reason: str
) -> None:
    assert refusal_of(record) == reason


@pytest.mark.spec("ING 7")
def test_the_good_parts_of_a_record_go_on_without_the_bad_ones() -> None:
    good = {"from": "14155550123", "id": "wamid.1", "type": "text", "text": {"body": "hi"}}
    outcome = settled(a_whatsapp({}, messages=[{"id": ""}, good, {"id": "wamid.2"}]))

    assert [type(body) for body in outcome.said] == [InboundMessage]
    assert len(outcome.refused) == 2
    assert outcome.refusal is not None
    assert "one of 3 parts" in str(outcome.refusal)


def test_a_header_that_agrees_names_the_account() -> None:
    assert the_message(with_headers(an_sms(), account="shop")).account_id == "shop"


def test_a_notice_without_an_address_goes_to_the_account_that_the_header_names() -> None:
    change = {"field": "account_update", "value": {"event": "DISABLED_UPDATE"}}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "waba", "changes": [change]}]}
    record = a_record("whatsapp", json.dumps(body).encode())

    assert refusal_of(record) == "unknown_account"
    assert the_signal(with_headers(record, account="shop")).detail["field"] == "account_update"
