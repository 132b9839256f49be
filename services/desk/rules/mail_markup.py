"""What of a mail's HTML a browser gets to see, by lists of what may be in it."""

import re
from functools import cache
from typing import Final

import nh3

from services.desk.rules.mail_pictures import HELD_BACK, may_stay
from services.desk.rules.mail_quotes import FOLDED
from services.desk.rules.mail_styles import limited
from services.desk.rules.plain import preview

AS_TEXT: Final = "text"
"""The class of a mail that is shown as text, since its HTML could not be."""

ELEMENTS: Final = frozenset(
    [
        "a",
        "abbr",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
    ]
)
"""The elements that a mail may have. None has content that is read by other rules than HTML's."""

ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    "a": frozenset({"href", "title"}),
    "blockquote": frozenset({"type"}),
    "col": frozenset({"span", "width", "align", "valign"}),
    "colgroup": frozenset({"span", "width", "align", "valign"}),
    "details": frozenset({"open"}),
    "div": frozenset({"align"}),
    "font": frozenset({"color", "face", "size"}),
    "hr": frozenset({"align", "color", "size", "width"}),
    "img": frozenset({"src", "alt", "title", "width", "height", "align"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"start", "type"}),
    "p": frozenset({"align"}),
    "table": frozenset(
        [
            "align",
            "background",
            "bgcolor",
            "border",
            "cellpadding",
            "cellspacing",
            "height",
            "width",
        ]
    ),
    "td": frozenset(
        [
            "align",
            "background",
            "bgcolor",
            "colspan",
            "height",
            "nowrap",
            "rowspan",
            "valign",
            "width",
        ]
    ),
    "th": frozenset(
        [
            "align",
            "background",
            "bgcolor",
            "colspan",
            "height",
            "nowrap",
            "rowspan",
            "valign",
            "width",
        ]
    ),
    "tr": frozenset({"align", "bgcolor", "height", "valign"}),
    "ul": frozenset({"type"}),
    "*": frozenset({"dir", "lang", "style"}),
}
"""The attributes that an element may have; `*` stands for any. Some have a class of the desk's."""

_WITH_THEIR_CONTENT = {
    "script",
    "style",
    "title",
    "template",
    "noscript",
    "select",
    "textarea",
    "iframe",
    "object",
    "embed",
    "applet",
    "svg",
    "math",
    "noembed",
    "noframes",
    "xmp",
    "plaintext",
    "frameset",
    "audio",
    "video",
    "canvas",
    "head",
}
# What pictures and quotes are known by. None of it is shown.
_TELLING_ELEMENTS = frozenset({"input", "picture", "source", "video"})
_TELLING_ATTRIBUTES = frozenset(
    [
        "background",
        "class",
        "data-marker",
        "data-remote",
        "dynsrc",
        "id",
        "lowsrc",
        "name",
        "poster",
        "src",
        "srcset",
        "type",
    ]
)
_READABLE = {"http", "https", "mailto", "tel", "data", "cid"}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)[^\s\x00-\x1f]*", re.IGNORECASE)
_LONGEST_LINK = 8_000
_CLASSES = frozenset({AS_TEXT, FOLDED, HELD_BACK})
_PLAIN = re.compile(r"[\w #,.'+-]{0,100}")
_NUMBER = re.compile(r"-?[0-9]{1,4}(?:\.[0-9]{1,4})?%?")
_SPAN = re.compile(r"[1-9][0-9]?")
_SPANS = frozenset({"colspan", "rowspan", "span"})
_NUMBERS = frozenset({"border", "cellpadding", "cellspacing", "height", "start", "value", "width"})
_SAID = frozenset({"alt", "title"})
_OVERRIDES = dict.fromkeys((0x202D, 0x202E))
_BEGIN_OF_PRE = re.compile(r"(<pre[^<>]*>)\n+")
_MOST_ROUNDS = 5


def readable(source: str) -> str:
    """The HTML with what is shown and what tells pictures and quotes, for a parser of trees."""
    return _READING.clean(source)


def cleaned(source: str, *, remote: bool) -> str | None:
    """The HTML with nothing in it but what the lists allow.

    Cleaning it once more changes nothing: what a browser reads is what was looked at. None if that
    is not so after five rounds.
    """
    cleaner = _cleaner(remote)
    for _ in range(_MOST_ROUNDS):
        # A line break at the beginning of `pre` is lost each time that it is read.
        said = cleaner.clean(source).translate(_OVERRIDES)
        result = _BEGIN_OF_PRE.sub(r"\1", said).strip()
        if result == source:
            return result
        source = result
    return None


_READING: Final = nh3.Cleaner(
    tags=set(ELEMENTS | _TELLING_ELEMENTS),
    clean_content_tags=_WITH_THEIR_CONTENT - _TELLING_ELEMENTS,
    attributes={
        tag: set(names | (_TELLING_ATTRIBUTES if tag == "*" else frozenset()))
        for tag, names in ATTRIBUTES.items()
    },
    url_schemes=_READABLE,
    link_rel=None,
)


@cache
def _cleaner(remote: bool) -> nh3.Cleaner:  # noqa: FBT001  # a cache takes what is hashed
    def kept(tag: str, attribute: str, value: str) -> str | None:
        return _kept(tag, attribute, value, remote=remote)

    return nh3.Cleaner(
        tags=set(ELEMENTS),
        clean_content_tags=_WITH_THEIR_CONTENT,
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=kept,
        url_schemes={"http", "https", "mailto", "tel", "data"},
        url_relative="deny",
        allowed_classes={"details": {FOLDED}, "img": {HELD_BACK}, "div": {AS_TEXT}},
        link_rel="noopener noreferrer nofollow",
    )


def _kept(tag: str, attribute: str, value: str, *, remote: bool) -> str | None:
    if attribute == "rel":
        return value
    if attribute == "class":
        return value if value in _CLASSES else None
    if attribute == "style":
        return limited(value) or None
    if attribute == "href":
        linked = len(value) <= _LONGEST_LINK and _LINK.fullmatch(value)
        return value if linked else None
    if attribute in ("src", "background"):
        return value if may_stay(value, remote=remote) else None
    return _kept_value(tag, attribute, value)


def _kept_value(tag: str, attribute: str, value: str) -> str | None:
    if attribute in _SAID:
        return preview(value)
    if attribute in _SPANS:
        return value if _SPAN.fullmatch(value) else None
    if attribute in _NUMBERS or (attribute == "size" and tag == "hr"):
        return value if _NUMBER.fullmatch(value) else None
    return value if _PLAIN.fullmatch(value) else None
