"""What is no message: signals, edits and deletions (ING 4)."""

import pytest

from shared.bus.delivery import Record
from shared.contracts.messages import MessageDeleted, MessageEdited
from shared.contracts.signals import Signal
from tests.ingest.builders import (
    PAGE,
    a_chat,
    a_mail,
    a_whatsapp,
    a_whatsapp_text,
    an_instagram,
    an_sms,
    settled,
    the_message,
    the_signal,
)


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


@pytest.mark.parametrize(
    "text", ["Loved “On its way”", "Liked an image", "Reacted 👍 to “On its way”", 'Ha reso ❤️ "Ok"']
)
def test_a_reaction_that_a_phone_put_into_words_is_a_message(text: str) -> None:
    # Which message it is about, and whether there was one, nobody says: a person might write so.
    assert the_message(an_sms(text)).text == text


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


def test_an_agents_line_on_the_widgets_bus_is_an_echo() -> None:
    assert the_signal(a_chat(author="agent")).kind == "echo"


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
