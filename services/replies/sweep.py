"""Where time acts: mails to visitors who missed something, and outboxes that were left over."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.replies.rules import news
from services.replies.rules.correspondent import Correspondent
from services.replies.rules.news import News
from shared.clock import Clock
from shared.stores.aggregates import Aggregates

BATCH = 200


class DueContacts(Protocol):
    """What is remembered of contacts, as the sweep finds it."""

    async def due(self, now: datetime, limit: int) -> list[Correspondent]:
        """Contacts with a chat whose time came before `now`; `limit` at most."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Sends what is due (ARP 3), whichever replica looks first, and however late it looks."""

    kept: DueContacts
    contacts: Aggregates[Correspondent, News]
    take: Callable[[Sequence[News]], Awaitable[object]]
    clock: Clock

    async def follow_up(self) -> None:
        """Decide of what is due now; one run has a limit, the next does the rest."""
        now = self.clock()
        found = news.due(await self.kept.due(now, BATCH), now)
        if found:
            await self.take(found)

    async def finish_left_over(self) -> None:
        """Publish what a replica stored but did not come to publish."""
        await self.contacts.finish_left_over()
