"""Files tickets anew that an older version stored, so that lists find them where they look."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

_AT_A_TIME: Final = 0.5


class Fileable(Protocol):
    """A read model whose tickets may be filed as an older version did."""

    filed: bool

    async def file_anew(self, beyond: str) -> str | None:
        """The next tickets beyond that key are filed; how far it came, None once it is through."""


@dataclass(slots=True)
class Refiling:
    """Looks through the tickets of the side that serves, once; until then lists know of it.

    Every replica does after its start, so the last one to be replaced finds what the others of the
    older version wrote meanwhile.
    """

    serving: Callable[[], Awaitable[Fileable]]
    _side: Fileable | None = None
    _beyond: str = ""

    async def sweep(self) -> None:
        """Look through some more, for half a second or so."""
        side = await self.serving()
        if side is not self._side:
            # The other one was built since it served last, by whichever version.
            side.filed = False
            self._side, self._beyond = side, ""
        until = time.monotonic() + _AT_A_TIME
        while not side.filed and time.monotonic() < until:
            beyond = await side.file_anew(self._beyond)
            side.filed = beyond is None
            self._beyond = beyond or ""
