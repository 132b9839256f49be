"""Tasks that run in the background, and ending tasks."""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field

import structlog

from shared.running.telling import told

_HEEDED_WITHIN = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Background:
    """Runs work while other things go on; if the work fails, that is logged and nothing else."""

    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, work: Coroutine[object, object, None]) -> None:
        """Return at once; the work goes on."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def ended(self) -> None:
        """Return once no work is running any more."""
        while self._running:
            await asyncio.wait(self._running)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("what was left for later failed", error=told(error))


async def cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Return once all of these have ended, cancelled as often as that takes.

    A driver may swallow a cancellation that comes just when it gives something up itself. If it
    were cancelled only once, its task would then go on for ever, and so would this call.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        done, pending = await asyncio.wait(pending, timeout=_HEEDED_WITHIN)
        await asyncio.gather(*done, return_exceptions=True)
