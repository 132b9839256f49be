"""Who is there."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assignment.rules.presence import Beat
from shared.contracts.presence import Presence
from tests.assignment.desk import Desk, a_desk, account
from tests.assignment.memory import MemoryHeartbeats
from tests.assignment.ticketing import MONDAY

SECOND = timedelta(seconds=1)


@pytest.mark.spec("ASG 2")
async def test_only_an_agent_can_change_their_own_presence() -> None:
    desk, replica = await a_desk()
    false = desk.online("a").model_copy(update={"said_by": "b"})
    refused = await replica.hear([false, desk.online("b"), false])
    assert refused is not None
    assert {place: poison.reason for place, poison in refused.items()} == {
        0: "not_theirs",
        2: "not_theirs",
    }
    assert await desk.there() == {"b"}


@pytest.mark.spec("ASG 2")
async def test_signing_out_counts_at_once() -> None:
    desk, replica = await a_desk()
    await replica.hear([desk.online("a"), desk.online("a", "other")])
    desk.now += SECOND
    assert not await replica.hear([desk.offline("a")])
    assert await desk.there() == set()
    assert await desk.stores.agents.online(desk.now, ["other"]) == {"other": {"a"}}


@pytest.mark.spec("ASG 2")
async def test_a_silent_agent_becomes_offline_and_no_heartbeat_makes_them_online_again() -> None:
    desk, replica = await a_desk()
    await replica.hear([desk.online("a"), desk.online("b")])
    for _ in range(59):
        desk.now += SECOND
        await replica.hear([desk.beat("b")])
        await replica.sweep()
        assert await desk.there() == {"a", "b"}
    desk.now += SECOND
    assert await desk.there() == {"b"}
    await replica.sweep()
    assert await desk.there() == {"b"}
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await desk.there() == {"b"}
    await replica.hear([desk.online("a")])
    assert await desk.there() == {"a", "b"}


@pytest.mark.spec("ASG 2")
async def test_an_agent_nobody_looked_after_is_not_there_even_before_the_sweep() -> None:
    desk, replica = await a_desk()
    await replica.hear([desk.online("a")])
    desk.now += timedelta(minutes=10)
    assert await desk.there() == set()


@pytest.mark.spec("ASG 2")
async def test_a_heartbeat_of_an_agent_who_is_offline_changes_nothing() -> None:
    desk, replica = await a_desk()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await desk.there() == set()


@pytest.mark.spec("ASG 2")
async def test_a_sweep_that_is_set_to_be_slow_ends_silent_presence_all_the_same() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica(sweep_interval=10 * SECOND)
    await replica.hear([desk.online("a"), desk.online("b")])
    for _ in range(9):
        desk.now += 10 * SECOND
        await replica.hear([desk.beat("b")])
        await replica.sweep()
        assert "b" in await desk.there()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await desk.there() == {"b"}


@pytest.mark.spec("ASG 2")
async def test_a_limit_that_no_date_can_hold_does_no_harm() -> None:
    desk, replica = await a_desk()
    desk.has(account(assignment={"heartbeat_limit": timedelta.max}))
    assert not await replica.hear([desk.online("a"), desk.beat("a")])
    desk.now += timedelta(days=400)
    await replica.sweep()
    assert await desk.there() == {"a"}


@pytest.mark.spec("ASG 2")
async def test_a_clock_that_is_ahead_keeps_nobody_online_for_longer() -> None:
    desk, replica = await a_desk()
    desk.now = MONDAY + timedelta(hours=1)
    ahead = desk.online("a")
    desk.now = MONDAY
    await replica.hear([ahead])
    assert await desk.there() == {"a"}
    desk.now += SECOND
    await replica.hear([desk.offline("a")])
    assert await desk.there() == set()
    desk.now += SECOND
    await replica.hear([desk.online("a")])
    assert await desk.there() == {"a"}
    desk.now += timedelta(seconds=60)
    await replica.sweep()
    assert await desk.there() == set()


@pytest.mark.spec("ASG 2")
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=6),
    st.integers(0, 12),
)
async def test_whatever_is_repeated_the_last_choice_of_each_agent_counts(
    said: list[tuple[str, bool]], deliveries: list[tuple[int, int]], old: int
) -> None:
    desk, replica = await a_desk()
    events: list[Presence] = []
    for agent_id, online in said:
        desk.now += SECOND
        events.append(desk.online(agent_id) if online else desk.offline(agent_id))
    delivered = 0
    for back, on in [*deliveries, (0, len(events))]:
        # From some place before, as after a crash or by a replica that was frozen.
        end = delivered + on
        await replica.hear(events[max(0, delivered - back) : end])
        delivered = end
    await replica.hear(events[:old])
    assert await desk.there() == {agent for agent, online in dict(said).items() if online}


@pytest.mark.spec("ASG 2")
async def test_an_old_heartbeat_never_hides_a_newer_one() -> None:
    heartbeats = MemoryHeartbeats()
    await heartbeats.beat([Beat("acme", "a", MONDAY + SECOND), Beat("acme", "a", MONDAY)])
    assert heartbeats.beats == {"acme:a": MONDAY + SECOND}
