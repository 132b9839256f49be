"""When to stop asking somebody who does not answer. Times are seconds of any steady clock."""

from dataclasses import dataclass
from typing import Final

FAILURES: Final = 5
"""So many in a row, and nobody is asked for a while."""

PAUSE: Final = 10.0
"""Seconds until one question is tried again."""


@dataclass(slots=True)
class Circuit:
    """Counts failures in a row. After `FAILURES` only one question a `PAUSE` is let pass."""

    _failures: int = 0
    _again_at: float = 0.0

    def lets_pass(self, now: float) -> bool:
        """Whether a question may be asked now; one that is only a trial puts off the next."""
        if self._failures < FAILURES:
            return True
        if now < self._again_at:
            return False
        self._again_at = now + PAUSE
        return True

    def answered(self) -> None:
        """Any question may be asked again."""
        self._failures = 0

    def failed(self, now: float) -> None:
        """One more failure; from the last of `FAILURES` on, the pause begins."""
        self._failures += 1
        if self._failures == FAILURES:
            self._again_at = now + PAUSE
