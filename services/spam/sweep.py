"""Where time teaches: tickets that were answered and that nobody marked (SPM 3); and forgets."""

from dataclasses import dataclass

from services.spam.rules.teaching import KEPT, lesson_of_silence
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.learning.teaching import Memories
from shared.topics import LESSONS

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Sweep:
    """Gives the lessons of silence that are due, and forgets what nobody will mark any more."""

    memories: Memories
    publish: Publish
    clock: Clock

    async def sweep(self) -> None:
        """Afterwards up to two hundred tickets that were silent long enough are lessons.

        First messages older than `KEPT` are gone, by the clock that everything else here goes by: a
        database that expires them itself goes by its own.
        """
        now = self.clock()
        due = await self.memories.silent(now, _AT_ONCE)
        await self.publish([LESSONS.record(lesson_of_silence(first)) for first in due])
        await self.memories.await_silence(
            {(first.account_id, first.ticket_id): None for first in due}
        )
        await self.memories.forget(now - KEPT)
