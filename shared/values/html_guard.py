"""Decides whether HTML may be given to a parser that builds a tree.

HTML's own algorithm takes quadratic time where elements are nested very deep, or where formatting
is not closed where it was opened: 400 kB of `<div>` took the fastest parser a minute. The HTML of
real mail is nested some tens deep.
"""

import re
from dataclasses import dataclass, field

LARGEST = 400_000
"""How many characters of HTML are kept and parsed."""

_MOST_TAGS = 15_000
_DEEPEST = 200
_MOST_FORMATTING = 24
_MOST_FAULTS = 60
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)
"""Elements that have no closing tag and no content."""
_CLOSED_BY_ITSELF = frozenset(
    {
        "p",
        "li",
        "td",
        "th",
        "tr",
        "dd",
        "dt",
        "option",
        "thead",
        "tbody",
        "tfoot",
        "colgroup",
        "html",
        "head",
        "body",
    }
)
_FORMATTING = frozenset(
    {
        "a",
        "b",
        "big",
        "code",
        "em",
        "font",
        "i",
        "nobr",
        "s",
        "small",
        "strike",
        "strong",
        "tt",
        "u",
    }
)
_RAW_END = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}


@dataclass(slots=True)
class _Nesting:
    """Which elements are open at a place, and how often one was closed wrongly up to there."""

    open_elements: list[str] = field(default_factory=list)
    formatting: int = 0
    faults: int = 0

    def opened(self, name: str) -> None:
        self.open_elements.append(name)
        self.formatting += name in _FORMATTING

    def closed(self, name: str) -> None:
        if self.open_elements and self.open_elements[-1] == name:
            self._drop()
            return
        self.faults += 1
        if name in self.open_elements[-_MOST_FAULTS:]:
            while self._drop() != name:
                self.faults += 1

    def _drop(self) -> str:
        name = self.open_elements.pop()
        self.formatting -= name in _FORMATTING
        return name

    @property
    def is_too_much(self) -> bool:
        return (
            len(self.open_elements) > _DEEPEST
            or self.formatting > _MOST_FORMATTING
            or self.faults > _MOST_FAULTS
        )


def is_manageable(source: str) -> bool:
    """Whether a parser is quick with it: it is not too large, too deep or too badly nested."""
    if len(source) > LARGEST or source.count("<") > _MOST_TAGS:
        return False
    nesting, position = _Nesting(), 0
    while not nesting.is_too_much and (match := _TAG.search(source, position)) is not None:
        position, name = match.end(), match[2].lower()
        if name in VOID or name in _CLOSED_BY_ITSELF:
            continue
        if match[1]:
            nesting.closed(name)
        elif name in _RAW_END:
            end = _RAW_END[name].search(source, position)
            position = end.end() if end else len(source)
        else:
            nesting.opened(name)
    return not nesting.is_too_much
