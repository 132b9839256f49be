"""Where time teaches: tickets that were answered and that nobody marked (SPM 3)."""

from dataclasses import dataclass

from services.spam.rules.teaching import lesson_of_silence
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.learning.teaching import Memories
from shared.topics import LESSONS

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Sweep:
    """Gives the lessons of silence that are due."""

    memories: Memories
    publish: Publish
    clock: Clock

    async def sweep(self) -> None:
        """Afterwards up to two hundred tickets that were silent long enough are lessons."""
        due = await self.memories.silent(self.clock(), _AT_ONCE)
        await self.publish([LESSONS.record(lesson_of_silence(first)) for first in due])
        await self.memories.await_silence(
            {(first.account_id, first.ticket_id): None for first in due}
        )
