"""Optional engines: advisers, asked in the grey zone alone, which can lose and hold up nothing."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from math import isfinite
from typing import Final, Protocol

import structlog

from services.spam.rules.engine import Engine, Opinion, is_in_grey_zone
from services.spam.rules.text import Features

PATIENCE: Final = timedelta(seconds=2)
"""How long a batch waits for an adviser; then those of its opinions count that are there."""

_A_LITTLE = timedelta(milliseconds=500)

Told = Callable[[str, str, int], None]
"""Called with an engine's name, what became of questions, and how many of them.

They end `ok` (also where it had nothing to say), in a `timeout`, in an `error`, or are `skipped`.
"""

_log = structlog.get_logger()


def untold(_engine: str, _outcome: str, _questions: int) -> None:
    """Count nothing."""
    return


class Adviser(Protocol):
    """An engine that is slow, far away, or both."""

    async def opinions(self, asked: Sequence[Features]) -> Sequence[Opinion | None]:
        """What it thinks of each message, in their order; None where it has nothing to go by."""


class OptionalEngine(Adviser, Protocol):
    """An adviser with a name, which has to be made ready."""

    @property
    def name(self) -> str:
        """As in `HELPDESK_SPAM_ENGINES`."""

    async def open(self) -> None:
        """Make it ready. Raises HelpdeskError, which says what is missing."""

    async def close(self) -> None:
        """Let go of what it holds."""


class FailingOpen:
    """An adviser that is left out of a batch if it raises, babbles, or is silent beyond `patience`.

    The first failure is logged, the others are only told: there may be thousands.
    """

    def __init__(
        self,
        adviser: OptionalEngine,
        told: Told = untold,
        patience: timedelta = PATIENCE + _A_LITTLE,
    ) -> None:
        self._adviser = adviser
        self._told = told
        self._patience = patience
        self._failed = False

    async def open(self) -> None:
        """See `OptionalEngine`."""
        await self._adviser.open()

    async def close(self) -> None:
        """See `OptionalEngine`."""
        await self._adviser.close()

    async def opinions(self, asked: Sequence[Features]) -> Sequence[Opinion | None]:
        """See `Adviser`; never raises."""
        asking = asyncio.ensure_future(self._adviser.opinions(asked))
        try:
            # Unlike `wait_for`, this does not wait for one that will not be cancelled.
            await asyncio.wait((asking,), timeout=self._patience.total_seconds())
        finally:
            asking.cancel()
        if not asking.done():
            return self._left_out(asked, "timeout", None)
        if asking.cancelled() or (error := asking.exception()) is not None:
            return self._left_out(asked, "error", None if asking.cancelled() else error)
        found = asking.result()
        if len(found) != len(asked) or not all(
            said is None or isfinite(said.logit) for said in found
        ):
            return self._left_out(asked, "error", None)
        return found

    def _left_out(
        self, asked: Sequence[Features], outcome: str, error: BaseException | None
    ) -> Sequence[Opinion | None]:
        name = self._adviser.name
        self._told(name, outcome, len(asked))
        if not self._failed:
            self._failed = True
            _log.error("an optional engine is left out", engine=name, why=outcome, exc_info=error)
        return [None] * len(asked)


async def opinions(
    seen: Sequence[Features], engines: Sequence[Engine], advisers: Sequence[Adviser]
) -> list[list[Opinion]]:
    """All opinions on each message, in the messages' and then in the engines' order.

    Advisers are asked at the same time, once each, about all that is in the grey zone.
    """
    found = [[said for e in engines if (said := e.opinion(each)) is not None] for each in seen]
    if not advisers:
        return found
    grey = [place for place, said in enumerate(found) if is_in_grey_zone(said)]
    if not grey:
        return found
    asked = [seen[place] for place in grey]
    for advice in await asyncio.gather(*(adviser.opinions(asked) for adviser in advisers)):
        for place, said in zip(grey, advice, strict=True):
            if said is not None:
                found[place].append(said)
    return found
