"""Parts of a mail that have no parts in them: their bytes, parameters, names and text."""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value

from services.ingest.read.mail.mime.headers import decoded

_LONGEST_FILENAME = 150
_DIRECTION_MARKS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F])
_ENCODINGS = {
    "quoted-printable": "quoted-printable",
    "base64": "base64",
    "uuencode": "x-uuencode",
    "x-uu": "x-uuencode",
    "uue": "x-uuencode",
    "x-uue": "x-uuencode",
}
_UU_BEGIN = re.compile(r"begin(?:-base64)? [0-7]{3,4} ([^\n/\\]{1,150})")
_MOST_FILES = 20


def field(part: Message, name: str) -> str:
    """The part's first header field of that name; empty where there is none."""
    return next((str(value) for found, value in part.raw_items() if found.lower() == name), "")


def content(part: Message) -> bytes:
    """The part's bytes with their transfer encoding undone, as far as they can be."""
    declared = field(part, "content-transfer-encoding").lower()
    named = declared.strip(" \t\"'")
    known = next((of for start, of in _ENCODINGS.items() if named.startswith(start)), None)
    if known is not None and known != declared:
        # Comments, semicolons and quotes keep the library from recognising it.
        del part["content-transfer-encoding"]
        part["content-transfer-encoding"] = known
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def param(part: Message, name: str, header: str = "content-type") -> str:
    """The parameter in lower case; empty where there is none."""
    value = part.get_param(name, "", header)
    return str(value[2] if isinstance(value, tuple) else value).lower()


def given_name(part: Message) -> str:
    """The file's name as the part has it; empty where it has none."""
    raw = part.get_param("filename", None, "content-disposition")
    if raw is None:
        raw = part.get_param("name", "")
    return collapse_rfc2231_value(raw)


def filename(part: Message) -> str | None:
    """The file's name without folders, control and direction marks; 150 bytes at most."""
    return safe_name(given_name(part))


def safe_name(raw: str) -> str | None:
    """A file's name made safe to keep, as `filename` says; None if nothing of it is left."""
    name = decoded(raw).translate(_DIRECTION_MARKS)
    name = re.split(r"[/\\]", name)[-1].replace("\n", " ").strip(". ")
    return name.encode()[:_LONGEST_FILENAME].decode(errors="ignore") or None


def flowed(text: str, *, delsp: bool = False) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one, of the same quote depth.

    With `delsp` that space is not part of the text.
    """
    lines: list[str] = []
    going_on: list[str] = []
    depth = 0
    for raw in text.replace("\r\n", "\n").split("\n"):
        quoted = len(raw) - len(raw.lstrip(">"))
        line = raw[quoted:].removeprefix(" ")
        signature = line == "-- "
        if going_on and (signature or quoted != depth):
            lines.append(_paragraph(going_on, depth))
            going_on = []
        depth = quoted
        soft = line.endswith(" ") and not signature
        going_on.append(line[:-1] if soft and delsp else line)
        if not soft:
            lines.append(_paragraph(going_on, depth))
            going_on = []
    if going_on:
        lines.append(_paragraph(going_on, depth))
    return "\n".join(lines)


def _paragraph(lines: list[str], depth: int) -> str:
    return "> " * min(depth, 20) + "".join(lines)


@dataclass(frozen=True, slots=True)
class Uuencoded:
    """A uuencoded file in a text: its name, its size in bytes, and its lines."""

    name: str
    size: int
    lines: Sequence[str]

    def read(self) -> bytes | None:
        """Its bytes; None where a line says something impossible."""
        try:
            return b"".join(binascii.a2b_uu(line) for line in self.lines if line)
        except (binascii.Error, ValueError):
            return None


def without_uuencoded(text: str) -> tuple[str, list[Uuencoded]]:
    """The text without the uuencoded files in it, and these."""
    if "\nbegin" not in f"\n{text}":
        return text, []
    files: list[Uuencoded] = []
    kept: list[str] = []
    inside: list[str] = []
    name, size = "", 0
    for line in text.split("\n"):
        if not inside and len(files) < _MOST_FILES and (begin := _UU_BEGIN.fullmatch(line)):
            name, size, inside = begin[1], 0, [line]
        elif not inside:
            kept.append(line)
        elif line == "end":
            files.append(Uuencoded(name, size, inside[1:]))
            inside = []
        else:
            inside.append(line)
            size += (ord(line[0]) - 32) % 64 if line else 0
            if not _is_uuencoded(line):
                kept += inside
                inside = []
    return "\n".join([*kept, *inside]), files


def _is_uuencoded(line: str) -> bool:
    if line in ("", "`", " "):
        return True
    length = (ord(line[0]) - 32) % 64
    return " " <= line[0] <= "`" and (length + 2) // 3 * 4 <= len(line.ljust(62)) <= 62 + 2
