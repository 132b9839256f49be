"""Business hours: when an account is open, and when it opens next (ASG 3, ARP 2). Pure."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.accounts import AccountSettings, OpeningHours, Weekday

_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)
_LOOKED_AHEAD = 400
"""Days: whoever is closed for longer has no next opening."""


def is_open(settings: AccountSettings, now: datetime) -> bool:
    """Whether the account's local time at `now` (an aware time) is within its business hours.

    So a span from 09:00 to 17:00 is the same by the clock in summer and in winter; an hour that the
    clocks repeat counts twice, one that they skip does not exist. On a holiday the account is
    closed from midnight to midnight, even if a span began the evening before, and no span begins
    on it. For example, the night shift that would begin on a holiday is off until it would end on
    the next morning. With no weekly spans the account is always open, except on its holidays.
    """
    hours = settings.business_hours
    wall = now.astimezone(ZoneInfo(settings.time_zone)).replace(tzinfo=None)
    today = wall.date()
    if today in hours.holidays:
        return False
    if not hours.weekly:
        return True
    return any(
        span.day == _WEEKDAYS[day.weekday()] and _covers(span, day, wall)
        for day in (today, today - _DAY)
        if day not in hours.holidays
        for span in hours.weekly
    )


def opens_at(settings: AccountSettings, now: datetime) -> datetime | None:
    """When the account opens next, in its own time zone; None while it is open.

    None too where it does not open within `_LOOKED_AHEAD` days. An opening that falls into an hour
    which the clocks skip is after that hour.
    """
    if is_open(settings, now):
        return None
    zone = ZoneInfo(settings.time_zone)
    hours = settings.business_hours
    wall = now.astimezone(zone).replace(tzinfo=None)
    for ahead in range(_LOOKED_AHEAD):
        day = wall.date() + _DAY * ahead
        if day in hours.holidays:
            continue
        begins = [
            datetime.combine(day, span.from_.replace(tzinfo=None))
            for span in hours.weekly
            if span.day == _WEEKDAYS[day.weekday()]
        ]
        if not hours.weekly:
            begins = [datetime.combine(day, datetime.min.time())]
        for begin in sorted(begins):
            # By way of UTC: a time of the wall that there is not becomes the one that follows it.
            moment = begin.replace(tzinfo=zone).astimezone(UTC)
            if moment > now:
                return moment.astimezone(zone)
    return None


def _covers(span: OpeningHours, day: date, wall: datetime) -> bool:
    """Whether the span that begins on `day` holds the wall time; its end is outside."""
    begins = span.from_.replace(tzinfo=None)
    ends = span.until.replace(tzinfo=None)
    last_day = day + _DAY if ends <= begins else day
    return datetime.combine(day, begins) <= wall < datetime.combine(last_day, ends)
