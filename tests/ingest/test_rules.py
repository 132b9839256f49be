"""Messages out of records (ING 1, 2, 5)."""

import json

import pytest

from tests.ingest.builders import (
    CUSTOMER,
    OUR_PHONE,
    PAGE,
    RECEIVED,
    WIDGET,
    a_chat,
    a_record,
    a_table,
    a_whatsapp,
    an_account,
    an_instagram,
    an_sms,
    settled,
    the_message,
)


@pytest.mark.spec("ING 2")
def test_a_retry_of_the_provider_is_the_same_message() -> None:
    first, retry = an_sms(offset=1), an_sms(offset=900, ApiVersion="2026-01-01", NumSegments="1")

    assert the_message(first).id == the_message(retry).id
    assert the_message(first).id != the_message(an_sms(MessageSid="SM2")).id


@pytest.mark.spec("ING 2")
def test_one_message_twice_in_a_payload_is_published_once() -> None:
    text = {
        "from": "1415",
        "id": "wamid.1",
        "type": "text",
        "text": {"body": "hi"},
        "timestamp": "1767225600",
    }
    text["from"] = "14155550123"

    assert len(settled(a_whatsapp({}, messages=[text, text])).said) == 1


@pytest.mark.spec("ING 2")
def test_two_accounts_with_the_same_provider_ids_share_no_message() -> None:
    mine = the_message(an_sms())
    theirs = the_message(an_sms(), a_table(an_account("other")))

    assert mine.id != theirs.id


@pytest.mark.spec("ING 1")
def test_an_sms_is_a_message_from_its_number() -> None:
    message = the_message(an_sms("Ciao 👋", From=" 393331234567"))

    assert message.contact.id == "e164:+393331234567"
    assert (message.address, message.text, message.provider) == (OUR_PHONE, "Ciao 👋", "twilio")
    assert message.occurred_at == message.sent_at == RECEIVED
    assert message.origin is not None


def test_what_twilio_put_into_base64_is_read() -> None:
    encoded = "SGVsbG8gdGhlcmUsIHRoaXMgaXMgYSBsb25nIG1lc3NhZ2UgdGhhdCB3YXMgc2VudCBpbiBwYXJ0cyE="

    assert the_message(an_sms(encoded)).text.startswith("Hello there, this is")


@pytest.mark.spec("ING 1")
def test_a_whatsapp_user_without_a_number_is_known_by_the_business_scoped_id() -> None:
    person = {"user_id": "US.1349", "wa_id": "14155550123", "profile": {"name": "Ann"}}
    text = {"type": "text", "text": {"body": "hi"}, "from_user_id": "US.1349"}
    hidden = a_whatsapp(text | {"from": ""}, contacts=[{"user_id": "US.1349"}])
    shown = a_whatsapp(text, contacts=[person])

    contacts = [the_message(hidden).contact, the_message(shown).contact]

    assert {contact.id for contact in contacts} == {"wa_bsuid:US.1349"}
    assert contacts[1].display_name == "Ann"
    assert {identity.key for identity in contacts[1].identities} == {
        "wa_bsuid:US.1349",
        "wa_id:14155550123",
        f"e164:{CUSTOMER}",
    }


def test_a_visitor_who_only_claims_an_address_is_not_known_by_it() -> None:
    user = {"email": "Victim@example.com", "name": "Ann"}

    claimed = the_message(a_chat(user=user))
    verified = the_message(a_chat(user=user | {"verified": True}))

    assert [identity.type for identity in claimed.contact.identities] == ["visitor"]
    assert claimed.structured["user"]["email"] == "Victim@example.com"
    assert "email:victim@example.com" in {each.key for each in verified.contact.identities}
    assert claimed.contact.id == verified.contact.id == f"visitor:{WIDGET}:visitor-1"


@pytest.mark.spec("ING 5")
def test_a_story_reply_keeps_its_story() -> None:
    reply_to = {"story": {"id": "s1", "url": "https://cdn.example/s1"}}

    message = the_message(
        an_instagram({"message": {"mid": "m", "text": "wow", "reply_to": reply_to}})
    )

    assert message.story is not None
    assert (message.story.id, message.story.url) == ("s1", "https://cdn.example/s1")
    assert message.contact.id == f"igsid:{PAGE}:igsid-1"
    assert "story_reply" in message.flags


def test_lone_surrogates_and_nul_do_not_reach_the_topic() -> None:
    message = the_message(
        a_record(
            "sms",
            json.dumps(
                {
                    "MessageSid": "SM1",
                    "AccountSid": "A",
                    "From": CUSTOMER,
                    "To": OUR_PHONE,
                    "Body": "a\ud83d\udc4d b\ud83d c\x00d",
                }
            ).encode(),
        )
    )

    assert message.text == "a👍 b\ufffd cd"
    assert message.model_dump_json()
