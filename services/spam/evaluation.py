"""How well screening tells labelled messages apart: recall against false alarms. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.cli.curves import drawn

FALSE_ALARMS: Final = (0.001, 0.005)
"""Shares of genuine messages that may be hidden, at which the recall is told."""

_STEPS: Final = 200
_MOST_SHOWN: Final = 0.02


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled message: in which set, whether it is spam, its score, and whether it is hidden."""

    set_name: str
    spam: bool
    score: float
    hidden: bool


def report(judged: Sequence[Judged]) -> dict[str, Any]:
    """For each set its messages, and what share is hidden at the default cut.

    Of spam that is what is found, of genuine messages the false alarms. For sets of spam also the
    share that is found if all sets' genuine messages together had so many false alarms.
    """
    genuine = sorted((each.score for each in judged if not each.spam), reverse=True)
    cuts = {share: _cut(genuine, share) for share in FALSE_ALARMS}
    sets = [_set(name, among, cuts) for name, among in _by_set(judged).items()]
    return {"messages": len(judged), "genuine": len(genuine), "sets": sets}


def _by_set(judged: Iterable[Judged]) -> Mapping[str, list[Judged]]:
    found: dict[str, list[Judged]] = {}
    for each in judged:
        found.setdefault(each.set_name, []).append(each)
    return found


def _cut(genuine: Sequence[float], share: float) -> float | None:
    """The lowest score above which that share of genuine messages lies; None without any."""
    if not genuine:
        return None
    allowed = int(share * len(genuine))
    return genuine[allowed] if allowed < len(genuine) else 0.0


def _set(name: str, among: Sequence[Judged], cuts: Mapping[float, float | None]) -> dict[str, Any]:
    spam = [each for each in among if each.spam]
    genuine = [each for each in among if not each.spam]
    told: dict[str, Any] = {"set": name, "messages": len(among)}
    if genuine:
        told["false_alarms"] = round(_share(each.hidden for each in genuine), 5)
    if spam:
        told["recall"] = round(_share(each.hidden for each in spam), 4)
        for share, cut in cuts.items():
            if cut is not None:
                found = _share(each.score > cut for each in spam)
                told[f"recall_at_{share * 100:g}_percent"] = round(found, 4)
    return told


def _share(flags: Iterable[bool]) -> float:
    held = list(flags)
    return sum(held) / len(held)


def curve(judged: Sequence[Judged]) -> str:
    """A picture (SVG) of each set's recall against the false alarms, up to two in a hundred."""
    genuine = sorted((each.score for each in judged if not each.spam), reverse=True)
    spam = {
        name: [each.score for each in among if each.spam] for name, among in _by_set(judged).items()
    }
    shares = [step * _MOST_SHOWN / _STEPS for step in range(_STEPS + 1)]
    curves = {
        f"{name} ({len(scores)})": [
            (share, _above(scores, _cut(genuine, share))) for share in shares
        ]
        for name, scores in spam.items()
        if scores
    }
    return drawn(curves, "genuine messages hidden", "spam found", _MOST_SHOWN)


def _above(scores: Sequence[float], cut: float | None) -> float:
    return _share(score > (cut or 0.0) for score in scores)
