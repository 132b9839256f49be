"""How well tags are chosen for labelled messages: precision against how many are tagged. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.cli.curves import drawn

_STEPS: Final = 60
_LOWEST, _HIGHEST = -3.0, 3.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled message: in which set, which tags fit it, which it got, and how near others are.

    `above` is, for each tag that the account uses, how far its logit is above the tag's cut.
    """

    set_name: str
    fits: frozenset[str]
    given: frozenset[str]
    above: Mapping[str, float]


def report(judged: Sequence[Judged]) -> dict[str, Any]:
    """For each set its messages, the share that is tagged, precision and recall; and for each tag.

    Precision is the share of given tags that fit, recall the share of fitting tags that are given.
    """
    sets = _by_set(judged)
    tags = sorted({tag for each in judged for tag in each.fits | each.given})
    return {
        "messages": len(judged),
        "sets": [{"set": name, **_measured(among)} for name, among in sets.items()],
        "tags": [{"tag": tag, **_of_tag(judged, tag)} for tag in tags],
    }


def _by_set(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    sets: dict[str, list[Judged]] = {}
    for each in judged:
        sets.setdefault(each.set_name, []).append(each)
    return sets


def _measured(among: Sequence[Judged]) -> dict[str, Any]:
    given, fitting = (sum(len(each.given) for each in among), sum(len(e.fits) for e in among))
    right = sum(len(each.given & each.fits) for each in among)
    return {
        "messages": len(among),
        "tagged": _share(sum(bool(each.given) for each in among), len(among)),
        "precision": _share(right, given),
        "recall": _share(right, fitting),
    }


def _of_tag(judged: Sequence[Judged], tag: str) -> dict[str, Any]:
    given = sum(tag in each.given for each in judged)
    fitting = sum(tag in each.fits for each in judged)
    right = sum(tag in each.given & each.fits for each in judged)
    return {
        "messages": fitting,
        "given": given,
        "precision": _share(right, given),
        "recall": _share(right, fitting),
    }


def _share(part: int, whole: int) -> float | None:
    """None where there is nothing to take a share of."""
    return round(part / whole, 4) if whole else None


def curve(judged: Sequence[Judged]) -> str:
    """A picture (SVG) of each set's precision against the share that is tagged, by the cut."""
    sets = _by_set(judged)
    curves = {f"{name} ({len(among)})": _points(among) for name, among in sets.items()}
    return drawn(curves, "messages tagged", "precision")


def _points(among: Sequence[Judged]) -> list[tuple[float, float]]:
    points = []
    for step in range(_STEPS + 1):
        cut = _LOWEST + step * (_HIGHEST - _LOWEST) / _STEPS
        given = [{tag for tag, logit in each.above.items() if logit > cut} for each in among]
        count = sum(map(len, given))
        if count:
            right = sum(len(tags & each.fits) for tags, each in zip(given, among, strict=True))
            points.append((sum(map(bool, given)) / len(among), right / count))
    return points
