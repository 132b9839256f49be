"""Times on topics: in UTC, to the millisecond, and as pydantic reads them, however quickly."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from shared.contracts.base import UtcTime, to_milliseconds

OURS: TypeAdapter[datetime] = TypeAdapter(UtcTime)
LIBRARYS: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
WRITTEN = "2026-01-05T08:00:00.123000Z"

moments = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001  # the strategy adds the zones
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001  # as above
    timezones=st.one_of(
        st.just(UTC),
        st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
)


@given(moments)
@example(datetime(2026, 1, 5, 8, 0, 0, 999_999, tzinfo=timezone(timedelta(0))))
def test_a_time_is_in_utc_and_whole_milliseconds_however_it_is_given(moment: datetime) -> None:
    expected = to_milliseconds(moment)
    written = LIBRARYS.dump_json(moment)

    for found in (OURS.validate_python(moment), OURS.validate_json(written)):
        assert found == expected
        assert found.tzinfo is UTC
        assert found.microsecond % 1000 == 0


@given(st.data())
def test_what_looks_like_a_time_of_ours_is_read_as_by_the_library(
    data: st.DataObject,
) -> None:
    letters = list(WRITTEN)
    for place in data.draw(st.lists(st.integers(0, len(letters) - 1), max_size=3)):
        letters[place] = data.draw(st.sampled_from("0123456789TtZz:-+.,W _/٣"))
    text = "".join(letters)
    try:
        expected = to_milliseconds(LIBRARYS.validate_python(text))
    except ValidationError:
        with pytest.raises(ValidationError):
            OURS.validate_python(text)
    else:
        assert OURS.validate_python(text) == expected


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00.000000+23:59", "9999-12-31T23:59:59-01:00"])
def test_a_time_that_utc_does_not_have_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValidationError, match="no such time in UTC"):
        OURS.validate_python(text)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError):
        OURS.validate_python("2026-01-05T08:00:00.1230000")
