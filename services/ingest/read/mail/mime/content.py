"""What a mail holds, once it is read."""

import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.ingest.read.mail.mime.leaves import safe_name
from services.ingest.read.media import Opener
from services.ingest.read.text import clean
from shared.contracts.messages import Attachment

UNREADABLE = "[unreadable e-mail, see original]"
ENCRYPTED = "[encrypted e-mail, see original]"

_NAMES = {
    "text/calendar": "invite.ics",
    "application/ics": "invite.ics",
    "message/rfc822": "mail.eml",
    "message/global": "mail.eml",
    "text/rfc822-headers": "headers.txt",
    "application/pkcs7-mime": "smime.p7m",
    "application/x-pkcs7-mime": "smime.p7m",
    "application/ms-tnef": "winmail.dat",
}
_ENOUGH_TO_SAY = 2_000
_NOTHING_SAID = re.compile(
    r"\[(?:image|cid):[^\]\n]{0,200}\]|[\s\u200b-\u200f\u2060\ufeff\u034f\u00ad]"
    r"|your (?:e-?mail|mail) client does not support html[^\n]{0,200}",
    re.IGNORECASE,
)


@dataclass
class Content:
    """What the mail holds. `types` are the media types of its parts, without those of inner mails.

    `embedded` is the header of the first mail inside it, such as the one that a bounce returns.
    `report` has the fields of a delivery report, by their lower-case names: what it says of the
    first recipient for whom delivery failed, or else of the first recipient. `calendar` is the
    method of an invitation, or of an answer to one. `contents` has the bytes of the attachments, by
    their `ref`.
    """

    plain: str = ""
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    contents: dict[str, Opener] = field(default_factory=dict, repr=False)
    types: list[str] = field(default_factory=list)
    embedded: bytes = b""
    report: dict[str, str] = field(default_factory=dict)
    calendar: str = ""
    flags: list[str] = field(default_factory=list)


def unreadable() -> Content:
    """What stands for a content that cannot be read: the original has it."""
    return Content(plain=UNREADABLE, flags=["unreadable"])


def says_something(text: str) -> bool:
    """Whether the text has more than blanks and words that stand for pictures or for the HTML."""
    start = text[:_ENOUGH_TO_SAY]
    return bool(_NOTHING_SAID.sub("", start)) or (
        len(text) > len(start) and bool(_NOTHING_SAID.sub("", text))
    )


def named(files: Sequence[Attachment]) -> list[Attachment]:
    """The files, each with a name: one without is called by its kind and its place among them.

    For example: `invite.ics`, `mail.eml`, `image-2.png`, `attachment-3.pdf`.
    """
    return [
        file if file.filename else file.model_copy(update={"filename": _name(file, number)})
        for number, file in enumerate(files, 1)
    ]


def _name(file: Attachment, number: int) -> str:
    media_type = (file.media_type or "").lower()
    if media_type in _NAMES and number == 1:
        return _NAMES[media_type]
    stem, dot, ending = _NAMES.get(media_type, "").partition(".")
    if dot:
        return f"{stem}-{number}.{ending}"
    stem = file.kind if file.kind in ("image", "audio", "video") else "attachment"
    return f"{stem}-{number}{mimetypes.guess_extension(media_type) or ''}"


def attachment(
    *,
    media_type: str,
    name: str,
    size: int | None,
    ref: str,
    content_id: str = "",
    inline: bool = False,
) -> Attachment:
    """A file that came with a mail, as a message describes it.

    It counts as inline, to be shown inside the text, if it says so or has a content id.
    """
    family = media_type.partition("/")[0].lower()
    content_id = clean(content_id).strip().strip("<>")[:500]
    return Attachment.model_validate(
        {
            "kind": family if family in ("image", "audio", "video") else "document",
            "filename": safe_name(name),
            "media_type": clean(media_type)[:200] or None,
            "size": size if size is not None and 0 <= size < 2**53 else None,
            "ref": ref,
            "content_id": content_id or None,
            "inline": inline or bool(content_id),
        }
    )
