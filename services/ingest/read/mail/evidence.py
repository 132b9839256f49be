"""Collects what a mail says of its thread (TKT 2). Ticketing decides what to believe of it."""

import base64
import binascii
from collections.abc import Iterable

from services.ingest.read.mail.delivery import Delivery
from services.ingest.read.mail.mime.headers import Headers
from shared.values.mail_tokens import Where, found_in, marked

_ADDRESSES = (
    "to",
    "cc",
    "delivered-to",
    "x-original-to",
    "x-forwarded-to",
    "envelope-to",
    "x-envelope-to",
)
_IDS = ("references", "in-reply-to", "message-id")
_LONGEST_TEXT = 200_000
_LONGEST_INDEX = 2_000
_GUID = slice(6, 22)


def tokens(head: Headers, delivery: Delivery, *texts: str) -> tuple[str, ...]:
    """What looks like a signed token, and where it stands: each once, at its best place.

    In an address or a mail id the writer's program put it there, so these come first. In the
    subject or the body it may be a quote by anybody.
    """
    places: list[tuple[Where, Iterable[str]]] = [
        ("address", (*delivery.recipients, *_raw(head, _ADDRESSES))),
        ("id", _raw(head, _IDS)),
        ("text", (head.text("subject"), *(text[:_LONGEST_TEXT] for text in texts))),
    ]
    found: dict[str, Where] = {}
    for where, among in places:
        for token in found_in("\n".join(among)):
            found.setdefault(token, where)
    return tuple(marked(where, token) for token, where in found.items())


def _raw(head: Headers, names: Iterable[str]) -> list[str]:
    return [value for name in names for value in head.all(name)]


def thread_index(head: Headers) -> str | None:
    """The GUID of Outlook's conversation, in hexadecimal. All mails of a conversation share it.

    It follows the first six bytes, which are a time. After it come five bytes for each reply.
    """
    raw = "".join(head.raw("thread-index")[:_LONGEST_INDEX].split())
    try:
        index = base64.b64decode(raw[: len(raw) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return None
    return index[_GUID].hex() if len(index) >= _GUID.stop else None


def tokens_of(mail_id: str) -> str:
    """The tokens in the id of a mail that we sent, as a signal's detail lists them."""
    return " ".join(marked("id", token) for token in found_in(mail_id))
