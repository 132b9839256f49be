"""What is counted of hand-offs (HND 6)."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from services.handoff.counting import Metrics, show_open
from shared.contracts.handoffs import HandoffEnded
from tests.builders import MONDAY, a_contact

pytestmark = pytest.mark.spec("HND 6")


def value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_every_series_begins_at_nothing_so_that_its_first_increase_shows() -> None:
    counting = Metrics()
    labels = {"method": "gorgias", "reason": "complaint", "outcome": "fell_back"}
    before = value("helpdesk_handoffs_total", **labels)
    attempts = value("helpdesk_handoff_attempts_total", method="gorgias", result="denied")
    took = value("helpdesk_handoff_duration_seconds_sum", method="gorgias")
    assert before is not None
    assert attempts is not None
    assert took is not None

    counting.ended(
        HandoffEnded(
            account_id="acme",
            id="end",
            occurred_at=MONDAY,
            correlation_id="message",
            handoff_id="handoff",
            channel="sms",
            contact=a_contact(),
            took=timedelta(hours=25),
            **labels,
        )
    )
    counting.attempted("gorgias", "denied")

    assert value("helpdesk_handoffs_total", **labels) == before + 1
    assert value("helpdesk_handoff_duration_seconds_sum", method="gorgias") == took + 90_000
    after = value("helpdesk_handoff_attempts_total", method="gorgias", result="denied")
    assert after == attempts + 1


def test_what_the_ai_agent_resolved_and_answers_to_nothing_are_counted() -> None:
    counting = Metrics()
    names = ("helpdesk_ai_conversations_resolved_total", "helpdesk_handoff_answers_ignored_total")
    before = [value(name) or 0 for name in names]

    counting.resolved()
    counting.ignored()

    assert [value(name) for name in names] == [each + 1 for each in before]


def test_of_a_method_that_nothing_is_under_way_by_the_gauge_is_nothing() -> None:
    name = "helpdesk_handoffs_open_over_10_minutes"
    show_open({"zendesk": 3})
    assert value(name, method="zendesk") == 3

    show_open({"helpdesk": 1})

    assert (value(name, method="zendesk"), value(name, method="helpdesk")) == (0, 1)
