"""Messages and ticket events for the tests."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Literal

from services.spam.advice import Told
from shared.contracts.base import Author, Contact
from shared.contracts.messages import InboundMessage, Mail, MessageDeleted, MessageEdited
from shared.contracts.tickets import (
    AgentReplied,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketSummary,
)

MONDAY = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
SPAM_TEXT = "Congratulations! You have won an iPhone 15. Claim your prize: http://bit.ly/xyz"

Kind = Literal["agent", "ai", "system", "integration"]


def _on_channel(number: int, contact: str, account: str) -> dict[str, Any]:
    return {
        "account_id": account,
        "id": f"m{number}",
        "occurred_at": MONDAY,
        "correlation_id": f"m{number}",
        "channel": "sms",
        "address": "+390299",
        "contact": Contact(id=contact),
    }


def message(
    text: str, number: int = 1, contact: str = "anna", account: str = "acme", **other: Any
) -> InboundMessage:
    return InboundMessage(
        **_on_channel(number, contact, account),
        provider_message_id=f"p{number}",
        sent_at=MONDAY,
        text=text,
        **other,
    )


def edited(text: str, number: int = 1, contact: str = "anna") -> MessageEdited:
    return MessageEdited(
        **_on_channel(number, contact, "acme"), message_id="m1", version=2, text=text
    )


def deleted(number: int = 1, contact: str = "anna") -> MessageDeleted:
    return MessageDeleted(**_on_channel(number, contact, "acme"), message_id="m1")


def mail(**headers: Any) -> Mail:
    return Mail(message_id="x@example.com", sender="anna@example.com", **headers)


def _on_ticket(hours: int, contact: str, kind: Kind, account: str) -> dict[str, Any]:
    return {
        "account_id": account,
        "id": f"t1:{hours + 1}",
        "occurred_at": MONDAY + timedelta(hours=hours),
        "correlation_id": "m1",
        "ticket_id": "t1",
        "seq": hours + 1,
        "cause_id": "c1",
        "author": Author(kind=kind, id="ana"),
        "ticket": TicketSummary(
            number=1,
            channel="sms",
            address="+390299",
            contact=Contact(id=contact),
            status="open",
            opened_at=MONDAY,
        ),
    }


def replied(
    hours: int = 0,
    contact: str = "anna",
    kind: Kind = "agent",
    account: str = "acme",
    *,
    auto_reply: bool = False,
) -> AgentReplied:
    return AgentReplied(
        **_on_ticket(hours, contact, kind, account),
        message_id="r1",
        text="hello",
        auto_reply=auto_reply,
    )


def marked_spam(hours: int = 0, contact: str = "anna", kind: Kind = "agent") -> TicketMarkedSpam:
    return TicketMarkedSpam(**_on_ticket(hours, contact, kind, "acme"))


def marked_not_spam(
    hours: int = 0, contact: str = "anna", kind: Kind = "agent"
) -> TicketMarkedNotSpam:
    return TicketMarkedNotSpam(**_on_ticket(hours, contact, kind, "acme"))


def counting(told: Counter[str]) -> Told:
    """What counts the outcomes of questions to optional engines."""
    return lambda _, outcome, questions: told.update({outcome: questions})
