"""Where in a text the mails stand that it answers. A pass over its lines."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from services.ingest.read.mail.quoting import attributions, header_blocks, phrases
from services.ingest.read.mail.quoting.attributions import Proof

_MARKER = re.compile(
    r"(?:reply|antworte?n?|antwort|r(?:é|e)pondez|r(?:é|e)ponse|rispond\w*|respond\w*|respuesta|resposta|geben|saisir"
    r"|escrib\w*|scriv\w*|digit\w*)\b[^\n]{0,60}\b(?:above|(?:ü|u)ber|au-dessus|sopra|encima|arriba|acima|oberhalb)"
    r"\b[^\n]{0,30}\b(?:line|zeile|linie|ligne|riga|linea|l(?:í|i)nea|linha)",
    re.IGNORECASE,
)
_LONGEST_LINE = 300
_SHORTEST_RULE = 9
_MOST_LINES_OF_ATTRIBUTION = 4
_INITIALS = re.compile(r"\s{0,8}(?P<who>[^\W\d_]{1,12})>(?:\s|\Z)")


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted mail: from which line on, and up to which (the first after it).

    `introduced`: an attribution, a header block or the like stands above it.
    """

    start: int
    end: int
    introduced: bool = True


def has_mark(line: str) -> bool:
    """Whether a line is marked as quoted in the usual way."""
    return line.lstrip().startswith(">")


def quotes_in(lines: list[str]) -> Iterator[Quote]:
    """The quoted mails from the top on. One that has no marked lines ends with the text."""
    marked = _marked(lines)
    marks_left = _left(marked)
    number, free = 0, 0
    while number < len(lines):
        found = _at(lines, marked, marks_left, number, free)
        if found is None:
            number += 1
            continue
        yield found
        number = free = found.end


def _at(
    lines: list[str], marked: list[bool], marks_left: list[int], number: int, free: int
) -> Quote | None:
    """The quote that begins in a line, or whose attribution ends in it; None for neither.

    `free` is the first line that belongs to no quote yet.
    """
    line = lines[number]
    if marked[number]:
        return Quote(number, _end_of_marked(lines, marked, number), introduced=False)
    if not line.strip() or len(line) > _LONGEST_LINE:
        return None
    if _MARKER.search(line) and not line.lstrip()[:1].isalnum():
        return Quote(number, len(lines))
    if phrases.ORIGINAL_MESSAGE.fullmatch(line):
        start = _rule_above(lines, number, free)
        return Quote(start, _end_of_original(lines, marked, number + 1))
    if length := header_blocks.begins_at(lines, number):
        start = _rule_above(lines, number, free)
        return Quote(start, _end_after(lines, marked, number + length) or len(lines))
    return _attributed(lines, marked, marks_left, number, free)


def _attributed(
    lines: list[str], marked: list[bool], marks_left: list[int], number: int, free: int
) -> Quote | None:
    """The quote of which a line ends the attribution; None where it ends none."""
    found = attributions.ending_at(lines, number)
    if found is None:
        return None
    end = _end_after(lines, marked, found.end)
    is_last = found.proof is Proof.WHOLE and not marks_left[found.end]
    if found.proof is Proof.DATE:
        is_last = not any(each.strip() for each in lines[found.end :])
    if not end and not is_last:
        return None
    return Quote(max(found.start, free), end or len(lines))


def _end_after(lines: list[str], marked: list[bool], number: int) -> int:
    """Where the marked lines end that come next; 0 where other lines do."""
    while number < len(lines) and not lines[number].strip():
        number += 1
    if number < len(lines) and marked[number]:
        return _end_of_marked(lines, marked, number)
    return 0


def _end_of_marked(lines: list[str], marked: list[bool], number: int) -> int:
    end = number
    while number < len(lines) and (marked[number] or not lines[number].strip()):
        if marked[number]:
            end = number + 1
        number += 1
    return end


def _end_of_original(lines: list[str], marked: list[bool], number: int) -> int:
    """Where the mail ends that follows a line like “Original message”, its headers included."""
    while number < len(lines) and not lines[number].strip():
        number += 1
    if number < len(lines) and (length := header_blocks.begins_at(lines, number)):
        number += length
    for last in range(number, min(number + _MOST_LINES_OF_ATTRIBUTION, len(lines))):
        if not marked[last] and (found := attributions.ending_at(lines, last)):
            number = found.end
            break
    return _end_after(lines, marked, number) or len(lines)


def _rule_above(lines: list[str], number: int, free: int) -> int:
    """Where the rule that Outlook draws above its header block begins."""
    above = number - 1
    while above >= free and not lines[above].strip():
        above -= 1
    if above < free:
        return number
    is_rule = len(lines[above]) > _SHORTEST_RULE and not lines[above].strip().strip("_-")
    if is_rule or phrases.ORIGINAL_BARE.fullmatch(lines[above][:_LONGEST_LINE]):
        return above
    return number


def _marked(lines: list[str]) -> list[bool]:
    """For each line, whether a mail program marked it as quoted: `>`, initials and `>`, a bar.

    Bars only below a line that introduces a quote, or with such a line behind the first.
    """
    found = [has_mark(line) for line in lines]
    introduced, before = False, ""
    for number, line in enumerate(lines):
        who = _initials(line)
        if who and number and who == _initials(lines[number - 1]):
            found[number - 1] = found[number] = True
        if _is_barred(line):
            introduced = introduced or _introduces(before) or _introduces(line)
            found[number] = found[number] or introduced
        elif line.strip():
            introduced = False
        before = line if line.strip() else before
    return found


def _introduces(line: str) -> bool:
    said = line[:_LONGEST_LINE].strip()
    return said.endswith((":", "：")) and phrases.WROTE.search(said) is not None


def _initials(line: str) -> str:
    match = _INITIALS.match(line[:24])
    return match["who"] if match else ""


def _is_barred(line: str) -> bool:
    # A second bar makes it a row of a table.
    return line.lstrip()[:1] == "|" and line.count("|") == 1


def _left(marked: list[bool]) -> list[int]:
    """For each line, how many marked ones there are from it to the end."""
    counts = [0]
    for each in reversed(marked):
        counts.append(counts[-1] + each)
    return counts[::-1]
