"""What of a mail's text the customer newly wrote.

Whatever is doubtful is kept: to show a quote again is a smaller fault than to hide an answer.
"""

from functools import lru_cache

from services.ingest.read.mail.quoting import closings, phrases
from services.ingest.read.mail.quoting.quoted import Quote, has_mark, quotes_in

_LONGEST = 256 * 1024
_LONGEST_LINE = 300
_GREETING_WORDS = 5


def new_text(text: str, subject: str = "") -> str:
    """The text without the mail it answers; all of it where it forwards one or answers inline.

    Without a phone's line, a list's footer, a signature below two dashes or a company's notice at
    the end, too. Where nothing else is left, it is the whole text.
    """
    return text if forwards(text, subject) else _without_quotes(text)


@lru_cache(maxsize=4)
def _without_quotes(text: str) -> str:
    """What is left of the text of an answer: it is asked twice about a mail, at once."""
    lines = text[:_LONGEST].split("\n")
    stripped = "\n".join(_own(lines)).strip()
    # Nothing left that says anything: whatever was meant, it is in what was cut.
    return stripped if stripped.strip("-_=*>|.,:;") else text


def forwards(text: str, subject: str) -> bool:
    """Whether a mail is passed on rather than answered."""
    if phrases.FORWARD_SUBJECT.match(subject[:50]):
        return True
    lines = text[:_LONGEST].split("\n")
    return any(len(line) < _LONGEST_LINE and phrases.FORWARDED.fullmatch(line) for line in lines)


def _own(lines: list[str]) -> list[str]:
    """The lines that the customer wrote; with what they answer, where they did so between lines."""
    quotes = _proven(lines, list(quotes_in(lines)))
    if not quotes:
        return closings.without_closing(lines)
    places = [0, *(quote.end for quote in quotes)]
    ends = [*(quote.start for quote in quotes), len(lines)]
    pieces = [lines[start:end] for start, end in zip(places, ends, strict=True)]
    above = closings.without_closing(pieces[0])
    below = closings.without_closing(pieces[-1])
    between = any(line.strip() for piece in pieces[1:-1] for line in piece)
    if not between and _is_greeting(above) and below:
        return [*above, "", *below]
    if not between and not (above and below):
        return above or below
    # Answers between the lines, or above and below: these are read together with the quotes.
    if below:
        return lines[: places[-1] + len(below)]
    last = quotes[-1]
    marked = any(map(has_mark, lines[last.start : last.end]))
    return closings.without_closing(lines[: last.end if marked else last.start])


def _proven(lines: list[str], quotes: list[Quote]) -> list[Quote]:
    """The quotes without marked lines that may be the customer's own, such as a list.

    So are those in the text above a mail that is introduced, and those at the top that the text
    goes on from without a blank line.
    """
    quotes = [quote for quote in quotes if quote.introduced or not _is_announced(lines, quote)]
    introduced = [quote for quote in quotes if quote.introduced]
    if introduced and any(line.strip() for line in lines[: quotes[0].start]):
        return quotes[quotes.index(introduced[0]) :]
    first = quotes[0] if quotes else None
    if first and not first.introduced and first.end < len(lines) and len(quotes) == 1:
        goes_on = lines[first.end].strip() and not any(map(str.strip, lines[: first.start]))
        return [] if goes_on else quotes
    return quotes


def _is_announced(lines: list[str], quote: Quote) -> bool:
    """Whether the line above ends with a colon: the customer's own list, or log, follows."""
    above = next((line for line in reversed(lines[: quote.start]) if line.strip()), "")
    return above.rstrip().endswith((":", "："))


def _is_greeting(lines: list[str]) -> bool:
    said = " ".join(lines).split()
    return 0 < len(said) <= _GREETING_WORDS and said[-1].endswith((",", "!"))
