"""SMS as phones send them: user data headers, and bytes that may be text."""

from collections.abc import Iterator
from dataclasses import dataclass

_CONCATENATED, _CONCATENATED_WIDE = 0x00, 0x08
_PORTS = (0x04, 0x05)
_ESCAPE = "\x1b"
_GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUV"
    "WXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = {
    "\n": "\f",
    "Λ": "^",
    "(": "{",
    ")": "}",
    "/": "\\",
    "<": "[",
    "=": "~",
    ">": "]",
    "¡": "|",
    "e": "€",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """Which part of a long SMS an SMS is. Parts are numbered from 1."""

    reference: str
    total: int
    number: int
    binary: bool = False


def from_hex(text: str) -> bytes:
    """The bytes that the text stands for in hex; no bytes if it is no hex."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def segment(udh: bytes) -> Segment | None:
    """Which part of a long SMS it is, by its user data header; None if it is no part.

    See 3GPP 23.040: the reference has 8 or 16 bits.
    """
    for element, data in _elements(udh):
        if element == _CONCATENATED and len(data) == 3:
            return Segment(f"8:{data[0]}", data[1], data[2], binary=True)
        if element == _CONCATENATED_WIDE and len(data) == 4:
            return Segment(f"16:{data[0] << 8 | data[1]}", data[2], data[3], binary=True)
    return None


def is_for_an_application(udh: bytes) -> bool:
    """Whether it is addressed to a port. Then it has settings or a ring tone, no person's words."""
    return any(element in _PORTS for element, _ in _elements(udh))


def _elements(udh: bytes) -> Iterator[tuple[int, bytes]]:
    # Some providers leave out the length that comes first.
    rest = udh[1:] if udh and udh[0] == len(udh) - 1 else udh
    while len(rest) >= 2:
        element, length = rest[0], rest[1]
        yield element, rest[2 : 2 + length]
        rest = rest[2 + length :]


def text_of(data: bytes) -> str | None:
    """The text that the bytes stand for in one of SMS's encodings; None if that is not sure.

    The first of these that gives readable text counts: UTF-16 (big-endian), if the first byte of a
    character is zero, as it is for Latin letters; UTF-8; GSM's default alphabet.
    """
    if not data:
        return None
    for encoding in ("utf-16-be", "utf-8"):
        if encoding == "utf-16-be" and (len(data) % 2 or 0 not in data[::2]):
            continue
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _readable(text):
            return text
    return gsm7(data)


def gsm7(data: bytes) -> str | None:
    """The text in GSM 03.38's default alphabet, a byte for each character; None if it is none."""
    if any(byte > 0x7F for byte in data):
        return None
    said, escaped = [], False
    for character in (_GSM7[byte] for byte in data):
        if character == _ESCAPE and not escaped:
            escaped = True
            continue
        said.append(_GSM7_ESCAPED.get(character, character) if escaped else character)
        escaped = False
    text = "".join(said)
    return text if _readable(text) else None


def _readable(text: str) -> bool:
    return all(character.isprintable() or character in "\n\r\t\f" for character in text)
