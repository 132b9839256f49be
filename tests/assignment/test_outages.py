"""Who is there after what tells of it was away."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.presence import Presence
from shared.errors import Transient
from tests.assignment.desk import a_desk, account
from tests.assignment.memory import MemoryHeartbeats

SECOND = timedelta(seconds=1)


@pytest.mark.spec("ASG 2")
async def test_after_redis_lost_everything_the_connected_stay_and_the_silent_go() -> None:
    desk, replica = await a_desk()
    heartbeats = desk.stores.heartbeats
    assert isinstance(heartbeats, MemoryHeartbeats)
    await replica.hear([desk.online("a"), desk.online("b")])
    heartbeats.flush()
    for second in range(180):
        desk.now += SECOND
        if second % 20 == 0:
            await replica.hear([desk.beat("b")])
        await replica.sweep()
        assert "b" in await desk.there()
    assert await desk.there() == {"b"}


@pytest.mark.spec("ASG 2")
@pytest.mark.parametrize("away", ["redis", "kafka"])
@pytest.mark.parametrize("outage", [30, 70, 3600])
async def test_after_an_outage_the_connected_are_there_and_the_silent_go(
    away: str, outage: int
) -> None:
    desk, replica = await a_desk()
    heartbeats = desk.stores.heartbeats
    assert isinstance(heartbeats, MemoryHeartbeats)
    await replica.hear([desk.online("a"), desk.online("b")])
    await replica.sweep()
    desk.kafka_away, heartbeats.away = away == "kafka", away == "redis"
    untold = []
    for second in range(outage):
        desk.now += SECOND
        if second % 20 == 0:
            untold.append(desk.beat("b"))
        with contextlib.suppress(Transient, ConnectionError):
            await replica.sweep()
    desk.kafka_away = heartbeats.away = False
    # Records wait in place, or apps connect and replicas join their group: some seconds more.
    for _ in range(5):
        await replica.sweep()
        desk.now += SECOND
    if outage > 60:
        assert await desk.there() == set()

    await replica.hear([*untold, desk.beat("b")])
    await replica.sweep()

    assert await desk.there() == ({"a", "b"} if outage < 60 else {"b"})
    for _ in range(60):
        desk.now += SECOND
        await replica.hear([desk.beat("b")])
        await replica.sweep()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await desk.there() == {"b"}


@pytest.mark.spec("ASG 2")
async def test_a_replica_that_has_just_started_takes_nobody_to_have_gone_unheard() -> None:
    desk, replica = await a_desk()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.now += timedelta(minutes=10)
    # All were away; another one's partitions have the heartbeats, and it is not as far yet.
    fresh, other = desk.replica(), desk.replica()
    await fresh.sweep()
    desk.now += 5 * SECOND

    await other.hear([desk.beat("b")])
    await fresh.sweep()

    assert await desk.there() == {"b"}


@pytest.mark.spec("ASG 2")
async def test_heartbeats_have_a_minute_to_be_told_again_however_short_the_limit_is() -> None:
    desk, replica = await a_desk()
    desk.has(account(assignment={"heartbeat_limit": timedelta(seconds=10)}))
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.now += timedelta(minutes=10)
    for _ in range(59):
        await replica.sweep()
        desk.now += SECOND

    await replica.hear([desk.beat("b")])
    await replica.sweep()

    assert await desk.there() == {"b"}
    desk.now += SECOND
    await replica.sweep()
    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await desk.there() == {"b"}


@pytest.mark.spec("ASG 2")
@pytest.mark.parametrize("silent", [0, 499, 500, 1200])
async def test_however_many_are_silent_after_an_outage_the_connected_are_there_at_once(
    silent: int,
) -> None:
    desk, replica = await a_desk()
    gone = [f"a{number}" for number in range(silent)]
    connected = [f"b{number}" for number in range(100)]
    await replica.hear([desk.online(agent) for agent in [*gone, *connected]])
    desk.now += timedelta(minutes=10)
    await replica.sweep()
    await replica.hear([desk.beat(agent) for agent in connected])

    await replica.sweep()

    assert await desk.there() == set(connected)


@pytest.mark.spec("ASG 2")
@given(st.lists(st.sampled_from(["all well", "kafka", "redis", "still"]), max_size=15))
async def test_whatever_is_away_and_when_the_connected_stay_and_the_silent_go(
    stretches: list[str],
) -> None:
    desk, replica = await a_desk()
    heartbeats = desk.stores.heartbeats
    assert isinstance(heartbeats, MemoryHeartbeats)
    await replica.hear([desk.online("a"), desk.online("b")])
    untold: list[Presence] = []
    for away in [*stretches, *["all well"] * 5]:
        desk.kafka_away, heartbeats.away = away == "kafka", away == "redis"
        untold.append(desk.beat("b"))
        for quarter in range(4):
            desk.now += 5 * SECOND
            if away == "still":
                continue
            with contextlib.suppress(Transient, ConnectionError):
                await replica.sweep()
            if away == "all well" and quarter:
                await replica.hear(untold)
                untold = []
        if away == "all well":
            await replica.sweep()
            assert "b" in await desk.there()

    await replica.hear([desk.beat("a")])
    await replica.sweep()
    assert await desk.there() == {"b"}
