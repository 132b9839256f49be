"""Finds a mail's text, HTML and attachments, whatever structure it has."""

import re
from dataclasses import dataclass
from email.message import Message
from functools import cache, partial

from services.ingest.read.mail.mime import header_block, invitations, leaves, parsing, sealed, tnef
from services.ingest.read.mail.mime.charsets import decode
from services.ingest.read.mail.mime.content import (
    ENCRYPTED,
    Content,
    attachment,
    says_something,
    unreadable,
)
from services.ingest.read.mail.mime.headers import Headers, decoded
from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.media import Opener
from services.ingest.read.text import clean

_DEEPEST = 30
_MOST_PARTS = 200
_MOST_BOUNDARIES = 100
_MOST_DELIMITERS = 2_000
_LONGEST_PART_HEADER = 4 * 1024
_LONGEST_REPORTED = 500
_MOST_WINMAILS = 5
_STRUCTURE_HEADER = re.compile(
    rb"^(content-(?:type|disposition)[ \t]*:)([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/feedback-report",
    }
)
_EMBEDDED = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "message/global-headers",
    }
)
_WINMAIL = ("application/ms-tnef", "application/vnd.ms-tnef")
_SIGNATURES = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    }
)


def read(headers: Headers, body: bytes) -> Content:
    """The content of a mail. It is `unreadable()` if the mail is too split up or too broken.

    What lies deeper than 30 levels or comes after 200 parts is left out, and the content is flagged
    `truncated`.
    """
    if _too_intricate(body):
        return unreadable()
    head = b"".join(
        f"{name}: {value}\n".encode("ascii", "surrogateescape")
        for name, value in headers.fields
        if name.startswith("content-") or name == "mime-version"
    )
    raw = _STRUCTURE_HEADER.sub(_shortened, head + b"\n" + body)
    try:
        message = parsing.PARSER.parsebytes(raw)
        reader = _Reader(Content(), is_certified(headers))
        plain, html = reader.read(message, 0)
    except parsing.BUGS:
        return unreadable()
    content = reader.content
    if reader.packed and not (html or says_something(plain)):
        plain, html = reader.packed
    plain, html = reader.unwrapped or (plain, html)
    if not says_something(plain) and not (html and says_something(to_text(html))):
        plain = reader.invitation or plain
    content.plain, content.html = plain, html
    return content


def _too_intricate(body: bytes) -> bool:
    boundaries = body.count(b"boundary=") + body.count(b"Boundary=") + body.count(b"BOUNDARY=")
    return boundaries > _MOST_BOUNDARIES or body.count(b"\n--") > _MOST_DELIMITERS


def _shortened(match: re.Match[bytes]) -> bytes:
    """The field, cut to 4 KiB, because the library takes quadratic time for its parameters."""
    name, value = match[1], match[2]
    return name + (value if len(value) <= _LONGEST_PART_HEADER else value[:_LONGEST_PART_HEADER])


def is_certified(head: Headers) -> bool:
    """Whether it is Italian certified mail: a provider's envelope around a person's mail."""
    return head.raw("x-trasporto").strip().lower() == "posta-certificata"


def _is_envelope(part: Message, kind: str) -> bool:
    """Whether a part is the mail itself inside an envelope, and not a document that was signed."""
    name = (leaves.filename(part) or "smime.p7m").lower()
    return name == "smime.p7m" and kind in (*sealed.SEALED_TYPES, "application/octet-stream")


@dataclass
class _Reader:
    content: Content
    certified: bool = False
    parts: int = 0
    has_text: bool = False
    winmails: int = 0
    packed: tuple[str, str | None] | None = None
    unwrapped: tuple[str, str | None] | None = None
    invitation: str = ""

    def read(self, part: Message, depth: int) -> tuple[str, str | None]:
        """The text and the HTML of the part. What else is in it is added to the content."""
        self.parts += 1
        if self.parts > _MOST_PARTS or depth > _DEEPEST:
            self._flag("truncated")
            return "", None
        kind = part.get_content_type()
        self.content.types.append(kind)
        if kind == "multipart/encrypted":
            return self._encrypted()
        if kind.startswith("message/") or kind == "text/rfc822-headers":
            return self._message(part, kind, depth)
        children = part.get_payload()
        if isinstance(children, list):
            several = [child for child in children if isinstance(child, Message)]
            return self._several(part.get_content_subtype(), several, depth)
        if kind.startswith("multipart/"):
            return self._without_boundary(part, depth)
        return self._leaf(part, kind, depth)

    def _several(self, subtype: str, children: list[Message], depth: int) -> tuple[str, str | None]:
        found = [self.read(child, depth + 1) for child in children]
        if subtype == "report":
            return found[0] if found else ("", None)
        if subtype == "alternative":
            plain = next((text for text, _ in found if says_something(text)), "")
            html = next((text for _, text in reversed(found) if text), None)
            return plain, html
        with_html = [html for _, html in found if html]
        # Apple Mail splits the text around an image; a list adds its footer as a part of its own.
        plain = "\n".join(
            text if says_something(text) or not html else to_text(html)
            for text, html in found
            if text or html
        )
        return plain, "\n".join(with_html) or None

    def _without_boundary(self, part: Message, depth: int) -> tuple[str, str | None]:
        """A multipart whose declared boundary is not in it.

        Its first line that begins with two dashes is taken for the boundary. If it is none either,
        all of it is text.
        """
        payload = leaves.content(part)
        guess = re.search(rb"^--([^\s-][^\r\n]{0,70}?)[ \t]*\r?$", payload, re.MULTILINE)
        if guess is None or b'"' in guess[1]:
            return decode(payload, None), None
        head = b'Content-Type: multipart/mixed; boundary="' + guess[1] + b'"\n\n'
        again = parsing.PARSER.parsebytes(head + payload)
        if not again.is_multipart():
            return decode(payload, None), None
        return self.read(again, depth + 1)

    def _message(self, part: Message, kind: str, depth: int) -> tuple[str, str | None]:
        """A mail inside the mail, which becomes a file, or the fields of a report."""
        children = part.get_payload()
        several = (
            [c for c in children if isinstance(c, Message)] if isinstance(children, list) else []
        )
        if kind in _REPORTS:
            self._report(several)
            return "", None
        wrapped = leaves.param(part, "x-spam-type") == "original" or self.certified
        if kind == "message/rfc822" and several and wrapped:
            # A spam filter or certified mail wrapped around the mail itself, which alone counts.
            self.unwrapped = self.read(several[0], depth + 1)
            return self.unwrapped
        if several:
            lines = [f"{name}: {value}" for name, value in several[0].items()]
            original = "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n\n"
        else:
            original = leaves.content(part)
        if kind in _EMBEDDED:
            self.content.embedded = self.content.embedded or original
        opener = cache(partial(parsing.written, several[0])) if several else lambda: original
        self._attach(part, kind, len(original), opener)
        return "", None

    def _report(self, groups: list[Message]) -> None:
        fields: dict[str, str] = {}
        for group in groups[:_MOST_PARTS]:
            said = {
                name.lower(): decoded(str(value))[:_LONGEST_REPORTED]
                for name, value in group.raw_items()
            }
            failed = said.get("action", "").strip().lower() == "failed"
            fields = said | fields if not failed else fields | said
            if failed:
                break
        self.content.report = fields | self.content.report

    def _leaf(self, part: Message, kind: str, depth: int) -> tuple[str, str | None]:
        disposition = part.get_content_disposition()
        payload = leaves.content(part)
        if kind in _SIGNATURES:
            self._flag("signed")
            return "", None
        if kind == "application/smil":  # how a phone lays out the rest
            return "", None
        if kind == "text/calendar":
            self.content.calendar = self.content.calendar or leaves.param(part, "method").upper()
            text = decode(payload, leaves.param(part, "charset") or None)
            self.invitation = self.invitation or clean(invitations.in_words(text))
        named = leaves.filename(part) is not None
        is_body = disposition != "attachment" and (not named or not self.has_text)
        if kind in ("text/plain", "text/html") and is_body:
            self.has_text = True
            text = decode(payload, leaves.param(part, "charset") or None)
            return ("", clean(text)) if kind == "text/html" else (self._plain(part, text), None)
        if kind in _WINMAIL or (leaves.filename(part) or "").lower() == "winmail.dat":
            self._winmail(part, kind, payload)
            return "", None
        self._attach(part, kind, len(payload), lambda: payload)
        if _is_envelope(part, kind):
            return self._sealed(part, payload, depth)
        return "", None

    def _sealed(self, part: Message, payload: bytes, depth: int) -> tuple[str, str | None]:
        """What is inside an envelope that is only signed.

        If the envelope is encrypted, or its inside cannot be read, words say so. If it is something
        else (certificates, for example), it is a file and says nothing.
        """
        found = sealed.opened(payload)
        declared = leaves.param(part, "smime-type")
        if found.kind == "encrypted" or (found.kind == "unknown" and "enveloped" in declared):
            return self._encrypted()
        if found.inside is not None and not header_block.has_any_header(found.inside):
            return "", None  # a signed document, and no mail
        if found.kind == "unknown" and declared != "signed-data":
            return "", None
        self._flag("signed")
        if found.inside is None:
            return sealed.SIGNED_UNREADABLE, None
        return self.read(
            parsing.PARSER.parsebytes(_STRUCTURE_HEADER.sub(_shortened, found.inside)), depth + 1
        )

    def _plain(self, part: Message, text: str) -> str:
        if leaves.param(part, "format") == "flowed":
            text = leaves.flowed(text, delsp=leaves.param(part, "delsp") == "yes")
        text, files = leaves.without_uuencoded(clean(text))
        text, flag = sealed.without_armour(text, ENCRYPTED)
        if flag:
            self._flag(flag)
        ref = f"mime-part:{self.parts}"
        for number, file in enumerate(files, 1):
            at = f"{ref}/{number}"
            self.content.attachments.append(
                attachment(media_type="", name=file.name, size=file.size, ref=at)
            )
            self.content.contents[at] = file.read
        return text

    def _winmail(self, part: Message, kind: str, payload: bytes) -> None:
        """Take out what is in Outlook's package (`winmail.dat`).

        The package itself is an attachment only if not everything in it could be read.
        """
        self.winmails += 1
        found = None
        if self.winmails <= _MOST_WINMAILS:
            found = tnef.read(payload, with_body=self.packed is None)
        if found is not None:
            self.packed = self.packed or (clean(found.plain), clean(found.html) or None)
            self.content.attachments += found.attachments(f"mime-part:{self.parts}")
            self.content.contents |= found.contents(f"mime-part:{self.parts}")
        if found is None or not found.says_all:
            self._attach(part, kind, len(payload), lambda: payload)

    def _encrypted(self) -> tuple[str, None]:
        self._flag("encrypted")
        return ENCRYPTED, None

    def _flag(self, flag: str) -> None:
        if flag not in self.content.flags:
            self.content.flags.append(flag)

    def _attach(self, part: Message, kind: str, size: int, opener: Opener) -> None:
        ref = f"mime-part:{self.parts}"
        self.content.contents[ref] = opener
        self.content.attachments.append(
            attachment(
                media_type=decoded(kind),
                name=leaves.given_name(part),
                size=size,
                ref=ref,
                content_id=decoded(leaves.field(part, "content-id")),
                inline=part.get_content_disposition() == "inline",
            )
        )
