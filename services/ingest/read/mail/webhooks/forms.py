"""Webhooks' forms as bytes: each field may be in a charset of its own."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from services.ingest.refusals import Refused

_MOST_FIELDS = 2_000
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;]{1,200}))", re.IGNORECASE)
_NAME = re.compile(rb"[;\s]name=(?:\"([^\"]{0,300})\"|([^\s;]{1,300}))", re.IGNORECASE)
_FILENAME = re.compile(rb"[;\s]filename=(?:\"([^\"]{0,300})\"|([^\s;]{1,300}))", re.IGNORECASE)
_TYPE = re.compile(rb"content-type:[ \t]*([^\r\n;]{1,200})", re.IGNORECASE)
_LONGEST_HEAD = 4 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A file in a form."""

    field: str
    name: str
    media_type: str
    content: bytes

    def read(self) -> bytes:
        """Its bytes."""
        return self.content


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields, the first of each name, and its files."""

    fields: dict[str, bytes] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    def text(self, name: str, charset: str = "utf-8") -> str:
        """The field as text, whatever is in it; empty where there is none."""
        raw = self.fields.get(name, b"")
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError):
            return raw.decode("utf-8", "replace")


def is_multipart(value: bytes, content_type: str) -> bool:
    """Whether the value is a `multipart/form-data` form, declared as such or not."""
    return "multipart/form-data" in content_type.lower() or (
        value.startswith(b"--")
        and b"content-disposition: form-data" in value[:_LONGEST_HEAD].lower()
    )


def multipart(value: bytes, content_type: str) -> Form:
    """The form, read in one pass. Raises Refused if its boundary is not in it."""
    declared = _BOUNDARY.search(content_type)
    boundary = (
        (declared[1] or declared[2]).encode()
        if declared
        else value[2 : value.find(b"\n")].rstrip(b"\r\n ")
    )
    # Some tools write bare line feeds.
    ends = b"\r\n" if b"\r\n--" + boundary in value else b"\n"
    pieces = (ends + value).split(ends + b"--" + boundary)
    if not boundary or len(pieces) < 2:
        raise Refused("malformed", "no form: its boundary is not in it")
    form = Form()
    for piece in pieces[1 : _MOST_FIELDS + 1]:
        if piece.startswith(b"--"):
            break
        _take(form, piece)
    return form


def _take(form: Form, piece: bytes) -> None:
    head, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        head, _, content = piece.partition(b"\n\n")
    head = head[:_LONGEST_HEAD]
    name = _first(_NAME, head)
    if name is None:
        return
    filename = _first(_FILENAME, head)
    if filename is None:
        form.fields.setdefault(name, content)
    else:
        media_type = _TYPE.search(head)
        form.files.append(
            File(
                name,
                filename,
                media_type[1].decode("ascii", "replace").strip() if media_type else "",
                content,
            )
        )


def _first(pattern: re.Pattern[bytes], head: bytes) -> str | None:
    match = pattern.search(head)
    if match is None:
        return None
    return (match[1] if match[1] is not None else match[2]).decode("utf-8", "surrogateescape")


def urlencoded(value: bytes) -> Form:
    """The form, with its fields as bytes. Raises Refused if it has more than 2,000 of them."""
    pairs = value.strip().split(b"&")
    if len(pairs) > _MOST_FIELDS:
        raise Refused("malformed", f"a form of more than {_MOST_FIELDS} fields")
    form = Form()
    for pair in pairs:
        name, _, content = (
            unquote_to_bytes(each) for each in pair.replace(b"+", b" ").partition(b"=")
        )
        form.fields.setdefault(name.decode("utf-8", "surrogateescape"), content)
    return form
