"""A topic's handler, and which of the topic's partitions are in trouble."""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from shared.bus.delivery import Handler
from shared.topic import Topic


@dataclass(slots=True)
class _Trouble:
    """How often a partition's records have failed in a row; `since` is monotonic, in seconds."""

    since: float
    attempts: int = 0


@dataclass(slots=True)
class Subscription:
    """A topic's handler, and which of its partitions are in trouble.

    Each partition has its own count of failures. If there were one for all, a success on one
    partition would reset it, and a record that fails on another would be tried for ever.
    """

    topic: Topic[Any]
    handler: Handler
    _troubles: dict[Any, _Trouble] = field(default_factory=dict)

    @property
    def waiting_since(self) -> float | None:
        """When the partition that waits longest first failed (monotonic, in seconds), or None."""
        # Probes ask from another thread: the list is a copy, which nobody changes meanwhile.
        return min((trouble.since for trouble in list(self._troubles.values())), default=None)

    def failed(self, partitions: Iterable[Any]) -> int:
        """Note a failed attempt; returns how many in a row the worst of the partitions has had."""
        troubles = [
            self._troubles.setdefault(partition, _Trouble(time.monotonic()))
            for partition in partitions
        ]
        for trouble in troubles:
            trouble.attempts += 1
        return max(trouble.attempts for trouble in troubles)

    def went_well(self, partitions: Iterable[Any]) -> None:
        """The partitions are in no trouble any more."""
        for partition in partitions:
            self._troubles.pop(partition, None)

    def forget_but(self, assigned: Collection[Any]) -> None:
        """Forget the failures of all partitions but these: other replicas have the others now."""
        self.went_well(self._troubles.keys() - set(assigned))
