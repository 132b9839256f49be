"""Who is there."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assignment.rules.presence import Beat
from shared.contracts.presence import Presence
from shared.errors import Transient
from tests.assignment.desk import Desk, Replica, account
from tests.assignment.memory import MemoryHeartbeats
from tests.assignment.ticketing import MONDAY

SECOND = timedelta(seconds=1)


async def there(desk: Desk) -> set[str]:
    return (await desk.stores.agents.online(desk.now, ["acme"])).get("acme", set())


async def set_up() -> tuple[Desk, Replica]:
    desk = Desk()
    desk.has(account(), account("other"))
    replica = desk.replica()
    await replica.sweep()
    return desk, replica


@pytest.mark.spec("ASG 2")
async def test_only_an_agent_can_change_their_own_presence() -> None:
    desk, replica = await set_up()
    false = desk.online("a").model_copy(update={"said_by": "b"})
    refused = await replica.hear([false, desk.online("b"), false])
    assert refused is not None
    assert {place: poison.reason for place, poison in refused.items()} == {
        0: "not_theirs",
        2: "not_theirs",
    }
    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
async def test_signing_out_counts_at_once() -> None:
    desk, replica = await set_up()
    await replica.hear([desk.online("a"), desk.online("a", "other")])
    desk.now += SECOND
    assert not await replica.hear([desk.offline("a")])
    assert await there(desk) == set()
    assert await desk.stores.agents.online(desk.now, ["other"]) == {"other": {"a"}}


@pytest.mark.spec("ASG 2")
async def test_a_silent_agent_becomes_offline_and_no_heartbeat_makes_them_online_again() -> None:
    desk, replica = await set_up()
    await replica.hear([desk.online("a"), desk.online("b")])
    for _ in range(59):
        desk.now += SECOND
        await replica.hear([desk.beat("b")])
        await replica.sweep()
        assert await there(desk) == {"a", "b"}
    desk.now += SECOND
    assert await there(desk) == {"b"}
    await replica.sweep()
    assert await there(desk) == {"b"}
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await there(desk) == {"b"}
    await replica.hear([desk.online("a")])
    assert await there(desk) == {"a", "b"}


@pytest.mark.spec("ASG 2")
async def test_an_agent_nobody_looked_after_is_not_there_even_before_the_sweep() -> None:
    desk, replica = await set_up()
    await replica.hear([desk.online("a")])
    desk.now += timedelta(minutes=10)
    assert await there(desk) == set()


@pytest.mark.spec("ASG 2")
async def test_a_heartbeat_of_an_agent_who_is_offline_changes_nothing() -> None:
    desk, replica = await set_up()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await there(desk) == set()


@pytest.mark.spec("ASG 2")
async def test_after_redis_lost_everything_the_connected_stay_and_the_silent_go() -> None:
    desk, replica = await set_up()
    heartbeats = desk.stores.heartbeats
    assert isinstance(heartbeats, MemoryHeartbeats)
    await replica.hear([desk.online("a"), desk.online("b")])
    heartbeats.flush()
    for second in range(180):
        desk.now += SECOND
        if second % 20 == 0:
            await replica.hear([desk.beat("b")])
        await replica.sweep()
        assert "b" in await there(desk)
    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
@pytest.mark.parametrize("outage", [30, 70, 3600])
async def test_after_redis_was_away_the_connected_are_there_and_the_silent_go(outage: int) -> None:
    desk, replica = await set_up()
    heartbeats = desk.stores.heartbeats
    assert isinstance(heartbeats, MemoryHeartbeats)
    await replica.hear([desk.online("a"), desk.online("b")])
    await replica.sweep()
    heartbeats.away = True
    untold = []
    for second in range(outage):
        desk.now += SECOND
        if second % 20 == 0:
            untold.append(desk.beat("b"))
        with contextlib.suppress(ConnectionError):
            await replica.sweep()
    heartbeats.away = False
    # Their records wait in place for some seconds more; time goes on meanwhile.
    for _ in range(5):
        await replica.sweep()
        desk.now += SECOND
    if outage > 60:
        assert await there(desk) == set()
    await replica.hear(untold)
    await replica.sweep()
    assert await there(desk) == ({"a", "b"} if outage < 60 else {"b"})
    for _ in range(60):
        desk.now += SECOND
        await replica.hear([desk.beat("b")])
        await replica.sweep()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
@pytest.mark.parametrize("outage", [30, 70, 3600])
async def test_after_kafka_was_away_the_connected_are_there_and_the_silent_go(outage: int) -> None:
    desk, replica = await set_up()
    await replica.hear([desk.online("a"), desk.online("b")])
    await replica.sweep()
    desk.kafka_away = True
    untold = []
    for second in range(outage):
        desk.now += SECOND
        if second % 20 == 0:
            untold.append(desk.beat("b"))
        with contextlib.suppress(Transient):
            await replica.sweep()
    desk.kafka_away = False
    # The apps are connected again, and the replicas join their group, some seconds later.
    for _ in range(5):
        await replica.sweep()
        desk.now += SECOND
    if outage > 60:
        assert await there(desk) == set()

    await replica.hear([*untold, desk.beat("b")])
    await replica.sweep()

    assert await there(desk) == ({"a", "b"} if outage < 60 else {"b"})
    for _ in range(60):
        desk.now += SECOND
        await replica.hear([desk.beat("b")])
        await replica.sweep()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
async def test_a_replica_that_has_just_started_takes_nobody_to_have_gone_unheard() -> None:
    desk, replica = await set_up()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.now += timedelta(minutes=10)
    # All were away; another one's partitions have the heartbeats, and it is not as far yet.
    fresh, other = desk.replica(), desk.replica()
    await fresh.sweep()
    desk.now += 5 * SECOND

    await other.hear([desk.beat("b")])
    await fresh.sweep()

    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
async def test_heartbeats_have_a_minute_to_be_told_again_however_short_the_limit_is() -> None:
    desk, replica = await set_up()
    desk.has(account(assignment={"heartbeat_limit": timedelta(seconds=10)}))
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.now += timedelta(minutes=10)
    for _ in range(59):
        await replica.sweep()
        desk.now += SECOND

    await replica.hear([desk.beat("b")])
    await replica.sweep()

    assert await there(desk) == {"b"}
    desk.now += SECOND
    await replica.sweep()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
@pytest.mark.parametrize("silent", [0, 499, 500, 1200])
async def test_however_many_are_silent_after_an_outage_the_connected_are_there_at_once(
    silent: int,
) -> None:
    desk, replica = await set_up()
    gone = [f"a{number}" for number in range(silent)]
    connected = [f"b{number}" for number in range(100)]
    await replica.hear([desk.online(agent) for agent in [*gone, *connected]])
    desk.now += timedelta(minutes=10)
    await replica.sweep()
    await replica.hear([desk.beat(agent) for agent in connected])

    await replica.sweep()

    assert await there(desk) == set(connected)


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
        assert "b" in await there(desk)
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await there(desk) == {"b"}


@pytest.mark.spec("ASG 2")
async def test_a_limit_that_no_date_can_hold_does_no_harm() -> None:
    desk, replica = await set_up()
    desk.has(account(assignment={"heartbeat_limit": timedelta.max}))
    assert not await replica.hear([desk.online("a"), desk.beat("a")])
    desk.now += timedelta(days=400)
    await replica.sweep()
    assert await there(desk) == {"a"}


@pytest.mark.spec("ASG 2")
async def test_a_clock_that_is_ahead_keeps_nobody_online_for_longer() -> None:
    desk, replica = await set_up()
    desk.now = MONDAY + timedelta(hours=1)
    ahead = desk.online("a")
    desk.now = MONDAY
    await replica.hear([ahead])
    assert await there(desk) == {"a"}
    desk.now += SECOND
    await replica.hear([desk.offline("a")])
    assert await there(desk) == set()
    desk.now += SECOND
    await replica.hear([desk.online("a")])
    assert await there(desk) == {"a"}
    desk.now += timedelta(seconds=60)
    await replica.sweep()
    assert await there(desk) == set()


@pytest.mark.spec("ASG 2")
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=6),
    st.integers(0, 12),
)
async def test_whatever_is_repeated_the_last_choice_of_each_agent_counts(
    said: list[tuple[str, bool]], deliveries: list[tuple[int, int]], old: int
) -> None:
    desk, replica = await set_up()
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
    assert await there(desk) == {agent for agent, online in dict(said).items() if online}


@pytest.mark.spec("ASG 2")
async def test_an_old_heartbeat_never_hides_a_newer_one() -> None:
    heartbeats = MemoryHeartbeats()
    await heartbeats.beat([Beat("acme", "a", MONDAY + SECOND), Beat("acme", "a", MONDAY)])
    assert heartbeats.beats == {"acme:a": MONDAY + SECOND}
