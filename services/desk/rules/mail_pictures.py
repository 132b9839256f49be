"""The pictures of a mail: which of them stay, and what stands in the place of the others."""

import re
from collections.abc import Collection, Iterable
from typing import Final
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from services.desk.rules import mail_styles
from services.desk.rules.plain import plain_name
from shared.contracts.messages import Attachment

HELD_BACK: Final = "picture"
"""The class of what stands in a picture's place."""

_ELSEWHERE = re.compile(r"[\x00-\x20]*(?:https?:)?[/\\]{2}", re.IGNORECASE)
_ADDRESSED = re.compile(r"https?://[^\s\\\"'<>`]+", re.IGNORECASE)
_INSIDE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*+", re.IGNORECASE)
_STANDS_FOR: Final = "data:image/png;base64,cid{:03d}=="
_TINY = re.compile(r"\s*[01](?:px)?\s*", re.IGNORECASE)
_TINY_STYLE = re.compile(
    r"(?:^|;)\s*(?:(?:max-)?(?:width|height)\s*:\s*[01](?:px)?\s*(?:!|;|$)"
    r"|display\s*:\s*none|visibility\s*:\s*hidden)",
    re.IGNORECASE,
)
_FETCHING = ("src", "srcset", "background", "poster", "lowsrc", "dynsrc")
_FETCH = "[src], [srcset], [background], [poster], [lowsrc], [dynsrc], [style]"
_LONGEST_ADDRESS = 8_000


def may_stay(source: str, *, remote: bool) -> bool:
    """Whether a picture with that address may be in the document."""
    if remote and len(source) <= _LONGEST_ADDRESS and _ADDRESSED.fullmatch(source):
        return True
    return _INSIDE.fullmatch(source) is not None


def restore(tree: LexborHTMLParser) -> None:
    """Give each picture back the address that ingest has set aside."""
    for node in tree.css("img[data-remote]"):
        address = node.attributes.get("data-remote") or ""
        if "src" not in node.attributes and _ADDRESSED.fullmatch(address):
            _set(node, "src", address)


def count_elsewhere(tree: LexborHTMLParser, source: str) -> int:
    """How many pictures the mail would fetch from elsewhere, those of its styles included.

    `tree` is the mail without style sheets, `source` the mail as it came.
    """
    found: set[int] = set()
    styles = mail_styles.loads_of_sheets(source)
    for node in tree.css(_FETCH):
        attributes = node.attributes
        styles += mail_styles.loads(attributes.get("style") or "")
        if any(_is_elsewhere(attributes.get(name) or "") for name in _FETCHING):
            parent = node.parent
            # One picture may be offered in several sizes.
            whole = parent if parent is not None and parent.tag == "picture" else node
            found.add(whole.mem_id)
    return len(found) + styles


def hold_back(
    tree: LexborHTMLParser,
    attachments: Iterable[Attachment],
    word: str,
    pictures: Collection[str] = (),
    *,
    remote: bool,
) -> None:
    """Put its name in the place of each picture that is not shown.

    Those that came with the mail under the content ids `pictures` are shown: `shown` puts them in
    once all else is safe. Any other picture that came with it has its file's name, and those from
    elsewhere the name that the mail gives them; `word` stands for one without a name. What is too
    small to be seen is left out.
    """
    names = {
        _content_id(file.content_id): file.filename or "" for file in attachments if file.content_id
    }
    ids = {_content_id(each): place for place, each in enumerate(pictures)}
    for node in tree.css("[background]"):
        _set(node, "background", _whole(_without_breaks(node.attributes.get("background") or "")))
    for node in tree.css("img"):
        source = _without_breaks(node.attributes.get("src") or "")
        elsewhere = _is_elsewhere(source)
        if elsewhere and _is_tiny(node):
            node.decompose()
        elif elsewhere and remote:
            _set(node, "src", _whole(source))
        elif source[:4].lower() == "cid:" and _content_id(source[4:]) in ids:
            _set(node, "src", _STANDS_FOR.format(ids[_content_id(source[4:])]))
        elif source[:4].lower() == "cid:":
            _name(node, names.get(_content_id(source[4:])) or "", word)
        elif elsewhere:
            _set(node, "title", _host(source))
            _name(node, "", word)
        elif "src" in node.attributes and not may_stay(source, remote=False):
            _name(node, "", word)


def shown(document: str, pictures: Iterable[str]) -> str:
    """The document with these pictures, as addresses that hold them, where `hold_back` left room.

    Whatever else of the mail reads the same shows a picture that came with it: no harm is done.
    """
    for place, picture in enumerate(pictures):
        document = document.replace(f'"{_STANDS_FOR.format(place)}"', f'"{picture}"')
    return document


def _name(node: LexborNode, name: str, word: str) -> None:
    named = plain_name(name) or plain_name(node.attributes.get("alt") or "") or word
    del node.attrs["src"]
    _set(node, "alt", named)
    _set(node, "class", HELD_BACK)


def _set(node: LexborNode, name: str, value: str) -> None:
    node.attrs[name] = value


def _is_tiny(node: LexborNode) -> bool:
    attributes = node.attributes
    return (
        _TINY.fullmatch(attributes.get("width") or "") is not None
        or _TINY.fullmatch(attributes.get("height") or "") is not None
        or _TINY_STYLE.search((attributes.get("style") or "")[:1_000]) is not None
    )


def _is_elsewhere(address: str) -> bool:
    return _ELSEWHERE.match(_without_breaks(address)) is not None


def _without_breaks(address: str) -> str:
    """The address as browsers read it."""
    return address.strip("".join(map(chr, range(0x21)))).translate({9: None, 10: None, 13: None})


def _whole(address: str) -> str:
    """The address with its scheme."""
    return f"https:{address}" if address.startswith("//") else address


def _content_id(written: str) -> str:
    return written.strip("<> \t").lower()


def _host(address: str) -> str:
    try:
        return plain_name(urlsplit(address).hostname or "")
    except ValueError:
        return ""
