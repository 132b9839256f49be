"""Events of tickets for the tests."""

from datetime import datetime, timedelta
from typing import Any, Literal

from shared.contracts.base import Author, Contact
from shared.contracts.tickets import (
    CustomerWrote,
    TicketMarkedNotSpam,
    TicketSummary,
    TicketTagged,
    TicketUntagged,
)

MONDAY = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
Kind = Literal["agent", "ai", "system", "integration"]


def _event(seq: int, ticket: str, account: str, hours: float, **summary: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(hours=hours)
    return {
        "account_id": account,
        "id": f"{ticket}:{seq}",
        "occurred_at": at,
        "correlation_id": "m1",
        "ticket_id": ticket,
        "seq": seq,
        "cause_id": "m1",
        "ticket": TicketSummary(
            number=1,
            channel="webchat",
            address="widget",
            contact=Contact(id="visitor:anna"),
            opened_at=MONDAY,
            **{"status": "open", "message_count": 1, **summary},
        ),
    }


def wrote(
    text: str,
    seq: int = 2,
    ticket: str = "t1",
    account: str = "acme",
    *,
    spam: bool = False,
    hours: float = 0,
    **summary: Any,
) -> CustomerWrote:
    at = MONDAY + timedelta(hours=hours)
    return CustomerWrote(
        **_event(seq, ticket, account, hours, **summary),
        message_id=f"m{seq}",
        text=text,
        sent_at=at,
        received_at=at,
        spam=spam,
    )


def tagged(*tags: str, seq: int = 3, kind: Kind = "agent", **more: Any) -> TicketTagged:
    said = {"ticket": "t1", "account": "acme", "hours": 1, **more}
    return TicketTagged(**_event(seq, **said), author=Author(kind=kind, id="ann"), tags=tags)


def untagged(*tags: str, seq: int = 4, kind: Kind = "agent", **more: Any) -> TicketUntagged:
    said = {"ticket": "t1", "account": "acme", "hours": 1, **more}
    return TicketUntagged(**_event(seq, **said), author=Author(kind=kind, id="ann"), tags=tags)


def marked_not_spam(seq: int = 4, ticket: str = "t1") -> TicketMarkedNotSpam:
    event = _event(seq, ticket, "acme", 2)
    return TicketMarkedNotSpam(**event, author=Author(kind="agent", id="ann"))
