"""Lessons become weights once, whatever is repeated, and whoever dies between two steps (SPM 3)."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.delivery import Outgoing, Record
from shared.contracts.learning import Change, Label, LearnedWeights, Lesson
from shared.errors import Transient
from shared.learning import lessons as chosen
from shared.learning.coding import delta_of, indices_of_text, indices_text
from shared.learning.features import SIZE, hashed
from shared.learning.lessons import MOST_A_SENDER, MOST_LESSONS, Learned, counting
from shared.learning.model import NOTHING, Delta, logits, taught, within
from shared.learning.teaching import (
    MOST_NUMBERS,
    TaughtAgain,
    Teaching,
    WeightsTable,
    weights_record,
)
from shared.topic import Deleted
from shared.topics import WEIGHTS
from tests.examples import examples
from tests.learning.memory import MemoryLessons
from tests.learning.test_model import MODEL, SPAM, TEXTS
from tests.spam.samples import MONDAY


def labelled(labels: dict[str, bool]) -> tuple[Label, ...]:
    return tuple(Label(name=name, fits=fits) for name, fits in labels.items())


def a_lesson(
    ticket: int = 0, *, spam: bool = True, rank: int = 5, account: str = "acme", **other: Any
) -> Lesson:
    values: dict[str, Any] = {
        "account_id": account,
        "id": f"l{ticket}:{rank}",
        "occurred_at": MONDAY + timedelta(hours=rank),
        "correlation_id": "c",
        "subject": "spam",
        "example_id": f"t{ticket}",
        "rank": rank,
        "labels": labelled({SPAM: spam}),
        "teacher": "ada",
        "sender": f"c{ticket}",
        "indices": indices_text(hashed(TEXTS[ticket % len(TEXTS)])),
    }
    return Lesson(**(values | other))


class School:
    """Teaching in memory. `dies_at` is the step at which it dies next."""

    def __init__(self) -> None:
        self.lessons = MemoryLessons()
        self.published: list[LearnedWeights] = []
        self.dies_at: str | None = None
        self.table = WeightsTable("spam", MODEL.version)
        self.teaching = Teaching("spam", MODEL, self.lessons, self.publish)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.dies_at == "before publishing":
            raise Transient("dead")
        for record in records:
            body = WEIGHTS.parse(
                Record(record.topic, 0, 0, record.key, record.value, record.headers, MONDAY)
            )
            assert isinstance(body, LearnedWeights)
            self.published.append(body)
            self.table.apply(body)
        if self.dies_at == "after publishing":
            raise Transient("dead")

    def score(self, text: str, account: str = "acme") -> float:
        return logits(MODEL, [self.table.of(account).delta], hashed(text))[SPAM]


@pytest.mark.spec("SPM 3")
async def test_a_mark_changes_the_accounts_own_scores_and_no_others() -> None:
    school = School()
    await school.teaching.lessons_given([a_lesson(0)])

    assert school.score(TEXTS[0]) > logits(MODEL, [], hashed(TEXTS[0]))[SPAM]
    assert school.score(TEXTS[0], "other") == logits(MODEL, [], hashed(TEXTS[0]))[SPAM]
    assert school.table.of("acme").marks == 1


@pytest.mark.spec("SPM 3")
async def test_a_reversed_mark_is_unlearned() -> None:
    school, never = School(), School()
    await school.teaching.lessons_given([a_lesson(0, spam=True, rank=5), a_lesson(1)])
    await school.teaching.lessons_given([a_lesson(0, spam=False, rank=6)])
    await never.teaching.lessons_given([a_lesson(1), a_lesson(0, spam=False, rank=6)])

    for text in TEXTS:
        assert school.score(text) == never.score(text)


GIVEN = st.lists(
    st.builds(
        lambda ticket, spam, rank: a_lesson(ticket, spam=spam, rank=rank),
        st.integers(0, 3),
        st.booleans(),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda lesson: (lesson.example_id, lesson.rank),
)


@pytest.mark.spec("SPM 3")
@settings(deadline=None, max_examples=examples(40))
@given(GIVEN, st.data())
def test_any_order_repetition_and_death_teaches_the_same(
    given_: list[Lesson], data: st.DataObject
) -> None:
    async def run() -> None:
        straight, broken = School(), School()
        await straight.teaching.lessons_given(given_)
        mixed = data.draw(st.permutations([*given_, *given_[: data.draw(st.integers(0, 3))]]))
        for lesson in mixed:
            broken.dies_at = data.draw(
                st.sampled_from([None, "before publishing", "after publishing"])
            )
            while True:
                try:
                    await broken.teaching.lessons_given([lesson])
                except Transient:
                    broken.dies_at = None
                    continue
                break
        for text in TEXTS:
            assert broken.score(text) == straight.score(text)

    asyncio.run(run())


def kept(number: int, sender: str = "x", *, rank: int = 5, teacher: str = "ada") -> Learned:
    return Learned(
        f"t{number}", {SPAM: True}, {SPAM: rank}, hashed("x"), 1.0, teacher, sender, MONDAY
    )


@pytest.mark.spec("SPM 3")
def test_nobody_teaches_a_model_by_writing_often() -> None:
    many = [kept(number, "pest") for number in range(100)] + [kept(200, "ann")]
    counted = counting(many)

    assert sum(lesson.sender == "pest" for lesson in counted) == MOST_A_SENDER
    assert any(lesson.sender == "ann" for lesson in counted)


def test_one_agent_does_not_teach_it_alone() -> None:
    many = [kept(number, f"c{number}") for number in range(chosen.MOST_A_TEACHER + 50)]
    others = [kept(9_000 + number, f"o{number}", teacher="bob") for number in range(20)]

    assert sum(lesson.teacher == "bob" for lesson in counting([*many, *others])) == 20
    assert len(counting(many)) == chosen.MOST_A_TEACHER


def test_marks_come_before_silence_and_there_is_an_end() -> None:
    silent = [kept(number, f"c{number}", rank=0, teacher="") for number in range(MOST_LESSONS + 10)]
    marked = kept(9_999, "ann", rank=3)
    counted = counting([*silent, marked])

    assert counted[0] == marked
    assert len(counted) == MOST_LESSONS


async def test_lessons_on_another_subject_are_left_to_others() -> None:
    school = School()
    await school.teaching.lessons_given(
        [a_lesson(0, subject="tags", labels=labelled({"Returns": True}))]
    )

    assert school.published == []
    assert school.lessons.kept == {}


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize("indices", ["", "!!!", "AAAA", indices_text(hashed("x"))[:-4] + "////"])
async def test_a_lesson_with_damaged_indices_is_refused_and_the_rest_taken(indices: str) -> None:
    school = School()
    refusals = await school.teaching.lessons_given([a_lesson(0, indices=indices), a_lesson(1)])

    assert refusals is not None
    assert set(refusals) == {0}
    assert set(school.lessons.kept) == {("acme", "t1")}


async def test_weights_come_back_from_their_record_as_they_were() -> None:
    school = School()
    await school.teaching.lessons_given([a_lesson(number) for number in range(4)])
    lessons = counting(await school.lessons.of_account("acme"))
    delta = taught(MODEL, chosen.examples(lessons))
    back = delta_of(school.published[-1])

    assert (back.indices == delta.indices).all()
    assert (back.changes[SPAM] == delta.changes[SPAM]).all()
    assert (indices_of_text(indices_text(delta.indices)) == delta.indices).all()


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "damage",
    [
        {"changes": (Change(name=SPAM, values="AAAA"),)},
        {"changes": (Change(name=SPAM, values="no base64"),)},
        {"indices": "AAAA"},
        {"indices": indices_text(hashed("other"))},
    ],
)
async def test_damaged_weights_leave_the_seeds_alone_and_say_so(damage: dict[str, Any]) -> None:
    school, told = School(), list[str]()
    await school.teaching.lessons_given([a_lesson(0)])
    table = WeightsTable("spam", MODEL.version, told.append)
    table.apply(school.published[-1])
    table.apply(school.published[-1].model_copy(update=damage))

    assert table.of("acme").delta is NOTHING
    assert len(told) == 1


@pytest.mark.spec("ING 7")
async def test_who_consumes_damaged_weights_makes_them_a_dead_letter() -> None:
    school = School()
    await school.teaching.lessons_given([a_lesson(0)])
    [good] = school.published
    bad = good.model_copy(update={"changes": (Change(name=SPAM, values="AAAA"),)})
    others = bad.model_copy(update={"subject": "tags"})
    given_: list[LearnedWeights | Deleted] = [good, bad, Deleted("acme:spam"), others]
    refusals = await school.teaching.weights_published(given_)

    assert refusals is not None
    assert {place: why.reason for place, why in refusals.items()} == {1: "malformed"}
    assert await school.teaching.weights_published([good]) is None


async def test_weights_of_another_version_or_subject_or_that_were_deleted_do_not_count() -> None:
    school = School()
    await school.teaching.lessons_given([a_lesson(0)])
    [weights] = school.published
    table = WeightsTable("spam", MODEL.version)
    table.apply(weights.model_copy(update={"version": "older"}))
    table.apply(weights.model_copy(update={"subject": "tags"}))
    assert len(table) == 0
    table.apply(weights)
    table.apply(Deleted("acme:tags"))
    assert len(table) == 1
    table.apply(Deleted("acme:spam"))
    assert len(table) == 0


@pytest.mark.spec("SPM 3")
async def test_a_new_version_of_the_model_is_taught_at_its_start_what_accounts_had_taught() -> None:
    school = School()
    await school.teaching.lessons_given([a_lesson(n, account=f"a{n}") for n in range(7)])
    before = [each.model_copy(update={"version": "older"}) for each in school.published]
    school.published.clear()
    table = school.table = WeightsTable("spam", MODEL.version)
    for each in before:
        table.apply(each)
    again = TaughtAgain(school.teaching, table)

    await again.sweep()
    assert [each.account_id for each in school.published] == [f"a{n}" for n in range(5)]
    await school.teaching.lessons_given([a_lesson(1, account="a6", rank=9)])
    await again.sweep()
    assert [each.account_id for each in school.published] == [
        *(f"a{n}" for n in range(5)),
        "a6",
        "a5",
    ]
    assert {each.version for each in school.published} == {MODEL.version}
    assert (table.of("a0").marks, table.of("a6").marks, table.outdated()) == (1, 2, [])
    # A replica of the older version publishes its own: nobody answers, or it would never end.
    table.apply(before[0])
    await again.sweep()
    assert len(school.published) == 7
    assert table.of("a0").marks == 1


@pytest.mark.spec("TAG 2")
def test_the_most_that_an_account_can_teach_fits_into_a_record() -> None:
    """Long texts and sixty labels: what changed least is left out."""
    drawn = np.random.default_rng(7)
    indices = np.sort(drawn.choice(SIZE, 300_000, replace=False)).astype(np.uint32)
    changes = {f"tag {n}": drawn.normal(size=len(indices)).astype(np.float32) for n in range(59)}
    delta = within(Delta("v1", 2_000, indices, changes), MOST_NUMBERS)
    record = WEIGHTS.record(weights_record(a_lesson(1), "tags", delta, []))

    assert len(delta.changes) == 59
    assert len(record.value or b"") < WEIGHTS.max_bytes
