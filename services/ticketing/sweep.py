"""What time brings about: snoozed tickets wake, and what a crash left unfinished is finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.ticketing.handlers import Item
from services.ticketing.rules.ticket import Ticket
from shared.clock import Clock
from shared.contracts.base import Author
from shared.contracts.commands import WakeTicket
from shared.stores.aggregates import Aggregates
from shared.values.ids import computed_id

AT_ONCE = 200
"""How many tickets are woken at a time."""

TIMES = 100
"""How often one sweep looks for more: many tickets may be snoozed until the same morning."""

ALARM = Author(kind="system", id="ticketing")


class Due(Protocol):
    """What the sweep needs of the store."""

    async def due(self, now: datetime, limit: int) -> Sequence[Ticket]:
        """Snoozed tickets whose time came before `now`; `limit` at most."""


@dataclass(frozen=True, slots=True)
class TicketSweep:
    """Wakes tickets, and finishes outboxes. Several replicas may run it at the same time.

    All of them give the command that wakes a ticket the same id, so it is applied once.
    """

    store: Due
    tickets: Aggregates[Ticket, Item]
    clock: Clock

    async def wake(self) -> None:
        """Every ticket whose snooze ended is open, with an event that says so (TKT 6)."""
        now = self.clock()
        for _ in range(TIMES):
            due = await self.store.due(now, AT_ONCE)
            await self.tickets.apply([_waking(ticket, now) for ticket in due])
            if len(due) < AT_ONCE:
                return

    async def finish(self) -> None:
        """Publish what a crash, or a dead letter, has left in an outbox for some seconds."""
        await self.tickets.finish_left_over()


def _waking(ticket: Ticket, now: datetime) -> WakeTicket:
    until = ticket.snoozed_until or now
    command_id = computed_id("wake", ticket.id, str(ticket.seq))
    return WakeTicket(
        account_id=ticket.account_id,
        id=command_id,
        occurred_at=until,
        correlation_id=command_id,
        ticket_id=ticket.id,
        author=ALARM,
        snoozed_until=until,
    )
