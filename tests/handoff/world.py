"""The hand-off wired as in production, with all that it touches standing in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import httpx2

from services.handoff.app import Stores, wire
from services.handoff.clients.others import Others
from services.handoff.clients.secrets import Credentials
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel, Contact, Envelope, Identity
from shared.contracts.commands import HandOver, ReplyToTicket
from shared.contracts.handoffs import (
    HandoffEnded,
    HandoffRequested,
    TranscriptLine,
    VisitorAnswered,
    VisitorAsked,
    VisitorTold,
)
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline
from shared.contracts.tickets import CommandRejected, TicketHandedOver, TicketSummary
from shared.topics import ACCOUNTS, COMMANDS, ERASURES, HANDOFFS, PRESENCE, TICKETS
from shared.values.ids import computed_id
from tests.builders import a_contact
from tests.handoff.gorgias import Gorgias
from tests.handoff.memory import Counts, MemoryAgents, MemoryParties
from tests.handoff.zendesk import Zendesk
from tests.memory_bus import FakeClock, MemoryBus, MemoryLog

Turn = Callable[[str], Awaitable[None]]
E = TypeVar("E", bound=Envelope)
ZENDESK = {"subdomain": "shop", "secret": "zendesk-shop"}
GORGIAS = {"domain": "shop", "secret": "gorgias-shop", "from_address": "help@shop.example"}


def a_line(text: str, *, who: Any = "visitor", at: datetime, **more: Any) -> TranscriptLine:
    return TranscriptLine(at=at, who=who, text=text, **more)


def an_account(method: str = "helpdesk", **handoff: Any) -> AccountSettings:
    said = {"method": method, "zendesk": ZENDESK, "gorgias": GORGIAS, **handoff}
    if method == "message":
        said.setdefault("message", {"en": "Write to {{account.email}}, {{contact.name}}."})
    return AccountSettings.model_validate(
        {
            "account_id": "acme",
            "name": "Acme",
            "channels": ["webchat", "email", "sms", "instagram", "whatsapp"],
            "addresses": [
                {"channel": "webchat", "value": "widget-1"},
                {"channel": "email", "value": "help@acme.example"},
                {"channel": "sms", "value": "+390200000001"},
            ],
            "agents": [{"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}],
            "handoff": said,
        }
    )


@dataclass
class World:
    """Replicas of the hand-off, a log, other helpdesks, and ticketing as far as it matters."""

    clock: FakeClock = field(default_factory=FakeClock)
    parties: MemoryParties = field(default_factory=MemoryParties)
    agents: MemoryAgents = field(default_factory=MemoryAgents)
    counts: Counts = field(default_factory=Counts)
    shown: list[dict[str, int]] = field(default_factory=list)
    outside: Callable[[Turn | None], Others] | None = None
    """Makes what leads to other helpdesks, if not as usual."""

    refuse: str = ""
    """With which code ticketing refuses commands, if it does."""

    def __post_init__(self) -> None:
        self.log = MemoryLog(self.clock)
        self.zendesk, self.gorgias = Zendesk(self.clock), Gorgias(self.clock)
        self.secrets = {
            "zendesk-shop": Credentials(self.zendesk.user, self.zendesk.token),
            "gorgias-shop": Credentials(self.gorgias.user, self.gorgias.token),
        }
        self.bus = self.replica()
        ticketing = MemoryBus("ticketing", self.log)
        ticketing.consume(COMMANDS, self._ticketing)
        self.ticketing = ticketing
        self._decided: set[str] = set()

    def replica(
        self,
        parties: Any = None,
        bus: MemoryBus | None = None,
        turn: Turn | None = None,
    ) -> MemoryBus:
        """Another replica on the same stores; `turn`: see `StandIn.handle`."""
        bus = bus or MemoryBus("handoff", self.log)
        outside = self.outside(turn) if self.outside else self._outside(turn)
        stores = Stores(parties or self.parties, self.agents)
        wire(
            bus,
            stores,
            outside,
            self.clock,
            self.counts,
            show=lambda counts: self.shown.append(dict(counts)),
        )
        return bus

    def _outside(self, turn: Turn | None) -> Others:
        return Others(lambda name: self.secrets[name], self.transport(turn))

    def transport(self, turn: Turn | None) -> httpx2.MockTransport:
        async def handle(request: httpx2.Request) -> httpx2.Response:
            other = self.zendesk if request.url.host == "shop.zendesk.com" else self.gorgias
            assert request.url.host in {"shop.zendesk.com", "shop.gorgias.com"}
            return await other.handle(request, turn)

        return httpx2.MockTransport(handle)

    async def settle(self) -> None:
        await self.log.settle()

    async def forward(self, **by: float) -> None:
        self.clock.forward(**by)
        await self.settle()

    async def account(self, settings: AccountSettings) -> None:
        self.log.put(ACCOUNTS, settings)
        await self.settle()

    async def ask(self, **fields: Any) -> HandoffRequested:
        """The AI agent asks for a hand-off."""
        request = a_request(self.clock(), **fields)
        self.log.put(HANDOFFS, request)
        await self.settle()
        return request

    async def answer(self, handoff_id: str, account_id: str = "acme", **fields: Any) -> None:
        """The visitor answers."""
        number = len(self.log.records[HANDOFFS.name])
        answer = VisitorAnswered(
            account_id=account_id,
            id=fields.pop("id", f"answer-{number}"),
            occurred_at=self.clock(),
            correlation_id=handoff_id,
            handoff_id=handoff_id,
            **fields,
        )
        self.log.put(HANDOFFS, answer)
        await self.settle()

    async def presence(self, kind: Any, agent: str = "ann", said_by: str = "") -> None:
        number = len(self.log.records[PRESENCE.name])
        event = kind(
            account_id="acme",
            id=f"presence-{number}",
            occurred_at=self.clock(),
            correlation_id="presence",
            agent_id=agent,
            said_by=said_by or agent,
        )
        self.log.put(PRESENCE, event)
        await self.settle()

    async def online(self) -> None:
        await self.presence(AgentWentOnline)

    async def heartbeat(self) -> None:
        await self.presence(AgentHeartbeat)

    def erase(self, erasure: Any) -> None:
        self.log.put(ERASURES, erasure)

    def said(self, kind: type[E]) -> list[E]:
        """What of one type was published on the hand-offs' topic or as a command, each id once."""
        bodies = [*self.log.bodies(HANDOFFS), *self.log.bodies(COMMANDS)]
        found = {body.id: body for body in bodies if isinstance(body, kind)}
        return list(found.values())

    @property
    def asked(self) -> list[VisitorAsked]:
        return self.said(VisitorAsked)

    @property
    def told(self) -> list[VisitorTold]:
        return self.said(VisitorTold)

    @property
    def ended(self) -> list[HandoffEnded]:
        return self.said(HandoffEnded)

    @property
    def handed_over(self) -> list[HandOver]:
        return self.said(HandOver)

    @property
    def replies(self) -> list[ReplyToTicket]:
        return self.said(ReplyToTicket)

    def only_end(self) -> HandoffEnded:
        (end,) = self.ended
        return end

    def only_party(self) -> Any:
        (document,) = self.parties.documents.values()
        return document.state

    async def _ticketing(self, commands: Sequence[Any]) -> None:
        for command in commands:
            if isinstance(command, HandOver) and command.id not in self._decided:
                self._decided.add(command.id)
                await self.ticketing.publish([TICKETS.record(self._decide(command))])

    def _decide(self, command: HandOver) -> TicketHandedOver | CommandRejected:
        ticket_id = command.ticket_id or computed_id("ticket", command.party)
        said: dict[str, Any] = {
            "account_id": command.account_id,
            "occurred_at": self.clock(),
            "correlation_id": command.correlation_id,
            "ticket_id": ticket_id,
            "author": command.author,
        }
        if self.refuse:
            return CommandRejected(
                id=f"rejected:{command.id}",
                command_id=command.id,
                command_type="HandOver",
                code=self.refuse,
                reason="it cannot be",
                **said,
            )
        return TicketHandedOver(
            id=f"{ticket_id}:2",
            seq=2,
            cause_id=command.id,
            because="the AI agent handed it over (HND 3)",
            handoff_id=command.handoff_id,
            reason=command.reason,
            transcript=command.transcript,
            ticket=TicketSummary(
                number=7,
                channel=command.channel,
                address=command.address,
                contact=command.contact,
                status="open",
                opened_at=self.clock(),
            ),
            **said,
        )


def a_request(at: datetime, channel: Channel = "sms", **fields: Any) -> HandoffRequested:
    """A request of the AI agent for a conversation of Anna's."""
    ids = {"webchat": "widget-1", "email": "help@acme.example", "sms": "+390200000001"}
    said: dict[str, Any] = {
        "account_id": "acme",
        "id": "handoff-1",
        "occurred_at": at,
        "correlation_id": "message-1",
        "channel": channel,
        "address": ids.get(channel, "address-1"),
        "contact": a_contact(channel=channel),
        "conversation_id": "chat-1" if channel == "webchat" else None,
        "ticket_id": "ticket-1" if channel == "email" else None,
        "transcript": (
            a_line("Where is my order? I want to talk to a person.", at=at),
            a_line("Let me see what I can do for you.", who="ai", at=at),
        ),
    }
    return HandoffRequested(**(said | fields))


def named(name: str, **more: Any) -> Contact:
    said: dict[str, Any] = {"identities": (Identity(type="visitor", value=name),)}
    return Contact(id=f"visitor:{name}", **(said | more))
