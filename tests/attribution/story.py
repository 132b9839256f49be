"""A contact's story, told as marketing and ticketing would tell it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from shared.contracts.base import Author, Channel, Contact, Identity
from shared.contracts.marketing import Credit, MessageAttributed, SendDelivered, SendFailed
from shared.contracts.tickets import (
    CustomerWrote,
    NoteAdded,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketSummary,
)

MONDAY = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOMENT = timedelta(milliseconds=1)
PHONE = "+393331234567"
AGENT = Author(kind="agent", id="ana")
SYSTEM = Author(kind="system", id="ticketing")

F = TypeVar("F", bound=TicketFact)


def delivered(
    send_id: str,
    at: datetime,
    *,
    source: Literal["campaign", "flow"] = "campaign",
    account_id: str = "acme",
    phone: str = PHONE,
    reported_at: datetime | None = None,
) -> SendDelivered:
    return SendDelivered(
        account_id=account_id,
        id=f"{send_id}-delivered",
        occurred_at=reported_at or at,
        correlation_id=send_id,
        send_id=send_id,
        source=source,
        source_id=f"about-{send_id}",
        phone=phone,
        delivered_at=at,
    )


def failed(
    send_id: str, at: datetime, *, account_id: str = "acme", phone: str = PHONE
) -> SendFailed:
    return SendFailed(
        account_id=account_id,
        id=f"{send_id}-failed",
        occurred_at=at,
        correlation_id=send_id,
        send_id=send_id,
        source="campaign",
        source_id=f"about-{send_id}",
        phone=phone,
    )


class Ticket:
    """An SMS ticket, its events numbered from 1; `spam` is its flag."""

    def __init__(
        self,
        ticket_id: str = "t1",
        *,
        account_id: str = "acme",
        phone: str = PHONE,
        channel: Channel = "sms",
    ) -> None:
        self.ticket_id = ticket_id
        self.account_id = account_id
        self.contact = Contact(id=f"e164:{phone}", identities=(Identity(type="e164", value=phone),))
        self.channel: Channel = channel
        self.spam = False
        self.by_agent = False
        self.events: list[TicketFact] = []

    def wrote(self, at: datetime, *, spam: bool = False) -> CustomerWrote:
        """A message, and what it does to the ticket's flag (SPM 1, SPM 2)."""
        if spam and not self.events:
            self.spam = True
        if self.spam and not spam and not self.by_agent:
            self.spam = False
            self._tell(TicketMarkedNotSpam, at, author=SYSTEM)
        number = sum(isinstance(event, CustomerWrote) for event in self.events) + 1
        message_id = f"{self.ticket_id}-m{number}"
        return self._tell(
            CustomerWrote,
            at,
            message_id=message_id,
            text="",
            sent_at=at,
            received_at=at,
            spam=spam,
            correlation_id=message_id,
        )

    def marked_spam(self, at: datetime) -> TicketMarkedSpam:
        self.spam = self.by_agent = True
        return self._tell(TicketMarkedSpam, at, author=AGENT)

    def marked_not_spam(self, at: datetime) -> TicketMarkedNotSpam:
        self.spam = self.by_agent = False
        return self._tell(TicketMarkedNotSpam, at, author=AGENT)

    def noted(self, at: datetime) -> NoteAdded:
        return self._tell(NoteAdded, at, author=AGENT, text="looks fine")

    def _tell(self, kind: type[F], at: datetime, **fields: Any) -> F:
        seq = len(self.events) + 1
        summary = TicketSummary(
            number=1,
            channel=self.channel,
            address="+15550001",
            contact=self.contact,
            status="open",
            spam=self.spam,
            opened_at=at,
        )
        event = kind(
            account_id=self.account_id,
            id=f"{self.ticket_id}:{seq}",
            occurred_at=at,
            ticket_id=self.ticket_id,
            seq=seq,
            cause_id="cause",
            ticket=summary,
            **{"correlation_id": "cause", **fields},
        )
        self.events.append(event)
        return event


def final_credits(facts: Iterable[MessageAttributed]) -> dict[str, str]:
    """The send that each credited message has in the end, as a consumer of the topic knows it."""
    latest: dict[str, tuple[int, Credit | None]] = {}
    for fact in facts:
        revision, _ = latest.get(fact.message_id, (0, None))
        if fact.revision > revision:
            latest[fact.message_id] = fact.revision, fact.credit
    return {message: credit.send_id for message, (_, credit) in latest.items() if credit}
