"""HTML taken to pieces: what is hidden or dangerous is dropped, and quotes are cut off."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.ingest.read.mail.mime.html_text import UNSEEN
from services.ingest.read.mail.quoting import header_blocks
from shared.values.html_guard import is_manageable

_QUOTES = (
    ".gmail_quote, .gmail_extra, blockquote[type=cite], .moz-cite-prefix, .protonmail_quote,"
    " .tutanota_quote, .yahoo_quoted, .zmail_extra, .front-blockquote, #OLK_SRC_BODY_SECTION,"
    " .ms-outlook-mobile-reference-message, [name=messageReplySection],"
    " [data-marker=__QUOTED_TEXT__]"
)
_FROM_HERE_ON = (
    "#divRplyFwdMsg, #x_divRplyFwdMsg, #appendonsend, #x_appendonsend, #zwchr, hr#stopSpelling,"
    " #mail-editor-reference-message-container, #ms-outlook-mobile-body-separator-line"
)
_RULES = (
    "border-top:solid #e1e1e1",
    "border-top:solid #b5c4df",
    "border-top-color:#b5c4df",
    "border-top:solid windowtext",
)
_GMAILS = "gmail_quote"
_NEVER_SEEN = frozenset({"head", "script", "style", "title", "template", "noscript", "svg"})
_MOST_NODES = 100_000
_LARGEST_WRITTEN = 1_000_000
_FORMATTING = {
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
}
_ELSEWHERE = "data-remote"
_LONGEST_ADDRESS = 2_000
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height", _ELSEWHERE},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start"},
    "blockquote": {"type"},
    "*": {"dir", "lang"},
}
_WITH_THEIR_CONTENT = {"script", "style", "title", "template", "noscript", "select", "textarea"}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}


class _TooManyNodes(Exception):
    """The parser closed what the mail left open, and made more nodes than can be walked through."""


@dataclass(frozen=True, slots=True)
class Html:
    """A mail's HTML in three forms.

    `shown` is safe to show; None if the HTML is too large or too intricate for that. `full` is the
    markup from which the mail's text is made, and `new` is the same without quotes. `new` is None
    if `shown` is, if no quote was found, if nothing is said above the quotes, or if an answer
    stands below or between them.
    """

    shown: str | None
    full: str
    new: str | None = None


def read(source: str, *, may_quote: bool = True) -> Html:
    """The HTML without what the mail's reader would not see.

    If the markup hides everything, nothing is left out. HTML that would take too long to parse is
    not shown, but its text can still be read (`full`).
    """
    if not is_manageable(source):
        return Html(None, source)
    try:
        tree = _without_hidden(source)
        full = tree.html or ""
        shown = _safe(_with_addresses(tree) or full) if len(full) <= _LARGEST_WRITTEN else None
        new = _without_quotes(tree) if may_quote else None
    except _TooManyNodes:
        return Html(None, source)
    return Html(None, source) if shown is None else Html(shown, full, new)


def _with_addresses(tree: LexborHTMLParser) -> str | None:
    """The HTML with the address of each picture from the web set aside; None if it has none."""
    changed = False
    for node in tree.css(f"[{_ELSEWHERE}]"):
        del node.attrs[_ELSEWHERE]  # it is nobody's but ours
        changed = True
    for node in tree.css("img[src]"):
        source = (node.attributes.get("src") or "").strip()
        if source.lower().startswith(("https://", "http://")) and len(source) <= _LONGEST_ADDRESS:
            node.attrs[_ELSEWHERE] = source
            changed = True
    return tree.html if changed else None


def _safe(source: str) -> str:
    """The HTML without scripts, styles, forms, frames, and pictures from the web.

    Such a picture would tell its server that the mail was read. Its address is where no program
    looks for one (`data-remote`), for whoever is asked to show it.
    """
    return nh3.clean(
        source,
        tags=_FORMATTING,
        clean_content_tags=_WITH_THEIR_CONTENT,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        attribute_filter=_kept,
        link_rel="noopener noreferrer nofollow",
    ).strip()


def _kept(tag: str, attribute: str, value: str) -> str | None:
    if tag == "img" and attribute == "src":
        return value if value[:4].lower() == "cid:" else None
    if attribute == _ELSEWHERE:
        return value if value[:8].lower().startswith(("https://", "http://")) else None
    return value


def _without_hidden(source: str) -> LexborHTMLParser:
    tree = LexborHTMLParser(source)
    hidden: list[LexborNode] = []
    # Only outermost hidden elements are noted: those inside go with them.
    for node, descend in _walk(tree.body):
        if node.is_element_node and _is_hidden(node):
            hidden.append(node)
        else:
            descend(node)
    if not hidden:
        return tree
    for node in hidden:
        node.decompose()
    return tree if _says_something(tree.body) else LexborHTMLParser(source)


def _is_hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or UNSEEN.search(attributes.get("style") or "") is not None


def _says_something(node: LexborNode | None) -> bool:
    return node is not None and (
        node.css_first("img") is not None or bool(node.text(deep=True).strip())
    )


@dataclass
class _Reading:
    """One walk through a tree: which nodes are quotes, and whether text stands above or below."""

    quoting: set[int]
    cutting: set[int]
    quoted: list[LexborNode] = field(default_factory=list)
    cut: bool = False
    said_before: bool = False
    said_after: bool = False

    def walk(self, body: LexborNode) -> None:
        for node, descend in _walk(body):
            if self.said_after:
                return
            if node.is_text_node:
                self._said(node)
            if self.cut or node.mem_id in self.cutting or _is_outlooks_rule(node):
                self.cut = True
                self.quoted.append(node)
            elif node.mem_id in self.quoting:
                self.quoted.append(node)
                self.said_after = _answers_inside(node)
            elif node.tag not in _NEVER_SEEN:
                descend(node)

    def _said(self, node: LexborNode) -> None:
        words = _words(node).strip().strip("\u200b\ufeff\u00a0\u2060")
        if not words or self.cut:
            return
        self.said_before = True
        # Below a quote, signs without a letter or a digit are its end, or a line that was drawn.
        self.said_after = bool(self.quoted) and any(map(str.isalnum, words))


def _without_quotes(tree: LexborHTMLParser) -> str | None:
    body = tree.body
    if body is None:
        return None
    reading = _Reading(
        quoting={node.mem_id for node in body.css(_QUOTES)},
        cutting={node.mem_id for node in body.css(_FROM_HERE_ON)},
    )
    reading.walk(body)
    if not reading.quoted or reading.said_after or not reading.said_before:
        return None
    for node in reading.quoted:
        node.decompose()
    return tree.html


def _answers_inside(node: LexborNode) -> bool:
    """Whether an answer stands between the quotes that Gmail puts into one element.

    In that element, the attribution is above the quotes, and the quotes are block quotes. Any other
    text below the first quote is new.
    """
    classes = (node.attributes.get("class") or "").split()
    if node.tag != "div" or _GMAILS not in classes:
        return False
    quoted = False
    for child, descend in _walk(node):
        if child.tag == "blockquote":
            quoted = True
        elif child.is_text_node:
            if quoted and any(map(str.isalnum, _words(child))):
                return True
        else:
            descend(child)
    return False


def _is_outlooks_rule(node: LexborNode) -> bool:
    """The line that Outlook draws above the header block of the mail it answers."""
    style = (node.attributes.get("style") or "").lower() if node.tag == "div" else ""
    if "border-top" not in style or not any(rule in _tight(style) for rule in _RULES):
        return False
    return header_blocks.is_header_line(node.text(deep=True)[:300].strip().partition("\n")[0])


def _tight(style: str) -> str:
    return style.replace(": ", ":").replace("; ", ";")


def _words(node: LexborNode) -> str:
    return node.text_content or ""


def _walk(root: LexborNode | None) -> Iterator[tuple[LexborNode, Callable[[LexborNode], None]]]:
    """The nodes below `root`, in the document's order, each with a function to descend into it.

    What is inside a node follows only if the caller calls that function with the node. Raises
    _TooManyNodes after 100,000 nodes.
    """
    waiting: list[LexborNode] = []

    def descend(node: LexborNode) -> None:
        waiting.extend(list(node.iter(include_text=True))[::-1])

    if root is not None:
        descend(root)
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        yield waiting.pop(), descend
    raise _TooManyNodes
