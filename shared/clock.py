"""The only reader of the time of day. Rules get `now` as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from shared.contracts.base import to_milliseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""A time before all work that is due: the lower bound of queries for it."""

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
"""The due date where nothing is due: with a date in every document, the index is a plain one."""

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC, to the millisecond."""


def after(moment: datetime, span: timedelta) -> datetime:
    """The moment that much later, FAR_FUTURE at most: a record may say any time there is."""
    return min(moment, FAR_FUTURE - span) + span


def system_clock() -> datetime:
    """The machine's time."""
    return to_milliseconds(datetime.now(UTC))
