"""Ending tasks, and waiting for two things at once."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

_HEEDED_WITHIN = 1.0

A = TypeVar("A")
B = TypeVar("B")


async def both(first: Awaitable[A], second: Awaitable[B]) -> tuple[A, B]:
    """What the two give, once both have ended, whatever became of the other; or an error of theirs.

    Both fail together where a database is away: then the first one's error is raised.
    """
    found = await asyncio.gather(first, second, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException):
            raise each
    return found  # type: ignore[return-value]  # neither is an exception


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
