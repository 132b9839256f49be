"""A customer's mail as a document that is safe in a sandboxed frame."""

import html as entities
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from services.desk.rules import mail_pictures, mail_quotes
from services.desk.rules.mail_markup import AS_TEXT, cleaned, readable
from shared.contracts.messages import Attachment
from shared.values.html_guard import is_manageable

SANDBOX: Final = "allow-popups allow-popups-to-escape-sandbox"
"""The frame's `sandbox`: links open in a new window, which is no frame of ours any more."""

_LONGEST_WRITTEN = 1_000_000
_LONGEST_TEXT = 100_000
_STYLE = (
    ":root{color-scheme:light}"
    "body{margin:0;padding:8px;background:#fff;color:#1a1a1a;overflow-wrap:break-word;"
    "font:14px/1.45 system-ui,sans-serif}"
    "img,table{max-width:100%}img{height:auto}a{color:#0b57d0}"
    "pre,.text{white-space:pre-wrap;margin:0}"
    "blockquote{margin:0 0 0 8px;padding-left:8px;border-left:2px solid #c4c7c5;color:#444}"
    "summary{cursor:pointer;color:#5f6368}"
    ".picture{display:inline-block;padding:2px 6px;border:1px dashed #747775;"
    "background:#fff;color:#444}"
)
_RAW = re.compile(r"<(script|style|title|template|noscript)(?![\w-])", re.IGNORECASE)
_RAW_END = {
    name: re.compile(f"</{name}(?![\\w-])", re.IGNORECASE)
    for name in ("script", "style", "title", "template", "noscript")
}
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])(?![\w-])[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>")


@dataclass(frozen=True, slots=True)
class SafeMail:
    """A mail's HTML, made safe: a whole document.

    `remote` is how many pictures the mail would fetch from elsewhere, whether they are shown or
    not; those of its styles are never shown. `quoted` is whether something is folded.
    """

    document: str
    remote: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What the document says of its own: above a folded quote, and for a picture without name."""

    quoted: str = "Quoted text"
    picture: str = "Picture"


ENGLISH: Final = Words()


def safe_document(
    html: str,
    attachments: Iterable[Attachment] = (),
    pictures: Mapping[str, str] = MappingProxyType({}),
    *,
    remote: bool = False,
    words: Words = ENGLISH,
) -> SafeMail:
    """The mail without scripts, forms, frames, and styles that load something or leave their place.

    Pictures from elsewhere are held back unless `remote`; those that came as files are named, or
    shown if their content ids are among `pictures`, each as an address that holds it (`data:`).
    HTML that would take too long to read is shown as its text.
    """
    source = html.replace("\0", "").encode("utf-8", "replace").decode()
    if not is_manageable(source):
        return _as_text(source)
    tree = LexborHTMLParser(readable(source))
    mail_pictures.restore(tree)
    count = mail_pictures.count_elsewhere(tree, source)
    mail_pictures.hold_back(tree, attachments, words.picture, pictures, remote=remote)
    quoted = mail_quotes.fold(tree, words.quoted)
    written = tree.html or ""
    safe = cleaned(written, remote=remote) if len(written) <= _LONGEST_WRITTEN else None
    if safe is None:
        return _as_text(source)
    return SafeMail(mail_pictures.shown(_document(safe), pictures.values()), count, quoted)


def csp_of_frame(*, remote: bool) -> str:
    """The Content-Security-Policy of such a document: it may show pictures, and nothing else."""
    pictures = "data: https: http:" if remote else "data:"
    return (
        f"default-src 'none'; img-src {pictures}; style-src 'unsafe-inline'; base-uri 'none';"
        f" form-action 'none'; frame-ancestors 'self'; sandbox {SANDBOX}"
    )


def quoted_part(text: str, text_full: str | None) -> str | None:
    """What a message quotes: those lines of all of its text that are not new. None for none.

    If what is new is not in all of its text, line by line and in order, that is all of it.
    """
    if text_full is None:
        return None
    new = [line.strip() for line in text.splitlines() if line.strip()]
    rest, met = [], 0
    for line in text_full.splitlines():
        if met < len(new) and line.strip() == new[met]:
            met += 1
        else:
            rest.append(line)
    quoted = text_full if met < len(new) else "\n".join(rest)
    return quoted.strip("\n") if quoted.strip() else None


def _document(body: str) -> str:
    return (
        '<!doctype html><html><head><meta charset="utf-8"><base target="_blank">'
        '<meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width">'
        f"<title></title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _as_text(source: str) -> SafeMail:
    text = entities.unescape(_TAG.sub(" ", _BREAK.sub("\n", _without_raw(source))))
    lines = (" ".join(line.split()) for line in text[:_LONGEST_TEXT].splitlines())
    shown = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    safe = cleaned(f'<div class="{AS_TEXT}">{entities.escape(shown)}</div>', remote=False)
    return SafeMail(_document(safe or ""), 0, quoted=False)


def _without_raw(source: str) -> str:
    """The markup without the elements whose content is no text for people."""
    kept, place = [], 0
    while (match := _RAW.search(source, place)) is not None:
        kept.append(source[place : match.start()])
        end = _RAW_END[match[1].lower()].search(source, match.end())
        place = end.start() if end else len(source)
    return "".join((*kept, source[place:]))
