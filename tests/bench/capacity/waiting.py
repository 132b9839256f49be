"""How long a record waits for consumers that take batches and wait in place: a simulation.

A consumer takes what lies there when it is free, up to `most`, and is busy with it for `alone`
seconds and `each` more for every record; nothing overtakes. Stages follow one another.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random


@dataclass(frozen=True, slots=True)
class Stage:
    """One consumer: seconds a batch takes by itself, and for each record of it."""

    alone: float
    each: float
    most: int = 1000


def through(stage: Stage, arrivals: Sequence[float]) -> list[float]:
    """When each record that came at those times, in order, has left the stage."""
    left: list[float] = []
    free, place = 0.0, 0
    while place < len(arrivals):
        begins = max(free, arrivals[place])
        end = place
        while end < len(arrivals) and end - place < stage.most and arrivals[end] <= begins:
            end += 1
        free = begins + stage.alone + stage.each * (end - place)
        left += [free] * (end - place)
        place = end
    return left


def delays(stages: Iterable[Stage], arrivals: Sequence[float]) -> list[float]:
    """How long each record took through all stages."""
    times = list(arrivals)
    for stage in stages:
        times = through(stage, times)
    return [end - began for began, end in zip(arrivals, times, strict=True)]


def evenly(a_second: float, count: int) -> list[float]:
    """So many arrivals, a second's at an even pace."""
    return [number / a_second for number in range(count)]


def at_random(a_second: float, count: int, seed: int = 1) -> list[float]:
    """So many arrivals of customers who know nothing of each other."""
    draw = Random(seed)
    return list(accumulate(draw.expovariate(a_second) for _ in range(count)))
