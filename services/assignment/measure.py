"""How long tickets wait for an assignee, and how many agents are there to take them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import EPOCH, Clock

APART = timedelta(seconds=5)
"""How long after a look at both the next one is worth its queries."""

Show = Callable[[datetime | None, int], None]
"""Told since when the ticket waits that has waited longest (None: none waits), and of how many."""


class Tickets(Protocol):
    """The followed tickets, as far as they wait."""

    async def waiting_since(self) -> datetime | None:
        """Since when the ticket of all lines waits that has waited longest; None: none waits."""


class Agents(Protocol):
    """Who is there."""

    async def available(self, now: datetime) -> int:
        """How many agents of all accounts are online."""


@dataclass(slots=True)
class Measure:
    """Shows what waits and who is there; every replica shows the same."""

    tickets: Tickets
    agents: Agents
    clock: Clock
    show: Show
    _looked_at: datetime = EPOCH

    async def waiting(self) -> None:
        """Show it, unless that was done a moment ago."""
        now = self.clock()
        if now - self._looked_at >= APART:
            self.show(await self.tickets.waiting_since(), await self.agents.available(now))
            self._looked_at = now
