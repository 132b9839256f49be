"""Makes messages of what customers sent in a type that ingest does not know (ING 4).

Providers add types of messages without a warning. The customer said something, so it is a message
all the same. Its text and its file are looked for in the fields where such things usually are. If
there is no text, the message's text says which type it is: `[unsupported message: poll]`. What the
provider sent is kept beside it.
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
    """What becomes of `sent`, the object that a message of the unknown type `kind` has.

    `id_is` is for providers that give a file's id and no URL. With `whatsapp-media`, for example,
    the reference to a file is `whatsapp-media:<id>`.
    """
    return Unknown(
        text=_words(sent) or unsupported(kind),
        attachments=_file(sent, id_is),
        structured={UNSUPPORTED: kept(kind, sent.raw)},
    )


def kept(kind: str, raw: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever the provider sent
    """The type, and what was sent with it: as JSON, or else as text.

    It is text, cut off after 64 Ki characters, if the JSON is longer than that, is nested too deep
    to be stored, or has an integer of more than 64 bits.
    """
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
