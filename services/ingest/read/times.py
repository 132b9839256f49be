"""Reading providers' times. All results are aware, in UTC."""

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from shared.bus.delivery import Record
from shared.contracts.base import to_milliseconds

RawTime = datetime | str | int | float | None
"""A time as a provider gave it: a datetime, or text or a number that is yet to be read."""

_SECONDS_UNTIL = 1e11
"""Numbers below are epoch seconds (until the year 5138), from here on milliseconds."""

_LONGEST_TIME = 500
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_AROUND_COLONS = re.compile(r" ?: ?")

_OLDEST_SENT = timedelta(days=30)
_NEWEST_SENT = timedelta(minutes=10)
_CLOCKS_DIFFER = timedelta(minutes=10)
_OLDEST_RECEIVED = datetime(2005, 1, 1, tzinfo=UTC)


def moment(raw: RawTime) -> datetime | None:
    """The time that `raw` says: RFC 3339, RFC 5322, or epoch seconds or milliseconds.

    A time without a zone is taken as UTC. None for what is no time, or is outside the calendar.
    """
    try:
        return to_milliseconds(_parsed(raw))
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def _parsed(raw: RawTime) -> datetime:
    if isinstance(raw, datetime):
        return raw if raw.tzinfo else raw.replace(tzinfo=UTC)
    if isinstance(raw, bool) or raw is None:
        message = "no time"
        raise ValueError(message)
    if isinstance(raw, int | float):
        return _of_epoch(float(raw))
    text = raw.strip()
    try:
        return _of_epoch(float(text))
    except ValueError:
        pass
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = _of_mail(text[:_LONGEST_TIME])
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _of_mail(text: str) -> datetime:
    """The time of a mail, in the old forms too: comments and blanks may stand anywhere in it."""
    try:
        return parsedate_to_datetime(text[:100])
    except (ValueError, TypeError, IndexError):
        said = " ".join(_COMMENT.sub(" ", text).split()).replace(" ,", ",")
        return parsedate_to_datetime(_AROUND_COLONS.sub(":", said))


def _of_epoch(number: float) -> datetime:
    if not math.isfinite(number) or number <= 0:
        message = "no time"
        raise ValueError(message)
    seconds = number if number < _SECONDS_UNTIL else number / 1000
    return datetime.fromtimestamp(seconds, UTC)


def received_at(record: Record) -> datetime:
    """When the publisher received the record: its header `x-received-at`, else Kafka's timestamp.

    A header that is unreadable, or later than Kafka's timestamp, does not count. The machine's
    clock is not asked, so a replay decides as the first time.
    """
    kept = to_milliseconds(record.timestamp)
    said = moment(record.header("x-received-at"))
    if said is None or not _OLDEST_RECEIVED <= said <= kept + _CLOCKS_DIFFER:
        return kept
    return said


def sent_at(raw: RawTime, received: datetime) -> tuple[datetime, bool]:
    """When the provider says it was sent, and whether that time was suspect.

    A time more than 30 days before or 10 minutes after the receipt is moved to that limit and is
    suspect. If the provider gives no time (`raw` is None), the time of receipt is taken, and
    nothing is suspect.
    """
    if raw is None:
        return received, False
    said = moment(raw)
    if said is None:
        return received, True
    plausible = min(max(said, received - _OLDEST_SENT), received + _NEWEST_SENT)
    return plausible, plausible != said
