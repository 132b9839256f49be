r"""A way of saying a thing: a regular expression that is short, plain and never slow.

It is matched against folded texts (see `shared.learning.text.fold`), as whole words. It is made of
letters as they are, `\.` for a sign that means something here, `[oa]`, `[^.!?]`, `\d`, `\w`,
`(?:this|that)`, and of `?`, `*`, `+`, `{0,20}` after one of these. Whatever else regular
expressions have is refused.
"""

import re
from dataclasses import dataclass
from itertools import product
from typing import Final

from shared.learning.text import fold

_ANYTHING: Final = "A"
"""Stands in spellings for what is not said letter by letter: no folded way has a capital."""

_MOST_SPELLINGS: Final = 10_000
_MOST_REPETITIONS: Final = 2
_MOST_TIMES: Final = 40
_REPEATS = re.compile(r"\{(\d+)(?:,(\d+))?\}")
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]")
_RANGE = re.compile(r"[^\\]-.|\\[dw]")
_UNKNOWN = re.compile(r"\\(?![dw])\w")
_WORDS = re.compile(r"\w+")


class Unfit(ValueError):
    """No way of saying a thing: the message says why, and where it can, what to write instead."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way that is fit. `pattern` finds it in a folded text, as whole words.

    Where it is found, one of the `words` is a word of the text, or one of the `fragments` is
    somewhere in it.
    """

    text: str
    pattern: re.Pattern[str]
    words: frozenset[str]
    fragments: frozenset[str]


def way(text: str) -> Way:
    """The way that is written so. Raises Unfit."""
    if "  " in text or text != text.strip():
        raise Unfit("folded texts have single spaces, and none at an end")
    spellings = _Reader(text).read()
    words, fragments = set(), set()
    for spelling in spellings:
        whole = [word for word in _WORDS.findall(spelling) if _ANYTHING not in word]
        if whole:
            words.add(max(whole, key=len))
            continue
        fragment = max(spelling.split(_ANYTHING), key=len)
        if not fragment.strip():
            raise Unfit("it is found in nearly every text: it has to have a word")
        fragments.add(fragment)
    try:
        pattern = re.compile(rf"(?<!\w)(?:{text})(?!\w)")
    except re.error as error:
        raise Unfit(f"it is no regular expression: {error}") from error
    return Way(text, pattern, frozenset(words), frozenset(fragments))


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a way: how it can be spelled.

    `repeats`: some of it is repeated. `spans`: it may go beyond a word. `negated`: it is nearly
    anything.
    """

    spellings: tuple[str, ...]
    repeats: bool = False
    spans: bool = False
    negated: bool = False


class _Reader:
    """Reads a way from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._repetitions = 0
        self._endless_spans = 0

    def read(self) -> tuple[str, ...]:
        """How the whole way can be spelled. Raises Unfit."""
        spellings = self._choice().spellings
        if self._at < len(self._text):
            raise Unfit("a “)” closes nothing")
        return spellings

    def _choice(self) -> _Part:
        parts = [self._sequence()]
        while self._takes("|"):
            parts.append(self._sequence())
        spellings = dict.fromkeys(each for part in parts for each in part.spellings)
        return _Part(
            tuple(spellings),
            repeats=any(part.repeats for part in parts),
            spans=any(part.spans for part in parts),
        )

    def _sequence(self) -> _Part:
        whole = _Part(("",))
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            part = self._repeated(self._atom())
            if len(whole.spellings) * len(part.spellings) > _MOST_SPELLINGS:
                raise Unfit("it can be spelled in too many ways: make two of it")
            joined = dict.fromkeys(map("".join, product(whole.spellings, part.spellings)))
            whole = _Part(
                tuple(joined),
                repeats=whole.repeats or part.repeats,
                spans=whole.spans or part.spans,
            )
        return whole

    def _atom(self) -> _Part:
        if self._takes("(?:"):
            part = self._choice()
            if not self._takes(")"):
                raise Unfit("a “(?:” is not closed")
            return part
        if self._takes("("):
            raise Unfit("a group begins with “(?:”")
        if self._takes("["):
            return self._one_of()
        letter = self._text[self._at]
        self._at += 1
        if letter == "\\":
            return self._escaped()
        if letter in "?*+{":
            raise Unfit(f"a “{letter}” follows nothing that it could repeat")
        if letter in ".^$":
            raise Unfit(f"a “{letter}” itself is written “\\{letter}”")
        return _letter(letter)

    def _escaped(self) -> _Part:
        letter = self._text[self._at : self._at + 1]
        self._at += 1
        if letter and letter in "dw":
            return _Part((_ANYTHING,))
        if not letter or letter.isalnum() or letter.isspace():
            raise Unfit(f"“\\{letter}” is not allowed: only “\\d”, “\\w” and signs such as “\\.”")
        return _letter(letter)

    def _one_of(self) -> _Part:
        found = _CLASS.match(self._text, self._at - 1)
        if found is None:
            raise Unfit("a “[” is not closed")
        self._at = found.end()
        without, letters = found.groups()
        if unknown := _UNKNOWN.search(letters):
            raise Unfit(f"“{unknown[0]}” is not allowed within “[]”: only “\\d”, “\\w” and signs")
        spellings = [_folded(letter) for letter in letters.replace("\\", "")]
        negated = bool(without)
        spans = negated or not all(map(str.isalnum, spellings))
        if negated or _RANGE.search(letters):
            return _Part((_ANYTHING,), spans=spans, negated=negated)
        return _Part(tuple(dict.fromkeys(spellings)), spans=spans)

    def _repeated(self, part: _Part) -> _Part:
        least, most = self._times()
        if (least, most) == (1, 1):
            return part
        if self._times() != (1, 1):
            raise Unfit("a repetition stands behind a repetition")
        if (least, most) == (0, 1):
            spellings = tuple(dict.fromkeys((*part.spellings, "")))
            return _Part(spellings, repeats=part.repeats, spans=part.spans)
        if part.repeats:
            raise Unfit("a repetition stands within a repetition")
        self._repetitions += 1
        if self._repetitions > _MOST_REPETITIONS:
            raise Unfit(f"it has more than {_MOST_REPETITIONS} repetitions")
        if most is None and part.spans:
            self._endless_spans += 1
        if self._endless_spans > 1 or (most is None and part.negated):
            raise Unfit("it may go on too far: say how often at most, as in “{0,20}”")
        return _Part((_ANYTHING,), repeats=True, spans=part.spans)

    def _times(self) -> tuple[int, int | None]:
        for sign, times in (("?", (0, 1)), ("*", (0, None)), ("+", (1, None))):
            if self._takes(sign):
                return times
        if not self._text.startswith("{", self._at):
            return 1, 1
        found = _REPEATS.match(self._text, self._at)
        if found is None:
            raise Unfit("a “{” begins a number of times: “{2}”, “{0,20}”")
        self._at = found.end()
        least, most = int(found[1]), int(found[2] or found[1])
        if not least <= most <= _MOST_TIMES or most < 1:
            raise Unfit(f"“{found[0]}” has to count up, to {_MOST_TIMES} at most")
        return least, most

    def _takes(self, sign: str) -> bool:
        taken = self._text.startswith(sign, self._at)
        if taken:
            self._at += len(sign)
        return taken


def _letter(letter: str) -> _Part:
    return _Part((_folded(letter),), spans=not letter.isalnum())


def _folded(letter: str) -> str:
    """The letter, if folded texts may have it. Raises Unfit."""
    if letter != " " and fold(letter) != letter:
        said = f"write “{fold(letter)}” instead" if fold(letter) else "leave it out"
        raise Unfit(f"“{letter}” is in no folded text: {said}")
    return letter
