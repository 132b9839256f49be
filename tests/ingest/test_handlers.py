"""The handlers, with profiles in memory."""

from collections.abc import Sequence

import pytest

from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing
from shared.contracts.base import Identity
from shared.contracts.messages import InboundMessage
from shared.contracts.profiles import Profile
from shared.errors import Transient
from shared.topic import Deleted
from shared.topics import MESSAGES, SIGNALS
from tests.ingest.builders import (
    CUSTOMER,
    Published,
    a_chat,
    a_mail,
    a_record,
    a_table,
    an_account,
    an_ingest,
    an_sms,
)


def read(record: Outgoing) -> InboundMessage:
    body = MESSAGES.contract.validate_json(record.value or b"")  # type: ignore[union-attr]
    assert isinstance(body, InboundMessage)
    return body


@pytest.mark.spec("ING 1")
async def test_a_batch_is_published_at_once_in_its_order() -> None:
    published = Published()
    ingest = an_ingest(published)
    batch = [
        an_sms("one", MessageSid="1"),
        an_sms("STOP", MessageSid="2"),
        an_sms("three", MessageSid="3"),
    ]

    refusals = await ingest.records_received(batch)

    assert refusals == {}
    (call,) = published.calls
    assert [record.topic for record in call] == [MESSAGES.name, SIGNALS.name, MESSAGES.name]
    assert {record.key for record in call} == {f"shop:sms:e164:{CUSTOMER}".encode()}
    assert published.counted == [
        ("sms", "message", ""),
        ("sms", "signal", "keyword"),
        ("sms", "message", ""),
    ]


@pytest.mark.spec("ING 7")
async def test_bad_records_are_refused_by_their_place_and_the_others_published() -> None:
    published = Published()
    ingest = an_ingest(published)

    refusals = await ingest.records_received([a_record("sms", b"{"), an_sms(), an_sms(To="+1999")])

    assert {place: refusal.reason for place, refusal in refusals.items()} == {
        0: "malformed",
        2: "unknown_account",
    }
    assert [len(call) for call in published.calls] == [1]


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("form", "headers", "becomes"),
    [
        ("MessageSid=SM1&MessageStatus=delivered", {}, ("sms", "unaddressed", "no_address")),
        (
            "MessageSid=SM1&MessageStatus=delivered&From=%2B1999&To=%2B14155550123",
            {},
            ("sms", "unaddressed", "unknown_account"),
        ),
        (
            "MessageSid=SM1&MessageStatus=delivered",
            {"account": "shop"},
            ("sms", "signal", "delivery_status"),
        ),
    ],
)
async def test_a_report_that_names_no_address_is_counted_and_no_dead_letter(
    form: str, headers: dict[str, str], becomes: tuple[str, str, str]
) -> None:
    published = Published()
    record = a_record("sms", form.encode(), {"x-provider": "twilio", **headers})

    refusals = await an_ingest(published).records_received([record])

    assert refusals == {}
    assert published.counted == [becomes]


@pytest.mark.spec("ING 7")
async def test_a_message_that_names_no_address_is_a_dead_letter() -> None:
    form = b"MessageSid=SM1&From=%2B14155550123&Body=hello"
    record = a_record("sms", form, {"x-provider": "twilio"})

    refusals = await an_ingest(Published()).records_received([record])

    assert {place: refusal.reason for place, refusal in refusals.items()} == {0: "no_address"}


@pytest.mark.spec("ING 7")
async def test_nothing_is_published_of_a_batch_that_says_nothing() -> None:
    published = Published()
    ingest = an_ingest(published)

    await ingest.records_received([a_record("sms", b"{")])

    assert published.calls == []


@pytest.mark.spec("ING 4")
async def test_an_unknown_address_is_looked_up_in_newer_settings_once_a_batch() -> None:
    asked = []

    async def refresh() -> None:
        asked.append(True)
        table.apply(an_account())

    table = AccountsTable(refresh)
    published = Published()
    ingest = an_ingest(published, table)

    refusals = await ingest.records_received(
        [an_sms(MessageSid="1"), an_sms(MessageSid="2"), an_sms(To="+1999")]
    )

    assert list(refusals) == [2]
    assert len(asked) == 1
    assert [len(call) for call in published.calls] == [2]


async def test_known_addresses_ask_for_no_newer_settings() -> None:
    async def refresh() -> None:
        pytest.fail("nobody is unknown")

    table = AccountsTable(refresh)
    table.apply(an_account())
    ingest = an_ingest(Published(), table)

    await ingest.records_received([an_sms()])


@pytest.mark.spec("ING 8")
async def test_a_profile_is_on_the_messages_that_follow_it_until_it_is_deleted() -> None:
    published = Published()
    ingest = an_ingest(published)
    profile = Profile(
        account_id="shop",
        profile_id="p1",
        sms_consent="marketing",
        identities=(Identity(type="e164", value="+1 (415) 555-0123"),),
    )

    await ingest.records_received([an_sms()])
    await ingest.profiles_changed([profile])
    await ingest.records_received([an_sms()])
    await ingest.profiles_changed([Deleted("shop:p1")])
    await ingest.records_received([an_sms()])

    messages = [read(call[0]) for call in published.calls]
    assert [message.contact.sms_consent for message in messages] == ["none", "marketing", "none"]
    assert len({message.id for message in messages}) == 1


@pytest.mark.spec("ING 7")
async def test_what_would_be_too_large_to_publish_is_refused() -> None:
    published = Published()
    ingest = an_ingest(published)
    huge = a_chat(page={"url": "u" * MESSAGES.max_bytes})

    refusals = await ingest.records_received([huge, a_chat(client_message_id="2")])

    assert {place: refusal.reason for place, refusal in refusals.items()} == {0: "too_large"}
    assert published.counted == [
        ("webchat", "dead", "too_large"),
        ("webchat", "message", ""),
    ]


@pytest.mark.spec("ING 6")
async def test_a_huge_mail_is_cut_to_what_the_topic_takes() -> None:
    published = Published()
    ingest = an_ingest(published)
    names = ", ".join(f'"{"n" * 60} {number}" <n{number}@x.example>' for number in range(150))
    huge = a_mail("x" * 3_000_000, {"Cc": names})

    refusals = await ingest.records_received([huge, an_sms()])

    assert refusals == {}
    message = read(published.calls[0][0])
    assert "truncated" in message.flags
    assert len(published.calls[0][0].value or b"") < MESSAGES.max_bytes


async def test_a_failed_publish_is_passed_on() -> None:
    async def away(_records: Sequence[Outgoing]) -> None:
        message = "the broker is away"
        raise Transient(message)

    ingest = an_ingest(Published(), publish=away)

    with pytest.raises(Transient):
        await ingest.records_received([an_sms()])


async def test_an_address_that_two_accounts_claim_stays_with_the_first() -> None:
    thief = an_account("thief")
    published = Published()
    ingest = an_ingest(published, a_table(an_account(), thief))

    await ingest.accounts_changed([thief, Deleted("gone")])

    await ingest.records_received([an_sms()])
    assert read(published.calls[0][0]).account_id == "shop"
