"""The block of From, Sent, To and Subject that stands above a quoted mail, in any order."""

from services.ingest.read.mail.quoting import phrases
from services.ingest.read.mail.quoting.attributions import UNSEEN

_LONGEST_LINE = 250
_NEEDED = 3
_MOST_LINES = 12
_MOST_OTHERS = 2
_ALL = (
    phrases.FIRST_HEADERS,
    phrases.TO_HEADERS,
    phrases.SENT_HEADERS,
    phrases.SUBJECT_HEADERS,
)


def is_header_line(line: str) -> bool:
    """Whether it names whom a quoted mail is from."""
    return _kind(line) in phrases.FIRST_HEADERS


def begins_at(lines: list[str], start: int) -> int:
    """How many lines the header block has that begins here; 0 where none does.

    It says whom a mail is from, to whom, when it was sent and what about; or three of these, if an
    address says whom it is from. A contact form has some of them too.
    """
    first = _kind(lines[start])
    if not first:
        return 0
    names, others, end = {first}, 0, start + 1
    addressed = first in phrases.FIRST_HEADERS and "@" in lines[start]
    for number in range(start + 1, min(start + _MOST_LINES, len(lines))):
        line = lines[number]
        name = _kind(line)
        if _same_kind(name, names):
            return 0  # lines of the customer's own, above a block that begins later
        if name and name not in names:
            names.add(name)
            end = number + 1
            addressed = addressed or (name in phrases.FIRST_HEADERS and "@" in line)
        elif line.strip():
            # A long list of addresses goes on in the next line.
            others += 1
            if others > _MOST_OTHERS or "@" not in line:
                break
    has = sum(bool(names & kind) for kind in _ALL)
    proven = has == len(_ALL) or (has >= _NEEDED and addressed)
    return end - start if proven and names & phrases.FIRST_HEADERS else 0


def _same_kind(name: str, names: set[str]) -> bool:
    """Whether a header of that kind is there already."""
    return any(name in kind and names & kind for kind in _ALL)


def _kind(line: str) -> str:
    match = phrases.HEADER_LINE.match(f"{line[:_LONGEST_LINE].translate(UNSEEN).strip()} ")
    return match["name"].lower() if match else ""
