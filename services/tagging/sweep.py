"""Where time acts: it is forgotten how tickets began whose tags nobody will change any more."""

from dataclasses import dataclass

from services.tagging.rules.teaching import KEPT
from shared.clock import Clock
from shared.learning.teaching import Memories


@dataclass(frozen=True, slots=True)
class Sweep:
    """Forgets what is older than `KEPT`."""

    memories: Memories
    clock: Clock

    async def sweep(self) -> None:
        """Afterwards beginnings of tickets older than `KEPT` are gone."""
        await self.memories.forget(self.clock() - KEPT)
