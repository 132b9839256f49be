"""A text as it is compared: without its disguises."""

import re
import unicodedata
from typing import Final

LONGEST_TEXT: Final = 2_000
"""Characters that are looked at: what counts is said early, and the work stays bounded."""

_LONGEST_RAW = 2 * LONGEST_TEXT
LONGEST_GIVEN: Final = 20 * LONGEST_TEXT
"""Characters of which these may be chosen: what nobody sees is left out before."""

_ZERO_WIDTH = dict.fromkeys(
    (
        *(0xAD, 0x34F, 0x61C, 0xFEFF),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xFE00, 0xFE10),
    )
)
_INVISIBLE = frozenset({"Cf", "Cc", "Co", "Cn", "Mn", "Me"})
_CONTROLS = dict.fromkeys(code for code in range(128) if not chr(code).isprintable())
# Letters of other scripts that look like Latin ones; words of these scripts are changed too, which
# no phrase minds.
_LOOK_ALIKE = str.maketrans("аеорсхуіѕјһԁɡοανρικτ\u2019\u02bc", "aeopcxyisjhdgoavpikt''")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """The text as people read it, in plain letters; `LONGEST_TEXT` characters at most.

    Letters that only look like Latin ones become Latin ones. Accents are dropped, so that "aquí"
    and "aqui" are one word.
    """
    # Capped before as well as after: one character may decompose into eighteen.
    raw = text[:LONGEST_GIVEN]
    if not raw.isascii():
        raw = raw.translate(_ZERO_WIDTH)
    raw = raw[:_LONGEST_RAW]
    plain = _SPACE.sub(" ", raw.lower() if raw.isascii() else _latin(raw)).strip()
    return plain.translate(_CONTROLS)[:LONGEST_TEXT]


def _latin(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        letter
        for letter in letters
        if letter.isspace() or unicodedata.category(letter) not in _INVISIBLE
    ).translate(_LOOK_ALIKE)
