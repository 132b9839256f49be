"""Which styles of a mail are kept: how text looks, never where it is or what it loads."""

import re
from typing import Final

_SIDES = ("", "-top", "-right", "-bottom", "-left")
PROPERTIES: Final = frozenset(
    {
        "background",
        "background-color",
        "border-collapse",
        "border-radius",
        "border-spacing",
        "clear",
        "color",
        "direction",
        "display",
        "float",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "max-width",
        "overflow-wrap",
        "table-layout",
        "text-align",
        "text-decoration",
        "text-transform",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
        "word-wrap",
        *(f"border{side}" for side in _SIDES),
        *(f"border{side}-{what}" for side in _SIDES for what in ("color", "style", "width")),
        *(f"margin{side}" for side in _SIDES),
        *(f"padding{side}" for side in _SIDES),
    }
)
"""The properties that a mail may set."""

_LONGEST = 4_000
_LONGEST_VALUE = 200
# Words, sizes of up to four digits, colours, and names in quotes; no other function, no escape.
_VALUE = re.compile(
    r"(?:(?:[a-z][a-z-]{0,40}+"
    r"|[0-9]{0,4}+(?:\.[0-9]{0,6}+)?(?:px|pt|pc|em|rem|ex|ch|cm|mm|in|%)?+(?![\w.%])"
    r"|\#[0-9a-f]{3,8}+"
    r"|\"[\w .-]{0,60}+\"|'[\w .-]{0,60}+'"
    r"|(?:rgb|hsl)a?\([0-9.,%/ ]{1,60}+\)"
    r")(?:\s{0,3}[,/]\s{0,3}|\s{1,3}|\Z))+",
    re.IGNORECASE,
)
_IMPORTANT = re.compile(r"\s{0,3}!\s{0,3}important\Z", re.IGNORECASE)
_ADDRESS = re.compile(r"url\s{0,3}\(\s{0,3}[\"']?\s{0,3}(?:https?:)?//", re.IGNORECASE)
_SHEET = re.compile(r"<style(?![\w-])", re.IGNORECASE)
_SHEET_END = re.compile(r"</style(?![\w-])", re.IGNORECASE)


def limited(style: str) -> str:
    """The declarations that are kept, in their order; empty if none is."""
    kept = []
    for declaration in style[:_LONGEST].split(";"):
        name, colon, value = declaration.partition(":")
        name, value = name.strip().lower(), _IMPORTANT.sub("", value.strip())
        if colon and name in PROPERTIES and _is_plain(value):
            kept.append(f"{name}:{value}")
    return ";".join(kept)


def loads(style: str) -> int:
    """How many pictures the style would fetch from elsewhere."""
    return len(_ADDRESS.findall(style))


def loads_of_sheets(source: str) -> int:
    """How many pictures a document's style sheets would fetch from elsewhere."""
    count, place = 0, 0
    while (sheet := _SHEET.search(source, place)) is not None:
        end = _SHEET_END.search(source, sheet.end())
        place = end.start() if end else len(source)
        count += loads(source[sheet.end() : place])
    return count


def _is_plain(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_VALUE and _VALUE.fullmatch(value) is not None
