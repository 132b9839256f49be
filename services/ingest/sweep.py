"""Where time acts: long SMS of which a part does not come are given out without it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.ingest.join.joining import Joining
from services.ingest.join.long_sms import Assembly
from shared.clock import Clock
from shared.stores.documents import Document

_BATCH = 200


class Waiting(Protocol):
    """The assemblies that time acts on."""

    async def due(self, now: datetime, limit: int) -> Sequence[Document[Assembly]]:
        """Those due before `now`, the longest overdue first; `limit` at most."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ends waits. Any number of replicas may do so at once: each end is noted once."""

    waiting: Waiting
    joining: Joining
    clock: Clock

    async def end_waits(self) -> None:
        """Afterwards a batch of what waited long enough is given out, and nothing is owed."""
        await self.joining.assemblies.finish_left_over()
        due = await self.waiting.due(self.clock(), _BATCH)
        if due:
            await self.joining.end_waits([document.state for document in due])
