"""Whether HTML can be given to a parser that builds a tree.

Elements opened inside each other, and formatting that is never closed where it was opened, make
HTML's own algorithm quadratic: 400 kB of `<div>` took the fastest parser a minute. Real mail nests
some tens deep.
"""

import re

LARGEST = 400_000
"""Characters of HTML that are kept and taken to pieces."""

_MOST_TAGS = 20_000
_DEEPEST = 200
_MOST_FORMATTING = 24
_MOST_FAULTS = 60
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
})
_CLOSED_BY_ITSELF = frozenset({
    "p", "li", "td", "th", "tr", "dd", "dt", "option", "thead", "tbody", "tfoot", "colgroup",
    "html", "head", "body",
})
_FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})
_RAW_END = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes")
}


def is_manageable(source: str) -> bool:
    """Whether a tree of it is soon built: not too large, too deep, or too badly nested."""
    if len(source) > LARGEST or source.count("<") > _MOST_TAGS:
        return False
    open_elements: list[str] = []
    faults = formatting = position = 0
    while (match := _TAG.search(source, position)) is not None:
        position = match.end()
        name = match[2].lower()
        if not match[1]:
            if name in _RAW_END:
                end = _RAW_END[name].search(source, position)
                position = end.end() if end else len(source)
            elif name not in _VOID and name not in _CLOSED_BY_ITSELF:
                open_elements.append(name)
                formatting += name in _FORMATTING
        elif name in _VOID or name in _CLOSED_BY_ITSELF:
            continue
        elif open_elements and open_elements[-1] == name:
            open_elements.pop()
            formatting -= name in _FORMATTING
        else:
            faults += 1
            if name in open_elements[-_MOST_FAULTS:]:
                while (left := open_elements.pop()) != name:
                    faults += 1
                    formatting -= left in _FORMATTING
                formatting -= name in _FORMATTING
        if (
            len(open_elements) > _DEEPEST
            or formatting > _MOST_FORMATTING
            or faults > _MOST_FAULTS
        ):
            return False
    return True
