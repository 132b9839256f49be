"""The judge of tags: it finds nothing in a good history, and each wrong in a bad one."""

from dataclasses import replace
from typing import Any

import pytest

from shared.contracts.tickets import TicketFact
from shared.topics import TICKETS
from tests.chaos.checks.tags import tags
from tests.chaos.good_history import good
from tests.tagging.events import tagged, wrote

SHIPPING = wrote("Do you ship to Malta?", seq=2)
GIVEN = tagged("Shipping", seq=3, kind="system")
OURS = GIVEN.model_copy(update={"author": GIVEN.author.model_copy(update={"id": "tagging"})})
BY_ANN = tagged("Shipping", seq=4)


def found(*events: TicketFact) -> list[str]:
    said = [event.model_dump(mode="json") for event in events]
    history = replace(good(), topics={TICKETS.name: said})
    return [finding.kind for finding in tags(history)]


@pytest.mark.parametrize(
    ("events", "kinds"),
    [
        ([SHIPPING, OURS], []),
        ([SHIPPING, OURS, BY_ANN], []),
        ([SHIPPING], ["lost"]),
        ([SHIPPING, BY_ANN], ["lost"]),
        ([SHIPPING, OURS, OURS.model_copy(update={"seq": 9, "id": "t1:9"})], ["doubled"]),
        ([wrote("42", seq=2), OURS], ["doubled"]),
        ([wrote("Do you ship to Malta?", seq=2, spam=True, message_count=0)], []),
    ],
)
def test_a_missing_a_wrong_and_a_doubled_tag_are_found(events: list[Any], kinds: list[str]) -> None:
    assert found(*events) == kinds
