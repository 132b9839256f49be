"""Logistic regression over hashed grams, learned one example at a time (AdaGrad).

A model has one set of weights a label. `trained` makes one of seeds; `taught` makes of it what an
account's lessons change: a sparse difference to the model's weights, a pure function of the model
and the set of lessons.
"""

import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.learning.features import SIZE, Indices

Floats = NDArray[np.float32]

_RATE: Final = 0.3
_LESSONS_RATE: Final = 0.6
_EPOCHS: Final = 6
_STEPS_A_LESSON: Final = 4
_NEARLY_NOTHING: Final = 1e-8
_LARGEST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Example:
    """A text's indices, and for each label that is known whether it fits. `weight` is up to 1."""

    id: str
    indices: Indices
    labels: Mapping[str, bool]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """What the seeds taught. For each label the weights, and how far each was moved already."""

    version: str
    weights: Mapping[str, Floats]
    moved: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Delta:
    """What an account's lessons change of a model: for each label the weights that differ.

    `lessons` is how many there were. It fits the model of that `version` alone.
    """

    version: str = ""
    lessons: int = 0
    indices: Indices = field(default_factory=lambda: np.empty(0, np.uint32))
    changes: Mapping[str, Floats] = field(default_factory=dict)


NOTHING: Final = Delta()


def trained(version: str, labels: Sequence[str], examples: Sequence[Example]) -> Model:
    """The model of these examples: the same ones give the same model, in whatever order."""
    weights = {label: np.zeros(SIZE, np.float32) for label in labels}
    moved = {label: np.full(SIZE, _NEARLY_NOTHING, np.float32) for label in labels}
    for epoch in range(_EPOCHS):
        for example in _in_turn(examples, epoch):
            for label, fits in example.labels.items():
                _step(weights[label], moved[label], example.indices, fits, example.weight, _RATE)
    return Model(version, weights, moved)


def taught(model: Model, lessons: Sequence[Example]) -> Delta:
    """What the lessons change. They are taken in an order of their own, four times over."""
    if not lessons:
        return Delta(model.version)
    indices = np.unique(np.concatenate([lesson.indices for lesson in lessons]))
    places = {lesson.id: np.searchsorted(indices, lesson.indices) for lesson in lessons}
    labels = sorted({label for lesson in lessons for label in lesson.labels})
    before = {label: _at(model.weights, label, indices, 0.0) for label in labels}
    weights = {label: values.copy() for label, values in before.items()}
    moved = {label: _at(model.moved, label, indices, _NEARLY_NOTHING) for label in labels}
    for epoch in range(_STEPS_A_LESSON):
        for lesson in _in_turn(lessons, epoch):
            at = places[lesson.id]
            for label, fits in lesson.labels.items():
                _step(weights[label], moved[label], at, fits, lesson.weight, _LESSONS_RATE)
    changes = {label: weights[label] - before[label] for label in labels}
    return Delta(model.version, len(lessons), indices.astype(np.uint32), changes)


def logit(model: Model, delta: Delta, label: str, indices: Indices) -> float:
    """How far a text speaks for a label: above 0 it fits rather than not."""
    parts = contributions(model, delta, label, indices)
    return float(parts.sum())


def contributions(model: Model, delta: Delta, label: str, indices: Indices) -> Floats:
    """What each of a text's weights adds to its logit."""
    values = _at(model.weights, label, indices, 0.0)
    if label in delta.changes and delta.version == model.version and len(delta.indices):
        at = np.searchsorted(delta.indices, indices)
        at[at == len(delta.indices)] = 0
        hit = delta.indices[at] == indices
        values[hit] += delta.changes[label][at[hit]]
    return values / np.float32(math.sqrt(len(indices)))


def _at(held: Mapping[str, Floats], label: str, indices: Indices, default: float) -> Floats:
    if label in held:
        return held[label][indices]
    return np.full(len(indices), default, np.float32)


def _in_turn(examples: Iterable[Example], epoch: int) -> list[Example]:
    """The examples, mixed, in another order each time; which came first makes no difference."""
    return sorted(
        examples, key=lambda example: (zlib.crc32(f"{epoch}:{example.id}".encode()), example.id)
    )


def _step(
    weights: Floats,
    moved: Floats,
    at: NDArray[np.integer],
    fits: bool,  # noqa: FBT001  # a label fits or it does not
    weight: float,
    rate: float,
) -> None:
    """Move the weights of one example towards its label; the less, the more they were moved."""
    norm = 1.0 / math.sqrt(len(at))
    score = max(-_LARGEST, min(_LARGEST, float(weights[at].sum()) * norm))
    error = 1.0 / (1.0 + math.exp(-score)) - fits
    slope = np.float32(error * weight * norm)
    moved[at] += slope * slope
    weights[at] -= np.float32(rate) * slope / np.sqrt(moved[at])
