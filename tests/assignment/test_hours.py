"""Business hours, right across daylight-saving changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.accounts import AccountSettings
from shared.values.hours import is_open
from tests.assignment.desk import account

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHANGES = {
    "Europe/Rome": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Pacific/Chatham": ("2026-04-05", "2026-09-27"),
    "America/Santiago": ("2026-04-05", "2026-09-06"),
    "Asia/Kolkata": ("2026-03-29", "2026-10-25"),
    "Africa/Casablanca": ("2026-02-15", "2026-03-22"),
}
Span = tuple[str, int, int]
"""A weekday, and from when until when, in quarters of an hour."""

SOME_DAYS = [(zone, date.fromisoformat(day)) for zone, days in CHANGES.items() for day in days]

spans = st.tuples(st.sampled_from(DAYS), st.integers(0, 24 * 4 - 1), st.integers(0, 24 * 4 - 1))


def clock(quarters: int) -> time:
    return time(quarters // 4, quarters % 4 * 15)


def settings(zone: str, weekly: list[Span], holidays: list[date]) -> AccountSettings:
    return account(
        time_zone=zone,
        business_hours={
            "weekly": [
                {"day": day, "from": clock(begins), "until": clock(ends)}
                for day, begins, ends in weekly
            ],
            "holidays": holidays,
        },
    )


def on_the_week_dial(wall: datetime, weekly: list[Span]) -> bool:
    """Whether the hand of a clock of 672 quarters points into a span."""
    hand = (wall.weekday() * 96 + (wall.hour * 60 + wall.minute) / 15) % 672
    for day, begins, ends in weekly:
        length = (ends - begins) % 96 or 96
        if (hand - (DAYS.index(day) * 96 + begins)) % 672 < length:
            return True
    return False


@pytest.mark.spec("ASG 3")
@given(
    st.sampled_from(SOME_DAYS),
    st.lists(spans, min_size=1, max_size=6),
    st.integers(-48 * 60, 72 * 60),
)
@example(("Europe/Rome", date(2026, 3, 29)), [("sat", 88, 24)], 60)
@example(("America/Santiago", date(2026, 9, 6)), [("sun", 0, 0)], 4 * 60)
def test_it_is_open_exactly_while_the_wall_clock_shows_a_time_of_a_span(
    where: tuple[str, date], weekly: list[Span], minutes: int
) -> None:
    zone, day = where
    now = datetime.combine(day, time(), UTC) + timedelta(minutes=minutes)
    wall = now.astimezone(ZoneInfo(zone))
    assert is_open(settings(zone, weekly, []), now) == on_the_week_dial(wall, weekly)


@pytest.mark.spec("ASG 3")
@pytest.mark.parametrize(("zone", "day"), SOME_DAYS)
def test_office_hours_last_eight_hours_on_the_day_the_clocks_change(zone: str, day: date) -> None:
    weekly = [(DAYS[day.weekday()], 36, 68)]
    begins = datetime.combine(day, time(9), ZoneInfo(zone)).astimezone(UTC)
    hours = settings(zone, weekly, [])
    minute = timedelta(minutes=1)
    assert not is_open(hours, begins - minute)
    assert is_open(hours, begins)
    assert is_open(hours, begins + timedelta(hours=8) - minute)
    assert not is_open(hours, begins + timedelta(hours=8))


@pytest.mark.spec("ASG 3")
@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 7), ("2026-10-24", 9)])
def test_a_night_shift_is_as_long_as_the_night_when_the_clocks_change(day: str, hours: int) -> None:
    night = settings("Europe/Rome", [("sat", 88, 24)], [])
    noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    minutes = [noon + timedelta(minutes=m) for m in range(24 * 60)]
    assert sum(is_open(night, minute) for minute in minutes) == hours * 60


@pytest.mark.spec("ASG 3")
def test_without_hours_it_is_always_open() -> None:
    now = datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert all(is_open(account(), now + timedelta(hours=h)) for h in range(24 * 8))


@pytest.mark.spec("ASG 3")
def test_a_holiday_is_closed_from_midnight_to_midnight_in_the_accounts_zone() -> None:
    always = settings("Pacific/Chatham", [], [date(2026, 12, 25)])
    first = datetime(2026, 12, 25, tzinfo=ZoneInfo("Pacific/Chatham")).astimezone(UTC)
    assert is_open(always, first - timedelta(minutes=1))
    assert not is_open(always, first)
    assert not is_open(always, first + timedelta(hours=24, minutes=-1))
    assert is_open(always, first + timedelta(hours=24))


@pytest.mark.spec("ASG 3")
def test_a_holiday_cuts_the_night_shift_before_it_and_takes_the_one_that_begins_on_it() -> None:
    nights = settings("UTC", [(day, 88, 24) for day in DAYS], [date(2026, 12, 25)])

    def at(day: int, hour: int) -> bool:
        return is_open(nights, datetime(2026, 12, day, hour, tzinfo=UTC))

    assert at(24, 23)
    assert not at(25, 3)
    assert not at(25, 23)
    assert not at(26, 3)
    assert at(26, 23)
