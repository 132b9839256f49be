"""Where time acts: a long SMS is given out without a part that does not come."""

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
        """The assemblies due before `now`, the longest overdue first; `limit` at most."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Ends waits. Several replicas may do so at once: each end has an effect once."""

    waiting: Waiting
    joining: Joining
    clock: Clock

    async def end_waits(self) -> None:
        """Publish what other replicas left unpublished, then give out a batch of ended waits."""
        await self.joining.assemblies.finish_left_over()
        due = await self.waiting.due(self.clock(), _BATCH)
        if due:
            await self.joining.end_waits([document.state for document in due])
