"""The words that a text is found by."""

import re
import unicodedata
from typing import Final

LONGEST_TEXT: Final = 20_000
"""Characters of a text that are looked at."""

LONGEST_WORD: Final = 64
"""Characters of a word that are kept."""

_WORD = re.compile(r"[^\W_]+(?:['’@.+-][^\W_]+)*")
_PARTS = re.compile(r"[^\W_]+")


def plain(text: str) -> str:
    """The text as it is compared: without capitals and accents."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, each once: those of two and more characters, and digits.

    What is joined by dots, hyphens and the like is found whole and by its parts.
    """
    found: dict[str, None] = {}
    for match in _WORD.finditer(plain(text[:LONGEST_TEXT])):
        word = match.group()
        found[word[:LONGEST_WORD]] = None
        for part in _PARTS.findall(word):
            found[part[:LONGEST_WORD]] = None
    return tuple(word for word in found if len(word) > 1 or word.isdigit())


def asked(text: str) -> tuple[str, ...]:
    """The words that somebody searches for, the last one perhaps begun only.

    An address, a phone number and `#42` are looked for whole.
    """
    found: list[str] = []
    for word in plain(text[:200]).split():
        digits = re.sub(r"[\s()./+-]", "", word)
        if digits.isdigit() and len(digits) > 5:
            found.append(digits.lstrip("0") or digits)
        elif "@" in word or word.startswith("#"):
            found.append(word[:LONGEST_WORD])
        else:
            found += [part[:LONGEST_WORD] for part in _PARTS.findall(word)]
    return tuple(dict.fromkeys(found))[:8]
