"""What of a text the learner looks at: its words, pairs of words and runs of letters, hashed.

What stands for many things is masked first: links, mail addresses, amounts of money, long numbers.
So no order number and no link of one message speaks for or against another.
"""

import re
import zlib
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.learning.text import fold

_WORDS: Final = 1 << 18
SIZE: Final = 2 * _WORDS
"""How many weights there are: half for what is said, half for who says it.

Two grams may share one. No gram of a sender shares one with a word, of which seeds know.
"""


Indices = NDArray[np.uint32]
"""Which weights a text has, each once, in ascending order; never none."""

_MAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,64}\.[a-z]{2,}")
_LINK = re.compile(
    r"(?:https?://|www\.)\S+|(?<![\w.])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.(?:com|net|org|io|me|ly|gl|info|"
    r"biz|online|site|shop|store|club|live|xyz|top|icu|click|example|co|uk|es|it|de|fr|br|ru|cn|app|link)\b(?:/\S*)?"
)
_MONEY = re.compile(
    r"[$€£₹¥]\s?\d[\d.,]*(?:\s?(?:k|m|million|mio|mln|millones|milioni|milhoes)\b)?"
    r"|\d[\d.,]*\s?(?:[$€£₹¥]|(?:eur|euros?|usd|gbp|dollars?|pounds?|libras|dolares|dollari|reais)\b)"
)
_PHONE = re.compile(r"\+?\d[\d ().-]{6,20}\d")
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"<\w+>|[\w']+|[!?]+")
OF_SENDERS: Final = ("from:", "domain:")
"""How the grams begin that say who sent a text. No word has a colon in it."""

_FACTORS: Final = tuple(
    np.uint32(factor) for factor in (0x9E3779B1, 0x85EBCA6B, 0xC2B2AE35, 0x27D4EB2F)
)
_LETTERS_OF_A_RUN: Final = len(_FACTORS)
_LONGEST_WORD = 30
_LONG_NUMBER = 6
_SHOUTED = 0.5
_ENOUGH_LETTERS = 12


def grams(text: str) -> list[str]:
    """The words of a text, its `two words`, marks such as `<link>`; some come more than once."""
    return _grams(_words(text), text)


def hashed(text: str, *more: str) -> Indices:
    """The indices of a text's weights: of its grams, its runs of letters, and further grams.

    Further grams say, for example, who sent it.
    """
    words = _words(text)
    spread = [_spread(gram) for gram in {*_grams(words, text)}]
    of_grams = np.fromiter(spread, np.uint32) & np.uint32(_WORDS - 1)
    further = np.fromiter(map(index_of, more), np.uint32)
    return np.unique(np.concatenate([of_grams, further, _runs(" ".join(words))]))


def _grams(words: list[str], text: str) -> list[str]:
    found = ["<any>", *words, *map(" ".join, pairwise(words))]
    return [*found, "<shouted>"] if _is_shouted(text) else found


def _runs(joined: str) -> Indices:
    """The indices of all runs of four letters, spaces between words among them."""
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.dtype("<u4"))
    if len(codes) < _LETTERS_OF_A_RUN:
        return np.empty(0, np.uint32)
    # As crc32 would, this spreads them over all weights; for thousands at once it is faster.
    mixed = np.zeros(len(codes) - _LETTERS_OF_A_RUN + 1, np.uint32)
    for place, factor in enumerate(_FACTORS):
        mixed += codes[place : place + len(mixed)] * factor
    mixed ^= mixed >> np.uint32(15)
    mixed *= _FACTORS[0]
    mixed ^= mixed >> np.uint32(13)
    return mixed & np.uint32(_WORDS - 1)


def index_of(gram: str) -> int:
    """The index of a gram's weight."""
    place = _spread(gram) & (_WORDS - 1)
    return place + _WORDS if gram.startswith(OF_SENDERS) else place


def _spread(gram: str) -> int:
    return zlib.crc32(gram.encode("utf-8", "surrogatepass"))


def _words(text: str) -> list[str]:
    return [word[:_LONGEST_WORD] for word in _WORD.findall(_masked(fold(text)))]


def _masked(folded: str) -> str:
    masked = _MAIL.sub(" <mail> ", folded)
    masked = _LINK.sub(" <link> ", masked)
    masked = _MONEY.sub(" <money> ", masked)
    masked = _PHONE.sub(" <phone> ", masked)
    return _NUMBER.sub(lambda digits: f" <n{min(len(digits[0]), _LONG_NUMBER)}> ", masked)


def _is_shouted(text: str) -> bool:
    letters = [*filter(str.isalpha, text[:500])]
    capitals = sum(map(str.isupper, letters))
    return len(letters) > _ENOUGH_LETTERS and capitals > _SHOUTED * len(letters)
