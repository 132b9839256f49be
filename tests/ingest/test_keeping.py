"""Where messages are kept: one behaviour, in memory and in MongoDB (ING 9)."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from services.ingest.fair.gate import Keeping
from services.ingest.fair.store import MongoKeeping
from shared.bus.delivery import Outgoing
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from shared.topics import MESSAGES
from tests.ingest.memory import MemoryKeeping
from tests.lasting import let_nothing_expire
from tests.memory_bus import MORNING

LANE, OTHER = "acme:sms", "acme:smsx"
LATER = MORNING + timedelta(seconds=5)


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def keeping(request: pytest.FixtureRequest) -> AsyncIterator[Keeping]:
    if request.param == "memory":
        yield MemoryKeeping()
        return
    servers: Any = request.getfixturevalue("servers")
    unique: str = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    store = MongoKeeping(mongo.database)
    await store.ensure_indexes()
    await let_nothing_expire(mongo.database)
    yield store
    await mongo.close()


def messages(*said: str) -> list[Outgoing]:
    headers = (("correlation-id", b"c"), ("odd", None))
    return [Outgoing(MESSAGES.name, b"acme:sms:anna", text.encode(), headers) for text in said]


async def first(keeping: Keeping, lane: str = LANE, count: int = 100) -> Sequence[Outgoing]:
    return [kept.record for kept in await keeping.first(lane, count)]


@pytest.mark.spec("ING 9")
async def test_what_is_kept_comes_out_as_it_was_in_its_order_and_lane(keeping: Keeping) -> None:
    await keeping.keep({LANE: messages(*"ab"), OTHER: messages("x")}, MORNING)
    await keeping.keep({LANE: messages(*"cdefghijkl")}, LATER)

    assert await first(keeping) == messages(*"abcdefghijkl")
    assert await first(keeping, count=3) == messages(*"abc")
    assert await first(keeping, OTHER) == messages("x")
    assert [kept.since for kept in await keeping.first(LANE, 3)] == [MORNING, MORNING, LATER]


@pytest.mark.spec("ING 9")
async def test_what_is_forgotten_is_gone_and_the_rest_keeps_its_place(keeping: Keeping) -> None:
    await keeping.keep({LANE: messages(*"abc")}, MORNING)
    await keeping.forget(await keeping.first(LANE, 2))
    await keeping.keep({LANE: messages("d")}, MORNING)

    assert await first(keeping) == messages(*"cd")


@pytest.mark.spec("ING 9")
async def test_a_lane_waits_until_it_is_settled(keeping: Keeping) -> None:
    assert not await keeping.waiting()
    await keeping.keep({LANE: messages("a"), OTHER: messages("x", "y")}, MORNING)

    waiting = await keeping.waiting()
    assert set(waiting) == {LANE, OTHER}
    assert set(await keeping.waiting([LANE, "never:sms"])) == {LANE}

    await keeping.settled(LANE, waiting[LANE])
    assert set(await keeping.waiting()) == {OTHER}
    assert not await keeping.waiting([LANE])


@pytest.mark.spec("ING 9")
async def test_a_lane_is_not_settled_where_more_was_kept_meanwhile(keeping: Keeping) -> None:
    await keeping.keep({LANE: messages("a")}, MORNING)
    before = await keeping.waiting()
    await keeping.keep({LANE: messages("b")}, MORNING)

    await keeping.settled(LANE, before[LANE])

    assert set(await keeping.waiting()) == {LANE}


@pytest.mark.spec("ING 9")
async def test_a_lane_that_was_settled_too_soon_is_woken(keeping: Keeping) -> None:
    await keeping.keep({LANE: messages("a")}, MORNING)
    seen = await keeping.waiting()
    await keeping.settled(LANE, seen[LANE])
    assert not await keeping.waiting()

    await keeping.woken()
    assert await keeping.waiting() == seen

    await keeping.forget(await keeping.first(LANE, 1))
    await keeping.settled(LANE, seen[LANE])
    await keeping.woken()
    assert not await keeping.waiting()


@pytest.mark.spec("ING 9")
async def test_one_holder_lets_in_until_their_time_is_over(keeping: Keeping) -> None:
    assert await keeping.leased("a", MORNING, LATER)
    assert await keeping.leased("a", MORNING, LATER)
    assert not await keeping.leased("b", MORNING, LATER)

    after = LATER + timedelta(milliseconds=1)
    assert await keeping.leased("b", after, after + timedelta(seconds=5))
    assert not await keeping.leased("a", after, after)
