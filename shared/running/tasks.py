"""Ending tasks."""

import asyncio
from collections.abc import Iterable

_HEEDED_WITHIN = 1.0


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
