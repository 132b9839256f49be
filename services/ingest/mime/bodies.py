"""A mail's bodies and attachments, out of whatever structure it has."""

import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from email.utils import collapse_rfc2231_value

from services.ingest.mime.charsets import decode
from services.ingest.mime.headers import Headers, decoded
from services.ingest.mime.html_text import to_text
from services.ingest.text import clean
from shared.contracts.messages import Attachment

UNREADABLE = "[unreadable e-mail, see original]"
ENCRYPTED = "[encrypted e-mail, see original]"

_DEEPEST = 30
_MOST_PARTS = 200
_MOST_BOUNDARIES = 100
_MOST_DELIMITERS = 2_000
_LONGEST_PART_HEADER = 4 * 1024
_LONGEST_FILENAME = 150
_ENOUGH_TO_SAY = 2_000
_STRUCTURE_HEADER = re.compile(
    rb"^(content-(?:type|disposition)[ \t]*:)([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_PARSER_BUGS = (
    MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
    AssertionError,
)
_NOTHING_SAID = re.compile(
    r"\[(?:image|cid):[^\]\n]{0,200}\]|[\s\u200b-\u200f\u2060\ufeff\u034f\u00ad]"
    r"|your (?:e-?mail|mail) client does not support html[^\n]{0,200}",
    re.IGNORECASE,
)
_DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])


class _AsWritten(Compat32):
    """Header values with their stray bytes kept as surrogate escapes, to be decoded later."""

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002  # as overridden
        """The value as it was parsed."""
        return value


_PARSER = BytesParser(policy=_AsWritten())


@dataclass
class Content:
    """What the mail holds. `types` are all parts' media types, those of embedded mails left out.

    `embedded` is the header of the mail that a bounce returns.
    """

    plain: str = ""
    html: str | None = None
    attachments: list[Attachment] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    embedded: bytes = b""
    flags: list[str] = field(default_factory=list)


def read(headers: Headers, body: bytes) -> Content:
    """The content. What is too deep, too split up or too broken to be read says so in its place."""
    if _too_intricate(body):
        return _unreadable()
    head = b"".join(
        f"{name}: {value}\n".encode("ascii", "surrogateescape")
        for name, value in headers.fields
        if name.startswith("content-") or name == "mime-version"
    )
    raw = _STRUCTURE_HEADER.sub(_shortened, head + b"\n" + body)
    try:
        message = _PARSER.parsebytes(raw)
        reader = _Reader(Content())
        plain, html = reader.read(message, 0)
    except _PARSER_BUGS:
        return _unreadable()
    content = reader.content
    content.plain, content.html = plain, html
    return content


def _unreadable() -> Content:
    return Content(plain=UNREADABLE, flags=["unreadable"])


def _too_intricate(body: bytes) -> bool:
    boundaries = body.count(b"boundary=") + body.count(b"Boundary=") + body.count(b"BOUNDARY=")
    return boundaries > _MOST_BOUNDARIES or body.count(b"\n--") > _MOST_DELIMITERS


def _shortened(match: re.Match[bytes]) -> bytes:
    """The field within a length that the library's quadratic parameter parser can take."""
    name, value = match[1], match[2]
    return name + (value if len(value) <= _LONGEST_PART_HEADER else value[:_LONGEST_PART_HEADER])


@dataclass
class _Reader:
    content: Content
    parts: int = 0

    def read(self, part: Message, depth: int) -> tuple[str, str | None]:
        """Text and HTML of the part; attachments go to the content."""
        self.parts += 1
        if self.parts > _MOST_PARTS or depth > _DEEPEST:
            if "truncated" not in self.content.flags:
                self.content.flags.append("truncated")
            return "", None
        kind = part.get_content_type()
        self.content.types.append(kind)
        if kind in ("message/rfc822", "text/rfc822-headers"):
            return self._embedded(part, kind)
        if kind == "multipart/encrypted":
            return ENCRYPTED, None
        children = part.get_payload()
        if isinstance(children, list):
            several = [child for child in children if isinstance(child, Message)]
            return self._several(part.get_content_subtype(), several, depth)
        if kind.startswith("multipart/"):
            return self._without_boundary(part, depth)
        return self._leaf(part, kind)

    def _several(
        self, subtype: str, children: list[Message], depth: int
    ) -> tuple[str, str | None]:
        if subtype == "delivery-status":
            return "", None
        found = [self.read(child, depth + 1) for child in children]
        if subtype == "report":
            return found[0] if found else ("", None)
        if subtype == "alternative":
            plain = next((text for text, _ in found if says_something(text)), "")
            html = next((text for _, text in reversed(found) if text), None)
            return plain, html
        with_html = [html for _, html in found if html]
        # Apple Mail puts text, image, text; a list adds its footer as a part of its own.
        plain = "\n".join(
            text if says_something(text) or not html else to_text(html)
            for text, html in found
            if text or html
        )
        return plain, "\n".join(with_html) or None

    def _without_boundary(self, part: Message, depth: int) -> tuple[str, str | None]:
        """A multipart whose boundary is not in it: its first line of dashes may be the real one."""
        payload = _bytes(part)
        guess = re.search(rb"^--([^\s-][^\r\n]{0,70}?)[ \t]*\r?$", payload, re.MULTILINE)
        if guess is None or b'"' in guess[1]:
            return decode(payload, None), None
        head = b'Content-Type: multipart/mixed; boundary="' + guess[1] + b'"\n\n'
        again = _PARSER.parsebytes(head + payload)
        if not again.is_multipart():
            return decode(payload, None), None
        return self.read(again, depth + 1)

    def _embedded(self, part: Message, kind: str) -> tuple[str, str | None]:
        children = part.get_payload()
        mail = children[0] if isinstance(children, list) and children else None
        if isinstance(mail, Message):
            lines = [f"{name}: {value}" for name, value in mail.items()]
            original = "\n".join(lines).encode("utf-8", "replace") + b"\n\n"
        else:
            original = _bytes(part)
        self.content.embedded = self.content.embedded or original
        self._attach(part, kind, len(original), "document")
        return "", None

    def _leaf(self, part: Message, kind: str) -> tuple[str, str | None]:
        if kind == "message/delivery-status":
            return "", None
        disposition = part.get_content_disposition()
        payload = _bytes(part)
        named = _filename(part) is not None
        if kind in ("text/plain", "text/html") and disposition != "attachment" and not named:
            text = decode(payload, _param(part, "charset") or None)
            if kind == "text/html":
                return "", clean(text)
            return clean(_flowed(text) if _param(part, "format") == "flowed" else text), None
        self._attach(part, kind, len(payload), part.get_content_maintype())
        sealed = kind.endswith("pkcs7-mime") and _param(part, "smime-type") == "enveloped-data"
        return (ENCRYPTED if sealed else ""), None

    def _attach(self, part: Message, kind: str, size: int, family: str) -> None:
        content_id = _one(part, "content-id").strip().strip("<>")
        known = family if family in ("image", "audio", "video") else "document"
        self.content.attachments.append(
            Attachment.model_validate({
                "kind": known, "filename": _filename(part), "media_type": decoded(kind)[:200],
                "size": size, "ref": f"mime-part:{self.parts}",
                "content_id": decoded(content_id)[:500] or None,
                "inline": bool(content_id) or part.get_content_disposition() == "inline",
            })
        )


def says_something(text: str) -> bool:
    """Whether there is more in a text part than space and what stands for the HTML."""
    start = text[:_ENOUGH_TO_SAY]
    return bool(_NOTHING_SAID.sub("", start)) or (
        len(text) > len(start) and bool(_NOTHING_SAID.sub("", text))
    )


def _one(part: Message, name: str) -> str:
    return next((str(value) for field, value in part.raw_items() if field.lower() == name), "")


def _bytes(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _param(part: Message, name: str) -> str:
    value = part.get_param(name, "")
    return str(value[2] if isinstance(value, tuple) else value).lower()


def _flowed(text: str) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one, of the same quote depth."""
    lines: list[str] = []
    goes_on = False
    for raw in text.replace("\r\n", "\n").split("\n"):
        depth = len(raw) - len(raw.lstrip(">"))
        line = raw[depth:].removeprefix(" ")
        signature = line == "-- "
        if goes_on and lines and not signature and depth == _depth(lines[-1]):
            lines[-1] += line
        else:
            lines.append(("> " * depth) + line if depth else line)
        goes_on = line.endswith(" ") and not signature
    return "\n".join(lines)


def _depth(line: str) -> int:
    depth = 0
    while line.startswith("> ", depth * 2):
        depth += 1
    return depth


def _filename(part: Message) -> str | None:
    raw = part.get_param("filename", None, "content-disposition")
    if raw is None:
        raw = part.get_param("name", None)
    if raw is None:
        return None
    name = decoded(collapse_rfc2231_value(raw)).translate(_DIRECTION_MARKS)
    name = re.split(r"[/\\]", name)[-1].replace("\n", " ").strip(". ")
    return name.encode()[:_LONGEST_FILENAME].decode(errors="ignore") or None

