"""Learning: the same seeds make the same model, and what was taught can be taken back (SPM 3)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.learning.features import hashed
from shared.learning.model import (
    NOTHING,
    Delta,
    Example,
    Model,
    contributions,
    logits,
    taught,
    trained,
    within,
)

SPAM = "spam"
OF_SEEDS = "claim your free prize now"
SEEDS = [
    Example("s1", hashed(OF_SEEDS), {SPAM: True}),
    Example("s2", hashed("cheap pills, click the link"), {SPAM: True}),
    Example("h1", hashed("where is my order"), {SPAM: False}),
    Example("h2", hashed("can i return these shoes"), {SPAM: False}),
]
MODEL = trained("v1", [SPAM], SEEDS)
TEXTS = [
    "we buy backlinks for your site",
    "guest post on our blog",
    "where is my parcel",
    "is the red lamp in stock",
    "earn money from home",
    "the zip of my jacket broke",
]
LESSONS = st.lists(
    st.builds(
        lambda number, spam, weight: Example(
            f"t{number}", hashed(TEXTS[number]), {SPAM: spam}, weight
        ),
        st.integers(0, len(TEXTS) - 1),
        st.booleans(),
        st.sampled_from([0.2, 1.0]),
    ),
    max_size=6,
    unique_by=lambda lesson: lesson.id,
)


def score(text: str, delta: Delta = NOTHING, model: Model = MODEL) -> float:
    return logits(model, [delta], hashed(text))[SPAM]


def test_seeds_are_told_apart() -> None:
    assert score("claim a free prize") > 0 > score("my order, where is it")


@given(st.permutations(SEEDS))
def test_the_order_of_the_seeds_makes_no_difference(seeds: Sequence[Example]) -> None:
    assert (trained("v1", [SPAM], seeds).weights == MODEL.weights).all()


@settings(deadline=None)
@given(LESSONS, st.data())
def test_the_order_of_lessons_makes_no_difference(
    lessons: list[Example], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(lessons))
    one, other = taught(MODEL, lessons), taught(MODEL, mixed)

    for text in TEXTS:
        assert score(text, one) == score(text, other)


@settings(deadline=None)
@given(LESSONS, st.sampled_from(TEXTS))
def test_a_lesson_that_is_taken_back_leaves_every_score_as_it_was(
    lessons: list[Example], text: str
) -> None:
    before = taught(MODEL, lessons)
    extra = Example("extra", hashed("see my channel for tips"), {SPAM: True})
    learned = taught(MODEL, [*lessons, extra])
    unlearned = taught(MODEL, [each for each in [*lessons, extra] if each.id != "extra"])

    assert score(text, unlearned) == score(text, before)
    assert score("see my channel for tips", learned) > score("see my channel for tips", before)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_marked_moves_that_way_and_its_like_too(text: str) -> None:
    as_spam = taught(MODEL, [Example("t", hashed(text), {SPAM: True})])
    as_ham = taught(MODEL, [Example("t", hashed(text), {SPAM: False})])

    assert score(text, as_spam) > score(text) > score(text, as_ham)
    assert score(f"hello, {text}!", as_spam) > score(f"hello, {text}!", as_ham)


def test_a_little_weight_moves_less() -> None:
    text = TEXTS[0]
    little, much = (
        taught(MODEL, [Example("t", hashed(text), {SPAM: False}, weight)]) for weight in (0.05, 1.0)
    )

    assert score(text, much) < score(text, little) <= score(text)


def test_lessons_of_both_kinds_outweigh_the_seeds_and_of_one_kind_change_little_else() -> None:
    """What an account's spam has in common must not be what all its messages have in common."""

    def lessons(spam: int, ham: int) -> list[Example]:
        said = [(f"lamp {number} offer", True) for number in range(spam)]
        said += [(f"order {number} lamp", False) for number in range(ham)]
        return [Example(text, hashed(text), {SPAM: fits}) for text, fits in said]

    plain = "good morning to you"
    one_kind, both = taught(MODEL, lessons(60, 0)), taught(MODEL, lessons(60, 60))

    assert score("lamp offer", both) > 1 > -1 > score("order lamp", both)
    assert score(plain, one_kind) - score(plain) < score("lamp offer", one_kind) / 2


def test_what_the_seeds_said_holds_less_the_more_an_account_taught_of_both_kinds() -> None:
    """Weights start nearer to nothing and move more easily: either alone would come to -0.3."""
    seeds = [replace(seed, id=f"{seed.id}:{time}") for seed in SEEDS for time in range(40)]
    model = trained("v1", [SPAM], seeds)

    def lowered(ham: int, spam: int) -> float:
        said = [(f"prize for customer {number}, where is it", False) for number in range(ham)]
        said += [(f"backlinks and guest posts {number}", True) for number in range(spam)]
        lessons = [Example(text, hashed(text), {SPAM: fits}) for text, fits in said]
        return score(OF_SEEDS, taught(model, lessons), model) - score(OF_SEEDS, NOTHING, model)

    assert lowered(60, 60) < lowered(60, 0) - 0.4
    assert lowered(200, 200) < lowered(60, 60) < lowered(20, 20) < lowered(2, 2) < 0
    assert lowered(60, 0) > -0.4


def test_a_delta_that_has_to_be_small_keeps_its_largest_changes() -> None:
    delta = taught(
        MODEL, [Example(text, hashed(text), {SPAM: True, "Blog": True}) for text in TEXTS]
    )
    small = within(delta, 90)
    kept = np.isin(delta.indices, small.indices)
    largest = np.maximum(abs(delta.changes[SPAM]), abs(delta.changes["Blog"]))

    assert within(delta, 10_000) is delta
    assert len(small.indices) == 30
    assert largest[kept].min() >= largest[~kept].max()
    assert (small.changes["Blog"] == delta.changes["Blog"][kept]).all()
    assert (within(delta, 90).indices == small.indices).all()


def test_no_lessons_change_nothing() -> None:
    assert taught(MODEL, []).lessons == 0
    assert score("anything", taught(MODEL, [])) == score("anything")


def test_what_was_taught_to_another_version_does_not_count() -> None:
    delta = taught(MODEL, [Example("t", hashed(TEXTS[0]), {SPAM: True})])
    other = trained("v2", [SPAM], SEEDS)

    assert score(TEXTS[0], delta, other) == score(TEXTS[0], NOTHING, other)


def test_labels_that_no_seed_has_are_learned_from_nothing() -> None:
    examples = [
        Example("a", hashed("engrave a name on the ring"), {"Engraving": True}),
        Example("b", hashed("where is my parcel"), {"Engraving": False}),
    ]
    delta = taught(MODEL, examples)

    assert "Engraving" not in logits(MODEL, [NOTHING], hashed("engrave it"))
    assert contributions(MODEL, [], "Engraving", hashed("engrave it")).sum() == 0
    assert logits(MODEL, [delta], hashed("can you engrave a name"))["Engraving"] > 0
    assert logits(MODEL, [delta], hashed("where is my parcel"))["Engraving"] < 0


def test_weights_are_finite_however_often_something_is_taught() -> None:
    lessons = [
        Example(f"t{number}", hashed(TEXTS[number % 2]), {SPAM: number % 2 == 0})
        for number in range(400)
    ]
    delta = taught(MODEL, lessons)

    assert np.isfinite(delta.changes[SPAM]).all()
    assert score(TEXTS[0], delta) > 1 > -1 > score(TEXTS[1], delta)


def test_the_parts_of_a_text_add_up_to_its_logit_whatever_was_taught() -> None:
    delta = taught(MODEL, [Example("t", hashed(TEXTS[1]), {SPAM: True, "Blog": True})])
    other = taught(MODEL, [Example("t", hashed(TEXTS[0]), {"Blog": False})])
    for text in TEXTS:
        told = logits(MODEL, [delta, other], hashed(text))
        assert set(told) == {SPAM, "Blog"}
        for label, logit in told.items():
            parts = contributions(MODEL, [delta, other], label, hashed(text))
            assert parts.sum() == pytest.approx(logit, abs=1e-4)


def test_lessons_go_on_from_what_was_changed_already() -> None:
    own = taught(MODEL, [Example("own", hashed(TEXTS[0]), {"Blog": True})])
    lesson = Example("t", hashed(TEXTS[0]), {"Blog": True})
    further = taught(MODEL, [lesson], [own])

    assert abs(further.changes["Blog"]).sum() < abs(taught(MODEL, [lesson]).changes["Blog"]).sum()
    assert logits(MODEL, [own, further], hashed(TEXTS[0]))["Blog"] > score(TEXTS[0], own)
