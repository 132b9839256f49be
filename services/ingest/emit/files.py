"""Which files that came inside a record are published, and the parts of each. Pure."""

import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

from services.ingest.read.media import Contents
from shared.contracts.files import LARGEST_PART, MOST_PARTS, FilePart
from shared.contracts.messages import Attachment, InboundMessage
from shared.values.ids import computed_id

LARGEST: Final = 20 * 1024 * 1024
"""Bytes of a file, where nothing else is set."""

_PUBLISHED: Final = LARGEST_PART * MOST_PARTS
_LONGEST_NAME: Final = 1_000
_LONGEST_TYPE: Final = 200
_PROGRAM: Final = re.compile(
    r".*\.(?:ade|adp|apk|appx|appxbundle|bat|cab|chm|cmd|com|cpl|dll|dmg|exe|hta|img|ins|iso|isp|jar"
    r"|js|jse|lnk|mde|msc|msi|msix|msp|mst|nsh|pif|ps1|reg|scr|sct|shb|sys|vb|vbe|vbs|vhd|vxd|wsc"
    r"|wsf|wsh|xll)[\s.]*",
    re.IGNORECASE | re.DOTALL,
)
"""Names of what a double click runs: mail providers refuse these too."""
_PROGRAM_TYPES: Final = frozenset(
    {
        "application/x-msdownload",
        "application/x-msdos-program",
        "application/x-ms-installer",
        "application/x-dosexec",
        "application/vnd.microsoft.portable-executable",
        "application/hta",
        "application/java-archive",
        "application/vnd.android.package-archive",
    }
)


def identified(
    message_id: str, attachments: Sequence[Attachment], contents: Contents, largest: int
) -> tuple[Attachment, ...]:
    """The attachments, each that lies in the record with its file's id, or why it is not kept.

    The same message and the same place in its record give the same id. The size is the one that
    the bytes have. No file has more than `largest` bytes, and none is a program.
    """
    return tuple(_identified(message_id, each, contents, largest) for each in attachments)


def _identified(message_id: str, file: Attachment, contents: Contents, largest: int) -> Attachment:
    opener = contents.get(file.ref or "")
    if opener is None:
        return file
    if _is_program(file):
        return file.model_copy(update={"refused": "kind"})
    content = opener()
    if content is None:
        return file.model_copy(update={"refused": "unreadable"})
    if len(content) > min(largest, _PUBLISHED):
        return file.model_copy(update={"refused": "too_large", "size": len(content)})
    id_ = computed_id("file", message_id, file.ref or "")
    return file.model_copy(update={"file_id": id_, "size": len(content)})


def _is_program(file: Attachment) -> bool:
    """Whether a double click on it may run it; blanks and dots at the end hide nothing."""
    kind = (file.media_type or "").partition(";")[0].strip().lower()
    return _PROGRAM.fullmatch(file.filename or "") is not None or kind in _PROGRAM_TYPES


def parts(message: InboundMessage, contents: Contents) -> Iterator[FilePart]:
    """The files of the message, in parts, in their order."""
    for file in message.attachments:
        opener = contents.get(file.ref or "")
        content = opener() if opener and file.file_id else None
        if content is not None and file.file_id:
            yield from _parts(message, file, file.file_id, content)


def _parts(
    message: InboundMessage, file: Attachment, file_id: str, content: bytes
) -> Iterator[FilePart]:
    count = max(1, -(-len(content) // LARGEST_PART))
    for number in range(1, count + 1):
        piece = content[(number - 1) * LARGEST_PART : number * LARGEST_PART]
        yield FilePart(
            account_id=message.account_id,
            id=computed_id("file-part", file_id, str(number)),
            occurred_at=message.occurred_at,
            correlation_id=message.id,
            file_id=file_id,
            message_id=message.id,
            contact=message.contact.id,
            name=(file.filename or "")[:_LONGEST_NAME],
            content_type=(file.media_type or "")[:_LONGEST_TYPE] or None,
            size=len(content),
            part=number,
            parts=count,
            content=binascii.b2a_base64(piece, newline=False).decode(),
        )
