"""What is known of a mail besides the mail itself: who delivered it, to whom, and what they say."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from services.ingest.read.mail.mime.content import Content, unreadable
from services.ingest.read.mail.mime.headers import LONGEST_HEADER, MOST_LINES, Headers, addresses
from services.ingest.read.media import Contents
from services.ingest.read.text import clean
from services.ingest.read.times import RawTime
from shared.bus.delivery import Record
from shared.contracts.messages import Attachment

Dmarc = Literal["pass", "fail", "unknown"]
_DMARC: dict[str, Dmarc] = {"pass": "pass", "fail": "fail"}

NOT_IN_RECORD = "x-body-state"
"""The header of a record whose mail is not in it, or only its beginning; it says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The envelope of a mail, and what the receiving server found out about it.

    `recipients` and `sender` are the envelope's. `stamp` is when the mail was received. `dmarc` is
    whether the domain of its From answers for it, which the mail itself cannot say. `original` is
    where the raw mail lies, if not in the record. `lost` says that the mail could not be read
    whole.
    """

    provider: str
    recipients: tuple[str, ...] = ()
    sender: str = ""
    stamp: RawTime = None
    dmarc: Dmarc = "unknown"
    flags: tuple[str, ...] = ()
    original: str | None = None
    lost: bool = False


def of_record(record: Record, provider: str) -> Delivery:
    """What the record's headers say: `x-rcpt-to`, `x-mail-from`, `x-auth-dmarc`, `x-body-ref`.

    The publisher sets these, so they can be trusted; headers of the mail of that name cannot.
    """
    state = record.header(NOT_IN_RECORD)
    return Delivery(
        provider=provider,
        recipients=tuple(found for _, found in addresses([record.header("x-rcpt-to") or ""])),
        sender=(record.header("x-mail-from") or "").strip(),
        dmarc=verdict(record.header("x-auth-dmarc")),
        original=record.header("x-body-ref"),
        flags=(state,) if state else (),
        lost=state is not None,
    )


def with_envelope(
    known: Delivery, recipients: Iterable[str], sender: str, *, stamp: RawTime = None
) -> Delivery:
    """The delivery with the envelope that its provider tells; a stamp that is known stays."""
    return replace(
        known,
        recipients=tuple(clean(each).strip() for each in recipients),
        sender=clean(sender).strip(),
        stamp=known.stamp or stamp,
    )


def verdict(said: str | None) -> Dmarc:
    """A verdict on DMARC as messages carry it; whatever is neither passed nor failed is unknown."""
    return _DMARC.get((said or "").strip().lower(), "unknown")


def header(pairs: Iterable[tuple[str, str]]) -> Headers:
    """The header of a mail that its provider took apart, within the limits that any header has."""
    fields: list[tuple[str, str]] = []
    for name, value in pairs:
        if name and len(fields) < MOST_LINES:
            line = " ".join(clean(value).split())[:LONGEST_HEADER]
            fields.append((name.strip().lower()[:200], line))
    return Headers(tuple(fields))


def named(name: str, address: str) -> str:
    """A display name and an address as a header field has them."""
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{address}>' if quoted else address


def content(
    plain: str, html: str, files: Iterable[Attachment] = (), contents: Contents | None = None
) -> Content:
    """The content of a mail that its provider took apart, with the bytes of those files it has."""
    attachments = list(files)
    types = ["text/plain"] if plain or not html else []
    types += ["text/html"] if html else []
    types += [(file.media_type or "").lower() for file in attachments]
    return Content(
        plain=clean(plain),
        html=clean(html) or None,
        attachments=attachments,
        contents=dict(contents or {}),
        types=types,
    )


def kept_elsewhere() -> Content:
    """What stands for a content that is not in the record."""
    return unreadable()
