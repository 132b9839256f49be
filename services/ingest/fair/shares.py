"""What a lane may bring in at once, and whose turn it is among those that wait: pure decisions.

A lane is what one account gets on one channel.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

SAVED_UP = 10.0
"""A lane may bring in at once what is its share of so many seconds."""

_SWEPT_FROM = 10_000


@dataclass(slots=True)
class Shares:
    """How much each lane may still bring in; it grows by `a_second`, up to `SAVED_UP` seconds'.

    Each replica has its own. A lane that nothing is known of has saved up all it can.
    """

    a_second: float
    _left: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def take(self, wanted: Mapping[str, int], now: datetime) -> dict[str, int]:
        """How many of the messages of each lane are within its share; they are taken from it."""
        if len(self._left) > _SWEPT_FROM:
            self._forget_full(now)
        granted = {}
        for lane, count in wanted.items():
            left = self._at(lane, now)
            granted[lane] = min(count, int(left))
            self._left[lane] = (left - granted[lane], now)
        return granted

    def _at(self, lane: str, now: datetime) -> float:
        if lane not in self._left:
            return self._most
        left, then = self._left[lane]
        # The clock may have been set back.
        return min(left + max((now - then).total_seconds(), 0) * self.a_second, self._most)

    @property
    def _most(self) -> float:
        return max(self.a_second * SAVED_UP, 1.0)

    def _forget_full(self, now: datetime) -> None:
        self._left = {
            lane: (left, now) for lane in self._left if (left := self._at(lane, now)) < self._most
        }


def turns(lanes: Collection[str], places: int, run: int) -> dict[str, int]:
    """How many places each waiting lane gets of so many: even numbers, and none over.

    What cannot be shared out evenly goes to other lanes in each `run`.
    """
    if not lanes:
        return {}
    each, over = divmod(places, len(lanes))
    first = run * max(over, 1) % len(lanes)
    ordered = sorted(lanes)
    ordered = ordered[first:] + ordered[:first]
    return {lane: each + (at < over) for at, lane in enumerate(ordered) if each + (at < over)}
