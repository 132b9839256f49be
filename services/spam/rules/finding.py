"""Finds phrases in a text, and looks only for those of which a telling word is there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from services.spam.rules.ways import Way

_WORDS: Final = re.compile(r"\w+")


class Finder:
    """Knows the ways of saying several things, each of which goes by its number."""

    def __init__(self, things: Sequence[Iterable[Way]]) -> None:
        self._patterns: list[tuple[int, re.Pattern[str]]] = []
        by_word: dict[str, list[int]] = defaultdict(list)
        by_fragment: dict[str, list[int]] = defaultdict(list)
        for thing, ways in enumerate(things):
            for way in ways:
                for word in way.words:
                    by_word[word].append(len(self._patterns))
                for fragment in way.fragments:
                    by_fragment[fragment].append(len(self._patterns))
                self._patterns.append((thing, way.pattern))
        self._by_word = dict(by_word)
        self._by_fragment = tuple(by_fragment.items())

    def found(self, folded: str) -> dict[int, list[str]]:
        """What the text says of each thing, in its own words; a thing it does not say is left out.

        What overlaps counts once: what begins first, and of two that begin together the way that
        was given first. That is what one alternation of all the thing's ways would find.
        """
        near: dict[int, list[re.Pattern[str]]] = {}
        for number in self._near(folded):
            thing, pattern = self._patterns[number]
            near.setdefault(thing, []).append(pattern)
        said = ((thing, _said(folded, patterns)) for thing, patterns in near.items())
        return {thing: words for thing, words in said if words}

    def _near(self, folded: str) -> list[int]:
        near: set[int] = set()
        for word in self._by_word.keys() & _WORDS.findall(folded):
            near.update(self._by_word[word])
        for fragment, numbers in self._by_fragment:
            if fragment in folded:
                near.update(numbers)
        return sorted(near)


def _said(folded: str, patterns: Iterable[re.Pattern[str]]) -> list[str]:
    heads = [head for pattern in patterns if (head := pattern.search(folded))]
    said = []
    while heads:
        first = min(heads, key=_start)
        said.append(first[0])
        at = first.end()
        heads = [
            later
            for head in heads
            if (later := head if head.start() >= at else head.re.search(folded, at))
        ]
    return said


def _start(match: re.Match[str]) -> int:
    return match.start()
