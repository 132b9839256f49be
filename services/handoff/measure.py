"""How many hand-offs have been under way for long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.clock import EPOCH, Clock

APART = timedelta(seconds=5)
"""How long after a look the next one is worth its query."""

LONG = timedelta(minutes=10)

Show = Callable[[Mapping[str, int]], None]
"""Told how many there are, by method."""


class Parties(Protocol):
    """The hand-offs under way."""

    async def since(self, before: datetime) -> Mapping[str, int]:
        """How many have been handed over since before then and have not ended, by method."""


@dataclass(slots=True)
class Measure:
    """Shows what takes long; every replica shows the same."""

    parties: Parties
    clock: Clock
    show: Show
    _looked_at: datetime = EPOCH

    async def under_way(self) -> None:
        """Show it, unless that was done a moment ago."""
        now = self.clock()
        if now - self._looked_at >= APART:
            self.show(await self.parties.since(now - LONG))
            self._looked_at = now
