"""Business hours (ASG 3)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.accounts import AccountSettings, OpeningHours, Weekday

_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


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


def _covers(span: OpeningHours, day: date, wall: datetime) -> bool:
    """Whether the span that begins on `day` holds the wall time; its end is outside."""
    begins = span.from_.replace(tzinfo=None)
    ends = span.until.replace(tzinfo=None)
    last_day = day + _DAY if ends <= begins else day
    return datetime.combine(day, begins) <= wall < datetime.combine(last_day, ends)
