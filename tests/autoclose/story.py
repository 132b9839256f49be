"""A ticket that lives through a story and tells it as ticketing would."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.contracts.base import Author, Channel, Contact
from shared.contracts.commands import CloseTicket
from shared.contracts.signals import Signal
from shared.contracts.tickets import (
    AgentReplied,
    CustomerWrote,
    NoteAdded,
    NoticeAdded,
    TicketCloseAnnulled,
    TicketClosed,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketOpened,
    TicketReopened,
    TicketSnoozed,
    TicketStatus,
    TicketSummary,
    TicketTagged,
    TicketWoken,
)

F = TypeVar("F", bound=TicketFact)

AGENT = Author(kind="agent", id="ana")
AI = Author(kind="ai", id="ai")
SYSTEM = Author(kind="system", id="ticketing")
MONDAY = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


class Story:
    """One ticket. `now` is the story's time; `events` what ticketing published of it.

    `waits_since` is the model's own truth, kept apart from the events: when the first reply after
    the customer's last message went out, None while no reply did.
    """

    def __init__(
        self,
        account_id: str = "acme",
        ticket_id: str = "t1",
        channel: Channel = "webchat",
        now: datetime = MONDAY,
    ) -> None:
        self.account_id = account_id
        self.ticket_id = ticket_id
        self.channel: Channel = channel
        self.now = now
        self.events: list[TicketFact] = []
        self.waits_since: datetime | None = None
        self.replied_at: datetime | None = None
        self.status: TicketStatus = "open"
        self.spam = False
        self.waiting_epoch: int | None = None
        self.last_reply_seq: int | None = None
        self.last_customer_at: datetime | None = None
        self._tell(TicketOpened)
        self.customer_writes()

    def wait(self, time: timedelta) -> None:
        self.now += time

    def customer_writes(self, *, spam: bool = False) -> CustomerWrote:
        if not spam:
            if self.status == "closed":
                self.status = "open"
                self._customer_is_owed()
                self._tell(TicketReopened)
            if self.status == "snoozed":
                self.status = "open"
                self._customer_is_owed()
                self._tell(TicketWoken, by="customer")
            self._customer_is_owed()
        self.last_customer_at = self.now
        return self._tell(
            CustomerWrote,
            message_id=f"m{len(self.events)}",
            text="hello",
            sent_at=self.now,
            received_at=self.now,
            spam=spam,
        )

    def reply(self, author: Author = AGENT, at: datetime | None = None) -> AgentReplied:
        """A reply; `at` is what its author's clock says, when that is wrong."""
        if self.status != "closed":
            self.replied_at = self.now
            if self.waiting_epoch is None:
                self.waiting_epoch = len(self.events) + 1
                self.waits_since = self.now
            self.last_reply_seq = len(self.events) + 1
        return self._tell(AgentReplied, at=at, message_id="r", author=author, text="hi")

    def auto_reply(self) -> AgentReplied:
        return self._tell(
            AgentReplied, message_id="r", author=SYSTEM, text="we are away", auto_reply=True
        )

    def note(self) -> NoteAdded:
        return self._tell(NoteAdded, author=AGENT, text="call them")

    def notice(self) -> NoticeAdded:
        return self._tell(NoticeAdded, code="bounce", text="a mail bounced")

    def tag(self) -> TicketTagged:
        return self._tell(TicketTagged, author=AGENT, tags=("returns",))

    def snooze(self) -> None:
        if self.status == "open":
            self.status = "snoozed"
            self._tell(TicketSnoozed, author=AGENT, until=self.now + timedelta(days=30))

    def mark_spam(self) -> None:
        if not self.spam:
            self.spam = True
            self._tell(TicketMarkedSpam, author=AGENT)

    def mark_not_spam(self) -> None:
        if self.spam:
            self.spam = False
            self._tell(TicketMarkedNotSpam, author=AGENT)

    def close(self, reason: str = "done") -> None:
        if self.status != "closed":
            self.status = "closed"
            self._customer_is_owed()
            self._tell(TicketClosed, author=AGENT, reason=reason)

    def reopen(self) -> None:
        """An agent reopens; nobody waits for the customer until somebody replies (ACL 5)."""
        if self.status == "closed":
            self.status = "open"
            self._customer_is_owed()
            self._tell(TicketReopened, author=AGENT)

    def annul(self) -> None:
        """A message received before the close is handled after it (ACL 6)."""
        if self.status == "closed":
            self.status = "open"
            self._customer_is_owed()
            self._tell(TicketCloseAnnulled, message_id="m")
            self.customer_writes()

    def accepts(self, close: CloseTicket) -> bool:
        """Whether ticketing would do as it is asked."""
        return (
            self.status != "closed"
            and not self.spam
            and self.waiting_epoch is not None
            and close.waiting_epoch == self.waiting_epoch
        )

    def typing(self) -> Signal:
        return Signal(
            account_id=self.account_id,
            id=f"typing-{self.now}",
            occurred_at=self.now,
            correlation_id="typing",
            kind="typing",
            channel=self.channel,
            address="widget",
            contact=Contact(id=f"contact-of-{self.ticket_id}"),
            conversation_id=f"conversation-of-{self.ticket_id}",
        )

    def _customer_is_owed(self) -> None:
        self.waits_since = self.replied_at = None
        self.waiting_epoch = self.last_reply_seq = None

    def _tell(self, kind: type[F], at: datetime | None = None, **what: Any) -> F:
        seq = len(self.events) + 1
        event = kind(
            account_id=self.account_id,
            id=f"{self.ticket_id}:{seq}",
            occurred_at=at or self.now,
            correlation_id=f"c{seq}",
            ticket_id=self.ticket_id,
            seq=seq,
            cause_id=f"cause-{seq}",
            ticket=TicketSummary(
                number=1,
                channel=self.channel,
                address="widget",
                conversation_id=f"conversation-of-{self.ticket_id}",
                contact=Contact(id=f"contact-of-{self.ticket_id}"),
                status=self.status,
                spam=self.spam,
                opened_at=MONDAY,
                waiting_epoch=self.waiting_epoch,
                last_reply_seq=self.last_reply_seq,
                last_customer_at=self.last_customer_at,
            ),
            **what,
        )
        self.events.append(event)
        return event
