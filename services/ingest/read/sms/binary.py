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
    """Which part of a longer SMS one is; numbers count from 1."""

    reference: str
    total: int
    number: int
    binary: bool = False


def from_hex(text: str) -> bytes:
    """The bytes that are written in hex; none where it is no hex."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def segment(udh: bytes) -> Segment | None:
    """What a user data header says of being a part (3GPP 23.040, 8 or 16 bits of reference)."""
    for element, data in _elements(udh):
        if element == _CONCATENATED and len(data) == 3:
            return Segment(f"8:{data[0]}", data[1], data[2], binary=True)
        if element == _CONCATENATED_WIDE and len(data) == 4:
            return Segment(f"16:{data[0] << 8 | data[1]}", data[2], data[3], binary=True)
    return None


def is_for_an_application(udh: bytes) -> bool:
    """Whether it is addressed to a port: settings, ring tones, no person's words."""
    return any(element in _PORTS for element, _ in _elements(udh))


def _elements(udh: bytes) -> Iterator[tuple[int, bytes]]:
    # Some providers leave out the length that comes first.
    rest = udh[1:] if udh and udh[0] == len(udh) - 1 else udh
    while len(rest) >= 2:
        element, length = rest[0], rest[1]
        yield element, rest[2 : 2 + length]
        rest = rest[2 + length :]


def text_of(data: bytes) -> str | None:
    """The text that the bytes are, in one of SMS's encodings; None where that is not sure.

    Every other byte a zero is Latin text in UTF-16; what is no UTF-8 then may be GSM's alphabet.
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
    """The text of GSM 03.38's default alphabet, a byte a character; None where it is none."""
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
