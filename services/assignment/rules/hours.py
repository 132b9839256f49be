"""Business hours (ASG 3)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.contracts.accounts import AccountSettings, OpeningHours, Weekday

_WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


def is_open(settings: AccountSettings, now: datetime) -> bool:
    """Whether a clock on the account's wall shows a time of its business hours at `now` (aware).

    So a span between 09:00 and 17:00 is that in summer and in winter; an hour that the clocks
    repeat counts twice, one that they skip does not exist. A holiday is closed from midnight to
    midnight, whatever began the evening before, and nothing that would begin on it begins: the
    night shift of a holiday is off until its end on the morning after. With no weekly spans it
    is always open, except on the holidays that are set.
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
