"""How phrases are written down, and how a text is made ready to look for them.

Each line is one way to say a thing, a regular expression. A line that ends in a backslash goes on
in the next; a line that begins with `#` says what follows. Case and the accents of Latin letters do
not count. Whoever adds one: no repetition within a repetition, and bounded ones only.
"""

import re
import unicodedata
from typing import Final

_SPECIAL = {"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe"}
_SPECIAL |= {"ı": "i", "đ": "d", "’": "'", "‘": "'"}
_GOES_ON = re.compile(r"\\\n\s*")


def _bare(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter


_LATIN = map(chr, range(0xC0, 0x250))
_PLAIN: Final = str.maketrans({letter: _bare(letter) for letter in _LATIN} | _SPECIAL)


def plain(text: str) -> str:
    """The text without the accents of Latin letters, and with its spaces folded into one."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())


def ways(lines: str) -> str:
    """The ways to say something as one regular expression."""
    each = (line.strip() for line in _GOES_ON.sub("", lines.translate(_PLAIN)).split("\n"))
    return "|".join(line for line in each if line and not line.startswith("#"))


def pattern(lines: str) -> re.Pattern[str]:
    """Any of the ways, anywhere in a text."""
    return re.compile(ways(lines), re.IGNORECASE)
