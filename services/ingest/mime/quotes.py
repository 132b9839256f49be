"""What of a mail's text the customer newly wrote. One pass over its lines.

Whatever is doubtful is kept: to show a quote again is a smaller fault than to hide an answer.
"""

import re

_MARKER = "reply above this line"
_LONGEST = 256 * 1024
_LONGEST_ATTRIBUTION = 250
_ATTRIBUTION_LINES = 3

_ORIGINAL_MESSAGE = re.compile(
    r"\s{0,9}[-_]{2,60}\s{0,9}(?:original message|original appointment|mensaje original"
    r"|messaggio originale|message d['’]origine|urspr(?:ü|ue)ngliche nachricht"
    r"|mensagem original|reply message|messaggio inoltrato originale)\s{0,9}[-_]{0,60}\s{0,9}",
    re.IGNORECASE,
)
_FORWARDED = re.compile(
    r"\s{0,9}(?:[-_]{2,60}\s{0,9}(?:forwarded message|mensaje reenviado|messaggio inoltrato"
    r"|message transféré|weitergeleitete nachricht|mensagem encaminhada)\s{0,9}[-_]{0,60}"
    r"|begin forwarded message:|inizio messaggio inoltrato:|inicio del mensaje reenviado:"
    r"|début du message réexpédié\s?:|anfang der weitergeleiteten nachricht:)\s{0,9}",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|i|inoltro)\s*:", re.IGNORECASE)
_ATTRIBUTION_START = re.compile(
    r"\s{0,9}(?:on|el|le|am|il|em|op|den|a|in)\s", re.IGNORECASE
)
_DATE_START = re.compile(r"\s{0,9}(?:\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4})")
_ATTRIBUTION_VERB = re.compile(
    r"(?:\bwrote|\bescribi(?:ó|o)|\bha scritto|\bscrive|\ba écrit|\bschrieb(?:\s[^:\n]{0,120})?"
    r"|\bescreveu|\bschreef)\s{0,3}:\s{0,9}\Z",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(
    r"\s{0,9}\*{0,2}(?P<name>from|sent|to|date|subject|cc"
    r"|de|enviado(?: el)?|enviada(?: em)?|para|fecha|data|asunto|assunto"
    r"|da|inviato|a|oggetto|envoyé|à|objet|von|gesendet|an|datum|betreff)\s{0,3}:\*{0,2}\s",
    re.IGNORECASE,
)
_FIRST_HEADER = frozenset({"from", "de", "da", "von"})
_HEADERS_NEEDED = 3


def new_text(text: str, subject: str = "") -> str:
    """The text without the mail it answers; all of it where it forwards one or answers inline."""
    lines = text[:_LONGEST].split("\n")
    if _FORWARD_SUBJECT.match(subject[:50]) or any(map(_forwards, lines)):
        return text
    kept = _without_quotes_at_the_end(lines[: _cut(lines)])
    stripped = "\n".join(kept).strip()
    # Not even a letter left: whatever was meant, it is in what was cut.
    return stripped if len(stripped) > 1 else text


def _forwards(line: str) -> bool:
    return len(line) < _LONGEST_ATTRIBUTION and bool(_FORWARDED.fullmatch(line))


def _cut(lines: list[str]) -> int:
    """The line at which the original mail begins, the number of lines where none is seen."""
    quoted, unquoted = _counts_to_the_end(lines)
    for number, line in enumerate(lines):
        if len(line) > _LONGEST_ATTRIBUTION:
            continue
        if _MARKER in line.casefold() and not line.lstrip()[:1].isalnum():
            return number
        if _ORIGINAL_MESSAGE.fullmatch(line) or _is_header_block(lines, number):
            return _rule_above(lines, number)
        length, names_an_address = _attribution(lines, number)
        after = number + length
        # Without quote marks only an address shows that this is no sentence of the customer's;
        # where both kinds of lines follow, an answer is below or between them, and all is kept.
        if length and (not unquoted[after] or (names_an_address and not quoted[after])):
            return number
    return len(lines)


def _is_header_block(lines: list[str], start: int) -> bool:
    match = _HEADER_LINE.match(lines[start])
    if match is None or match["name"].lower() not in _FIRST_HEADER:
        return False
    window = [line[:_LONGEST_ATTRIBUTION] for line in lines[start : start + 8] if line.strip()]
    seen = 0
    for line in window:
        if not _HEADER_LINE.match(line + " "):
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

    No lines where there is none.
    """
    if not (_ATTRIBUTION_START.match(lines[start]) or _DATE_START.match(lines[start])):
        return 0, False
    joined = ""
    for length in range(1, min(_ATTRIBUTION_LINES, len(lines) - start) + 1):
        joined = f"{joined} {lines[start + length - 1].strip()}"
        if len(joined) > _LONGEST_ATTRIBUTION:
            return 0, False
        if _ATTRIBUTION_VERB.search(joined):
            dated = re.search(r"\d|@", joined) is not None
            return (length if dated else 0), "@" in joined
    return 0, False


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
