"""A helpdesk around assignment, for its tests: ticketing, agents' apps, and replicas."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from services.assignment.app import SWEEP_INTERVAL, Stores, wire
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Handler, Outgoing, Refusals
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import AssignTicket, TicketCommand
from shared.contracts.presence import AgentHeartbeat, AgentWentOffline, AgentWentOnline, Presence
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.errors import Transient
from shared.topic import Topic
from shared.topics import PRESENCE, TICKETS
from tests.assignment.memory import memory_stores
from tests.assignment.ticketing import Ticketing

_COMMAND: TypeAdapter[Any] = TypeAdapter(TicketCommand)


def account(account_id: str = "acme", agents: str = "a b c", **fields: Any) -> AccountSettings:
    """Settings with these agents and the round robin on, unless `assignment` says otherwise."""
    fields.setdefault("assignment", {})
    fields["assignment"] = {"round_robin": True} | fields["assignment"]
    ids = agents.split()
    return AccountSettings.model_validate(
        {"account_id": account_id, "agents": [{"id": i, "name": i} for i in ids], **fields}
    )


class Crash(Exception):
    """The replica ends here."""


@dataclass
class Replica:
    """One process of assignment: a bus that remembers what was wired."""

    desk: "Desk"
    accounts: AccountsTable
    handlers: dict[str, Handler] = field(default_factory=dict)
    sweeps: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        """See `shared.bus.ports.Bus`."""
        self.handlers[topic.name] = handler

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        """See `shared.bus.ports.Bus`."""
        assert interval > timedelta(0)
        self.sweeps.append(sweep)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """See `shared.bus.ports.Bus`."""
        await self.desk.step()
        self.desk.published.append(len(records))
        for record in records:
            assert record.topic == "helpdesk.commands"
            self.desk.commands.append(_COMMAND.validate_json(record.value or b""))

    async def sweep(self) -> None:
        """Run every sweep once."""
        for sweep in self.sweeps:
            await sweep()

    async def take(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Handle a batch of the ticket stream."""
        if events:
            assert not await self.handlers[TICKETS.name](events)

    async def hear(self, events: Sequence[Presence]) -> Refusals | None:
        """Handle a batch of presence."""
        return await self.handlers[PRESENCE.name](events)


@dataclass
class Desk(Ticketing):
    """Everything around the replicas."""

    stores: Stores = field(default_factory=memory_stores)
    crash_at: int | None = None
    disorder: random.Random | None = None
    meanwhile: list[Callable[[], Awaitable[None]] | None] = field(default_factory=list)
    """What else happens, a step after the other."""
    calls: Counter[str] = field(default_factory=Counter)
    """How often each method of a store was called."""
    published: list[int] = field(default_factory=list)
    """How many records each publishing had."""
    gaps: list[int] = field(default_factory=list)
    """What was told of gaps in tickets' sequences."""
    kafka_away: bool = False

    def __post_init__(self) -> None:
        self.accounts = AccountsTable(self._ask_kafka)

    async def _ask_kafka(self) -> None:
        if self.kafka_away:
            text = "no broker answers"
            raise Transient(text)

    async def step(self) -> None:
        """Whatever a replica does outside itself: it may end here, or others may come between."""
        if self.crash_at is not None:
            self.crash_at -= 1
            if self.crash_at < 0:
                self.crash_at = None
                raise Crash
        happens = self.meanwhile.pop(0) if self.meanwhile else None
        if happens is not None:
            await happens()
        if self.disorder is not None:
            for _ in range(self.disorder.randrange(3)):
                await asyncio.sleep(0)

    def replica(self, sweep_interval: timedelta = SWEEP_INTERVAL) -> Replica:
        """Another process of assignment on the same stores."""
        replica = Replica(self, self.accounts)
        parts = (self.stores.tickets, self.stores.agents, self.stores.heartbeats)
        tickets, agents, heartbeats = (_Stepping(part, self) for part in parts)
        rotations = _Stepping(self.stores.rotations, self)
        stores = Stores(tickets, agents, heartbeats, rotations)
        wire(replica, stores, lambda: self.now, sweep_interval, self.gaps.append)
        return replica

    def has(self, *settings: AccountSettings) -> None:
        """Publish accounts' settings."""
        for one in settings:
            self.accounts.apply(one)

    async def there(self, account_id: str = "acme") -> set[str]:
        """The agents of an account who are available."""
        return (await self.stores.agents.online(self.now, [account_id])).get(account_id, set())

    def assigned(self) -> dict[str, Counter[str]]:
        """How many tickets the round robin gave to whom, by account, as ticketing did it."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        ours = {c.id: c for c in self.commands if isinstance(c, AssignTicket)}
        for event in self.stream:
            command = ours.get(getattr(event, "cause_id", ""))
            if command is not None:
                counts[event.account_id][command.assignee] += 1
        return counts

    # Agents' apps

    def online(self, agent_id: str, account_id: str = "acme") -> AgentWentOnline:
        """An agent sets themself online, now."""
        return AgentWentOnline(**self._said(agent_id, account_id))

    def offline(self, agent_id: str, account_id: str = "acme") -> AgentWentOffline:
        """An agent sets themself offline, now."""
        return AgentWentOffline(**self._said(agent_id, account_id))

    def beat(self, agent_id: str, account_id: str = "acme") -> AgentHeartbeat:
        """An agent's app is connected, now."""
        return AgentHeartbeat(**self._said(agent_id, account_id))

    def _said(self, agent_id: str, account_id: str) -> dict[str, Any]:
        return {
            "account_id": account_id,
            "id": f"{agent_id}@{self.now.isoformat()}",
            "occurred_at": self.now,
            "correlation_id": "presence",
            "agent_id": agent_id,
            "said_by": agent_id,
        }

    async def settle(self, replica: Replica, after: int = 0) -> None:
        """Deliver the stream from a place on, and what follows from it, until nothing does."""
        while after < len(self.stream) or self.carried_out < len(self.commands):
            batch, after = self.stream[after:], len(self.stream)
            await replica.take(batch)
            self.carry_out()


class _Stepping:
    """A store whose every call is a step of the desk's."""

    def __init__(self, store: object, desk: Desk) -> None:
        self._store = store
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name in {"held_by", "standing"}:
            return method

        async def call(*args: Any, **kwargs: Any) -> Any:
            self._desk.calls[name] += 1
            await self._desk.step()
            answer = await method(*args, **kwargs)
            await self._desk.step()
            return answer

        return call


async def a_desk() -> tuple[Desk, Replica]:
    """Two accounts, and a replica that has been looking after them."""
    desk = Desk()
    desk.has(account(), account("other"))
    replica = desk.replica()
    await replica.sweep()
    return desk, replica
