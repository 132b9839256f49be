"""Replies wired as in production, with a store in memory, a clock and a broker that may fail."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.replies.app import wire
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Handler, Outgoing, Record, Refusals
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Author, Channel, Contact, Identity
from shared.contracts.outbound import OutboundMessage
from shared.contracts.signals import Signal
from shared.contracts.tickets import AgentReplied, CustomerWrote, TicketSummary
from shared.errors import Transient
from shared.topic import Topic
from shared.topics import BY_NAME, SIGNALS, TICKETS
from tests.replies.memory import MemoryCorrespondents

MORNING = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
GIULIA = Contact(
    id="visitor:w:v1",
    identities=(
        Identity(type="visitor", value="w:v1"),
        Identity(type="email", value="giulia@example.com"),
    ),
    display_name="Giulia",
)
CARLO = Contact(id="e164:+393331112222", identities=(Identity(type="e164", value="+393331112222"),))
AUTO_REPLIES = {
    "sms": {"enabled": True, "text": {"en": "Reply YES to subscribe."}},
    "webchat": {"open": {"en": "Welcome."}, "closed": {"en": "We are closed."}},
    "follow_up": {"enabled": True},
    "new_sms": {"to": ["lead@acme.example"]},
}


def acme(**fields: Any) -> AccountSettings:
    said = {
        "account_id": "acme",
        "addresses": [{"channel": "email", "value": "help@acme.example"}],
        "auto_replies": AUTO_REPLIES,
        **fields,
    }
    return AccountSettings.model_validate(said)


class World:
    """A replica of replies and all it touches. `said` is what it published, in order."""

    def __init__(self, store: Any = None, settings: AccountSettings | None = None) -> None:
        self.accounts = AccountsTable()
        self.accounts.apply(settings or acme())
        self.store: Any = store or MemoryCorrespondents()
        self.now = MORNING
        self.said: list[Any] = []
        self.counts: list[tuple[str, str]] = []
        self.broker_takes: int | None = None
        self._handlers: dict[str, Handler] = {}
        self._sweeps: list[Callable[[], Awaitable[None]]] = []
        wire(self, self.store, self.clock, counted=lambda *told: self.counts.append(told))

    def clock(self) -> datetime:
        return self.now

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        self._handlers[topic.name] = handler

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        assert interval > timedelta(0)
        self._sweeps.append(sweep)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for place, record in enumerate(records):
            if self.broker_takes is not None and place >= self.broker_takes:
                raise Transient("the broker is away")
            as_read = Record(
                record.topic, 0, place, record.key, record.value, record.headers, self.now
            )
            self.said.append(BY_NAME[record.topic].parse(as_read))

    async def hear(self, topic: Topic[Any], *bodies: Any) -> Refusals | None:
        return await self._handlers[topic.name](bodies)

    async def hears(self, item: Any) -> None:
        topic = SIGNALS if isinstance(item, Signal) else TICKETS
        assert not await self.hear(topic, item)

    async def sweep(self) -> None:
        for sweep in self._sweeps:
            await sweep()

    def replies(self, kind: str = "") -> list[Any]:
        """What was said, each once; only of that type or, of mails, that channel."""
        found = {body.id: body for body in self.said}
        return [body for body in found.values() if not kind or kind == body.type]

    def mails(self) -> list[OutboundMessage]:
        return self.replies("OutboundMessage")


class Ticket:
    """A ticket that tells its events."""

    def __init__(self, channel: Channel, contact: Contact, ticket_id: str = "t1") -> None:
        self.id = ticket_id
        self.channel = channel
        self.contact = contact
        self.seq = 0

    def _fact(self, at: datetime, **more: Any) -> dict[str, Any]:
        self.seq += 1
        summary = TicketSummary(
            number=7,
            channel=self.channel,
            address="w" if self.channel == "webchat" else "+390200000001",
            conversation_id=f"chat-{self.id}" if self.channel == "webchat" else None,
            contact=self.contact,
            status="open",
            opened_at=MORNING,
        )
        return {
            "account_id": "acme",
            "id": f"{self.id}:{self.seq}",
            "occurred_at": at,
            "correlation_id": f"{self.id}:{self.seq}",
            "ticket_id": self.id,
            "seq": self.seq,
            "cause_id": "c",
            "ticket": summary,
            **more,
        }

    def wrote(self, at: datetime, text: str = "Hello, where is my order?") -> CustomerWrote:
        fact = self._fact(at, text=text, sent_at=at, received_at=at)
        return CustomerWrote.model_validate({**fact, "message_id": f"m-{fact['id']}"})

    def answered(self, at: datetime, text: str = "It is on its way.") -> AgentReplied:
        fact = self._fact(at, text=text, author=Author(kind="agent", id="ann"))
        return AgentReplied.model_validate({**fact, "message_id": f"o-{fact['id']}"})

    def signal(self, kind: str, at: datetime) -> Signal:
        return Signal(
            account_id="acme",
            id=f"{kind}:{self.id}:{at.isoformat()}",
            occurred_at=at,
            correlation_id="s",
            kind=kind,
            channel="webchat",
            address="w",
            contact=self.contact,
            conversation_id=f"chat-{self.id}",
        )
