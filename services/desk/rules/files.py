"""Files of messages and replies: what they are called, how they leave, and for how long. Pure."""

import re
import unicodedata
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from urllib.parse import quote

from services.desk.rules.cursors import signed, unsigned
from shared.contracts.messages import Attachment
from shared.topics import FILES

UNSENT_KEPT: Final = timedelta(days=1)
"""So long an upload waits for the reply that it is for."""

LINKED_FOR: Final = timedelta(days=7)
"""So long at least a reply's files can be fetched by their links."""

MOST_UNSENT: Final = 100
"""Uploads of one agent or integration that wait for their reply."""

LARGEST_PICTURES: Final = 1024 * 1024
"""Bytes of the pictures that are shown inside a mail, all together."""

_LINK: Final = "file"
_LONGEST_NAME: Final = 120
_LONGEST_END: Final = 20
_NOT_SHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_IN_NO_NAME: Final = re.compile(r'[<>:"|?*]')
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_ACTIVE: Final = re.compile(r"html|xml|svg|script|xslt|multipart|message/")
_PLAIN: Final = "application/octet-stream"
_BITMAPS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@dataclass(frozen=True, slots=True)
class File:
    """What is kept of a file besides its bytes.

    `parts` of it are to come, and `here` says whether all have. One that came with a message names
    it; one that was uploaded names `by` whom, and the `ticket` of the reply that it is for, once
    there is one.
    """

    account_id: str
    id: str
    name: str
    content_type: str | None
    size: int
    parts: int
    at: datetime
    here: bool
    message_id: str | None = None
    by: str | None = None
    ticket_id: str | None = None


def file_name(name: str) -> str:
    """A name for a file that is safe to show and to save; "file" if nothing of it is left.

    It has no folders, no control characters, none that change the direction of text, and no more
    than 120 characters; how it ends stays.
    """
    last = re.split(r"[/\\]", name[-4_000:])[-1]
    shown = "".join(" " if c.isspace() else c for c in last if _is_shown(c))
    plain = " ".join(_IN_NO_NAME.sub("_", unicodedata.normalize("NFC", shown)).split()).strip(". ")
    if len(plain) > _LONGEST_NAME:
        stem, dot, end = plain.rpartition(".")
        end = f"{dot}{end}" if dot and len(end) <= _LONGEST_END else ""
        plain = (stem if end else plain)[: _LONGEST_NAME - len(end)].rstrip(". ") + end
    return plain or "file"


def _is_shown(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign) not in _NOT_SHOWN


def headers_of(file: File) -> dict[str, str]:
    """The headers with which a file leaves: it is saved, and nothing in it is run or shown."""
    return {
        "Content-Disposition": disposition(file.name),
        "Content-Length": str(file.size),
        "Content-Type": content_type(file.content_type),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


def disposition(name: str) -> str:
    """A `Content-Disposition` by which browsers save the file under that name (RFC 6266, 8187)."""
    plain = file_name(name)
    ascii_ = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    ascii_ = re.sub(r"[^A-Za-z0-9 ._()+@=,-]", "_", ascii_).strip(". ") or "file"
    return f"attachment; filename=\"{ascii_}\"; filename*=UTF-8''{quote(plain, safe='')}"


def content_type(said: str | None) -> str:
    """The type that a file leaves with: as it was said to be, but for what a browser would run."""
    kind = (said or "").partition(";")[0].strip().lower()
    return kind if _TYPE.fullmatch(kind) and not _ACTIVE.search(kind) else _PLAIN


def link(secret: bytes, public_url: str, file: File) -> str:
    """The address by which whoever has it gets the file, until `linked_until`; always the same."""
    until = round(linked_until(file).timestamp())
    return f"{public_url}/files/{signed(secret, _LINK, f'{file.account_id}:{file.id}:{until}')}"


def linked_until(file: File) -> datetime:
    """Until when its link counts: seven days at least from when its reply went out."""
    return file.at + UNSENT_KEPT + LINKED_FOR


def linked(secret: bytes, given: str, now: datetime) -> tuple[str, str] | None:
    """The account and the file that a link is for; None for a broken one, or one of long ago."""
    found = unsigned(secret, _LINK, given)
    if found is None:
        return None
    account_id, _, rest = found.partition(":")
    id_, _, until = rest.rpartition(":")
    return (account_id, id_) if datetime.fromtimestamp(int(until), UTC) > now else None


def as_attachment(file: File, ref: str) -> Attachment:
    """An upload, as a reply carries it."""
    kind = content_type(file.content_type)
    family = kind.partition("/")[0]
    return Attachment(
        kind=family if family in ("image", "audio", "video") else "document",
        filename=file_name(file.name),
        media_type=kind,
        size=file.size,
        ref=ref,
        file_id=file.id,
    )


State = Literal["here", "coming", "elsewhere", "refused", "nowhere"]


def state_of(file: Attachment, received: datetime, known: File | None, now: datetime) -> State:
    """Where a file is; `known` is what is kept of it.

    What has not come while its topic keeps it never will.
    """
    if known is not None and known.here:
        return "here"
    if file.ref and file.ref.startswith(("https://", "http://")):
        return "elsewhere"
    if file.refused:
        return "refused"
    if file.file_id and now - received < FILES.retention:
        return "coming"
    return "nowhere"


def as_data(content: bytes) -> str | None:
    """A picture as an address that holds it; None for what is no bitmap by its own first bytes."""
    kind = next((kind for begin, kind in _BITMAPS if content.startswith(begin)), None)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "image/webp"
    return f"data:{kind};base64,{b64encode(content).decode()}" if kind else None


def to_show(attachments: Sequence[Attachment], known: Mapping[str, File]) -> dict[str, File]:
    """The pictures that may be shown inside a mail, by their content ids, while they fit."""
    found: dict[str, File] = {}
    left = LARGEST_PICTURES
    for each in attachments:
        file = known.get(each.file_id or "")
        if each.content_id and file and file.here and file.size <= left:
            found.setdefault(each.content_id, file)
            left -= file.size
    return found
