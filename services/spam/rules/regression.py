"""Logistic regression over vectors of a few hundred numbers: small enough to be solved exactly."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
"""A row for each message."""

Labels = NDArray[np.bool_]
"""For each message whether it is spam."""

_STEPS: Final = 12
_SMOOTHING: Final = 1e-4
"""How much large weights cost: the best of six, on four fifths of the seeds by templates."""

_NEARLY_NOTHING: Final = 1e-9
_LARGEST: Final = 30.0


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights, the last of which stands for any message."""

    weights: NDArray[np.float64]

    def logits(self, vectors: Vectors) -> NDArray[np.float64]:
        """How far each message speaks for spam."""
        return np.asarray(vectors @ self.weights[:-1] + self.weights[-1], np.float64)


def fitted(vectors: Vectors, labels: Labels) -> Fit:
    """The weights that tell these messages best: Newton's steps, the same for the same messages."""
    rows = np.column_stack([vectors, np.ones(len(vectors))]).astype(np.float64)
    costs = np.full(rows.shape[1], _SMOOTHING)
    costs[-1] = _NEARLY_NOTHING
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        odds = 1 / (1 + np.exp(-np.clip(rows @ weights, -_LARGEST, _LARGEST)))
        slope = rows.T @ (odds - labels) / len(rows) + costs * weights
        curve = (rows * (odds * (1 - odds))[:, None]).T @ rows / len(rows) + np.diag(costs)
        weights -= np.linalg.solve(curve, slope)
    return Fit(weights)


def cut(logits: NDArray[np.float64], labels: Labels, false_alarms: float) -> float:
    """The logit above which at most that share of the messages that are no spam lie."""
    ham = np.sort(logits[~labels])[::-1]
    return float(ham[int(false_alarms * len(ham))]) if len(ham) else 0.0
