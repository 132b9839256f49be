"""Whoever keeps trying has to wait, wherever it is counted (ROL)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from services.desk.rules.throttling import ADDRESS, FORGOTTEN_AFTER, PERSON, Pace, Tries, tried
from services.desk.web.auth.throttle import Throttle
from services.desk.web.problems import Problem
from tests.desk.signing import NOON, PASSWORD, World, alert_of


class Servers(Protocol):
    redis: str


ANN = "ann@example.com"


class Time:
    def __init__(self) -> None:
        self.now = NOON


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=["here", pytest.param("real", marks=pytest.mark.connected), "away"])
async def throttle(request: pytest.FixtureRequest, time: Time) -> AsyncIterator[Throttle]:
    if request.param == "here":
        yield Throttle(None, "t", lambda: time.now)
        return
    place = "redis://127.0.0.1:1"
    if request.param == "real":
        servers: Servers = request.getfixturevalue("servers")
        place = servers.redis
    redis = Redis.from_url(place)
    yield Throttle(redis, request.getfixturevalue("unique"), lambda: time.now)
    await redis.aclose()


async def wait(throttle: Throttle, address: str, person: str | None = None) -> int:
    """The seconds that a try has to wait; 0 for one that may be."""
    try:
        await throttle.ask(address, person)
    except Problem as problem:
        return int(problem.headers["Retry-After"])
    return 0


async def test_each_try_too_many_doubles_the_wait(throttle: Throttle, time: Time) -> None:
    waits = []
    for number in range(22):
        left = await wait(throttle, f"10.0.0.{number}", " Ann@EXAMPLE.com" * (number % 2) or ANN)
        if left:
            waits.append(left)
            time.now += timedelta(seconds=left)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_an_address_waits_whoever_it_tries(throttle: Throttle) -> None:
    for number in range(21):
        assert await wait(throttle, "2001:db8::1", f"{number}@example.com") == 0

    assert await wait(throttle, "2001:db8::2", "new@example.com") == 1
    assert await wait(throttle, "2001:db8:0:1::1", "new@example.com") == 0


async def test_a_good_try_forgets_the_persons_and_takes_back_the_addresses(
    throttle: Throttle,
) -> None:
    for _ in range(200):
        assert await wait(throttle, "10.0.0.1", "ann@example.com") == 0
        await throttle.good("10.0.0.1", "ann@example.com")
    for _ in range(20):
        assert await wait(throttle, "10.0.0.1") == 0


async def test_a_good_try_of_ones_own_buys_no_tries_of_others(throttle: Throttle) -> None:
    tries = 0
    for number in range(40):
        if not await wait(throttle, "10.0.0.1", "mine@example.com"):
            await throttle.good("10.0.0.1", "mine@example.com")
        if await wait(throttle, "10.0.0.1", f"{number}@example.com"):
            break
        tries += 1

    assert tries == 21


async def test_after_an_hour_of_rest_all_is_forgotten(throttle: Throttle, time: Time) -> None:
    for _ in range(6):
        await wait(throttle, "10.0.0.1", "ann@example.com")
    assert await wait(throttle, "10.0.0.1", "ann@example.com") == 1

    time.now += FORGOTTEN_AFTER + timedelta(seconds=2)

    for _ in range(6):
        assert await wait(throttle, "10.0.0.1", "ann@example.com") == 0


async def test_addresses_that_are_none_are_counted_too(throttle: Throttle) -> None:
    for number in range(21):
        assert await wait(throttle, "x" * number) == 0

    assert await wait(throttle, "") == 1


@given(
    gaps=st.lists(st.integers(0, 5 * 60 * 1000), min_size=1, max_size=200),
    pace=st.sampled_from([PERSON, ADDRESS, Pace(0, timedelta(seconds=10))]),
)
def test_no_way_of_trying_gets_more_tries_than_the_pace(gaps: list[int], pace: Pace) -> None:
    tries, now, good, last = Tries(), NOON, 0, NOON

    for gap in gaps:
        now += timedelta(milliseconds=gap)
        before = tries
        tries, left = tried(tries, pace, now)
        if left:
            assert tries == before, "a try that had to wait costs nothing"
            assert left <= pace.longest
            continue
        good += 1
        assert good <= pace.free + 1 or now - last >= pace.wait(good - 1)
        last = now


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com"])
async def test_a_person_who_is_tried_too_often_waits_whether_there_is_one_or_not(
    email: str,
) -> None:
    world = World()
    await world.passwords.set("acme", "ann", PASSWORD)
    for number in range(6):
        browser = world.browser(f"10.0.0.{number}")
        assert (await browser.sign_in(email, "wrong")).status_code == 401

    answer = await world.browser("10.1.0.1").sign_in(email, PASSWORD)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert alert_of(answer.text) == "There were too many tries. Please wait 1 s and try again."
    asked_as_json = await world.browser("10.1.0.2", accept="application/json").sign_in(email)
    assert asked_as_json.json()["code"] == "too_many_tries"
    assert asked_as_json.headers["retry-after"] == "1"
    world.later(seconds=1)
    signed_in = await world.browser("10.1.0.1").sign_in(email, PASSWORD)
    assert signed_in.status_code == (303 if email == "ann@example.com" else 401)


async def test_whoever_guesses_links_has_to_wait() -> None:
    browser = World().browser()

    answers = [await browser.get(f"/set-password?token={n}") for n in range(22)]

    assert [answer.status_code for answer in answers] == [404] * 21 + [429]
