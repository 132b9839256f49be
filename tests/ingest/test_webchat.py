"""Web chat, where a sample's outcome does not say why."""

from typing import Any

import pytest

from shared.contracts.messages import InboundMessage
from tests.ingest.builders import (
    a_chat,
    settled,
    the_message,
    the_signal,
)


def test_null_reads_as_absent_in_a_chat() -> None:
    names = ("author", "user", "page", "locale", "event_id", "sent_at")
    nothing: dict[str, Any] = dict.fromkeys(names)
    file = {"url": "https://files.example/1", "name": None, "size": None}

    message = the_message(a_chat(text=None, attachments=[file], **nothing))

    assert (message.text, message.attachments[0].ref) == ("", "https://files.example/1")


@pytest.mark.parametrize("said", ["true", "yes", 1, "1"])
def test_only_the_value_true_verifies_a_visitor(said: object) -> None:
    outcome = settled(a_chat(user={"email": "victim@example.com", "verified": said}))

    assert not outcome.said
    assert outcome.refusal is not None


@pytest.mark.spec("ING 8")
def test_a_visitor_who_says_who_they_are_is_known_by_it_once_it_is_verified() -> None:
    user = {"external_id": 7, "email": " Ann@Example.com", "name": "Ann"}

    claim = the_signal(a_chat("identify", user=user))
    proof = the_signal(a_chat("identify", user=user | {"verified": True}))

    assert claim.contact is not None
    assert proof.contact is not None
    assert [each.type for each in claim.contact.identities] == ["visitor"]
    assert {each.key for each in proof.contact.identities} >= {
        "email:ann@example.com",
        "external:7",
    }
    assert (claim.detail["verified"], proof.detail["verified"]) == ("false", "true")


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        ("message", "echo"),
        ("typing", "echo"),
        ("edit", "echo"),
        ("session_end", "disconnected"),
        ("identify", "identity_changed"),
    ],
)
def test_an_agents_lines_are_echoes_and_sessions_the_visitors(kind: str, signal: str) -> None:
    assert the_signal(a_chat(kind, author="agent")).kind == signal


@pytest.mark.spec("ING 2")
def test_a_retry_of_the_widget_is_the_same_message_in_its_chat_alone() -> None:
    def message(**fields: Any) -> InboundMessage:
        return the_message(a_chat(**fields))

    assert message(event_id="1").id == message(event_id="2", sent_at=None, text="Hello!").id
    assert message().id != message(session_id="session-2").id
