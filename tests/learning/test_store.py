"""Lessons and first messages are kept alike in memory and in MongoDB."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from shared.learning.features import hashed
from shared.learning.teaching import Lessons, Memories, Remembered
from shared.running.settings import MongoSettings
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Mongo
from tests.learning.memory import MemoryLessons, MemoryMemories
from tests.learning.test_teaching import a_lesson, labelled
from tests.spam.samples import MONDAY

HOUR = timedelta(hours=1)
Stores = tuple[Lessons, Memories]


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.connected)])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield MemoryLessons(), MemoryMemories()
        return
    url = request.getfixturevalue("servers").mongo
    unique = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings(url=SecretStr(url), database=unique))
    lessons, memories = (
        MongoLessons(mongo.database, "spam"),
        MongoMemories(mongo.database, "spam"),
    )
    await lessons.ensure_indexes()
    await memories.ensure_indexes()
    yield lessons, memories
    await mongo.close()


def given(ticket: int, text: str = "x", **other: Any) -> Any:
    return a_lesson(ticket, **other), hashed(text)


def first(ticket: str, account: str = "acme", text: str = "hello") -> Remembered:
    return Remembered(account, ticket, {2: hashed(text)}, "anna", MONDAY)


@pytest.mark.spec("SPM 3")
async def test_of_several_lessons_on_a_ticket_the_highest_rank_counts(stores: Stores) -> None:
    lessons, _ = stores
    await lessons.keep([given(0, spam=True, rank=5), given(1, spam=True, rank=2)])
    await lessons.keep([given(0, spam=False, rank=7), given(0, spam=True, rank=6)])
    await lessons.keep([given(0, spam=True, rank=7), given(1, spam=False, rank=0)])
    await lessons.keep([])
    kept = {each.example_id: each for each in await lessons.of_account("acme")}

    assert kept["t0"].labels == {"spam": False}
    assert kept["t0"].ranks == {"spam": 7}
    assert kept["t0"].at == MONDAY + 7 * HOUR
    assert kept["t1"].labels == {"spam": True}


async def test_marks_come_before_silence_and_of_each_the_newest(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    lessons, _ = stores
    monkeypatch.setattr("shared.stores.lessons.MOST_LESSONS", 2)
    monkeypatch.setattr("tests.learning.memory.MOST_LESSONS", 2)
    await lessons.keep([given(n, rank=0, occurred_at=MONDAY + n * HOUR) for n in range(9)])
    await lessons.keep([given(n, rank=1 + n) for n in range(6)])
    kept = [each.example_id for each in await lessons.of_account("acme")]

    assert kept == ["t5", "t4", "t3", "t2", "t8", "t7", "t6"]


async def test_each_label_has_its_own_last_word_whatever_it_is_called(stores: Stores) -> None:
    lessons, _ = stores
    names = ("v2.0", "$pecial", "Talk to a human", "50%")
    await lessons.keep([given(0, labels=labelled(dict.fromkeys(names, True)), rank=3)])
    await lessons.keep([given(0, labels=labelled({"v2.0": False}), rank=4)])
    [kept] = await lessons.of_account("acme")

    assert kept.labels == {"v2.0": False, "$pecial": True, "Talk to a human": True, "50%": True}
    assert (kept.indices == hashed("x")).all()


async def test_accounts_have_their_own(stores: Stores) -> None:
    lessons, memories = stores
    await lessons.keep([given(0), given(0, account="zeta")])
    await memories.remember([first("t0"), first("t0", "zeta", "other")])

    assert len(await lessons.of_account("acme")) == 1
    assert await lessons.of_account("nobody") == []
    found = await memories.recall([("zeta", "t0"), ("acme", "t9")])
    assert set(found) == {("zeta", "t0")}
    assert (found["zeta", "t0"].until(2) == hashed("other")).all()


async def test_what_was_written_before_a_time_is_forgotten_then(stores: Stores) -> None:
    _, memories = stores
    await memories.remember([first("old"), replace(first("new"), at=MONDAY + HOUR)])
    await memories.forget(MONDAY)
    assert len(await memories.recall([("acme", "old"), ("acme", "new")])) == 2
    await memories.forget(MONDAY + HOUR)

    assert set(await memories.recall([("acme", "old"), ("acme", "new")])) == {("acme", "new")}


async def test_a_ticket_is_remembered_by_all_its_parts_and_each_of_them_once(
    stores: Stores,
) -> None:
    _, memories = stores
    second = replace(first("t0"), parts={5: hashed("two")}, given=("Returns",), at=MONDAY + HOUR)
    await memories.remember([first("t0", text="one")])
    for _again in range(2):
        await memories.remember([second, first("t1"), replace(second, given=("Chat", "Returns"))])
    await memories.remember([first("t0", text="one")])
    await memories.remember([replace(first("t0"), parts={}, given=("Chat",))])
    await memories.remember([])
    found = await memories.recall([("acme", "t0"), ("acme", "t1")])

    both = sorted({*hashed("one").tolist(), *hashed("two").tolist()})
    assert found["acme", "t0"].until(5).tolist() == both
    assert found["acme", "t0"].until(4).tolist() == hashed("one").tolist()
    assert found["acme", "t0"].until(1).tolist() == []
    assert found["acme", "t0"].given == ("Chat", "Returns")
    assert found["acme", "t0"].at == MONDAY
    assert found["acme", "t1"].given == ()
    assert await memories.recall([]) == {}


@pytest.mark.spec("SPM 3")
async def test_silence_is_awaited_until_somebody_marks(stores: Stores) -> None:
    _, memories = stores
    await memories.remember([first("t0"), first("t1"), first("t2")])
    await memories.await_silence(
        {("acme", "t0"): MONDAY + 2 * HOUR, ("acme", "t1"): MONDAY + HOUR, ("acme", "t9"): MONDAY}
    )
    assert [each.ticket_id for each in await memories.silent(MONDAY, 9)] == []
    assert [each.ticket_id for each in await memories.silent(MONDAY + 2 * HOUR, 9)] == ["t1", "t0"]
    assert [each.ticket_id for each in await memories.silent(MONDAY + 2 * HOUR, 1)] == ["t1"]
    await memories.await_silence({("acme", "t1"): None})
    await memories.await_silence({("acme", "t1"): MONDAY + HOUR})
    await memories.await_silence({})
    [left] = await memories.silent(MONDAY + 9 * HOUR, 9)

    assert left.ticket_id == "t0"
    assert left.silent_from == MONDAY + 2 * HOUR
