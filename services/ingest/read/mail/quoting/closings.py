"""What mail programs, phones, lists and companies put below a text, and a signature.

A signature is what stands below a line of two dashes. A greeting and a name alone stay: these are
the customer's words.
"""

import re

from services.ingest.read.mail.quoting import closing_phrases as phrases
from services.ingest.read.mail.ways_to_say import plain

_LONGEST_LINE = 300
_MOST_ROUNDS = 6
_MOST_SIGNATURE_LINES = 15
_MOST_FOOTER_LINES = 12
_MOST_NOTICE_LINES = 30
_LONGEST_NOTICE = 2_000
_LONGEST_OWN_LINE = 90
_WORDS_OF_A_SENTENCE = 4
_DASHES = re.compile(r"\s{0,3}(?:--|–|—|––|- -)\s{0,3}")
_RULE = re.compile(r"\s{0,3}[-_=–—*~]{2,100}\s{0,3}|\s{0,3}[–—]\s{0,3}")
_SENTENCE = re.compile(r"[.!?。！？]\W{0,3}\Z")


def without_closing(lines: list[str]) -> list[str]:
    """The lines without what closes them, and without blank lines at their end."""
    kept = _without_blanks(lines)
    for _ in range(_MOST_ROUNDS):
        end = min(_phone(kept), _footer(kept), _notice(kept), _signature(kept))
        if end == len(kept):
            break
        kept = _without_blanks(kept[:end])
    return kept


def _without_blanks(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]


def _above_rules(lines: list[str], number: int) -> int:
    """Where the dashes begin that stand above a line."""
    above = number
    while above and (not lines[above - 1].strip() or _RULE.fullmatch(lines[above - 1][:200])):
        above -= 1
    ruled = any(lines[at].strip() for at in range(above, number))
    return above if ruled else number


def _phone(lines: list[str]) -> int:
    """Where the line of a phone or a mail program begins, if it is the last."""
    said = plain(lines[-1][:_LONGEST_LINE]).strip(" *_-.·") if lines else ""
    is_programs = phrases.PROGRAMS.fullmatch(said) and phrases.DEVICES.search(said)
    if is_programs and not phrases.OWN_WORDS.search(said):
        return _above_rules(lines, len(lines) - 1)
    return len(lines)


def _footer(lines: list[str]) -> int:
    """Where a list's or a notification's footer begins."""
    for number in range(max(0, len(lines) - _MOST_FOOTER_LINES), len(lines)):
        if phrases.FOOTERS.match(plain(lines[number][:_LONGEST_LINE])):
            above = _above_rules(lines, number)
            if above < number:
                return above
    return len(lines)


def _notice(lines: list[str]) -> int:
    """Where a notice of confidentiality begins, of which the last paragraphs consist.

    It stands below dashes or names itself: a customer may speak of confidence too.
    """
    for number in range(len(lines) - 1, max(-1, len(lines) - 1 - _MOST_NOTICE_LINES), -1):
        above = lines[number - 1] if number else ""
        if not above.strip() or _RULE.fullmatch(above[:200]):
            paragraph = plain(" ".join(lines[number:])[:_LONGEST_NOTICE])
            start = _above_rules(lines, number)
            told = phrases.NOTICES.search(paragraph)
            if told and (start < number or phrases.NAMED_NOTICES.match(paragraph)):
                return start
            if not told and phrases.NOTICES_GO_ON.search(paragraph) is None:
                break
    return len(lines)


def _signature(lines: list[str]) -> int:
    """Where the signature begins: a line of two dashes and what looks like a name and addresses."""
    for number in range(len(lines) - 1, max(-1, len(lines) - 2 - _MOST_SIGNATURE_LINES), -1):
        if _DASHES.fullmatch(lines[number]) and number:
            block = [line.strip() for line in lines[number + 1 :] if line.strip()]
            above = next((line for line in reversed(lines[:number]) if line.strip()), "")
            if above.rstrip().endswith((":", "：")):
                return len(lines)  # what the customer announces
            standard = lines[number].rstrip("\n") == "-- "
            return number if _is_signature(block, standard=standard) else len(lines)
    return len(lines)


def _is_signature(block: list[str], *, standard: bool) -> bool:
    if standard:
        return not any(line.endswith(("?", "？")) for line in block)
    return not any(
        len(line) > _LONGEST_OWN_LINE
        or (_SENTENCE.search(line) and len(line.split()) > _WORDS_OF_A_SENTENCE)
        for line in block
    )
