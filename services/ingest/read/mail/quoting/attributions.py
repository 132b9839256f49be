"""Lines such as “On 3 May, Ann wrote:”, with which mail programs introduce what is answered."""

import re
from dataclasses import dataclass
from enum import IntEnum

from services.ingest.read.mail.quoting import phrases

LONGEST = 300
_MOST_LINES = 4
_LONGEST_NAME = 60
_SHORT = 80
UNSEEN = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Marks of the writing's direction and the like: programs put them into such lines."""
_DIGIT = re.compile(r"\d")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2}(?!\d)")
_ENDS = (":", "：")


class Proof(IntEnum):
    """How sure it is that a line introduces a quote, and is no sentence of the customer's."""

    VERB = 1
    """“Ann wrote:”: only if marked lines follow."""
    DATE = 2
    """A date or an address too: if marked lines follow, or nothing does."""
    WHOLE = 3
    """A verb and an address, as mail programs write: whatever follows is the quote."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """From which line on (`start`), up to which (`end`, the first after it), how surely."""

    start: int
    end: int
    proof: Proof


def ending_at(lines: list[str], number: int) -> Attribution | None:
    """The attribution of which this is the last line; None where it is none's."""
    inline = phrases.WROTE_INLINE.search(lines[number][:LONGEST])
    last = _bare(lines[number][: inline.end()] if inline else lines[number])
    if len(last) > LONGEST or not (last.endswith(_ENDS) or phrases.WROTE_BARE.search(last)):
        return None
    joined, found = "", None
    for length in range(1, min(_MOST_LINES, number + 1) + 1):
        line = last if length == 1 else _bare(lines[number - length + 1])
        if not line or line.startswith(">") or _is_sentence(line, length):
            break
        joined = f"{line} {joined}".strip()
        if len(joined) > LONGEST:
            break
        proof = _proof(joined, last)
        if inline and proof is not Proof.WHOLE:
            continue
        if proof is not None and (found is None or phrases.ATTRIBUTION_START.match(line)):
            found = Attribution(number - length + 1, number + 1, proof)
            if phrases.ATTRIBUTION_START.match(line):
                break
    return _with_its_name(lines, found) if found else None


def _is_sentence(line: str, length: int) -> bool:
    return length > 1 and line.endswith((".", "!", "?", "。", ")", ";")) and not _DIGIT.search(line)


def _bare(line: str) -> str:
    return line[: LONGEST + 1].translate(UNSEEN).strip().strip("-_‐* ").strip()


def _proof(joined: str, last: str) -> Proof | None:
    """What shows that the lines are an attribution; None where it is too little."""
    dated, addressed = _DIGIT.search(joined) is not None, "@" in joined
    timed = phrases.TIMED.search(joined) is not None
    full = timed and _YEAR.search(joined) is not None
    if last.endswith(_ENDS) or joined.endswith(_ENDS):
        if phrases.WROTE.search(joined):
            if _begins(joined) and addressed and (dated or "<" in joined):
                return Proof.WHOLE
            if dated and _begins(joined):
                return Proof.DATE
            return Proof.VERB if len(joined) <= _SHORT or addressed else None
        # Some languages need no verb. Then only marked lines below prove it.
        if addressed and (timed or phrases.QUOTING.match(joined)) and _begins(joined):
            return Proof.VERB
        return None
    wrote = phrases.WROTE_BARE.search(joined)
    if wrote and _begins(joined) and dated and not _goes_on(wrote["rest"]):
        return Proof.WHOLE if addressed and full and joined.endswith("wrote") else Proof.VERB
    return None


def _goes_on(rest: str) -> bool:
    """Whether a sentence goes on after the verb: neither a name, a date nor an address follows."""
    rest = rest.strip()
    return rest[:1].islower() and not _DIGIT.search(rest) and "@" not in rest


def _begins(joined: str) -> bool:
    return bool(
        phrases.ATTRIBUTION_START.match(joined)
        or phrases.NAME_AND_ADDRESS.match(joined)
        or phrases.QUOTING.match(joined)
    )


def _with_its_name(lines: list[str], found: Attribution) -> Attribution:
    """The attribution, with the line above that names whose the address is it begins with."""
    above = _bare(lines[found.start - 1]) if found.start else ""
    if lines[found.start].lstrip().startswith("<") and 0 < len(above) <= _LONGEST_NAME:
        return Attribution(found.start - 1, found.end, Proof.WHOLE)
    return found
