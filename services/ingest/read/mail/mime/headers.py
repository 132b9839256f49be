"""A mail's header, read so that no hostile line is slow or raises.

The standard library's modern header classes are not used: nested comments, odd message ids and
long address lists make them raise or take seconds. Lines are split here, within limits, and
decoded one by one.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.utils import getaddresses

from services.ingest.read.mail.mime.charsets import decode
from services.ingest.read.text import clean

LONGEST_HEADER = 16 * 1024
MOST_LINES = 1_000
_MOST_ADDRESSES = 200
_LONGEST_ENCODED = 4 * 1024
_LONGEST_ADDRESS = 320
_LONGEST_ID = 450

_PIECES = re.compile(r"\\.|[()\"]|[^\\()\"]+|\\", re.DOTALL)
_AROUND_SIGNS = re.compile(r" {0,9}([@.<>]) {0,9}")
_LETTER = r"[^\s<>()\[\],;:\"\\@]"
# What is longer is no address: its end would be somebody else's.
_ADDRESS = re.compile(rf"(?<!{_LETTER}){_LETTER}{{1,128}}+@{_LETTER}{{1,255}}+(?!{_LETTER})")
_BRACKETED = re.compile(r"<([^<>]*)>")
_PARSER_BUGS = (
    MessageError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    AssertionError,
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The header's fields in order: lower-case name, unfolded raw value.

    Bytes beyond ASCII are surrogate escapes in it.
    """

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """The raw values of every field of that name, the topmost first."""
        return [value for field, value in self.fields if field == name]

    def raw(self, name: str) -> str:
        """The raw value of the topmost such field; empty where there is none."""
        return next((value for field, value in self.fields if field == name), "")

    def text(self, name: str) -> str:
        """The topmost such field, decoded, on one line."""
        return decoded(self.raw(name), guess=True)

    def addresses(self, *names: str) -> list[tuple[str, str]]:
        """Display name and address of everybody in these fields, 200 at most, in order."""
        raw = [value for name in names for value in self.all(name)]
        return addresses(raw)

    def people(self, *names: str) -> list[tuple[str, str]]:
        """As `addresses`. If nobody has one, the first field's text is a name with no address."""
        raw = [value for name in names for value in self.all(name)]
        return addresses(raw) or [(decoded(value)[:200].strip(' "<>'), "") for value in raw[:1]]

    def ids(self, name: str) -> tuple[str, ...]:
        """The message ids in the fields of that name, without brackets, each once.

        Of more than 50, the first 10 and the last 40 are returned.
        """
        found: dict[str, None] = {}
        for value in self.all(name):
            found.update(dict.fromkeys(message_ids(value)))
        ids = tuple(found)
        return ids if len(ids) <= 50 else ids[:10] + ids[-40:]


def decoded(raw: str, *, guess: bool = False) -> str:
    """The value with its encoded words and stray bytes decoded, on one line."""
    raw = raw[:_LONGEST_ENCODED]
    if "=?" not in raw:
        return _one_line(_from_bytes(raw, guess=guess))
    try:
        words = decode_header(raw.encode("utf-8", "surrogateescape").decode("latin-1"))
    except _PARSER_BUGS:
        return _one_line(_from_bytes(raw, guess=guess))
    text = "".join(
        decode(word.encode("latin-1") if isinstance(word, str) else word, charset, guess=guess)
        for word, charset in words
    )
    return _one_line(text)


def _from_bytes(raw: str, *, guess: bool = False) -> str:
    return decode(raw.encode("utf-8", "surrogateescape"), None, guess=guess)


def _one_line(text: str) -> str:
    # Line ends and controls inside encoded words would become headers of what is sent back.
    return " ".join(clean(text).split())


def addresses(raw: Sequence[str]) -> list[tuple[str, str]]:
    """Display name and address of everybody in these values, 200 at most.

    Addresses in the old forms, with comments and blanks inside, are read too. If the grammar finds
    none, whatever looks like an address is taken.
    """
    joined = ", ".join(raw)[:LONGEST_HEADER]
    found = _by_the_grammar(joined)
    if not found and "(" in joined:
        found = _by_the_grammar(_AROUND_SIGNS.sub(r"\1", _without_comments(joined)))
    return found or [
        ("", _one_line(_from_bytes(match[0])))
        for match, _ in zip(_ADDRESS.finditer(joined), range(_MOST_ADDRESSES), strict=False)
    ]


def _by_the_grammar(joined: str) -> list[tuple[str, str]]:
    try:
        pairs = getaddresses([joined])
    except _PARSER_BUGS:
        return []
    return [
        (decoded(name)[:200], _one_line(_from_bytes(address)))
        for name, address in pairs[:_MOST_ADDRESSES]
        if "@" in address.strip("@") and len(address) <= _LONGEST_ADDRESS
    ]


def _without_comments(text: str) -> str:
    """A field's value without what is in parentheses, which may be nested; quotes are kept."""
    kept: list[str] = []
    depth, quoted = 0, False
    for piece in _PIECES.findall(text):
        if piece == '"' and not depth:
            quoted = not quoted
        if piece == "(" and not quoted:
            depth += 1
        if not depth:
            kept.append(piece)
        if piece == ")" and depth:
            depth -= 1
    return "".join(kept)


def message_ids(raw: str) -> list[str]:
    """The ids in a Message-ID, In-Reply-To or References, without brackets, case kept.

    Some programs fold inside an id, or leave the brackets away. An id of more than 450 characters
    is replaced by a hash of it.
    """
    if "<" in raw and ">" in raw:
        ids = ["".join(found.split()) for found in _BRACKETED.findall(raw)]
    else:
        ids = [word for word in re.split(r"[\s,]+", raw) if "@" in word]
    texts = (clean(_from_bytes(found)) for found in ids if found)
    return [text if len(text) <= _LONGEST_ID else _hash(text) for text in texts if text]


def _hash(text: str) -> str:
    return f"long.{hashlib.sha256(text.encode()).hexdigest()}"
