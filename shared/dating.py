"""When something happened, where its author's clock is not believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import EPOCH


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far what a record says may be dated from the record's own time, on either side.

    `before` is for what waited on its way, `after` for clocks that do not quite agree.
    """

    before: timedelta
    after: timedelta

    def bounded(self, at: datetime, recorded_at: datetime) -> datetime:
        """The time nearest to `at` that is allowed; `at` itself where the record has no time."""
        if recorded_at <= EPOCH:
            return at
        return min(max(at, recorded_at - self.before), recorded_at + self.after)
