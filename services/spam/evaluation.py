"""How well screening tells labelled messages apart: recall against false alarms. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

FALSE_ALARMS: Final = (0.001, 0.005)
"""Shares of genuine messages that may be hidden, at which the recall is told."""

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_WIDTH, _HEIGHT, _MARGIN = 640, 400, 48
_STEPS = 200
_MOST_SHOWN = 0.02
_COLOURS = ("#1f6feb", "#bf3989", "#1a7f37", "#9a6700", "#6639ba", "#cf222e")


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
    sets = {
        name: [each.score for each in among if each.spam]
        for name, among in _by_set(judged).items()
        if any(each.spam for each in among)
    }
    lines = [
        f'<svg xmlns="{_NAMESPACE}" width="{_WIDTH}" height="{_HEIGHT}" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        *_axes(),
    ]
    for number, (name, scores) in enumerate(sets.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        points = " ".join(
            f"{_x(share):.1f},{_y(_above(scores, _cut(genuine, share))):.1f}"
            for share in (step * _MOST_SHOWN / _STEPS for step in range(_STEPS + 1))
        )
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        label = name.replace("&", "&amp;").replace("<", "&lt;")
        lines.append(
            f'<text x="{_WIDTH - 200}" y="{_HEIGHT - 140 + 16 * number}" fill="{colour}">'
            f"{label} ({len(scores)})</text>"
        )
    return "\n".join([*lines, "</svg>", ""])


def _above(scores: Sequence[float], cut: float | None) -> float:
    return _share(score > (cut or 0.0) for score in scores)


def _x(share: float) -> float:
    return _MARGIN + share / _MOST_SHOWN * (_WIDTH - 2 * _MARGIN)


def _y(recall: float) -> float:
    return _HEIGHT - _MARGIN - recall * (_HEIGHT - 2 * _MARGIN)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="#ddd"/>'


def _text(x: float, y: float, said: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{said}</text>'


def _axes() -> list[str]:
    drawn = [
        _text(_WIDTH / 2, _HEIGHT - 10, "genuine messages hidden"),
        _text(_MARGIN, _MARGIN - 16, "spam found", "start"),
    ]
    for step in range(5):
        share, recall = step * _MOST_SHOWN / 4, step / 4
        drawn += [
            _line(_x(share), _y(0), _x(share), _y(1)),
            _line(_x(0), _y(recall), _x(_MOST_SHOWN), _y(recall)),
            _text(_x(share), _y(0) + 16, f"{share * 100:.1f} %"),
            _text(_x(0) - 6, _y(recall) + 4, f"{recall * 100:.0f} %", "end"),
        ]
    return drawn
