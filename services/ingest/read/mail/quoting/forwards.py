"""Whose mail it is that a mail passes on, or returns in its text."""

import re

from services.ingest.read.mail.mime import header_block, headers
from services.ingest.read.mail.mime.content import Content, says_something
from services.ingest.read.mail.quoting import header_blocks, phrases

_LONGEST = 64 * 1024
_MOST_LINES = 400
_LINES_OF_A_HEADER = 12
_EMBEDDED = "message/rfc822"
_LONGEST_BLOCK = 100
_FIELD = re.compile(r"[!-9;-~]{1,60}:|[ \t]+\S")


def original_sender(text: str, subject: str, content: Content) -> tuple[str, str] | None:
    """Name and address of whoever wrote the mail that this one passes on; None for no such mail.

    Of several, passed on one after another, the last who did so.
    """
    if content.types.count(_EMBEDDED) == 1 and content.embedded:
        head, _ = header_block.split(content.embedded)
        if phrases.FORWARD_SUBJECT.match(subject[:50]) or not says_something(text):
            return next(iter(head.addresses("from")), None)
    return _named_in(text[:_LONGEST].split("\n")[:_MOST_LINES], subject)


def pasted_header(text: str) -> bytes:
    """The header, with a Message-ID, that is pasted into a text; empty where there is none.

    So do mail servers return a mail that know no reports (qmail, Exim).
    """
    lines = text[:_LONGEST].split("\n")
    found = (at for at, line in enumerate(lines) if line[:11].lower() == "message-id:")
    middle = next(found, None)
    if middle is None:
        return b""
    start = end = middle
    while start and middle - start < _LONGEST_BLOCK and _FIELD.match(lines[start - 1]):
        start -= 1
    while end < len(lines) and end - middle < _LONGEST_BLOCK and _FIELD.match(lines[end]):
        end += 1
    return "\n".join(lines[start:end]).encode() + b"\n\n"


def _named_in(lines: list[str], subject: str) -> tuple[str, str] | None:
    start = next((at for at, line in enumerate(lines) if phrases.FORWARDED.fullmatch(line)), None)
    if start is not None:
        # The header block may begin with any of its lines, and be quoted.
        lines = [line for line in lines[start + 1 :] if line.strip("> ")][:_LINES_OF_A_HEADER]
    elif not phrases.FORWARD_SUBJECT.match(subject[:50]):
        return None
    for at, line in enumerate(lines):
        bare = line.lstrip("> \t")
        if header_blocks.is_header_line(bare) and _goes_on(lines, at, known=start is not None):
            said = bare.replace("*", "").partition("：" if "：" in bare[:20] else ":")[2]
            wrapped = lines[at + 1].lstrip("> ") if "@" not in said and at + 1 < len(lines) else ""
            if found := headers.addresses([_as_in_headers(f"{said} {wrapped}")]):
                return found[0]
    return None


def _goes_on(lines: list[str], at: int, *, known: bool) -> bool:
    """Whether further lines of a header are near: one alone may be a sentence."""
    if known:
        return True
    near = [line.lstrip("> \t") for line in lines[at + 1 : at + 5]]
    return sum(phrases.HEADER_LINE.match(f"{line[:250]} ") is not None for line in near) > 1


def _as_in_headers(said: str) -> str:
    """What programs write of an address, as a header field would: Outlook brackets it otherwise."""
    return said.replace("[mailto:", "<").replace("]", ">").replace("<mailto:", " ").strip()
