"""One ticket outside or one hand-over to the team, whatever fails and whoever dies (HND 4)."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.topics import HANDOFFS
from tests.examples import examples
from tests.handoff.chaos import Chaos
from tests.handoff.standing_in import FAULTS
from tests.handoff.world import World, a_request, an_account

ALL_BUT_HUGE = sorted(set(FAULTS) - {"huge"})
SOME_FAULTS = st.lists(st.sampled_from([*[""] * 12, *ALL_BUT_HUGE]), max_size=10)
UNTIL_IT_ENDS = 600


async def a_story(
    method: str,
    faults: list[str],
    seed: int,
    *,
    heals: bool = True,
    frozen: bool = False,
    keys: bool = True,
) -> tuple[World, Any]:
    """One hand-off among faults and deaths; the world and the other helpdesk afterwards."""
    world = World()
    await world.account(an_account(method))
    other = world.zendesk if method == "zendesk" else world.gorgias
    world.zendesk.knows_keys = keys
    other.faults = list(faults)
    chance = random.Random(seed)
    chaos = Chaos(world, method, chance, frozen=frozen)
    request = a_request(world.clock())
    world.log.put(HANDOFFS, *[request] * chance.choice([1, 1, 3]))
    await chaos.steps(chance.choice([200, 500, 900]))
    await chaos.end()
    other.faults = [] if heals else ["503"] * 5_000
    for _ in range(UNTIL_IT_ENDS):
        await world.settle()
        parties = [document.state for document in world.parties.documents.values()]
        if parties and all(party.ended for party in parties):
            break
        due = min(party.acts_at for party in parties)
        world.clock.now = max(due, world.clock.now + timedelta(seconds=1))
    # What lies in an outbox is found by a sweep, and whatever is told again is told as it was.
    await world.forward(minutes=1)
    world.log.buses[-1].rewind()
    await world.forward(minutes=10)
    return world, other


def check(world: World, other: Any, *, heals: bool) -> None:
    tickets = [kept for kept in other.tickets if kept.status == "open"]
    commands, (end,) = world.handed_over, world.ended
    said = {event.id: event for event in world.log.bodies(HANDOFFS)}
    assert all(said[event.id] == event for event in world.log.bodies(HANDOFFS))
    assert len(tickets) <= 1
    assert len(commands) <= 1
    if end.outcome == "handed_over":
        assert len(tickets) == 1
        assert commands == []
        assert end.external_id == str(tickets[0].number)
        assert len(world.told) == 1
    else:
        assert end.outcome == "fell_back"
        assert len(commands) == 1
        assert world.told == []
        # Nobody is online: whoever sends automatic replies tells the visitor.
        assert end.available is False
        # It could be looked up to the end, so if there was a ticket it was known.
        if heals:
            assert tickets == []
    assert world.only_party().request is None


@pytest.mark.spec("HND 4")
@pytest.mark.slow
@given(
    method=st.sampled_from(["zendesk", *["zendesk without keys"] * 2, "gorgias"]),
    faults=SOME_FAULTS,
    seed=st.integers(0, 2**32),
    heals=st.booleans(),
)
@settings(max_examples=examples(150), deadline=None)
async def test_never_two_tickets_outside_and_never_none(
    method: str,
    faults: list[str],
    seed: int,
    heals: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    # Without keys, whoever died before it was told of its ticket has to find it again.
    method, _, without = method.partition(" ")
    world, other = await a_story(method, faults, seed, heals=heals, keys=not without)

    check(world, other, heals=heals)


@pytest.mark.spec("HND 4")
@pytest.mark.slow
@given(faults=SOME_FAULTS, seed=st.integers(0, 2**32))
@settings(max_examples=examples(100), deadline=None)
async def test_in_zendesk_not_even_by_a_process_that_stood_still_for_minutes(
    faults: list[str], seed: int
) -> None:
    world, other = await a_story("zendesk", faults, seed, frozen=True)

    check(world, other, heals=True)
