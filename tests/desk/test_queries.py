"""What a list's address asks for."""

from datetime import timedelta

import pytest
from starlette.datastructures import QueryParams

from services.desk.web.problems import Problem
from services.desk.web.queries import wanted

pytestmark = pytest.mark.spec("VWS 2")


def test_how_long_a_customer_waits_is_said_in_seconds() -> None:
    asked = wanted(QueryParams("view=all&waiting_longer_than=900"))

    assert asked.filters.waiting_longer_than == timedelta(minutes=15)


def test_what_is_no_value_of_a_filter_is_refused_by_its_name() -> None:
    with pytest.raises(Problem) as refused:
        wanted(QueryParams("waiting_longer_than=soon"))

    assert refused.value.field == "waiting_longer_than"
