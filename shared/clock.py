"""The only reader of the time of day. Rules get `now` as an argument."""

from collections.abc import Callable
from datetime import UTC, datetime

from shared.contracts.base import to_milliseconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The lower bound of every range of due work."""

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
"""When nothing is due: a date that is always there keeps the index plain."""

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC, to the millisecond."""


def system_clock() -> datetime:
    """The machine's time."""
    return to_milliseconds(datetime.now(UTC))
