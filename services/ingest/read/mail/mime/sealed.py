"""Mails that are wholly inside a signed or encrypted envelope: what can be read of them.

An S/MIME mail may be one file (RFC 8551, `application/pkcs7-mime`): a CMS structure (RFC 5652) that
has the signed mail inside, or the encrypted one. Signatures are not verified: what is signed is
shown as any other mail. Nothing is decrypted and nothing is inflated.
"""

import re
from dataclasses import dataclass
from typing import Literal

SIGNED_UNREADABLE = "[signed e-mail, its content could not be read: see original]"
SEALED_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")

Kind = Literal["signed", "encrypted", "unknown"]

_SIGNED = bytes.fromhex("2a864886f70d010702")
_ENCRYPTED = (
    bytes.fromhex("2a864886f70d010703"),  # enveloped
    bytes.fromhex("2a864886f70d010706"),  # encrypted
    bytes.fromhex("2a864886f70d0109100117"),  # enveloped and authenticated
)
_SEQUENCE, _OCTETS, _OID, _CONTEXT_0 = 0x30, 0x04, 0x06, 0xA0
_CONSTRUCTED = 0x20
_END = b"\0\0"
_DEEPEST = 10
_MOST_ELEMENTS = 20_000
_ARMOUR = re.compile(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_ARMOUR_END = re.compile(r"^-----END PGP MESSAGE-----[ \t]*$", re.MULTILINE)
_CLEAR = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[^\n]{1,200}\n){0,5}\n", re.MULTILINE
)
_SIGNATURE_END = re.compile(r"^-----END PGP SIGNATURE-----[ \t]*$", re.MULTILINE)
_SIGNATURE = re.compile(r"^-----BEGIN PGP SIGNATURE-----[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an envelope is, and the mail inside it; None where that cannot be read."""

    kind: Kind
    inside: bytes | None = None


class _Broken(Exception):
    """The structure ends too early, or says something impossible."""


@dataclass(frozen=True, slots=True)
class _Element:
    tag: int
    start: int
    end: int
    after: int


class _Reader:
    """A walk through BER, in which lengths may be left open and strings may come in pieces."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MOST_ELEMENTS

    def element(self, position: int, end: int, depth: int = 0) -> _Element:
        """The element that begins at a position. Raises _Broken where none does."""
        data, self._left = self._data, self._left - 1
        if position + 2 > end or depth > _DEEPEST or self._left < 0:
            raise _Broken
        tag, length = data[position], data[position + 1]
        start = position + 2
        if tag & 0x1F == 0x1F:
            raise _Broken
        if length == 0x80:
            return self._open_ended(tag, start, end, depth)
        if length > 0x80:
            size = length & 0x7F
            if size > 4 or start + size > end:
                raise _Broken
            length = int.from_bytes(data[start : start + size], "big")
            start += size
        if start + length > end:
            raise _Broken
        return _Element(tag, start, start + length, start + length)

    def _open_ended(self, tag: int, start: int, end: int, depth: int) -> _Element:
        position = start
        while self._data[position : position + 2] != _END:
            position = self.element(position, end, depth + 1).after
        return _Element(tag, start, position, position + 2)

    def inside(self, outer: _Element, depth: int = 0) -> list[_Element]:
        """The elements of an element, in order."""
        found, position = [], outer.start
        while position < outer.end:
            found.append(self.element(position, outer.end, depth))
            position = found[-1].after
        return found

    def bytes_of(self, element: _Element) -> bytes:
        """The content of an element."""
        return self._data[element.start : element.end]

    def octets(self, element: _Element, depth: int = 0) -> bytes:
        """An octet string's bytes, in one piece or several."""
        if depth > _DEEPEST:
            raise _Broken
        if element.tag == _OCTETS:
            return self.bytes_of(element)
        if element.tag != _OCTETS | _CONSTRUCTED:
            raise _Broken
        return b"".join(self.octets(piece, depth + 1) for piece in self.inside(element, depth + 1))


def opened(data: bytes) -> Sealed:
    """What a CMS structure is, and the mail in it where it is only signed. Never raises."""
    reader = _Reader(data)
    kind: Kind = "unknown"
    try:
        outer = reader.element(0, len(data))
        if outer.tag != _SEQUENCE:
            return Sealed("unknown")
        named = reader.element(outer.start, outer.end)
        if named.tag != _OID:
            return Sealed("unknown")
        if reader.bytes_of(named) in _ENCRYPTED:
            return Sealed("encrypted")
        if reader.bytes_of(named) != _SIGNED:
            return Sealed("unknown")
        kind = "signed"
        return Sealed("signed", _signed(reader, reader.element(named.after, outer.end)))
    except _Broken:
        # An open-ended element that breaks off later still says at its beginning what it is.
        return Sealed(_by_its_start(data) if kind == "unknown" else kind)


def _signed(reader: _Reader, wrapped: _Element) -> bytes:
    """The mail of a SignedData: version, digest algorithms, and then what is signed."""
    (signed,) = reader.inside(wrapped)[:1] or (wrapped,)
    for part in reader.inside(signed):
        if part.tag != _SEQUENCE:
            continue
        fields = reader.inside(part)
        if len(fields) > 1 and fields[0].tag == _OID and fields[1].tag == _CONTEXT_0:
            (content,) = reader.inside(fields[1])[:1] or (fields[1],)
            return reader.octets(content)
        break
    raise _Broken


def _by_its_start(data: bytes) -> Kind:
    start = data[:64]
    if _SIGNED in start:
        return "signed"
    return "encrypted" if any(oid in start for oid in _ENCRYPTED) else "unknown"


def without_armour(text: str, encrypted: str) -> tuple[str, str]:
    """A text without PGP's armour, and the flag that it earns: `encrypted`, `signed` or none.

    `encrypted` stands where an encrypted message was; of a signed one the signature goes.
    """
    if begin := _ARMOUR.search(text):
        end = _ARMOUR_END.search(text, begin.end())
        after = text[end.end() :] if end else ""
        return f"{text[: begin.start()]}{encrypted}{after}", "encrypted"
    if (clear := _CLEAR.search(text)) and (signature := _SIGNATURE.search(text, clear.end())):
        said = text[clear.end() : signature.start()]
        lines = [line.removeprefix("- ") for line in said.split("\n")]
        end = _SIGNATURE_END.search(text, signature.end())
        below = text[end.end() :] if end else ""
        return text[: clear.start()] + "\n".join(lines) + below, "signed"
    return text, ""
