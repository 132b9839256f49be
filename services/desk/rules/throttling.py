"""How long whoever keeps trying to sign in has to wait. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""So long after the last try (and its wait), the tries before are forgotten."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`free` tries without a wait; then 1, 2, 4 … seconds after each, `longest` at most."""

    free: int
    longest: timedelta

    def wait(self, tries: int) -> timedelta:
        """How long nobody may try after so many tries."""
        over = tries - self.free
        if over <= 0:
            return timedelta(0)
        return min(timedelta(seconds=2.0 ** min(over - 1, 30)), self.longest)


PERSON: Final = Pace(5, timedelta(minutes=1))
"""Of one person, from wherever it is tried. No longer wait: anybody could keep a person out."""

ADDRESS: Final = Pace(20, timedelta(minutes=15))
"""Of one address, whoever is tried: a whole team may sit behind it."""


@dataclass(frozen=True, slots=True)
class Tries:
    """How often it was tried, and until when nobody may."""

    count: int = 0
    until: datetime | None = None


def tried(tries: Tries, pace: Pace, now: datetime) -> tuple[Tries, timedelta]:
    """What is kept once somebody asks to try, and how long they have to wait; zero: they may.

    A try counts before it is known to fail, so that many at once are as many; a good one is taken
    back.
    """
    if tries.until is not None and tries.until > now:
        return tries, tries.until - now
    count = tries.count + 1
    if tries.until is not None and now - tries.until > FORGOTTEN_AFTER:
        count = 1
    return Tries(count, now + pace.wait(count)), timedelta(0)


def taken_back(tries: Tries, now: datetime) -> Tries:
    """What is kept once a try turned out to be good."""
    return Tries(max(tries.count - 1, 0), now)
