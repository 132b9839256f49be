"""Timers and typing marks are kept alike in memory, in MongoDB and in Redis."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Protocol

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from services.autoclose.app import TimerStore
from services.autoclose.handlers import Typing
from services.autoclose.rules.closing import TypingMark
from services.autoclose.rules.timer import OFF, TicketRef, Timer, Typist
from services.autoclose.store import MongoTimers, RedisTyping
from shared.clock import FAR_FUTURE
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.autoclose.memory import MemoryTimers, MemoryTyping
from tests.autoclose.story import MINUTE, MONDAY

REAL_TOO = ["memory", pytest.param("real", marks=pytest.mark.connected)]


class Servers(Protocol):
    mongo: str
    redis: str


@pytest.fixture(params=REAL_TOO)
async def timers(request: pytest.FixtureRequest) -> AsyncIterator[TimerStore]:
    if request.param == "memory":
        yield MemoryTimers()
        return
    servers: Servers = request.getfixturevalue("servers")
    unique: str = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    store = MongoTimers(mongo.database)
    await store.ensure_indexes()
    yield store
    await mongo.close()


@pytest.fixture(params=REAL_TOO)
async def typing(request: pytest.FixtureRequest) -> AsyncIterator[Typing]:
    if request.param == "memory":
        yield MemoryTyping()
        return
    servers: Servers = request.getfixturevalue("servers")
    redis = Redis.from_url(servers.redis)
    yield RedisTyping(redis, prefix=request.getfixturevalue("unique"))
    await redis.aclose()


def timer(ticket_id: str, *, seq: int = 3, due_at: datetime = MONDAY, **other: Any) -> Timer:
    values: dict[str, Any] = {
        "account_id": "acme",
        "channel": "email",
        "party": "anna@example.com",
        "seen_at": MONDAY,
        "correlation_id": "c",
        "reset_seq": 2,
        "waiting_epoch": 3,
        "last_reply_seq": 3,
        "first_reply_at": MONDAY,
        "last_reply_at": MONDAY,
        "settings": "first_reply:1",
    }
    return Timer(ticket_id=ticket_id, last_seq=seq, due_at=due_at, **(values | other))


async def kept(timers: TimerStore, *which: Timer) -> list[Timer]:
    found = await timers.load({timer.ref for timer in which})
    return [found[timer.ref] for timer in which if timer.ref in found]


async def test_what_is_kept_comes_back_as_it_was(timers: TimerStore) -> None:
    full = timer("t1", asked_for=(3, 5), put_off_since=MONDAY + MINUTE, channel="webchat")
    idle = timer("t2").stopped()
    await timers.save([full, idle], known=())
    assert await timers.load({full.ref, idle.ref, TicketRef("acme", "t9")}) == {
        full.ref: full,
        idle.ref: idle,
    }
    assert await timers.load(set()) == {}


@pytest.mark.spec("TKT 9")
async def test_only_a_newer_seq_replaces_what_is_kept(timers: TimerStore) -> None:
    first, newer, same = timer("t1"), timer("t1", seq=4), timer("t1", seq=4, channel="sms")
    await timers.save([first], known=())
    await timers.save([newer], known={first.ref})
    await timers.save([same], known={first.ref})
    await timers.save([first], known={first.ref})
    assert await kept(timers, first) == [newer]


@pytest.mark.spec("TKT 9")
async def test_two_replicas_that_both_thought_a_ticket_new_keep_the_newer(
    timers: TimerStore,
) -> None:
    older, newer, other = timer("t1"), timer("t1", seq=5), timer("t2")
    await timers.save([older], known=())
    await timers.save([other, newer], known=())
    await timers.save([older], known=())
    assert await kept(timers, older, other) == [newer, other]


async def test_an_account_cannot_touch_anothers_ticket_of_the_same_id(timers: TimerStore) -> None:
    ours, theirs = timer("t1"), timer("t1", account_id="zeta", seq=9)
    await timers.save([ours, theirs], known=())
    assert await kept(timers, ours, theirs) == [ours, theirs]


@pytest.mark.spec("ACL 3")
async def test_due_is_what_lies_before_now_a_bounded_number(timers: TimerStore) -> None:
    late = [timer(f"t{n}", due_at=MONDAY - n * MINUTE) for n in range(1, 6)]
    now, never = timer("now"), timer("never", due_at=FAR_FUTURE)
    await timers.save([*late, now, never], known=())
    found = await timers.due(MONDAY, limit=100)
    assert sorted(t.ticket_id for t in found) == ["t1", "t2", "t3", "t4", "t5"]
    assert len(await timers.due(MONDAY, limit=2)) == 2
    assert len(await timers.due(MONDAY + MINUTE, limit=100)) == 6


@pytest.mark.spec("ACL 7")
async def test_running_timers_by_other_settings_are_found_of_one_account(
    timers: TimerStore,
) -> None:
    await timers.save(
        [
            timer("as it is", settings="first_reply:5"),
            timer("below", settings="first_reply:4"),
            timer("above", settings="last_reply:5"),
            timer("off", settings=OFF),
            timer("idle").stopped(),
            timer("theirs", account_id="zeta", settings="first_reply:4"),
        ],
        known=(),
    )
    found = await timers.set_otherwise("acme", "first_reply:5", limit=10)
    assert sorted(t.ticket_id for t in found) == ["above", "below", "off"]
    assert len(await timers.set_otherwise("acme", "first_reply:5", limit=2)) == 2


@pytest.mark.spec("ACL 3")
async def test_a_revision_holds_only_where_nothing_moved_meanwhile(timers: TimerStore) -> None:
    before = [timer(f"t{n}") for n in range(4)]
    await timers.save(before, known=())
    moved = before[1]._replace(last_seq=4)
    await timers.save([moved], known={moved.ref})
    put_off = before[2]._replace(due_at=MONDAY + MINUTE, put_off_since=MONDAY)
    await timers.revise([(before[2], put_off)])
    asked = [t._replace(asked_for=(3, 3), due_at=FAR_FUTURE, settings="") for t in before]
    await timers.revise(list(zip(before, asked, strict=True)))
    await timers.revise([])
    assert await kept(timers, *before) == [asked[0], moved, put_off, asked[3]]


@pytest.mark.spec("ACL 4")
async def test_the_last_time_each_was_typing_is_known(typing: Typing) -> None:
    anna, berta = Typist("acme", "sms", "anna"), Typist("acme", "webchat", "berta")
    theirs = Typist("zeta", "sms", "anna")
    await typing.mark({anna: TypingMark(MONDAY, MINUTE), theirs: TypingMark(MONDAY, MINUTE)})
    await typing.mark({anna: TypingMark(MONDAY + MINUTE, timedelta(microseconds=1))})
    await typing.mark({anna: TypingMark(MONDAY + MINUTE, MINUTE)})
    assert await typing.seen({anna, berta, theirs}) == {anna: MONDAY + MINUTE, theirs: MONDAY}
    assert await typing.seen(set()) == {}
    await typing.mark({})
