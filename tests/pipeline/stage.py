"""All services on one log, and what journeys say to them: in memory, or on Kafka."""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.assignment import app as assignment
from services.assignment.rules.rotation import Rotation
from services.attribution import app as attribution
from services.autoclose import app as autoclose
from services.desk.filing import Filing
from services.handoff import app as handoff
from services.ingest import app as ingest
from services.replies import app as replies
from services.spam import app as spam
from services.tagging import app as tagging
from services.ticketing import app as ticketing
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Author, Channel
from shared.contracts.commands import Command
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline
from shared.contracts.tickets import TicketEvent, TicketFact, TicketSummary
from shared.learning.models import WHICH_TAGS, whole
from shared.stores.erased import Named
from shared.topic import SERVICES, Service, Topic
from shared.topics import (
    ACCOUNTS,
    COMMANDS,
    FILES,
    INBOUND,
    MESSAGES,
    OUTBOUND,
    PRESENCE,
    SCREENED,
    SIGNALS,
    TICKETS,
)
from shared.values.ids import computed_id
from tests.assignment.memory import MemoryAgents, MemoryHeartbeats
from tests.assignment.memory import MemoryTickets as FollowedTickets
from tests.attribution.memory import MemoryContacts as ContactHistories
from tests.autoclose.memory import MemoryTimers, MemoryTyping
from tests.desk.memory_files import MemoryFiles
from tests.handoff.memory import Counts, memory_stores, nowhere
from tests.ingest.memory import MemoryAliases, MemoryAssemblies, MemoryProfiles
from tests.learning.memory import MemoryLessons, MemoryMemories
from tests.memory import MemoryAggregates
from tests.memory_bus import FakeClock, MemoryBus, MemoryLog
from tests.replies.memory import MemoryCorrespondents
from tests.spam.memory import MemoryContacts
from tests.ticketing.memory import MemoryRequests, MemoryTickets

ANN = Author(kind="agent", id="ann")
BOB = Author(kind="agent", id="bob")
WIDGET, MAILBOX, PHONE = "widget-1", "help@acme.example", "+390200000001"
PAGE, BUSINESS = "17841400000000001", "106540352242922"


def acme(**fields: Any) -> AccountSettings:
    """The account of the journeys: five channels, two agents, Rome, office hours."""
    weekdays = ("mon", "tue", "wed", "thu", "fri")
    said: dict[str, Any] = {
        "account_id": "acme",
        "time_zone": "Europe/Rome",
        "channels": ["webchat", "email", "sms", "instagram", "whatsapp"],
        "addresses": [
            {"channel": "webchat", "value": WIDGET},
            {"channel": "email", "value": MAILBOX},
            {"channel": "sms", "value": PHONE},
            {"channel": "instagram", "value": PAGE},
            {"channel": "whatsapp", "value": BUSINESS},
        ],
        "agents": [{"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}],
        "business_hours": {
            "weekly": [{"day": day, "from": "09:00", "until": "18:00"} for day in weekdays]
        },
        "assignment": {"round_robin": True},
        **fields,
    }
    return AccountSettings.model_validate(said)


@dataclass
class Stage(ABC):
    """A pipeline at rest, and what is said to it. Every call leaves it at rest again."""

    clock: FakeClock = field(default_factory=FakeClock)
    files: Any = None
    """What the desk keeps of files."""
    _said: int = 0

    @abstractmethod
    async def append(self, records: Sequence[Outgoing]) -> None:
        """Put records on their topics, at the clock's moment, and wait for all effects."""

    @abstractmethod
    async def settle(self) -> None:
        """Wait until nothing is left to be done at the clock's moment."""

    @abstractmethod
    def records(self, topic: Topic[Any]) -> list[Record]:
        """Everything that is on a topic."""

    def bodies(self, topic: Topic[Any]) -> list[Any]:
        """What a topic says, as its consumers understand it."""
        return [topic.parse(record) for record in self.records(topic)]

    async def forward(self, **by: float) -> None:
        """Let time pass: so many `days`, `hours`, `minutes`, `seconds`."""
        self.clock.forward(**by)
        await self.settle()

    async def again(self) -> None:
        """Everything that came in, and what was said of it, is on the topics a second time."""
        known = [
            Outgoing(topic.name, record.key, record.value, record.headers)
            for topic in (*INBOUND.values(), MESSAGES, SCREENED, SIGNALS, TICKETS, COMMANDS)
            for record in self.records(topic)
        ]
        await self.append(known)

    # What happens

    async def publish(self, topic: Topic[Any], *bodies: Any) -> None:
        await self.append([topic.record(body) for body in bodies])

    async def account(self, settings: AccountSettings) -> None:
        await self.publish(ACCOUNTS, settings)

    async def online(self, agent: str, account_id: str = "acme") -> None:
        await self.publish(PRESENCE, self._presence(AgentWentOnline, agent, account_id))

    async def heartbeat(self, agent: str, account_id: str = "acme") -> None:
        await self.publish(PRESENCE, self._presence(AgentHeartbeat, agent, account_id))

    def _presence(self, kind: Callable[..., Any], agent: str, account_id: str) -> Any:
        event_id = self._next_id("presence")
        return kind(
            account_id=account_id,
            id=event_id,
            occurred_at=self.clock(),
            correlation_id=event_id,
            agent_id=agent,
            said_by=agent,
        )

    async def command(self, kind: type[Command], ticket_id: str, **fields: Any) -> Command:
        """An agent's (Ann's, unless said) app asks for something."""
        command_id = self._next_id("command")
        command = kind(
            **{
                "account_id": "acme",
                "id": command_id,
                "occurred_at": self.clock(),
                "correlation_id": command_id,
                "ticket_id": ticket_id,
                "author": ANN,
                **fields,
            }
        )
        await self.publish(COMMANDS, command)
        return command

    async def raw(self, channel: Channel, value: bytes, **headers: str) -> None:
        """A provider's webhook forwards what it got."""
        named = tuple((name.replace("_", "-"), text.encode()) for name, text in headers.items())
        await self.append([Outgoing(INBOUND[channel].name, b"raw", value, named)])

    async def sms(self, text: str, *, sender: str = "+393331112222", sid: str = "") -> None:
        body = {
            "MessageSid": sid or self._next_id("SM"),
            "AccountSid": "AC1",
            "From": sender,
            "To": PHONE,
            "Body": text,
            "NumMedia": "0",
        }
        await self.raw("sms", json.dumps(body).encode(), x_provider="twilio")

    async def chat(
        self, text: str, *, conversation: str = "chat-1", visitor: str = "v1", email: str = ""
    ) -> None:
        """The visitor writes; with `email`, the widget's server vouches for who they are."""
        unique = self._next_id("chat")
        await self.raw(
            "webchat",
            json.dumps(
                {
                    "type": "message",
                    "event_id": unique,
                    "client_message_id": unique,
                    "widget_id": WIDGET,
                    "session_id": conversation,
                    "visitor_id": visitor,
                    "author": "visitor",
                    "text": text,
                    "sent_at": self.clock().isoformat(),
                    "user": {"email": email, "name": "Giulia", "verified": True} if email else {},
                }
            ).encode(),
        )

    async def chat_typing(self, *, conversation: str = "chat-1", visitor: str = "v1") -> None:
        await self.chat_event("typing", conversation=conversation, visitor=visitor)

    async def chat_event(
        self, kind: str, *, conversation: str = "chat-1", visitor: str = "v1"
    ) -> None:
        """Something other than a message happens in the chat: `session_end`, `read`."""
        await self.raw(
            "webchat",
            json.dumps(
                {
                    "type": kind,
                    "event_id": self._next_id(kind),
                    "widget_id": WIDGET,
                    "session_id": conversation,
                    "visitor_id": visitor,
                }
            ).encode(),
        )

    async def instagram(self, text: str, *, sender: str = "778899") -> None:
        moment = int(self.clock().timestamp() * 1000)
        messaging = {
            "sender": {"id": sender},
            "recipient": {"id": PAGE},
            "timestamp": moment,
            "message": {"mid": self._next_id("mid"), "text": text},
        }
        payload = {
            "object": "instagram",
            "entry": [{"id": PAGE, "time": moment, "messaging": [messaging]}],
        }
        await self.raw("instagram", json.dumps(payload).encode())

    async def whatsapp(self, text: str, *, sender: str = "393331112222") -> None:
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "39020001", "phone_number_id": BUSINESS},
            "contacts": [{"wa_id": sender, "profile": {"name": "Carla"}}],
            "messages": [
                {
                    "id": self._next_id("wamid."),
                    "from": sender,
                    "type": "text",
                    "timestamp": str(int(self.clock().timestamp())),
                    "text": {"body": text},
                }
            ],
        }
        payload = {
            "object": "whatsapp_business_account",
            "entry": [{"id": "WABA", "changes": [{"field": "messages", "value": value}]}],
        }
        await self.raw("whatsapp", json.dumps(payload).encode())

    async def mail(
        self,
        text: str,
        *,
        sender: str = "Carla <carla@example.com>",
        message_id: str = "",
        answers: Sequence[str] = (),
        subject: str = "Where is my order?",
        file: tuple[str, bytes] | None = None,
    ) -> str:
        """A mail arrives; `answers` are the ids it refers to, oldest first. Returns its id.

        With a `file`, by its name in ASCII, it is attached.
        """
        message_id = message_id or f"{self._next_id('mail')}@mail.example.com"
        lines = [
            f"From: {sender}",
            f"To: {MAILBOX}",
            f"Subject: {subject}",
            f"Message-ID: <{message_id}>",
            f"Date: {self.clock():%a, %d %b %Y %H:%M:%S +0000}",
        ]
        if answers:
            lines.append(f"In-Reply-To: <{answers[-1]}>")
            lines.append("References: " + " ".join(f"<{answer}>" for answer in answers))
        if file is not None:
            name, content = file
            lines.append('Content-Type: multipart/mixed; boundary="b"')
            attached = [
                "Content-Type: application/pdf",
                f'Content-Disposition: attachment; filename="{name}"',
                "Content-Transfer-Encoding: base64",
            ]
            encoded = base64.encodebytes(content).decode()
            text = "\r\n".join(["--b", "", text, "--b", *attached, "", encoded, "--b--"])
        raw = "\r\n".join([*lines, "", text, ""])
        await self.raw("email", raw.encode(), content_type="message/rfc822", x_rcpt_to=MAILBOX)
        return message_id

    def _next_id(self, kind: str) -> str:
        self._said += 1
        return f"{kind}{computed_id(kind, str(self._said))[:12]}"

    # What became of it

    @property
    def events(self) -> list[TicketEvent]:
        return self.bodies(TICKETS)

    def facts(self, ticket_id: str) -> list[TicketFact]:
        found = [e for e in self.events if isinstance(e, TicketFact) and e.ticket_id == ticket_id]
        return list({event.id: event for event in found}.values())

    @property
    def board(self) -> dict[str, TicketSummary]:
        """Every ticket as its newest event shows it, in the order in which they were opened."""
        newest: dict[str, TicketFact] = {}
        for event in self.events:
            if isinstance(event, TicketFact):
                known = newest.get(event.ticket_id)
                if known is None or known.seq < event.seq:
                    newest[event.ticket_id] = event
        opened = sorted(newest.items(), key=lambda item: item[1].ticket.number)
        return {ticket_id: event.ticket for ticket_id, event in opened}

    def only_ticket(self) -> tuple[str, TicketSummary]:
        """The one ticket there is."""
        ((ticket_id, summary),) = self.board.items()
        return ticket_id, summary

    def kinds(self, ticket_id: str) -> list[str]:
        """The types of a ticket's events, in order."""
        return [event.type for event in self.facts(ticket_id)]  # type: ignore[attr-defined]

    def outbound(self) -> list[Any]:
        return self.bodies(OUTBOUND)

    def signals(self) -> list[Any]:
        return self.bodies(SIGNALS)


class NobodyErased:
    """Whom the desk was asked to erase: nobody."""

    async def erased(self, _: object) -> dict[Named, datetime]:
        return {}


@dataclass
class MemoryStage(Stage):
    """Everything in this process, in no time."""

    log: MemoryLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = MemoryLog(self.clock)
        bus: dict[Service, MemoryBus] = {name: MemoryBus(name, self.log) for name in SERVICES}
        rotations: MemoryAggregates[Rotation] = MemoryAggregates()
        stores = assignment.Stores(FollowedTickets(), MemoryAgents(), MemoryHeartbeats(), rotations)
        ingest.wire(
            bus["ingest"], MemoryProfiles(), MemoryAliases(), MemoryAssemblies(), self.clock
        )
        spam.wire(
            bus["spam"],
            MemoryContacts(),
            MemoryLessons(),
            MemoryMemories(),
            spam.load_phrases(),
            spam.load_model(),
            self.log.clock,
        )
        tickets = MemoryTickets()
        ticketing.wire(bus["ticketing"], tickets, MemoryRequests(tickets), self.clock)
        assignment.wire(bus["assignment"], stores, self.clock)
        autoclose.wire(bus["autoclose"], MemoryTimers(), MemoryTyping(), self.clock)
        replies.wire(bus["replies"], MemoryCorrespondents(), self.clock)
        handoff.wire(bus["handoff"], memory_stores(), nowhere(), self.clock, Counts())
        attribution.wire(bus["attribution"], ContactHistories(), self.clock)
        tagging.wire(
            bus["tagging"],
            MemoryLessons(),
            MemoryMemories(),
            whole(WHICH_TAGS),
            self.clock,
        )
        self.files = MemoryFiles()
        bus["desk"].consume(FILES, Filing(self.files, NobodyErased(), self.clock).parts_came)

    async def append(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            self.log.append(record)
        await self.settle()

    async def settle(self) -> None:
        await self.log.settle()

    def records(self, topic: Topic[Any]) -> list[Record]:
        return self.log.records[topic.name]
