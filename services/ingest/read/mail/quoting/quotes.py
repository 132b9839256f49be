"""What of a mail's text the customer newly wrote. One pass over its lines.

Whatever is doubtful is kept: to show a quote again is a smaller fault than to hide an answer.
"""

import re

from services.ingest.read.mail.quoting import phrases

_MARKER = "reply above this line"
_LONGEST = 256 * 1024
_LONGEST_ATTRIBUTION = 250
_ATTRIBUTION_LINES = 3
_HEADERS_NEEDED = 3
_LONGEST_HEADER_BLOCK = 8
_UNSEEN = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def new_text(text: str, subject: str = "") -> str:
    """The text without the mail it answers; all of it where it forwards one or answers inline."""
    if forwards(text, subject):
        return text
    lines = text[:_LONGEST].split("\n")
    kept = _without_quotes_at_the_end(lines[: _cut(lines)])
    stripped = "\n".join(kept).strip()
    # Not even a letter left: whatever was meant, it is in what was cut.
    return stripped if len(stripped) > 1 else text


def forwards(text: str, subject: str) -> bool:
    """Whether a mail is passed on rather than answered."""
    if phrases.FORWARD_SUBJECT.match(subject[:50]):
        return True
    lines = text[:_LONGEST].split("\n")
    return any(
        len(line) < _LONGEST_ATTRIBUTION and phrases.FORWARDED.fullmatch(line) for line in lines
    )


def is_header_line(line: str) -> bool:
    """Whether it is the first line of the header block above a quoted mail."""
    match = phrases.HEADER_LINE.match(f"{line[:_LONGEST_ATTRIBUTION]} ")
    return match is not None and match["name"].lower() in phrases.FIRST_HEADERS


def _cut(lines: list[str]) -> int:
    """The line at which the original mail begins, the number of lines where none is seen."""
    quoted, unquoted = _counts_to_the_end(lines)
    for number, line in enumerate(lines):
        if len(line) > _LONGEST_ATTRIBUTION:
            continue
        if _MARKER in line.casefold() and not line.lstrip()[:1].isalnum():
            return number
        if phrases.ORIGINAL_MESSAGE.fullmatch(line) or _is_header_block(lines, number):
            return _rule_above(lines, number)
        length, names_an_address = _attribution(lines, number)
        after = number + length
        # Without quote marks only an address shows that this is no sentence of the customer's;
        # where both kinds of lines follow, an answer is below or between them, and all is kept.
        if length and (not unquoted[after] or (names_an_address and not quoted[after])):
            return number
    return len(lines)


def _is_header_block(lines: list[str], start: int) -> bool:
    if not is_header_line(lines[start]):
        return False
    window = [line for line in lines[start : start + _LONGEST_HEADER_BLOCK] if line.strip()]
    seen = 0
    for line in window:
        if not phrases.HEADER_LINE.match(f"{line[:_LONGEST_ATTRIBUTION]} "):
            break
        seen += 1
    return seen >= _HEADERS_NEEDED


def _rule_above(lines: list[str], number: int) -> int:
    """Where the rule that Outlook draws above its header block begins."""
    above = number - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above >= 0 and len(lines[above]) > 9 and not lines[above].strip().strip("_-"):
        return above
    return number


def _attribution(lines: list[str], start: int) -> tuple[int, bool]:
    """How many lines an attribution such as “On 3 May, Ann wrote:” has, and if it has an address.

    No lines where there is none. One that begins in a later line begins there.
    """
    if not _may_begin(lines[start]):
        return 0, False
    joined = ""
    for length in range(1, min(_ATTRIBUTION_LINES, len(lines) - start) + 1):
        line = lines[start + length - 1].strip()
        if length > 1 and _has_digit(line) and phrases.ATTRIBUTION_START.match(line):
            return 0, False
        joined = f"{joined} {line}".translate(_UNSEEN)
        if len(joined) > _LONGEST_ATTRIBUTION:
            return 0, False
        if not joined.rstrip().endswith((":", "：")):
            continue
        if phrases.WROTE.search(joined):
            return (length if _has_digit(joined) or "@" in joined else 0), "@" in joined
        if "@" in joined and phrases.TIMED.search(joined):
            # Some languages need no verb. Then only quote marks below prove it.
            follows = next((other for other in lines[start + length :] if other.strip()), "")
            return (length if follows.lstrip().startswith(">") else 0), False
    return 0, False


def _may_begin(line: str) -> bool:
    line = line.translate(_UNSEEN)
    return bool(phrases.ATTRIBUTION_START.match(line) or phrases.NAME_AND_ADDRESS.match(line))


def _has_digit(text: str) -> bool:
    return re.search(r"\d", text) is not None


def _counts_to_the_end(lines: list[str]) -> tuple[list[int], list[int]]:
    """For each line, how many quoted and how many other lines there are from it to the end."""
    quoted, unquoted = [0], [0]
    for line in reversed(lines):
        marked = line.lstrip().startswith(">")
        quoted.append(quoted[-1] + marked)
        unquoted.append(unquoted[-1] + (bool(line.strip()) and not marked))
    return quoted[::-1], unquoted[::-1]


def _without_quotes_at_the_end(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    return lines[:end]
