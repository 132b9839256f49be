"""How many tickets there are of each status."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import EPOCH, Clock
from shared.contracts.tickets import TicketStatus

APART = timedelta(seconds=15)
"""How long after a count the next one is worth its queries."""

SHARE = 100
"""A count that takes long is repeated later: of so much time, counting takes a part at most."""

Show = Callable[[Mapping[TicketStatus, int]], None]
"""Told how many tickets of all accounts have each status."""


class Tickets(Protocol):
    """The tickets, as far as they are counted."""

    async def by_status(self) -> Mapping[TicketStatus, int]:
        """How many tickets of all accounts have each status."""


@dataclass(slots=True)
class Measure:
    """Shows how many tickets there are; every replica shows the same."""

    tickets: Tickets
    clock: Clock
    show: Show
    _next: datetime = EPOCH

    async def count(self) -> None:
        """Show it, unless that was done a moment ago."""
        now = self.clock()
        if now >= self._next:
            self.show(await self.tickets.by_status())
            ended = self.clock()
            self._next = ended + max(APART, SHARE * (ended - now))
