"""Engines, each judging messages in its own way, and how their opinions become one score.

An engine's opinion is a logit: 0 means even odds, more than 0 speaks for spam. Two are built in:
the rules, and the model that learns, for which the features name the account. Others are optional,
cost more, and are asked about the grey zone alone (see `spam.advice`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from services.spam.rules.text import Features
from shared.contracts.messages import Reason

HIGHEST_SCORE: Final = 0.999
"""No message scores 1: an account whose threshold is 1 has nothing hidden."""

GREY_ZONE: Final = (0.1, 0.98)
"""Scores by the built-in engines from which on, and below which, optional engines are asked.

Of the seeds kept apart, 71 % of the ham and 3 % of the spam are below; above are no ham and 15 % of
the spam. So they are asked about three genuine messages of ten. From below, the strongest opinion
of one of them, beside the model, brings no message even to a badge.
"""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one engine thinks, and why. `weight` is how much it counts beside others.

    `needs_consent`: it hides nothing against another engine that speaks for the customer.
    """

    engine: str
    weight: float
    logit: float
    reasons: tuple[Reason, ...]
    needs_consent: bool = False


class Engine(Protocol):
    """Judges by content. Unless it learns in between, equal features give equal opinions."""

    def opinion(self, features: Features) -> Opinion | None:
        """What it thinks; None where it has nothing to go by."""


def combined(opinions: Sequence[Opinion]) -> float:
    """The score of all opinions together, between 0 and 1, by the weighted mean of their logits.

    An engine without an opinion is left out, as if it were not there; with none, the score is 0.
    """
    total = sum(opinion.weight for opinion in opinions)
    if total <= 0:
        return 0.0
    logit = sum(opinion.weight * opinion.logit for opinion in opinions) / total
    bounded = max(-50.0, min(50.0, logit))
    return min(round(1 / (1 + math.exp(-bounded)), 4), HIGHEST_SCORE)


def is_in_grey_zone(opinions: Sequence[Opinion]) -> bool:
    """Whether the built-in engines' opinions leave open what a message is."""
    low, high = GREY_ZONE
    return low <= combined(opinions) < high
