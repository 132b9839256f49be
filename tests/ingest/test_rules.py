"""Messages, edits, deletions, signals and refusals out of records (ING 1, 2, 4, 5, 7, 8)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest import rules
from shared.contracts.base import Identity
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited
from shared.contracts.profiles import Profile
from shared.contracts.signals import Signal
from shared.delivery import Record
from tests.ingest.builders import (
    CUSTOMER,
    OUR_PHONE,
    PAGE,
    RECEIVED,
    WIDGET,
    a_chat,
    a_mail,
    a_record,
    a_table,
    a_whatsapp,
    a_whatsapp_text,
    an_account,
    an_instagram,
    an_sms,
    settled,
    the_message,
    the_signal,
)


def with_headers(record: Record, **headers: str) -> Record:
    extra = tuple((name.replace("_", "-"), text.encode()) for name, text in headers.items())
    return Record(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers + extra,
        record.timestamp,
    )


def refusal_of(record: Record, **accounts: object) -> str | None:
    outcome = settled(record, **accounts)  # type: ignore[arg-type]
    return outcome.refusal.reason if outcome.refusal else None


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


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("sender", ["MTN", "72345"])
def test_an_sms_from_a_name_or_a_short_code_is_no_customers(sender: str) -> None:
    signal = the_signal(an_sms("Your code is 1234", From=sender))

    assert (signal.kind, signal.text) == ("other", "Your code is 1234")


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "record",
    [
        an_sms("  "),
        a_whatsapp({"type": "text", "text": {"body": ""}}),
        an_instagram({"message": {"mid": "m"}}),
        a_chat(text=" "),
        a_mail("\n", without=["Subject"]),
    ],
)
def test_what_says_nothing_is_a_signal(record: Record) -> None:
    assert the_signal(record).kind == "empty"


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


@pytest.mark.spec("ING 4")
def test_edits_and_deletions_name_the_message_by_its_own_id() -> None:
    wrote = the_message(a_whatsapp_text("hi"))
    edit = {
        "type": "edit",
        "id": "wamid.2",
        "edit": {
            "original_message_id": "wamid.1",
            "message": {"type": "text", "text": {"body": "ho"}},
        },
    }
    revoke = {"type": "revoke", "id": "wamid.3", "revoke": {"original_message_id": "wamid.1"}}

    (edited,) = settled(a_whatsapp(edit)).said
    (deleted,) = settled(a_whatsapp(revoke)).said

    assert isinstance(edited, MessageEdited)
    assert isinstance(deleted, MessageDeleted)
    assert edited.message_id == deleted.message_id == edited.correlation_id == wrote.id
    assert edited.text == "ho"
    assert len({wrote.id, edited.id, deleted.id}) == 3


@pytest.mark.spec("ING 4")
def test_later_edits_have_higher_versions() -> None:
    def version(second: str) -> int:
        (edited,) = settled(a_chat("edit", sent_at=f"2026-01-01T00:00:{second}Z")).said
        assert isinstance(edited, MessageEdited)
        return edited.version

    assert version("02") < version("02.5") < version("03")


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


@pytest.mark.spec("ING 4")
def test_an_echo_is_about_the_customer_it_was_sent_to() -> None:
    signal = the_signal(
        an_instagram(
            {
                "sender": {"id": PAGE},
                "recipient": {"id": "igsid-1"},
                "message": {"mid": "m", "is_echo": True, "text": "hi"},
            }
        )
    )

    assert (signal.kind, signal.provider_message_id) == ("echo", "m")
    assert signal.contact is not None
    assert signal.contact.id == f"igsid:{PAGE}:igsid-1"


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        ("typing", "typing"),
        ("session_start", "connected"),
        ("session_end", "disconnected"),
        ("read", "read"),
        ("identify", "identity_changed"),
    ],
)
def test_what_happens_in_a_chat_is_a_signal_of_its_conversation(kind: str, signal: str) -> None:
    found = the_signal(a_chat(kind))

    assert (found.kind, found.conversation_id, found.party) == (signal, "session-1", "session-1")


@pytest.mark.spec("ING 4")
def test_two_typing_events_are_two_signals_and_one_delivered_twice_is_one() -> None:
    def typing(second: int) -> str:
        return the_signal(a_chat("typing", sent_at=1767225600 + second)).id

    assert typing(1) == typing(1) != typing(2)


def test_a_visitor_who_only_claims_an_address_is_not_known_by_it() -> None:
    user = {"email": "Victim@example.com", "name": "Ann"}

    claimed = the_message(a_chat(user=user))
    verified = the_message(a_chat(user=user | {"verified": True}))

    assert [identity.type for identity in claimed.contact.identities] == ["visitor"]
    assert claimed.structured["user"]["email"] == "Victim@example.com"
    assert "email:victim@example.com" in {each.key for each in verified.contact.identities}
    assert claimed.contact.id == verified.contact.id == f"visitor:{WIDGET}:visitor-1"


def test_an_agents_line_on_the_widgets_bus_is_an_echo() -> None:
    assert the_signal(a_chat(author="agent")).kind == "echo"


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
        (a_mail(without=["From"]), "no_sender"),
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


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("2025-12-31T23:59:00.5Z", datetime(2025, 12, 31, 23, 59, 0, 500_000, UTC)),
        ("2026-01-01T00:59:00+01:00", datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
        ("1767225540", datetime(2025, 12, 31, 23, 59, tzinfo=UTC)),
        ("1767225540123", datetime(2025, 12, 31, 23, 59, 0, 123_000, UTC)),
        ("2099-01-01T00:00:00Z", RECEIVED),
        ("1970-01-01T00:00:00Z", RECEIVED),
        ("asdf", RECEIVED),
        ("1e400", RECEIVED),
        ("", RECEIVED),
    ],
)
def test_the_time_of_receipt_is_the_publishers_if_plausible(
    header: str, expected: datetime
) -> None:
    assert the_message(with_headers(an_sms(), x_received_at=header)).occurred_at == expected


@pytest.mark.spec("TKT 8")
@pytest.mark.parametrize(
    ("timestamp", "sent_at", "suspect"),
    [
        ("1767225600", RECEIVED - timedelta(minutes=1), False),
        ("1767225600000", RECEIVED - timedelta(minutes=1), False),
        ("asdf", RECEIVED, True),
        (None, RECEIVED, True),
        ("1", RECEIVED - timedelta(days=30), True),
        ("4000000000", RECEIVED + timedelta(minutes=10), True),
        ("9" * 400, RECEIVED, True),
    ],
)
def test_the_providers_time_is_kept_within_reason(
    timestamp: str | None,
    sent_at: datetime,
    suspect: bool,  # noqa: FBT001
) -> None:
    text = {"type": "text", "text": {"body": "hi"}, "timestamp": timestamp}

    message = the_message(a_whatsapp(text))

    assert message.sent_at == sent_at
    assert ("time_suspect" in message.flags) is suspect


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


def a_profile(profile_id: str, *identities: tuple[str, str], **fields: object) -> Profile:
    return Profile.model_validate(
        {
            "account_id": "shop",
            "profile_id": profile_id,
            "identities": [
                Identity.model_validate({"type": kind, "value": value})
                for kind, value in identities
            ],
            **fields,
        }
    )


@pytest.mark.spec("ING 8")
def test_a_message_carries_its_profiles_segments_and_consent() -> None:
    profile = a_profile("p1", segments=("vip",), sms_consent="marketing", name="Ann")
    outcome = settled(an_sms())

    (message,) = rules.with_profiles(outcome, {f"shop|e164:{CUSTOMER}": profile}).said

    assert isinstance(message, InboundMessage)
    assert message.contact.profile_id == "p1"
    assert message.contact.segments == ("vip",)
    assert message.contact.sms_consent == "marketing"
    assert message.contact.display_name == "Ann"
    assert message.contact.id == f"e164:{CUSTOMER}"


@pytest.mark.spec("ING 8")
def test_of_several_profiles_the_smallest_id_counts() -> None:
    person = {"user_id": "US.1", "wa_id": "14155550123"}
    text = {"type": "text", "text": {"body": "hi"}}
    outcome = settled(a_whatsapp(text, contacts=[person]))
    found = {
        "shop|wa_bsuid:US.1": a_profile("p2"),
        "shop|wa_id:14155550123": a_profile("p1"),
        "other|wa_id:14155550123": a_profile("p0"),
    }

    (message,) = rules.with_profiles(outcome, found).said

    assert isinstance(message, InboundMessage)
    assert message.contact.profile_id == "p1"


def test_every_part_of_a_batch_has_a_signal_of_its_own() -> None:
    statuses = [
        {
            "id": "wamid.o",
            "status": status,
            "timestamp": "1767225600",
            "recipient_id": "14155550123",
        }
        for status in ("sent", "delivered", "read")
    ]
    said = settled(a_whatsapp({}, messages=[], statuses=statuses)).said

    assert [body.kind for body in said if isinstance(body, Signal)] == [
        "delivery_status",
        "delivery_status",
        "read",
    ]
    assert len({body.id for body in said}) == 3
