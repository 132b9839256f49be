"""Measures how long dependencies take to answer, by operation from a closed set."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from shared.running import metrics

Dependency = Literal["mongo", "redis", "kafka"]
Outcome = Literal["ok", "error"]
OTHER = "other"


class Calls:
    """A service's calls of one dependency. An operation that is not named counts as `other`."""

    def __init__(self, service: str, dependency: Dependency, operations: frozenset[str]) -> None:
        self._service, self._dependency = service, dependency
        self._series = {
            (operation, outcome): metrics.DEPENDENCY_DURATION.labels(
                service, dependency, operation, outcome
            )
            for operation in sorted(operations)
            for outcome in ("ok", "error")
        }

    def took(self, operation: str, seconds: float, outcome: Outcome) -> None:
        """Note one call. Any thread may say so."""
        series = self._series.get((operation, outcome))
        if series is None:
            labels = (self._service, self._dependency, OTHER, outcome)
            series = metrics.DEPENDENCY_DURATION.labels(*labels)
        series.observe(seconds)

    @contextmanager
    def timed(self, operation: str) -> Iterator[None]:
        """Note what happens inside as one call; it failed if an error leaves it."""
        began = time.monotonic()
        outcome: Outcome = "error"
        try:
            yield
            outcome = "ok"
        finally:
            self.took(operation, time.monotonic() - began, outcome)
