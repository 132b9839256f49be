"""Logistic regression over hashed grams, learned one example at a time (AdaGrad).

A model has one set of weights a label. `trained` makes one of seeds; `taught` makes of it what an
account's lessons change: a sparse difference to the model's weights, a pure function of the model
and the set of lessons.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.learning.features import SIZE, Indices

Floats = NDArray[np.float32]

_RATE: Final = 0.3
_LESSONS_RATE: Final = 0.6
_EPOCHS: Final = 6
_STEPS_A_LESSON: Final = 4
_LOOSENED_BY: Final = 20
_FORGOTTEN_BY: Final = 250
_NEARLY_NOTHING: Final = np.float32(1e-8)
_LARGEST: Final = np.float32(30.0)
_ONE: Final = np.float32(1.0)


@dataclass(frozen=True, slots=True)
class Example:
    """A text's indices, and for each label that is known whether it fits. `weight` is up to 1."""

    id: str
    indices: Indices
    labels: Mapping[str, bool]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """What the seeds taught. Whoever asks for `learned` waits until it is made.

    It is the weights, and how far each was moved already: both with a row for each index and a
    column for each of the labels.
    """

    version: str
    labels: tuple[str, ...]
    learned: Callable[[], tuple[Floats, Floats]]

    @property
    def weights(self) -> Floats:
        """What each gram says, by label."""
        return self.learned()[0]

    @property
    def moved(self) -> Floats:
        """How far each of the weights was moved while it was learned."""
        return self.learned()[1]


@dataclass(frozen=True, slots=True)
class Delta:
    """What an account changes of a model: the weights of those indices, by label.

    `offsets` are added to whatever a text says of a label. `lessons` is how many there were. It
    fits the model of that `version` alone.
    """

    version: str = ""
    lessons: int = 0
    indices: Indices = field(default_factory=lambda: np.empty(0, np.uint32))
    changes: Mapping[str, Floats] = field(default_factory=dict)
    offsets: Mapping[str, float] = field(default_factory=dict)


NOTHING: Final = Delta()


@dataclass(frozen=True, slots=True)
class _Begun:
    """Weights that are being learned, in place."""

    labels: tuple[str, ...]
    weights: Floats
    moved: Floats


def trained(version: str, labels: Sequence[str], examples: Sequence[Example]) -> Model:
    """The model of these examples: the same ones give the same model, in whatever order."""
    shape = (SIZE, len(labels))
    begun = _Begun(tuple(labels), np.zeros(shape, np.float32), np.zeros(shape, np.float32))
    places = [(example, example.indices) for example in examples]
    _learn(begun, places, _EPOCHS, _RATE, np.zeros(len(labels), np.float32))
    return Model(version, begun.labels, lambda: (begun.weights, begun.moved))


def taught(
    model: Model,
    lessons: Sequence[Example],
    before: Sequence[Delta] = (),
    beside: Sequence[Example] = (),
) -> Delta:
    """What the lessons change. They are taken in an order of their own, four times over.

    `before` is what was changed of the model already, on other grounds; `beside` are examples that
    are learned with the lessons, and that nobody gave.

    The more lessons an account has given of both kinds, for a label and against it, the less holds
    what the seeds said of it: its weights move more easily, and start nearer to nothing. Lessons of
    one kind alone loosen nothing: they would make everything fit.
    """
    if not lessons:
        return Delta(model.version)
    learned = [*lessons, *beside]
    indices = np.unique(np.concatenate([each.indices for each in learned]))
    labels = sorted({label for lesson in lessons for label in lesson.labels})
    weights = np.stack([_values(model, before, label, indices) for label in labels], axis=1)
    moved = np.stack([_far(model, label, indices) for label in labels], axis=1)
    started = weights.copy()
    both = _of_both_kinds(labels, lessons)
    weights /= 1 + both / _FORGOTTEN_BY
    moved /= (1 + both / _LOOSENED_BY) ** 2
    places = [(each, np.searchsorted(indices, each.indices)) for each in learned]
    offsets = np.array([_offset(model, before, label) for label in labels], np.float32)
    _learn(_Begun(tuple(labels), weights, moved), places, _STEPS_A_LESSON, _LESSONS_RATE, offsets)
    changed = (weights - started).T
    changes = {label: changed[column].copy() for column, label in enumerate(labels)}
    return Delta(model.version, len(lessons), indices.astype(np.uint32), changes)


def within(delta: Delta, most: int) -> Delta:
    """The delta with so many numbers at most, its indices counted too: the largest changes."""
    room = max(most // (1 + len(delta.changes)), 1)
    if len(delta.indices) <= room:
        return delta
    largest = np.max([np.abs(values) for values in delta.changes.values()], axis=0)
    # Of equal changes those of the lower indices, so that the same delta is cut alike.
    kept = np.sort(np.argsort(-largest, kind="stable")[:room])
    changes = {label: values[kept] for label, values in delta.changes.items()}
    return replace(delta, indices=delta.indices[kept], changes=changes)


def logits(model: Model, deltas: Sequence[Delta], indices: Indices) -> dict[str, float]:
    """How far a text speaks for each label: above 0 it fits rather than not.

    The labels are the model's, and those that only the deltas know.
    """
    norm = math.sqrt(len(indices))
    found = dict(
        zip(model.labels, model.weights[indices].sum(axis=0, dtype=np.float64), strict=True)
    )
    for delta in deltas:
        if (places := _places(model, delta, indices)) is not None:
            for label, values in delta.changes.items():
                found[label] = found.get(label, 0.0) + values[places[0]].sum(dtype=np.float64)
    return {
        label: float(total) / norm + _offset(model, deltas, label) for label, total in found.items()
    }


def contributions(model: Model, deltas: Sequence[Delta], label: str, indices: Indices) -> Floats:
    """What each of a text's weights adds to its logit for the label, apart from offsets."""
    return _values(model, deltas, label, indices) / np.float32(math.sqrt(len(indices)))


def _values(model: Model, deltas: Sequence[Delta], label: str, indices: Indices) -> Floats:
    values = _column(model, model.weights, label, indices)
    for delta in deltas:
        if label in delta.changes and (places := _places(model, delta, indices)) is not None:
            values[places[1]] += delta.changes[label][places[0]]
    return values


def _offset(model: Model, deltas: Sequence[Delta], label: str) -> float:
    return sum(delta.offsets.get(label, 0.0) for delta in deltas if delta.version == model.version)


def _column(model: Model, held: Floats, label: str, indices: Indices) -> Floats:
    """A copy of what is held of the label; of nothing where the model does not know it."""
    if label in model.labels:
        column: Floats = held[indices, model.labels.index(label)]
        return column
    return np.zeros(len(indices), np.float32)


def _far(model: Model, label: str, indices: Indices) -> Floats:
    """How far the label's weights were moved.

    Of a label that the model does not know, as far as those of its labels on average: so a few
    lessons move what all messages have in common no further than they would for a known label.
    """
    if label in model.labels or not model.labels:
        return _column(model, model.moved, label, indices)
    mean: Floats = model.moved[indices].mean(axis=1)
    return mean


def _places(
    model: Model, delta: Delta, indices: Indices
) -> tuple[NDArray[np.integer], NDArray[np.bool_]] | None:
    """Which of a delta's values some indices have, and which of the indices have one."""
    if delta.version != model.version or not len(delta.indices):
        return None
    at = np.searchsorted(delta.indices, indices)
    at[at == len(delta.indices)] = 0
    hit = delta.indices[at] == indices
    return at[hit], hit


def _learn(
    begun: _Begun,
    examples: Iterable[tuple[Example, NDArray[np.integer]]],
    epochs: int,
    rate: float,
    offsets: Floats,
) -> None:
    """Take every example so many times, mixed, in another order each time.

    Which came first makes no difference.
    """
    known = [(example.id, _asked(begun.labels, example, at)) for example, at in examples]
    for epoch in range(epochs):
        in_turn = sorted(
            known, key=lambda each: (zlib.crc32(f"{epoch}:{each[0]}".encode()), each[0])
        )
        for _, asked in in_turn:
            _step(begun, asked, np.float32(rate), offsets)


_Asked = tuple[NDArray[np.intp], Floats, Floats, np.float32]
"""Where an example's weights are, what fits, how much each label's slope counts, and the norm."""


def _asked(labels: Sequence[str], example: Example, at: NDArray[np.integer]) -> _Asked:
    fits, weight = _wanted(labels, example)
    norm = np.float32(1.0 / math.sqrt(len(at)))
    return at.astype(np.intp), fits, weight * norm, norm


def _of_both_kinds(labels: Sequence[str], lessons: Sequence[Example]) -> Floats:
    """For each label, how much the lessons weigh that are of the rarer kind."""
    sides = np.zeros((2, len(labels)), np.float32)
    for lesson in lessons:
        fits, weight = _wanted(labels, lesson)
        sides[1] += fits * weight
        sides[0] += (1 - fits) * weight
    rarer: Floats = sides.min(axis=0)
    return rarer


def _wanted(labels: Sequence[str], example: Example) -> tuple[Floats, Floats]:
    """Whether each label fits, and how much that weighs: nothing where it is not known."""
    fits = np.array([example.labels.get(label, False) for label in labels], np.float32)
    known = np.array([label in example.labels for label in labels], np.float32)
    return fits, known * np.float32(example.weight)


def _step(begun: _Begun, asked: _Asked, rate: np.float32, offsets: Floats) -> None:
    """Move the weights of one example towards its labels; the less, the more they were moved."""
    # Tens of thousands of times at each start: `take` and in-place sums are a third faster.
    at, fits, counts, norm = asked
    weights = begun.weights.take(at, axis=0)
    far = begun.moved.take(at, axis=0)
    scores = np.add.reduce(weights, axis=0) * norm + offsets
    scores = np.minimum(np.maximum(scores, -_LARGEST), _LARGEST)
    slope = (_ONE / (_ONE + np.exp(-scores)) - fits) * counts
    far += slope * slope
    begun.moved[at] = far
    weights -= rate * slope / np.sqrt(far + _NEARLY_NOTHING)
    begun.weights[at] = weights
