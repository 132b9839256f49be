"""Folds what a mail quotes, so that what is new in it is seen first."""

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

FOLDED: Final = "quoted"
"""The class of the elements that are folded."""

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
_RULES = re.compile(
    r"border-top(?:-color)?\s*:[^;]{0,40}(?:#e1e1e1|#b5c4df|windowtext)", re.IGNORECASE
)
_HEADER_LINE = re.compile(r"[ \t*]{0,4}[^\W\d_][^\n:]{0,24}:\s{0,4}\S")
_HEADER_LINES = 3
_MOST_NODES = 100_000
_NEVER_SEEN = frozenset({"head", "script", "style", "title", "template", "noscript", "svg"})
_NOTHING = " \t\r\n\f\u00a0\u200b\u200c\u200d\u2060\ufeff\xad"


def fold(tree: LexborHTMLParser, label: str) -> bool:
    """Whether the document quotes something, once that is folded under `label`.

    Where nothing is said above and below the quotes, they are what the mail says: the fold is open.
    """
    body = tree.body
    if body is None:
        return False
    folded = f"details.{FOLDED}"
    if body.css_first(folded) is not None:
        return True  # it was folded before
    quotes = _quotes(body)
    alone = not _says_more(body, {node.mem_id for run in quotes for node in run})
    for run in quotes:
        _wrap(tree, run, label, opened=alone)
    return bool(quotes)


def _quotes(body: LexborNode) -> list[list[LexborNode]]:
    """The quotes, outermost ones only, in order: each a run of siblings."""
    quoting = {node.mem_id for node in body.css(_QUOTES)}
    cutting = {node.mem_id for node in body.css(_FROM_HERE_ON)}
    last = _last_block(body)
    found: list[list[LexborNode]] = []
    waiting = [body]
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        node = waiting.pop()
        if node.mem_id in cutting or _is_outlooks_rule(node):
            found.append(_with_rest(node))
            break
        if node.mem_id in quoting or node.mem_id == last:
            found.append([node])
        elif node.tag not in _NEVER_SEEN:
            waiting.extend(list(node.iter(include_text=False))[::-1])
    return found


def _last_block(body: LexborNode) -> int | None:
    """The block quote with which the mail ends: a quote, though its marks were lost."""
    node = body
    for _ in range(_MOST_NODES):
        if node.tag == "blockquote":
            return node.mem_id
        child = node.last_child
        while child is not None and not _says_something(child):
            child = child.prev
        if child is None or not child.is_element_node:
            return None
        node = child
    return None


def _says_something(node: LexborNode) -> bool:
    if node.is_text_node:
        return bool((node.text_content or "").strip(_NOTHING))
    return node.is_element_node and (
        node.tag == "img"
        or bool(node.text(deep=True).strip(_NOTHING))
        or node.css_first("img") is not None
    )


def _is_outlooks_rule(node: LexborNode) -> bool:
    """The line that Outlook draws above the header of the mail it answers."""
    if node.tag != "div" or not _RULES.search((node.attributes.get("style") or "")[:1_000]):
        return False
    lines = node.text(deep=True, separator="\n")[:600].split("\n")
    joined = re.sub(r":\s*\n", ": ", "\n".join(lines))
    return len(_HEADER_LINE.findall(joined)) >= _HEADER_LINES


def _with_rest(node: LexborNode) -> list[LexborNode]:
    """The node and all that follows it, from the outermost element that begins with it."""
    first = node
    while (
        (parent := first.parent) is not None
        and parent.tag != "body"
        and not any(map(_says_something, _before(first)))
    ):
        first = parent
    run = [first]
    while (following := run[-1].next) is not None:
        run.append(following)
    return run


def _before(node: LexborNode) -> Iterator[LexborNode]:
    while (previous := node.prev) is not None:
        yield previous
        node = previous


def _says_more(body: LexborNode, quoted: set[int]) -> bool:
    waiting = [body]
    for _ in range(_MOST_NODES):
        if not waiting:
            return False
        node = waiting.pop()
        if node.mem_id in quoted or node.tag in _NEVER_SEEN:
            continue
        if node.tag == "img" or (node.is_text_node and (node.text_content or "").strip(_NOTHING)):
            return True
        waiting.extend(node.iter(include_text=True))
    return False


def _wrap(tree: LexborHTMLParser, run: list[LexborNode], label: str, *, opened: bool) -> None:
    details, summary = tree.create_node("details"), tree.create_node("summary")
    details.attrs["class"] = FOLDED
    if opened:
        details.attrs["open"] = ""
    summary.insert_child(label)
    details.insert_child(summary)
    for node in run:
        details.insert_child(node)
    run[0].insert_before(details)
    # They were copied.
    for node in run:
        node.decompose()
