"""What is counted of hand-offs, as metrics (HND 6)."""

from collections.abc import Mapping
from typing import Final, get_args

from services.handoff.rules.outside import NAMES, Kind
from shared.contracts.handoffs import HandoffEnded, HandoffOutcome, HandoffReason
from shared.contracts.replying import HandoffMethod
from shared.running import metrics

METHODS: Final[tuple[HandoffMethod, ...]] = get_args(HandoffMethod)


class Metrics:
    """See `handlers.Counting`."""

    def __init__(self) -> None:
        """Series that begin at 0 show their first increase."""
        for method in METHODS:
            metrics.HANDOFF_DURATION.labels(method)
            metrics.HANDOFFS_OPEN.labels(method).set(0)
            for reason in get_args(HandoffReason):
                for outcome in get_args(HandoffOutcome):
                    metrics.HANDOFFS.labels(method, reason, outcome)
        for other in NAMES:
            for kind in get_args(Kind):
                metrics.HANDOFF_ATTEMPTS.labels(other, kind)

    def ended(self, event: HandoffEnded) -> None:
        """See `Counting`."""
        metrics.HANDOFFS.labels(event.method, event.reason, event.outcome).inc()
        metrics.HANDOFF_DURATION.labels(event.method).observe(event.took.total_seconds())

    def resolved(self) -> None:
        """See `Counting`."""
        metrics.AI_RESOLVED.inc()

    def ignored(self) -> None:
        """See `Counting`."""
        metrics.HANDOFF_ANSWERS_IGNORED.inc()

    def attempted(self, method: str, result: str) -> None:
        """See `Counting`."""
        metrics.HANDOFF_ATTEMPTS.labels(method, result).inc()


def show_open(by_method: Mapping[str, int]) -> None:
    """Set the gauge of what has been under way for long."""
    for method in METHODS:
        metrics.HANDOFFS_OPEN.labels(method).set(by_method.get(method, 0))
