"""The ticket as it is stored, and drafting what happens to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

from pydantic_core import to_json

from shared.bus.delivery import Outgoing
from shared.clock import FAR_FUTURE
from shared.contracts.base import Channel, Contract, Envelope, UtcTime
from shared.contracts.commands import Command, HandOver
from shared.contracts.tickets import TicketFact, TicketStatus, TicketSummary
from shared.stores.documents import Applied, Entry
from shared.topics import TICKETS
from shared.values.mail_tokens import short_id

REOPENABLE: frozenset[Channel] = frozenset({"email", "sms", "whatsapp"})
"""The channels whose closed tickets can be open again (TKT 1 to 5)."""


REMEMBERED_REPLIES = 50
"""How many of its replies a ticket remembers, the newest: only their delivery can be reported."""

REMEMBERED_CHANGES = 50
"""For how many messages a ticket remembers the newest change, so as to ignore older ones."""

ERASING = "erasing"
"""The contact by which erased tickets are found until their threads are erased too."""

DeliveryStatus = Literal["sent", "delivered", "failed", "read"]


class Delivery(Contract):
    """The most that is known of a reply's delivery: `status` is None while nothing is known."""

    outbound_id: str
    status: DeliveryStatus | None = None


class Changed(Contract):
    """The newest change of a message: an edit's version, or None for a deletion, which is final."""

    message_id: str
    version: int | None = None


class Ticket(TicketSummary):
    """Everything that ticketing knows of a ticket, except its thread: what events show, and more.

    `last_reply_by` is who wrote the newest reply that is no auto-reply.
    `opted_out` is True if the contact's last STOP or START was a STOP, whatever their profile says
    so far (TKT 13); `opted_at` is when it was received. `bounced` names the mails and recipients
    for which the thread shows a bounce already. `untagged` are tags that somebody removed: the
    system does not add them again (TAG 2). `erased_at`: up to when its contact was erased.
    `mailbox` is the account's address that mails of a ticket of another channel come from (ARP 3),
    and `mail_subject` their subject; `by_mail` is the customer's address, where they wrote last by
    mail: replies go there then.
    """

    id: str
    account_id: str
    slot: str
    seq: int = 0
    status: TicketStatus = "open"
    spam_by_agent: bool = False
    close_reason: Literal["done", "inactivity"] | None = None
    last_customer_at: UtcTime | None = None
    last_reply_by: str | None = None
    opted_out: bool = False
    opted_at: UtcTime | None = None
    related_ticket_id: str | None = None
    mail_root: str | None = None
    mail_ids: tuple[str, ...] = ()
    last_mail_id: str | None = None
    participants: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    bounced: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()
    untagged: tuple[str, ...] = ()
    erased_at: UtcTime | None = None
    mailbox: str | None = None
    mail_subject: str | None = None
    by_mail: str | None = None

    @property
    def mails_at(self) -> str:
        """The account's address that the ticket's mails are from and to."""
        return self.mailbox or self.address

    @property
    def due_at(self) -> datetime:
        """When a snoozed ticket wakes by itself (TKT 6)."""
        if self.status == "snoozed" and self.snoozed_until is not None:
            return self.snoozed_until
        return FAR_FUTURE

    def indexed(self) -> dict[str, Any]:
        """The stored fields that tickets are found by, besides their slot."""
        return {
            "number": self.number,
            "contact_id": self.contact.id if self.erased_at is None else ERASING,
            "profile_id": self.contact.profile_id or "",
            "mail_keys": [f"{self.mails_at}|{mail_id}" for mail_id in self.mail_ids],
            "mail_token": short_id(self.id) if self.channel == "email" or self.mailbox else "",
        }


F = TypeVar("F", bound=TicketFact)


@dataclass(slots=True)
class Draft:
    """A ticket and the events of one cause, as they are decided one after another.

    Every event's seq is one more than the one before (TKT 9); `because` says why (the rule and
    the evidence).
    """

    ticket: Ticket
    cause_id: str
    correlation_id: str
    occurred_at: datetime
    events: list[TicketFact] = field(default_factory=list)

    @property
    def next_seq(self) -> int:
        """The seq that the next event will have."""
        return self.ticket.seq + 1

    def happen(
        self,
        kind: type[F],
        because: str,
        changes: Mapping[str, Any] = {},
        **facts: Any,  # noqa: ANN401  # read only
    ) -> F:
        """Change the ticket, and say so in an event of that kind."""
        self.ticket = self.ticket.model_copy(update={**changes, "seq": self.next_seq})
        event = kind(
            account_id=self.ticket.account_id,
            id=f"{self.ticket.id}:{self.ticket.seq}",
            occurred_at=self.occurred_at,
            correlation_id=self.correlation_id,
            ticket_id=self.ticket.id,
            seq=self.ticket.seq,
            cause_id=self.cause_id,
            because=because,
            # Only the summary's fields of the ticket are published.
            ticket=self.ticket,
            **facts,
        )
        self.events.append(event)
        return event

    def applied(self, entry: Entry, *others: Outgoing) -> Applied[Ticket]:
        """The outcome: this ticket, its entry, its events, and what else is to be published.

        The entry gets the ticket's seq, which orders lines of the same moment, and the events with
        their reasons.
        """
        records = [TICKETS.record(event) for event in self.events]
        events = [[event.seq, type(event).__name__, event.because] for event in self.events]
        body = {**entry.body, "seq": self.ticket.seq, "events": events}
        line = replace(entry, body=body, size=entry.size + _weight(events))
        return Applied(self.ticket, line, (*records, *others))


def ledger_id(item: Envelope) -> str:
    """The id under which the ledger has an item.

    The id of a command is chosen by whoever gives it, and two accounts may choose the same. So the
    ledger has it together with the account.
    """
    if isinstance(item, Command | HandOver):
        return f"{item.account_id}:{item.id}"
    return item.id


def thread_entry(
    entry_id: str,
    account_id: str,
    kind: Literal["message", "reply", "note", "notice", "edit", "deletion", "early", "hidden"],
    *,
    sent_at: datetime,
    received_at: datetime | None = None,
    text: str = "",
    because: str = "",
    **more: Any,  # noqa: ANN401  # what the kind has besides
) -> Entry:
    """An entry of the ledger. Messages, replies, notes and notices are the lines of a thread.

    Entries of the other kinds are not shown as lines. A thread is shown by (sent_at, received_at,
    seq): the channel's time, then arrival (TKT 8).
    """
    body = {
        "account_id": account_id,
        "kind": kind,
        "shown": kind in ("message", "reply", "note", "notice"),
        "sent_at": sent_at,
        "received_at": received_at or sent_at,
        "text": text,
        "because": because,
        **{name: value for name, value in more.items() if value is not None},
    }
    return Entry(entry_id, body, size=512 + _weight(body))


def _weight(value: object) -> int:
    """About how many bytes a value takes in the database, at most.

    For a small value that is six times the length of its JSON, which is quick to find; its BSON is
    never longer.
    """
    if (size := 6 * len(to_json(value, inf_nan_mode="constants"))) < 256 * 1024:
        return size
    return _walked(value)


def _walked(value: object) -> int:
    if isinstance(value, str):
        return len(value.encode(errors="surrogatepass")) + 8
    if isinstance(value, Mapping):
        return sum(_walked(inner) + len(key) + 8 for key, inner in value.items())
    if isinstance(value, list | tuple):
        return sum(_walked(inner) for inner in value)
    return 16
