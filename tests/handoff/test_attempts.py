"""When another helpdesk is tried, whose attempt it is, and what its result counts for (HND 4)."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.handoff.clients.others import Others
from services.handoff.clients.secrets import Credentials
from services.handoff.rules.letter import letter_of
from services.handoff.rules.outside import (
    ATTEMPT,
    LEASE,
    UNCERTAIN,
    Kind,
    Result,
    attempted,
    backoff,
    claimed,
)
from services.handoff.rules.party import PATIENCE, Party
from services.handoff.rules.questions import go_on
from services.handoff.rules.requests import new_party
from shared.contracts.commands import HandOver
from tests.builders import MONDAY
from tests.handoff.others import both
from tests.handoff.standing_in import StandIn
from tests.handoff.world import World, a_request, an_account

pytestmark = pytest.mark.spec("HND 4")

ACCOUNT = an_account("zendesk")
FAILURES = sorted({*get_args(Kind)} - {"made", "found"})


def a_party(attempt: int = 0, **fields: Any) -> Party:
    """Build a party whose conversation Zendesk is to have, its newest attempt being `attempt`."""
    party = go_on(new_party(a_request(MONDAY), ACCOUNT, MONDAY), ACCOUNT, MONDAY).party
    return party.model_copy(update={"attempt": attempt, **fields})


def test_an_attempt_is_its_claimants_for_longer_than_it_may_take() -> None:
    party = claimed(a_party(), 1, "one", MONDAY)

    assert (party.attempt, party.claimed_by, party.acts_at) == (1, "one", MONDAY + LEASE)
    assert claimed(party, 1, "other", MONDAY) == party
    assert claimed(party, 3, "other", MONDAY) == party
    assert LEASE > ATTEMPT + UNCERTAIN


def test_from_the_end_of_the_day_on_it_is_only_looked_for() -> None:
    before = claimed(a_party(), 1, "one", MONDAY + PATIENCE - timedelta(milliseconds=1))
    after = claimed(a_party(), 1, "one", MONDAY + PATIENCE)

    assert (before.last, after.last) == (False, True)


@pytest.mark.parametrize("kind", FAILURES)
def test_the_result_of_an_attempt_that_is_taken_for_dead_counts_for_nothing(kind: Kind) -> None:
    party = claimed(claimed(a_party(), 1, "one", MONDAY), 2, "other", MONDAY + PATIENCE)

    change = attempted(party, 1, Result(kind), ACCOUNT, MONDAY + PATIENCE)

    assert (change.party, change.publish) == (party, ())


@pytest.mark.parametrize("kind", ["made", "found"])
def test_but_that_the_ticket_is_there_counts_whoever_says_it(kind: Kind) -> None:
    party = claimed(claimed(a_party(), 1, "one", MONDAY), 2, "other", MONDAY + LEASE)

    change = attempted(party, 1, Result(kind, external_id="7"), ACCOUNT, MONDAY + LEASE)

    assert (change.party.outcome, change.party.external_id) == ("handed_over", "7")


@pytest.mark.parametrize("kind", [*FAILURES, "made", "found"])
def test_what_is_said_after_the_end_changes_nothing(kind: Kind) -> None:
    party = attempted(a_party(1), 1, Result("made", external_id="7"), ACCOUNT, MONDAY).party

    change = attempted(party, 1, Result(kind, external_id="8"), ACCOUNT, MONDAY)

    assert (change.party, change.publish) == (party, ())


@pytest.mark.parametrize("kind", FAILURES)
def test_whatever_the_last_look_says_but_that_it_is_there_the_team_gets_it(kind: Kind) -> None:
    change = attempted(a_party(9, last=True), 9, Result(kind), ACCOUNT, MONDAY + PATIENCE)

    assert [type(body) for body in change.publish] == [HandOver]


@given(
    attempt=st.integers(1, 200),
    after=st.timedeltas(timedelta(0), PATIENCE + timedelta(minutes=5)),
    wait=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
    kind=st.sampled_from(sorted({*FAILURES} - {"invalid"})),
    uncertain=st.booleans(),
)
def test_the_next_try_is_within_the_hour_and_not_long_after_the_day(
    attempt: int,
    after: timedelta,
    wait: timedelta | None,
    kind: Any,
    uncertain: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    now = MONDAY + after
    result = Result(kind, wait=wait, uncertain=uncertain)

    party = attempted(a_party(attempt), attempt, result, ACCOUNT, now).party

    assert now <= party.acts_at <= now + timedelta(hours=1)
    assert party.acts_at <= max(party.deadline, now) + UNCERTAIN
    if uncertain:
        assert party.acts_at >= now + UNCERTAIN


@given(attempt=st.integers(1, 200))
def test_the_wait_doubles_up_to_a_quarter_of_an_hour_and_is_the_same_when_asked_again(
    attempt: int,
) -> None:
    party = a_party(attempt)
    whole = min(15 * 2 ** (attempt - 1), 900)

    wait = backoff(party).total_seconds()

    assert whole / 2 <= wait <= whole
    assert backoff(party).total_seconds() == wait


def test_two_handoffs_do_not_wait_alike() -> None:
    waits = {backoff(a_party(5, handoff_id=f"handoff-{number}")) for number in range(20)}

    assert len(waits) > 15


@both
async def test_whoever_took_too_long_makes_nothing_any_more(method: Any) -> None:
    world = World()
    other: StandIn = getattr(world, method)
    outside = Others(lambda _: Credentials(other.user, other.token), world.transport(None))
    account = an_account(method)
    letter = letter_of(a_party(), account)

    came = await outside.attempt(method, account, letter, lambda: False, look_only=False)

    assert (came.kind, came.uncertain) == ("unclear", True)
    assert len(other.asked) == 1
    assert other.tickets == []
