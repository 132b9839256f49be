"""Ticketing before a desk: it applies ticketing's own rules in memory.

Agents of acme are sue (support), max (manager), amy (admin) and oli (owner); zeta, another account,
has zoe, its owner.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from shared.bus.accounts import AccountsTable
from shared.clock import system_clock
from shared.contracts.accounts import AccountSettings, Agent, Macro, Team
from shared.contracts.base import to_milliseconds
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.topics import BY_NAME, COMMANDS, PRESENCE, TICKETS
from tests.builders import a_message, an_account
from tests.ticketing.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.desk.handlers import Desk
    from services.ticketing.rules.ticket import Ticket
    from shared.bus.delivery import Outgoing

ROLES: Final = {"sue": "support", "max": "manager", "amy": "admin", "oli": "owner"}


def an_account_with_roles() -> AccountSettings:
    """Acme, with an agent of each role, a team, and macros."""
    agents = [
        Agent.model_validate({"id": i, "name": i.title(), "role": r}) for i, r in ROLES.items()
    ]
    return an_account(
        agents=tuple(agents),
        teams=(Team(id="sales", name="Sales", members=("sue", "max")),),
        macros=(
            Macro(id="hello", name="Hello", text="Hello {{contact.name}}, #{{ticket.number}}"),
            Macro(id="plain", name="Plain", text="Thank you", tags=("thanks",), status="closed"),
        ),
    )


@dataclass
class Ticketing:
    """Ticketing's own handlers in memory; `held` commands wait until `go_on`."""

    world: World = field(default_factory=World)
    held: bool = False
    waiting: list[Outgoing] = field(default_factory=list)
    presences: list[Any] = field(default_factory=list)
    tells: list[Desk] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    _told: int = 0

    def __post_init__(self) -> None:
        self.world.now = to_milliseconds(system_clock())
        self.world.accounts.apply(an_account_with_roles())
        zoe = Agent(id="zoe", name="Zoe", role="owner")
        self.world.accounts.apply(an_account(account_id="zeta", agents=(zoe,), teams=()))

    @property
    def accounts(self) -> AccountsTable:
        return self.world.accounts

    def clock(self) -> datetime:
        return self.world.now

    def later(self, **much: float) -> datetime:
        self.world.now += timedelta(**much)
        return self.world.now

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """What the desk publishes; commands are applied at once, unless they are `held`."""
        if self.failing:
            raise self.failing.pop(0)
        self.waiting += records
        if not self.held:
            await self.go_on()

    async def go_on(self) -> None:
        """Apply what waits, and tell the desk what came of it."""
        while self.waiting:
            record = self.waiting.pop(0)
            topic = BY_NAME[record.topic]
            assert topic.contract is not None
            body = topic.contract.validate_json(record.value or b"")
            if topic is COMMANDS:
                self.given.append(body)
                await self.world.happen(body)
            else:
                assert topic is PRESENCE
                self.presences.append(body)
                await self.tells[0].presence_told([body])
        await self.tell()

    async def tell(self) -> None:
        """Tell the desk what has been published on the ticket stream since."""
        news = self.world.published[self._told :]
        self._told = len(self.world.published)
        assert TICKETS.contract is not None
        events = [
            TICKETS.contract.validate_json(record.value or b"")
            for record in news
            if record.topic == TICKETS.name
        ]
        told = [event for event in events if isinstance(event, TicketFact | CommandRejected)]
        if told:
            await self.tells[0].tickets_changed(told)

    async def write(self, by: str = "anna", **more: Any) -> Ticket:
        """A customer writes; the ticket that it joined."""
        message = a_message(**{"by": by, "at": self.world.now, "channel": "sms", **more})
        await self.tells[0].messages_screened([message])
        await self.world.happen(message)
        await self.tell()
        return self.world.ticket_of(message)
