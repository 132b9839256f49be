"""Whom a message is from: one person under every form of their number (ING 8)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest import rules
from services.ingest.who import contacts
from shared.contracts.base import Identity
from shared.contracts.messages import InboundMessage
from shared.contracts.profiles import Profile
from shared.topics import INBOUND
from tests.ingest.builders import (
    OUR_PHONE,
    Published,
    a_record,
    a_table,
    a_whatsapp,
    an_account,
    an_ingest,
    an_sms,
    settled,
    the_message,
    the_signal,
)
from tests.ingest.memory import MemoryProfiles

TWO_WAYS = [
    ("+525512345678", "+5215512345678"),
    ("+5491123456789", "+541123456789"),
    ("+5511987654321", "+551187654321"),
]


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize(("known_as", "also"), TWO_WAYS)
def test_both_forms_of_a_number_are_one_contact_with_both_as_identities(
    known_as: str, also: str
) -> None:
    found = [the_message(an_sms(From=number)).contact for number in (known_as, also)]

    assert {contact.id for contact in found} == {f"e164:{known_as}"}
    for contact, given_as in zip(found, (known_as, also), strict=True):
        assert contact.identities[0].value == given_as
        assert {each.value for each in contact.identities} == {known_as, also}


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize(("known_as", "also"), TWO_WAYS)
def test_both_forms_of_a_whatsapp_number_are_one_contact(known_as: str, also: str) -> None:
    def contact(number: str) -> InboundMessage:
        text = {"from": number[1:], "type": "text", "text": {"body": "hi"}}
        return the_message(a_whatsapp(text))

    found = [contact(number).contact for number in (known_as, also)]

    assert {each.id for each in found} == {f"wa_id:{known_as[1:]}"}
    assert [each.identities[0].key for each in found] == [
        f"wa_id:{known_as[1:]}",
        f"wa_id:{also[1:]}",
    ]


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize("kind", ["e164", "wa_id"])
@pytest.mark.parametrize(("one", "other"), [*TWO_WAYS, *((b, a) for a, b in TWO_WAYS)])
async def test_a_profile_is_found_by_any_form_of_its_number(
    one: str, other: str, kind: str
) -> None:
    profiles, published = MemoryProfiles(), Published()
    ingest = an_ingest(published, profiles=profiles)
    value = one if kind == "e164" else one[1:]
    await ingest.profiles_changed(
        [
            Profile.model_validate(
                {
                    "account_id": "shop",
                    "profile_id": "p1",
                    "segments": ["vip"],
                    "identities": [{"type": kind, "value": value}],
                }
            )
        ]
    )
    text = {"from": other[1:], "type": "text", "text": {"body": "hi"}}

    await ingest.records_received([a_whatsapp(text)])

    assert b'"profile_id":"p1"' in (published.calls[0][0].value or b"")


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize(
    ("sender", "region", "contact"),
    [
        ("347 123 4567", "IT", "e164:+393471234567"),
        ("0151 12345678", "DE", "e164:+4915112345678"),
        ("+14155550123", "IT", "e164:+14155550123"),
        ("14155552671", "IT", "e164:+14155552671"),
        ("72345", "US", "short_code:72345"),
        ("Ann.Rossi@vtext.com", "US", "email:ann.rossi@vtext.com"),
    ],
)
def test_a_sender_without_a_countrys_code_is_of_the_accounts_region(
    sender: str, region: str, contact: str
) -> None:
    account = an_account().model_copy(update={"region": region})

    (body,) = settled(an_sms(From=sender), a_table(account)).said

    assert body.contact is not None
    assert body.contact.id == contact


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("sender", ["MTN", "72345", "INFO SMS", "0800", "Vodafone-IT"])
def test_names_and_codes_are_accounted_for_and_open_no_ticket(sender: str) -> None:
    signal = the_signal(an_sms("Your code is 1234", From=sender))

    assert (signal.kind, signal.detail["what"]) == ("other", "automated_sender")


@pytest.mark.spec("ING 8")
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80),
    st.sampled_from([None, "US", "IT"]),
)
def test_no_sender_is_refused_and_the_same_one_is_always_the_same_contact(
    raw: str, region: str | None
) -> None:
    contact = contacts.sms_sender(raw, region)

    if raw.strip():
        assert contact is not None
        assert contact == contacts.sms_sender(raw, region)
        assert contact.id in {each.key for each in contact.identities}
        again = contacts.sms_sender(contact.identities[0].value, region)
        assert again is not None
        assert again.id == contact.id


@pytest.mark.spec("ING 8")
@given(st.from_regex(r"\A\+?[0-9]{5,15}\Z"), st.sampled_from(["e164", "wa_id"]))
def test_the_canonical_form_of_a_canonical_form_is_itself(value: str, kind: str) -> None:
    once = contacts.canonical(Identity.model_validate({"type": kind, "value": value}))

    assert contacts.canonical(once) == once


def test_the_accounts_number_may_be_written_as_people_do() -> None:
    account = an_account(addresses=[("sms", "+1 (415) 555-0100"), ("whatsapp", OUR_PHONE)])
    sms = the_message(an_sms(), a_table(account))
    whatsapp = the_message(
        an_sms(From="whatsapp:+393331234567", To="whatsapp:+14155550100"), a_table(account)
    )

    assert sms.id == the_message(an_sms()).id
    assert (whatsapp.channel, whatsapp.contact.id) == ("whatsapp", "wa_id:393331234567")


def test_a_whatsapp_message_on_the_sms_topic_needs_whatsapp_switched_on() -> None:
    account = an_account(channels=["sms"])

    outcome = settled(
        an_sms(From="whatsapp:+393331234567", To="whatsapp:+14155550100"), a_table(account)
    )

    assert outcome.refusal is not None
    assert outcome.refusal.reason == "channel_off"


def test_a_provider_that_carries_both_may_use_either_topic() -> None:
    user = an_sms(From="whatsapp:+393331234567", To="whatsapp:+14155550100")
    for record in (an_sms(), user):
        moved = replace(record, topic=INBOUND["whatsapp"].name)

        assert the_message(moved).id == the_message(record).id
        assert the_message(moved).channel == the_message(record).channel


def test_profiles_are_looked_up_in_canonical_form() -> None:
    (message,) = settled(an_sms(From="+5215512345678")).said

    assert rules.identity_keys([message]) == {"shop|e164:+525512345678"}


def test_messengers_and_rcs_are_no_sms() -> None:
    for prefix in ("messenger", "rcs"):
        outcome = settled(
            a_record(
                "sms",
                f"MessageSid=SM1&AccountSid=AC1&From={prefix}%3A1234&To=%2B14155550100"
                "&Body=hi".encode(),
            )
        )
        assert outcome.refusal is not None
        assert outcome.refusal.reason == "wrong_channel"


@pytest.mark.spec("ING 4")
def test_a_receipt_without_our_number_goes_to_the_account_that_the_header_names() -> None:
    report = (
        b'{"type": "recipient_delivery_report_sms", "batch_id": "b1", "recipient": "14155550123",'
        b' "code": 402, "status": "Failed", "at": "2026-01-01T00:00:33.000Z"}'
    )

    signal = the_signal(a_record("sms", report, {"account": "shop"}))

    assert (signal.kind, signal.account_id) == ("delivery_status", "shop")
    assert signal.contact is not None
    assert signal.contact.id == "e164:+14155550123"
    assert signal.detail["error"] == "402"
