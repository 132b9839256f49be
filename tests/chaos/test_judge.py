"""The judge, on histories made by hand: it finds nothing in a good one, and each wrong in a bad."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.altered_histories import WRONG, Alter
from tests.chaos.good_history import good
from tests.chaos.judge import counted, judge


@pytest.mark.parametrize(("entry", "lost"), [("early:shop1:signal-1", 0), ("signal-1", 1)])
def test_the_keyword_of_who_wrote_nothing_else_has_to_wait_for_a_ticket(
    entry: str, lost: int
) -> None:
    history = good()
    said: Any = history.said
    said[2] = replace(said[2], conversation="shop1:sms:somebody")
    thread: Any = history.stores["thread"]
    thread[7] = {**thread[7], "_id": entry, "kind": "early"}

    assert counted(judge(history))["lost"] == lost


def test_a_good_history_with_repeats_has_nothing_wrong() -> None:
    assert judge(good()) == []


@pytest.mark.parametrize(("kind", "alter"), WRONG)
def test_what_is_wrong_is_found(kind: str, alter: Alter) -> None:
    history = good()
    alter(history)
    assert counted(judge(history))[kind] > 0
