"""Curves as a picture (SVG): points of several sets, in one frame."""

from collections.abc import Mapping, Sequence
from typing import Final

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_WIDTH, _HEIGHT, _MARGIN = 640, 400, 48
_COLOURS: Final = ("#1f6feb", "#bf3989", "#1a7f37", "#9a6700", "#6639ba", "#cf222e")

Points = Sequence[tuple[float, float]]
"""Shares from 0 to 1: how far across, and how far up."""


def drawn(curves: Mapping[str, Points], across: str, up: str, most: float = 1.0) -> str:
    """The picture. The axes are named `across` and `up`; across it ends at `most`."""
    lines = [
        f'<svg xmlns="{_NAMESPACE}" width="{_WIDTH}" height="{_HEIGHT}" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        *_axes(across, up, most),
    ]
    for number, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        placed = " ".join(f"{_x(x / most):.1f},{_y(y):.1f}" for x, y in points if x <= most)
        lines.append(
            f'<polyline points="{placed}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        label = name.replace("&", "&amp;").replace("<", "&lt;")
        lines.append(
            f'<text x="{_WIDTH - 200}" y="{_HEIGHT - 140 + 16 * number}" fill="{colour}">'
            f"{label}</text>"
        )
    return "\n".join([*lines, "</svg>", ""])


def _x(share: float) -> float:
    return _MARGIN + share * (_WIDTH - 2 * _MARGIN)


def _y(share: float) -> float:
    return _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="#ddd"/>'


def _text(x: float, y: float, said: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{said}</text>'


def _axes(across: str, up: str, most: float) -> list[str]:
    named = [
        _text(_WIDTH / 2, _HEIGHT - 10, across),
        _text(_MARGIN, _MARGIN - 16, up, "start"),
    ]
    for step in range(5):
        share = step / 4
        named += [
            _line(_x(share), _y(0), _x(share), _y(1)),
            _line(_x(0), _y(share), _x(1), _y(share)),
            _text(_x(share), _y(0) + 16, f"{share * most * 100:.1f} %"),
            _text(_x(0) - 6, _y(share) + 4, f"{share * 100:.0f} %", "end"),
        ]
    return named
