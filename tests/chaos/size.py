"""How much happens in a run, and how fast: slower where the machine is slow."""

from dataclasses import dataclass, replace
from typing import Final, Self

RECOVERY_LIMIT = 45.0
"""Seconds after the end of a fault within which all groups must have caught up."""

AT_FULL_PACE: Final = 9.0
"""So many seconds two replicas of every service take to start where the pace is the full one."""

SLOWEST: Final = 2.5


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything; `seconds` is how long customers write.

    `pace` says how many times as long as at the full pace that is.
    """

    messages: int = 2100
    conversations: int = 280
    seconds: float = 165
    kills: int = 32
    recovery: float = RECOVERY_LIMIT
    drain: float = 90
    hand_offs: int = 60
    pace: float = 1.0

    def where_starting_took(self, seconds: float) -> Self:
        """As much in more time, where the services took long to start.

        Else a slow machine would be busy with the messages alone, and never catch up.
        """
        pace = min(max(seconds / AT_FULL_PACE, 1.0), SLOWEST)
        return replace(self, seconds=self.seconds * pace, pace=pace)
