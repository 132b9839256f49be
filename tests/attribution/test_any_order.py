"""Whatever the order, and however often, the same is credited: for any story."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.rules.credits import attribute
from services.attribution.rules.decisions import Fact
from tests.attribution.histories import Story, stories, told_anyhow, told_late
from tests.attribution.listener import Listener
from tests.attribution.story import (
    DAY,
    MONDAY,
    delivered,
    final_credits,
)


@pytest.mark.spec("ATT 5")
@pytest.mark.spec("ATT 6")
@given(data=st.data(), story=stories())
def test_any_order_and_any_repetition_give_the_credits_of_the_right_order(
    data: st.DataObject, story: Story
) -> None:
    listener = Listener()

    listener.hears(data.draw(told_anyhow(story)))

    assert listener.credits == story.truth()


@pytest.mark.spec("ATT 5")
@pytest.mark.spec("ATT 6")
@given(told_late())
def test_weeks_that_are_heard_of_a_week_late_and_again_later_give_the_same_credits(
    told: tuple[Story, list[Fact]],
) -> None:
    story, facts = told
    listener = Listener()

    listener.hears(facts)

    assert listener.credits == story.truth()


@pytest.mark.spec("ATT 7")
@given(data=st.data(), story=stories())
def test_each_fact_replaces_the_one_before_and_says_something_new(
    data: st.DataObject, story: Story
) -> None:
    listener = Listener()

    listener.hears(data.draw(told_anyhow(story)))

    for message_id in {fact.message_id for fact in listener.facts}:
        told = [fact for fact in listener.facts if fact.message_id == message_id]
        assert [fact.revision for fact in told] == list(range(1, len(told) + 1))
        assert [fact.replaces for fact in told] == [None, *(fact.id for fact in told[:-1])]
        assert told[0].credit is not None
        assert all(a.credit != b.credit for a, b in pairwise(told))
    assert len({fact.id for fact in listener.facts}) == len(listener.facts)


@pytest.mark.spec("ATT 2")
@given(data=st.data(), story=stories())
def test_at_no_moment_has_a_send_two_answers(data: st.DataObject, story: Story) -> None:
    listener = Listener()

    listener.hears(data.draw(told_anyhow(story)))

    for end in range(len(listener.facts) + 1):
        sends = list(final_credits(listener.facts[:end]).values())
        assert len(sends) == len(set(sends))


@pytest.mark.spec("ATT 5")
@given(data=st.data(), story=stories())
def test_what_is_heard_again_later_says_nothing_new(data: st.DataObject, story: Story) -> None:
    listener = Listener()
    listener.hears(data.draw(told_anyhow(story)))

    again = listener.hears(data.draw(told_anyhow(story)))

    assert again == []


@pytest.mark.spec("ATT 5")
@given(story=stories(), later=st.integers(0, 30), then=st.integers(0, 120))
def test_forgetting_changes_no_credit_of_what_is_remembered(
    story: Story, later: int, then: int
) -> None:
    listener = Listener()
    listener.hears(story.facts)
    credited = listener.credits

    moved = listener.hears(
        [
            delivered("next", MONDAY + (20 + later) * DAY),
            delivered("last", MONDAY + (20 + later + then) * DAY),
        ]
    )

    assert moved == []
    assert listener.credits == credited
    history = listener.history
    assert history is not None
    findings = attribute(history.sends, history.messages, history.marks)
    assert all(findings[m.message_id].credit == m.credit for m in history.messages)
