"""Customers' words on one line: nothing in them can hide, turn round or run over what is beside."""

import re
import unicodedata
from typing import Final

LONGEST_PREVIEW: Final = 140
LONGEST_NAME: Final = 80

_MOST_READ = 20_000
_MOST_MARKS = 3
_MOST_LETTER_PARTS = 6
_JOINERS = "\u200c\u200d"
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc")
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
# Letters of which the flags of England, Scotland and Wales are made; elsewhere they are unseen.
_TAGS = re.compile(
    "(\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f)|[\U000e0000-\U000e007f]", re.DOTALL
)


def preview(text: str) -> str:
    """The beginning of a text on one line, at most 140 characters, "…" at its end if cut.

    Control characters, those that change the direction of text, and those that nobody sees are
    left out; joined emoji stay joined.
    """
    return _cut(_line(text), LONGEST_PREVIEW)


def plain_name(name: str) -> str:
    """A name on one line, as `preview` but at most 80 characters. Empty if nothing can be seen."""
    return _cut(_line(name), LONGEST_NAME)


def _line(text: str) -> str:
    shown = _TAGS.sub(r"\1", text[:_MOST_READ])
    seen = "".join(map(_as_shown, shown))
    return _tamed(unicodedata.normalize("NFC", " ".join(seen.split(" "))))


def _as_shown(sign: str) -> str:
    """A sign, a space for one that separates words, or nothing for one that is not seen."""
    if " " <= sign <= "~":
        return sign
    if sign in "\t\n\v\f\r\x85":
        return " "
    kind = unicodedata.category(sign)
    if kind in _SPACES:
        return " "
    if sign in _JOINERS or "\U000e0020" <= sign <= "\U000e007f":
        return sign
    return "" if kind in _NOT_SHOWN or sign in _UNSEEN else sign


def _tamed(line: str) -> str:
    """The line with one space between words, and no letter under a heap of marks."""
    kept: list[str] = []
    marks = parts = 0
    for sign in line:
        before = kept[-1] if kept else " "
        if sign == " " or sign in _JOINERS:
            if before == " " or before in _JOINERS:
                continue
            marks = parts = 0
        elif unicodedata.category(sign) in {"Mn", "Me"}:
            above = unicodedata.combining(sign) > 0 or unicodedata.category(sign) == "Me"
            marks, parts = marks + above, parts + (not above)
            if marks > _MOST_MARKS or parts > _MOST_LETTER_PARTS:
                continue
        else:
            marks = parts = 0
        kept.append(sign)
    return "".join(kept).strip(" " + _JOINERS)


def _cut(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    begin = line[: longest - 1].rstrip(" " + _JOINERS)
    flags = len(begin) - len(begin.rstrip("".join(map(chr, range(0x1F1E6, 0x1F200)))))
    return f"{begin[: len(begin) - flags % 2]}…"
