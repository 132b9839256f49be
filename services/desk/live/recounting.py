"""Counts views again after what changed, no oftener than pages can show it (VWS 3, VWS 4)."""

import asyncio
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from services.desk.live.pages import Event, Page
from services.desk.live.streams import Entry
from services.desk.rules.people import Who
from shared.running.telling import told

_log = structlog.get_logger()

_COUNTED_EVERY: Final = 0.4
"""In seconds: changes that come faster are counted together."""


class Counts(Protocol):
    """Counts for pages."""

    async def counted(
        self, account_id: str, people: Sequence[Who], seats: AbstractSet[str] | None
    ) -> dict[str, Event]:
        """The counts by agent; `seats` are those whose own may have changed, None: everybody's."""


@dataclass(slots=True)
class Recounting:
    """Tells `pages`, by account, their counts anew."""

    counts: Counts
    pages: Mapping[str, Sequence[Page]]
    _due: dict[str, set[str] | None] = field(default_factory=dict)
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)

    def after(self, account: str, entries: Sequence[Entry]) -> None:
        """Count what these entries may have changed: at once, or once the last counting is past."""
        seats = _seats(entries)
        if seats is not None and not seats:
            return
        before = self._due.get(account, set())
        self._due[account] = None if seats is None or before is None else seats | before
        if account not in self._tasks:
            self._tasks[account] = asyncio.create_task(self._count(account))

    def stop(self) -> None:
        """Count no more."""
        for task in self._tasks.values():
            task.cancel()

    async def _count(self, account: str) -> None:
        try:
            while account in self._due:
                seats = self._due.pop(account)
                pages = list(self.pages.get(account, ()))
                if not pages:
                    return
                counted = await self.counts.counted(account, [page.who for page in pages], seats)
                for page in pages:
                    page.tell(counted[page.who.id])
                await asyncio.sleep(_COUNTED_EVERY)
        except Exception as error:  # noqa: BLE001  # pages fetch for themselves then
            _log.warning("views could not be counted", error=told(error), exc_info=error)
            self._due.pop(account, None)
            for page in self.pages.get(account, ()):
                page.tell(Event("reload"))
        finally:
            del self._tasks[account]


def _seats(entries: Sequence[Entry]) -> set[str] | None:
    """Whose tickets these entries say that changed; None where any may have."""
    found: set[str] = set()
    for entry in entries:
        if entry.kind in ("reload", "settings", "presence"):
            return None
        if entry.kind == "ticket":
            if (of := entry.body.get("of")) is None:
                return None
            found |= set(of) or {""}
    return found
