"""Recognises keywords (ING 3). A message is one only if the keyword is all that it says."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.contracts.accounts import Keyword
from shared.contracts.signals import KeywordClass

_CARRIERS: dict[KeywordClass, str] = {
    # YES is no start word, because customers answer agents' questions with it.
    "stop": "STOP|STOPALL|STOP ALL|UNSUBSCRIBE|END|QUIT|CANCEL|REVOKE|OPTOUT|OPT OUT|OPT-OUT",
    "start": "START|UNSTOP",
    "help": "HELP|INFO",
}
_LANGUAGES: dict[str, dict[KeywordClass, str]] = {
    "de": {"stop": "STOPP|ABMELDEN", "help": "HILFE"},
    "es": {"stop": "ALTO|PARAR|BAJA|CANCELAR", "help": "AYUDA"},
    "fr": {"stop": "ARRÊT|ARRÊTER|DÉSABONNER", "help": "AIDE"},
    "it": {"stop": "ANNULLA|CANCELLA", "help": "AIUTO"},
    "nl": {"stop": "AFMELDEN"},
    "pl": {"stop": "REZYGNUJĘ", "help": "POMOC"},
    "pt": {"stop": "PARAR|SAIR|CANCELAR", "help": "AJUDA"},
}
LANGUAGES = frozenset(_LANGUAGES)
"""Languages (ISO 639-1) whose words an account may switch on; others are ignored."""

_SURELY_STOP = frozenset({"stop", "stopall", "unsubscribe", "optout", "opt-out"})
_LONGEST_KEYWORD = 100
_SYMBOLS_AROUND = frozenset("`´~^|<>=+")


@dataclass(frozen=True, slots=True)
class Match:
    """A keyword as the list has it, and what it asks for."""

    keyword: str
    class_: KeywordClass


def normal_form(text: str) -> str:
    """The form in which keywords are compared: `“STOP!”`, for example, becomes `stop`.

    Case, width and invisible characters do not count, nor do blanks and punctuation around it.
    """
    if text.isascii():  # as most are: nothing in it is wide or invisible
        return " ".join(text.lower().strip(_ASCII_AROUND).split())
    text = unicodedata.normalize("NFKC", text)
    text = "".join(character for character in text if not _invisible(character)).casefold()
    start, end = 0, len(text)
    while start < end and _surrounds(text[start]):
        start += 1
    while end > start and _surrounds(text[end - 1]):
        end -= 1
    return " ".join(text[start:end].split())


def _invisible(character: str) -> bool:
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _surrounds(character: str) -> bool:
    return (
        character.isspace()
        or character in _SYMBOLS_AROUND
        or unicodedata.category(character).startswith("P")
    )


_ASCII_AROUND = "".join(character for character in map(chr, range(128)) if _surrounds(character))


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def _table(lists: Mapping[KeywordClass, str]) -> dict[str, Match]:
    return {
        normal_form(word): Match(word, class_)
        for class_, words in lists.items()
        for word in words.split("|")
    }


_DEFAULTS = _table(_CARRIERS)
_TABLES = {language: _table(lists) for language, lists in _LANGUAGES.items()}


@lru_cache(maxsize=1_000)
def _words(
    own: Sequence[Keyword], languages: Sequence[str]
) -> tuple[Mapping[str, Match], Mapping[str, Match]]:
    """An account's keywords by their normal form, and by that without accents."""
    words: dict[str, Match] = {}
    for language in languages:
        words |= _TABLES.get(language.partition("-")[0].casefold(), {})
    words |= _DEFAULTS
    words |= {normal_form(word.word): Match(word.word, word.class_) for word in own}
    plain: dict[str, Match] = {}
    for word, found in words.items():
        plain.setdefault(_without_accents(word), found)
    return words, plain


def match(text: str, own: Sequence[Keyword], languages: Sequence[str] = ()) -> Match | None:
    """The keyword that is all of the text; None if the text says more, or something else.

    If a word is in several lists, the account's own list counts before the carriers', and this one
    before those of the `languages` that the account has switched on (of `fr-CA`, `fr` counts). A
    word with the same accents as the text counts before one that differs only in its accents.
    """
    if len(text) > _LONGEST_KEYWORD * 4:
        return None
    said = normal_form(text)
    if not said:
        return None
    words, plain = _words(tuple(own), tuple(languages))
    return words.get(said) or plain.get(_without_accents(said))


def may_be_opt_out(text: str) -> bool:
    """Whether a message that is no keyword begins with a word that surely means stop."""
    words = normal_form(text[:_LONGEST_KEYWORD]).split(maxsplit=1)
    return bool(words) and words[0].strip(".,;:!") in _SURELY_STOP
