"""Mails that are too large for a topic: the record says where the mail lies, and ingest fetches it.

A record says so in one of two ways: by its header `x-body-ref`, a URL, or by a value that is a JSON
object with a `body_ref` (and `mail_from`, `rcpt_to`, `received_at`, `auth_dmarc` where they are
known). With the header, the value may hold the beginning of the mail. Then a message is made of
that beginning if the mail cannot be fetched.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from services.ingest.read.mail.delivery import NOT_IN_RECORD
from shared.bus.delivery import Headers, Record
from shared.topics import INBOUND

MEBIBYTE = 1024 * 1024
_LARGEST_CLAIM = 64 * 1024
_LARGEST_HEADER = 256 * 1024
_NAMES = {
    "received_at": "x-received-at",
    "mail_from": "x-mail-from",
    "rcpt_to": "x-rcpt-to",
    "auth_dmarc": "x-auth-dmarc",
}


@dataclass(frozen=True, slots=True)
class Blob:
    """A mail, or only its beginning where the mail is larger than the limit."""

    content: bytes
    whole: bool


class Blobs(Protocol):
    """Where large mails lie."""

    def has(self, ref: str) -> bool:
        """Whether this place is where the URL points."""

    async def read(self, ref: str, limit: int) -> Blob | None:
        """The mail, `limit` bytes of it at most; None where nothing lies at the URL.

        Raises Transient while the place cannot be reached.
        """


@dataclass(frozen=True, slots=True)
class LargeMail:
    """Fetches large mails, up to `largest` bytes each.

    Without `blobs` there is no place to fetch from: a message then names where its mail lies.
    """

    blobs: Blobs | None = None
    largest: int = 50 * MEBIBYTE

    async def fetched(self, record: Record) -> Record:
        """The record with the mail as its value.

        If the mail lies somewhere else, is missing or is too large, a header of the record says
        so. A message is still made of what else the record tells.
        """
        record = _with_headers(record)
        ref = record.header("x-body-ref") or ""
        if self.blobs is None or not self.blobs.has(ref):
            return _without_mail(record, record.value or b"", "kept_elsewhere")
        blob = await self.blobs.read(ref, self.largest)
        if blob is None:
            return _without_mail(record, record.value or b"", "original_missing")
        if not blob.whole:
            return _without_mail(record, _header_of(blob.content), "too_large")
        return replace(record, value=blob.content)


NO_LARGE_MAIL: Final = LargeMail()
"""For installations that keep no large mails: messages name where the mail lies."""


def is_claim(record: Record) -> bool:
    """Whether the record only says where its mail lies."""
    if record.topic != INBOUND["email"].name:
        return False
    return record.header("x-body-ref") is not None or _claim(record.value) is not None


def one_at_once(records: Sequence[Record]) -> Iterator[tuple[int, Sequence[Record]]]:
    """The records in runs, each with its place: a large mail, with its files, is alone in its own.

    So one is held at a time, however many come at once.
    """
    start = 0
    for place, record in enumerate(records):
        if not is_claim(record):
            continue
        if start < place:
            yield start, records[start:place]
        yield place, records[place : place + 1]
        start = place + 1
    if start < len(records):
        yield start, records[start:]


def _claim(value: bytes | None) -> Mapping[str, Any] | None:
    if not value or len(value) > _LARGEST_CLAIM or b'"body_ref"' not in value:
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    named = isinstance(found, dict) and isinstance(found.get("body_ref"), str)
    return found if named and found["body_ref"] else None


def _with_headers(record: Record) -> Record:
    """The record with what its JSON value says as headers. A header that was there already wins."""
    claim = _claim(record.value) if record.header("x-body-ref") is None else None
    said = {"x-provider": "raw"}
    if claim is not None:
        said["x-body-ref"] = claim["body_ref"]
        for name, header in _NAMES.items():
            told = claim.get(name)
            told = ", ".join(map(str, told)) if isinstance(told, list) else told
            if told:
                said[header] = str(told)
    inner: Headers = tuple((name, text.encode("utf-8", "replace")) for name, text in said.items())
    own = tuple(
        header
        for header in record.headers
        if header[0].lower() not in ("content-type", "x-provider", NOT_IN_RECORD)
    )
    value = b"" if claim is not None else record.value
    return replace(record, value=value, headers=(*inner, *own))


def _without_mail(record: Record, value: bytes, why: str) -> Record:
    return replace(record, value=value, headers=(*record.headers, (NOT_IN_RECORD, why.encode())))


def _header_of(content: bytes) -> bytes:
    start = content[:_LARGEST_HEADER]
    ends = [place for mark in (b"\r\n\r\n", b"\n\n") if (place := start.find(mark)) >= 0]
    return start[: min(ends, default=len(start))]
