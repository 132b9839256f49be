"""What customers sent in a way that nobody knows yet (ING 4): the words and files found in it.

Providers add types of messages without a warning. A customer said something, so a message is made
of it: of the text and the file that stand where such things usually stand, else of words that say
which type it is. What the provider sent is kept whole beside it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.ingest.read import media
from services.ingest.read.text import Fields
from shared.contracts.messages import Attachment

UNSUPPORTED = "unsupported"
"""The flag of a message whose type ingest does not know, or cannot show."""

_WORDS = ("text", "body", "caption", "title", "name", "description", "message", "value")
_URLS = ("url", "link", "media_url", "mediaUrl")
_MEDIA_TYPES = ("mime_type", "content_type", "contentType", "media_type")
_NO_TYPES = ("unsupported", "unknown")
_LONGEST_TYPE = 60
_LONGEST_KEPT = 64 * 1024
_DEEPEST_KEPT = 10
_SAFE = 2**63


@dataclass(frozen=True, slots=True)
class Unknown:
    """The text (never blank), the files, and what the provider sent, safe to be stored."""

    text: str
    attachments: tuple[Attachment, ...] = ()
    structured: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = (UNSUPPORTED,)


def unsupported(kind: str = "") -> str:
    """The words that stand for a message without text: `[unsupported message: poll]`."""
    shown = "" if kind in _NO_TYPES else " ".join(kind.split())[:_LONGEST_TYPE]
    return f"[unsupported message: {shown}]" if shown else "[unsupported message]"


def unknown(kind: str, sent: Fields, *, id_is: str = "") -> Unknown:
    """What can be made of `sent`, the object that a message of the type `kind` has.

    `id_is` is the scheme of a file's reference where the provider gives files ids, not URLs.
    """
    return Unknown(
        text=_words(sent) or unsupported(kind),
        attachments=_file(sent, id_is),
        structured={UNSUPPORTED: kept(kind, sent.raw)},
    )


def kept(kind: str, raw: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever the provider sent
    """The type and what was sent with it, as JSON; as text where that is too deep to be stored."""
    named = {"type": " ".join(kind.split())[:_LONGEST_TYPE]}
    if not raw:
        return named
    if _is_plain(raw, _DEEPEST_KEPT) and len(text := json.dumps(raw)) <= _LONGEST_KEPT:
        return {**named, "content": raw}
    text = json.dumps(raw, ensure_ascii=False, default=str)
    return {**named, "content_as_text": text[:_LONGEST_KEPT]}


def _is_plain(value: Any, levels: int) -> bool:  # noqa: ANN401
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return levels > 0 and all(_is_plain(item, levels - 1) for item in inner)
    return not isinstance(value, int) or -_SAFE <= value < _SAFE


def _words(sent: Fields) -> str:
    for name in _WORDS:
        inner = sent.fields(name)
        for text in (sent.text(name), inner.text("text"), inner.text("body")):
            if text.strip():
                return text
    return ""


def _file(sent: Fields, id_is: str) -> tuple[Attachment, ...]:
    media_type = next(filter(None, map(sent.text, _MEDIA_TYPES)), "")
    url = next(filter(None, map(sent.text, _URLS)), "")
    if not url and media_type and id_is and sent.text("id"):
        url = f"{id_is}:{sent.text('id')}"
    name = sent.text("filename") or None
    return (media.linked(url, media_type or None, name=name),) if url else ()
