"""Finds a mail's header and reads its lines, however the mail was saved or passed on."""

import re

from services.ingest.read.mail.mime.headers import LONGEST_HEADER, MOST_LINES, Headers

_LONGEST_BLOCK = 256 * 1024
_LONGEST_READ = 4 * _LONGEST_BLOCK
_MOST_READ = 20 * MOST_LINES
_MOST_GAPS = 5
_MARK = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\x00\x0b\x0c\xa0"
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_FOLDERS_LINE = re.compile(rb">?From (?![ \t]*:)")
_ONCE = frozenset(b"from to subject date message-id".split())
_USUAL = _ONCE | frozenset(
    b"cc bcc in-reply-to references reply-to sender received return-path delivered-to mime-version"
    b" user-agent envelope-to apparently-to auto-submitted precedence dkim-signature"
    b" authentication-results received-spf thread-topic thread-index importance priority"
    b" organization errors-to".split()
)
"""Names of headers that tell a mail's header from its text."""
_USUAL_STARTS = (b"x-", b"content-", b"list-", b"resent-", b"arc-")
_ENOUGH = 2

_Line = tuple[bytes, int]
"""A line without its end, and where it begins."""


def split(raw: bytes) -> tuple[Headers, bytes]:
    """The header and the body. If there is no header line at all, all of it is body.

    Mail programs save mails with blank lines above them, relays and filters write lines among the
    headers that are none, and some writers forget the blank line before the body. So a line that is
    no header ends the header only if no header of a usual name follows before the next empty line.
    An empty line ends the header, unless headers stand below it that every mail has and that were
    missing above it, such as From and To.
    """
    raw = _plain_line_ends(raw)
    position = _after_blanks(raw, len(_MARK) if raw.startswith(_MARK) else 0)
    block, after = _block(raw, position)
    for _ in range(_MOST_GAPS):
        more, end = _block(raw, _after_blanks(raw, after))
        if not _goes_on(block, more) or not raw[end:].strip():
            break
        block, after = [*block, *more], end
    last = _last_usual(block)
    lines: list[tuple[str, bytearray]] = []
    total = 0
    for number, (line, start) in enumerate(block):
        match = _NAME.match(line if lines else line.lstrip())
        if line[:1] in b" \t" and lines:
            if not line.strip() and number > last:
                # A line of blanks stands for the empty one.
                return _headers(lines), raw[start:].partition(b"\n")[2]
            room = LONGEST_HEADER - len(lines[-1][1])
            lines[-1][1].extend((b" " + line.strip())[: max(room, 0)])
        elif match:
            total += len(line)
            if total <= _LONGEST_BLOCK and len(lines) < MOST_LINES:
                name = match[1].decode("ascii").lower()
                lines.append((name, bytearray(match.string[match.end() :].strip())))
        elif number > last:
            return _headers(lines), raw[start:]
    return _headers(lines), raw[after:] if lines else raw[position:]


def has_any_header(raw: bytes) -> bool:
    """Whether the first line is a header, as that of a MIME entity is."""
    return _NAME.match(raw[:LONGEST_HEADER].lstrip()) is not None


def has_usual_headers(raw: bytes) -> bool:
    """Whether a header that every mail has (From, To, Subject ...) can be read."""
    head, _ = split(raw)
    return any(name.encode() in _ONCE for name, _ in head.fields)


def _headers(lines: list[tuple[str, bytearray]]) -> Headers:
    return Headers(
        tuple((name, bytes(value).decode("ascii", "surrogateescape")) for name, value in lines)
    )


def _plain_line_ends(raw: bytes) -> bytes:
    """The mail with line feeds, if its lines end in carriage returns alone."""
    start = raw[:_LONGEST_BLOCK]
    return raw.replace(b"\r", b"\n") if b"\r" in start and b"\n" not in start else raw


def _after_blanks(raw: bytes, position: int) -> int:
    """Where the next line begins that is neither blank nor a mail folder's."""
    while position < len(raw):
        end = raw.find(b"\n", position)
        end = len(raw) if end < 0 else end
        line = raw[position : min(end, position + LONGEST_HEADER)]
        if line.strip(_BLANKS) and not _FOLDERS_LINE.match(line):
            break
        position = min(end + 1, len(raw))
    return position


def _block(raw: bytes, position: int) -> tuple[list[_Line], int]:
    """The lines up to the first empty one, and where the body begins."""
    block: list[_Line] = []
    read = 0
    while position < len(raw):
        end = raw.find(b"\n", position)
        end = len(raw) if end < 0 else end
        line = raw[position : min(end, position + LONGEST_HEADER)].rstrip(b"\r")
        if not line:
            return block, end + 1
        read += len(line)
        if read > _LONGEST_READ or len(block) >= _MOST_READ:
            return block, position
        block.append((line, position))
        position = end + 1
    return block, len(raw)


def _usual(line: bytes) -> bytes:
    """The lower-case name of the line's header, if it is a usual one; empty for other lines."""
    match = _NAME.match(line)
    name = match[1].lower() if match else b""
    return name if name in _USUAL or name.startswith(_USUAL_STARTS) else b""


def _goes_on(block: list[_Line], more: list[_Line]) -> bool:
    """Whether a block below an empty line is header too: it has what the header lacks."""
    known = {_usual(line) for line, _ in block} - {b""}
    found = {_usual(line) for line, _ in more} - {b""}
    if not known:
        return bool(found)
    if not _usual(more[0][0] if more else b"") or found & known & _ONCE:
        return False  # a text, or a mail inside the mail
    return len(found & _ONCE) >= _ENOUGH or bool(found & {b"from", b"to"})


def _last_usual(block: list[_Line]) -> int:
    """The place of the last line that is surely a header; -1 if there is none.

    Below a line that is no header, a second From or Date is not one either: the mail's writer
    forgot the blank line, and it is text.
    """
    last, known, among = -1, set[bytes](), False
    for number, (line, _) in enumerate(block):
        name = _usual(line)
        if name and not (among and name in known):
            last = number
        if name in _ONCE:
            known.add(name)
        among = among or not (line[:1] in b" \t" or _NAME.match(line))
    return last
