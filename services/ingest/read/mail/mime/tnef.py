"""Reads what Outlook packs into `winmail.dat` (MS-OXTNEF): a mail's body and its files.

Only rich text is inflated, and it cannot grow more than tenfold. Every step consumes at least one
byte, so the time is bounded by the stream's length.
"""

import mimetypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from services.ingest.read.mail.mime import rtf
from services.ingest.read.mail.mime.charsets import decode
from services.ingest.read.mail.mime.content import attachment
from services.ingest.read.mail.mime.leaves import safe_name
from services.ingest.read.media import Opener
from shared.contracts.messages import Attachment

_SIGNATURE = b"\x78\x9f\x3e\x22"
_HEAD = struct.Struct("<BIi")
_MOST_FILES = 100
_MOST_PROPERTIES = 10_000

_BODY, _MAPI = 0x800C, 0x9003
_CODE_PAGE = 0x9007
_RENDERING, _TITLE, _DATA, _FILE_MAPI = 0x9002, 0x8010, 0x800F, 0x9005
_OF_THE_MAIL = 1

_PLAIN, _RICH, _HTML = 0x1000, 0x1009, 0x1013
_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME = 0x3707, 0x3704, 0x3001
_MEDIA_TYPE, _CONTENT_ID, _BYTES = 0x370E, 0x3712, 0x3701
_INTERNET_CODE_PAGE, _CODE_PAGE_OF_TEXT = 0x3FDE, 0x3FFD

_STRING8, _UNICODE, _BINARY, _OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
_SIZES = {
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_SEVERAL, _NAMED = 0x1000, 0x8000
_UNICODE_PAGES = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1", 1200: "utf-16-le"}


@dataclass(slots=True)
class File:
    """A file in the stream. If `is_mail`, it is an attached mail, packed in the same way."""

    name: str = ""
    media_type: str = ""
    content_id: str = ""
    content: bytes = b""
    is_mail: bool = False

    def read(self) -> bytes:
        """The file's bytes."""
        return self.content

    def attachment(self, ref: str) -> Attachment:
        """The file as a message describes it; `ref` says where in the mail it lies."""
        guessed = mimetypes.guess_type(safe_name(self.name) or "")[0]
        guessed = "application/ms-tnef" if self.is_mail else guessed
        return attachment(
            media_type=self.media_type or guessed or "",
            name=self.name,
            size=len(self.content),
            ref=ref,
            content_id=self.content_id,
        )


@dataclass(slots=True)
class Winmail:
    """The body, in the forms in which it was there, and the files.

    `whole` says that nothing was broken, and that no file was left out for being one too many.
    """

    plain: str = ""
    html: str = ""
    files: list[File] = field(default_factory=list)
    whole: bool = True

    @property
    def says_all(self) -> bool:
        """Whether everything in the stream was read, so that nobody needs the stream itself."""
        return self.whole and bool(self.files or self.plain or self.html)

    def attachments(self, ref: str) -> list[Attachment]:
        """The files as a message describes them; `ref` is where the stream itself lies."""
        return [file.attachment(f"{ref}/{number}") for number, file in enumerate(self.files, 1)]

    def contents(self, ref: str) -> dict[str, Opener]:
        """The files' bytes, by where they lie, as `attachments` says it."""
        return {f"{ref}/{number}": file.read for number, file in enumerate(self.files, 1)}


class _Broken(Exception):
    """The stream ends too early, or says something impossible."""


@dataclass(slots=True)
class _Cursor:
    data: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            raise _Broken
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "little")

    def padded(self) -> bytes:
        """A value that is preceded by its length and padded to a multiple of four bytes."""
        size = self.number()
        found = self.take(size)
        self.at += min(-size % 4, len(self.data) - self.at)
        return found

    @property
    def left(self) -> bool:
        return self.at < len(self.data)


def read(data: bytes, *, with_body: bool = True) -> Winmail | None:
    """What is in the stream, up to where it breaks; None if it is no such stream.

    Rich text takes by far the longest to read, so it is read only with `with_body`.
    """
    if not data.startswith(_SIGNATURE):
        return None
    reader = _Reader()
    reader.attributes(_Cursor(data, len(_SIGNATURE) + 2))
    return reader.finished(with_body=with_body)


class _Reader:
    def __init__(self) -> None:
        self.found = Winmail()
        self._page = ""
        self._is_full = False
        self._texts: dict[int, tuple[int, bytes]] = {}

    def attributes(self, cursor: _Cursor) -> None:
        """Read all attributes, up to where the stream breaks."""
        while cursor.left:
            try:
                level, name, size = _HEAD.unpack(cursor.take(_HEAD.size))
                data = cursor.take(size)
                cursor.take(2)  # a checksum, which some programs compute wrongly
            except _Broken:
                self.found.whole = False
                return
            try:
                if level == _OF_THE_MAIL:
                    self._of_the_mail(name & 0xFFFF, data)
                else:
                    self._of_a_file(name & 0xFFFF, data)
            except _Broken:
                self.found.whole = False

    def finished(self, *, with_body: bool) -> Winmail:
        """What was read of the stream."""
        found = self.found
        for number, file in enumerate(found.files, 1):
            file.name = file.name or f"attachment-{number}"
        if not with_body:
            return found
        if text := self._texts.get(_PLAIN):
            found.plain = self._text(*text)
        if text := self._texts.get(_HTML):
            found.html = self._text(*text)
        rich = self._texts.get(_RICH)
        if rich and not (found.html.strip() or found.plain.strip()):
            found.plain, found.html = rtf.read(rich[1])
        return found

    def _of_the_mail(self, name: int, data: bytes) -> None:
        if name == _CODE_PAGE and len(data) >= 4:
            self._page = _charset(int.from_bytes(data[:4], "little"))
        elif name == _BODY:
            self._texts.setdefault(_PLAIN, (_STRING8, data))
        elif name == _MAPI:
            for identity, kind, value in _properties(_Cursor(data)):
                if identity in (_PLAIN, _RICH, _HTML):
                    self._texts[identity] = (kind, value)
                elif identity in (_INTERNET_CODE_PAGE, _CODE_PAGE_OF_TEXT) and not self._page:
                    self._page = _charset(int.from_bytes(value[:4], "little"))

    def _of_a_file(self, name: int, data: bytes) -> None:
        files = self.found.files
        if name == _RENDERING:
            # What follows is of this file: not of the one before, where this is one too many.
            self._is_full = len(files) >= _MOST_FILES
            if not self._is_full:
                files.append(File())
        if self._is_full or not files:
            self.found.whole = False
            return
        file = files[-1]
        if name == _TITLE:
            file.name = file.name or self._text(_STRING8, data)
        elif name == _DATA:
            file.content = data
        elif name == _FILE_MAPI:
            for identity, kind, value in _properties(_Cursor(data)):
                self._told_of(file, identity, kind, value)

    def _told_of(self, file: File, identity: int, kind: int, value: bytes) -> None:
        if identity == _LONG_NAME:
            file.name = self._text(kind, value) or file.name
        elif identity in (_SHORT_NAME, _DISPLAY_NAME):
            file.name = file.name or self._text(kind, value)
        elif identity == _MEDIA_TYPE:
            file.media_type = self._text(kind, value)
        elif identity == _CONTENT_ID:
            file.content_id = self._text(kind, value)
        elif identity == _BYTES:
            # An object's first sixteen bytes say what kind it is; a mail is such a stream again.
            file.is_mail = kind == _OBJECT and value[16:20] == _SIGNATURE
            file.content = value[16:] if kind == _OBJECT else value

    def _text(self, kind: int, value: bytes) -> str:
        if kind == _UNICODE:
            return value.decode("utf-16-le", "replace").rstrip("\0")
        return decode(value.rstrip(b"\0"), self._page or None)


def _properties(cursor: _Cursor) -> Iterator[tuple[int, int, bytes]]:
    """The identity, type and first value of each property.

    Raises _Broken if the stream ends before it should, or if there are too many properties.
    """
    count = cursor.number()
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, identity = cursor.number(2), cursor.number(2)
        if identity >= _NAMED:
            cursor.take(16)
            if cursor.number():
                cursor.padded()
            else:
                cursor.take(4)
        several, kind = bool(kind & _SEVERAL), kind & ~_SEVERAL
        value = _value(cursor, kind, several=several)
        yield identity, kind, value
    if count > _MOST_PROPERTIES:
        raise _Broken


def _value(cursor: _Cursor, kind: int, *, several: bool) -> bytes:
    if kind in _SIZES:
        count = cursor.number() if several else 1
        return cursor.take(count * _SIZES[kind])[: _SIZES[kind]]
    if kind not in (_STRING8, _UNICODE, _BINARY, _OBJECT):
        raise _Broken
    values = [cursor.padded() for _ in range(min(cursor.number(), len(cursor.data)))]
    return values[0] if values else b""


def _charset(page: int) -> str:
    return _UNICODE_PAGES.get(page) or (f"cp{page}" if 0 < page < 1 << 16 else "")
