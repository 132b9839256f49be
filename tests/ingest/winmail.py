"""`winmail.dat` as Outlook writes it (MS-OXTNEF), to be read by what is tested."""

import struct
from collections.abc import Sequence

BODY, RICH, HTML = 0x1000, 0x1009, 0x1013
LONG_NAME, SHORT_NAME, MEDIA_TYPE, CONTENT_ID, BYTES = 0x3707, 0x3704, 0x370E, 0x3712, 0x3701
STRING8, UNICODE, BINARY, OBJECT, NUMBER = 0x001E, 0x001F, 0x0102, 0x000D, 0x0003

Property = tuple[int, int, bytes]


def stream(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def attribute(level: int, name: int, data: bytes) -> bytes:
    checksum = sum(data) & 0xFFFF
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", checksum)


def properties(*items: Property, named: Sequence[bytes] = ()) -> bytes:
    """Properties as a block; `named` are further ones, as they are written."""
    said = [
        struct.pack("<HH", kind, identity) + _value(kind, data) for identity, kind, data in items
    ]
    return struct.pack("<I", len(said) + len(named)) + b"".join((*named, *said))


def named(name: str, value: int) -> bytes:
    """A property of the sender's own, by its name."""
    text = name.encode("utf-16-le") + b"\0\0"
    head = struct.pack("<HH", NUMBER, 0x8001) + bytes(16) + struct.pack("<II", 1, len(text))
    return head + _padded(text) + struct.pack("<I", value)


def of_the_mail(*items: Property, named: Sequence[bytes] = ()) -> bytes:
    return attribute(1, 0x00069003, properties(*items, named=named))


def file(name: str, content: bytes, *items: Property) -> bytes:
    """A file with a short name of eight letters, and its long one among the properties."""
    known = (LONG_NAME, UNICODE, name.encode("utf-16-le") + b"\0\0")
    return (
        attribute(2, 0x00069002, bytes(14))
        + attribute(2, 0x00018010, name[:8].encode("ascii", "replace") + b"\0")
        + attribute(2, 0x0006800F, content)
        + attribute(2, 0x00069005, properties(known, *items))
    )


def attached_mail(name: str, inner: bytes) -> bytes:
    known = (LONG_NAME, UNICODE, name.encode("utf-16-le") + b"\0\0")
    whole = (BYTES, OBJECT, bytes(16) + inner)
    return attribute(2, 0x00069002, bytes(14)) + attribute(2, 0x00069005, properties(known, whole))


def code_page(number: int) -> bytes:
    return attribute(1, 0x00069007, struct.pack("<II", number, 0))


def rich(text: bytes, *, packed: bool = True) -> bytes:
    """Rich text as it is packed, here without a single copy: a control byte for eight letters."""
    if not packed:
        return struct.pack("<II4sI", len(text) + 12, len(text), b"MELA", 0) + text
    eights = [text[at : at + 8] for at in range(0, len(text), 8)]
    body = b"".join(b"\0" + eight for eight in eights)
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", 0) + body


def _value(kind: int, data: bytes) -> bytes:
    if kind == NUMBER:
        return data
    return struct.pack("<II", 1, len(data)) + _padded(data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
