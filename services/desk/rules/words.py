"""The words that a text is found by."""

import re
import unicodedata
from typing import Final

LONGEST_TEXT: Final = 20_000
"""Characters of a text that are looked at."""

LONGEST_WORD: Final = 64
"""Characters of a word that are kept."""

MOST_ASKED: Final = 8
"""Words of a search that count."""

_WORD = re.compile(r"[^\W_]+(?:['’@._+-]+[^\W_]+)*")
_PARTS = re.compile(r"[^\W_]+")
_BETWEEN_DIGITS = re.compile(r"[\s()./+-]")
_AROUND = ".,;:!?()<>[]\"'"
_SHORTEST_NUMBER = 6


def plain(text: str) -> str:
    """The text as it is compared: without capitals and accents."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, each once: those of two and more characters, and digits.

    What is joined by dots, hyphens and the like is found whole and by its parts; long numbers, too,
    without what stands between their digits and without zeros before them.
    """
    found: dict[str, None] = {}
    for match in _WORD.finditer(plain(text[:LONGEST_TEXT])):
        word = match.group()
        found[word[:LONGEST_WORD]] = None
        for part in _PARTS.findall(word):
            found[part[:LONGEST_WORD]] = None
        if word[0].isdigit() and (number := number_of(word)):
            found[number] = None
    return tuple(word for word in found if len(word) > 1 or word.isdigit())


def number_of(word: str) -> str | None:
    """A number of six digits or more as it is looked for; None for anything else."""
    digits = _BETWEEN_DIGITS.sub("", word)
    if len(digits) < _SHORTEST_NUMBER or not digits.isdecimal():
        return None
    return (digits.lstrip("0") or digits)[:LONGEST_WORD]


def asked(text: str) -> tuple[str, ...]:
    """The words that somebody searches for, the last one perhaps begun only.

    An address, a phone number (with whatever between its digits) and `#42` are looked for whole. A
    text without any word is one that nothing is found by.
    """
    given = plain(text[:200]).strip()
    if number := number_of(given):
        return (number,)
    found: list[str] = []
    for word in given.split():
        if number := number_of(word):
            found.append(number)
        elif "@" in word or word.startswith("#"):
            found.append((word.strip(_AROUND) or word)[:LONGEST_WORD])
        else:
            found += [part[:LONGEST_WORD] for part in _PARTS.findall(word)]
    kept = [w for w in found[:-1] if len(w) > 1 or w.isdigit()] + found[-1:]
    if given and not kept:
        return (given[:LONGEST_WORD],)
    once = list(dict.fromkeys(kept))
    return tuple(once if len(once) <= MOST_ASKED else [*once[: MOST_ASKED - 1], once[-1]])
