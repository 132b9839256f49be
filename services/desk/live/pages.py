"""The open pages' end of live updates."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from services.desk.rules.people import Who

QUEUED: Final = 500
"""Events that wait for a page that takes none; then it is told to reload instead."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a page is told; `data` is JSON. Without an id it is of the moment alone."""

    type: str
    data: str = "{}"
    id: str | None = None


@dataclass(slots=True, eq=False)
class Page:
    """An open page: what it is told waits in `events` until it is sent; None is the end.

    It has been told all that its account's stream says up to `after`.
    """

    who: Who
    after: str
    events: "asyncio.Queue[Event | None]" = field(default_factory=lambda: asyncio.Queue(QUEUED))
    _mode: str = "live"
    _later: list[Event] | None = None

    def tell(self, event: Event) -> None:
        """Tell it; a page that takes nothing for long is told to reload instead."""
        if self._later is None:
            self.tell_first(event)
        else:
            self._later.append(event)

    def tell_first(self, event: Event) -> None:
        """Tell it before what is held back."""
        if event.type in ("live", "poll"):
            self._mode = event.type
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            self._clear()
            self.events.put_nowait(Event(self._mode))
            self.events.put_nowait(Event("reload", id=event.id))

    async def told_within(self, seconds: float) -> Event | None:
        """What it is told next; None at its end. Raises TimeoutError when it is told nothing.

        Whoever is cancelled meanwhile is so at once, though an event comes at the same moment.
        """
        # Not `wait_for`: Python 3.11's keeps a cancellation to itself that comes with the event.
        async with asyncio.timeout(seconds):
            return await self.events.get()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """What it is told meanwhile is held back, and told after."""
        self._later = []
        try:
            yield
        finally:
            later, self._later = self._later, None
            for event in later:
                self.tell_first(event)

    def end(self) -> None:
        """It is told no more."""
        with contextlib.suppress(asyncio.QueueFull):
            self.events.put_nowait(None)
            return
        self._clear()
        self.events.put_nowait(None)

    def _clear(self) -> None:
        while not self.events.empty():
            self.events.get_nowait()
