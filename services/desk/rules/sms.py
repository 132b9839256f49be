"""How many SMS a text is: what a phone's alphabets hold, and where a long text is parted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_ALONE: Final[dict[Encoding, int]] = {"GSM-7": 160, "UCS-2": 70}
_EACH: Final[dict[Encoding, int]] = {"GSM-7": 153, "UCS-2": 67}


@dataclass(frozen=True, slots=True)
class Sms:
    """A text as it is sent by SMS.

    `units` are septets in GSM-7 (a sign of the extension table takes two), 16-bit units in UCS-2
    (an emoji takes two). `parts` are the segments' texts: together they are the text. `left` is
    how many units are free before another segment is needed.
    """

    encoding: Encoding
    units: int
    parts: tuple[str, ...]
    left: int

    @property
    def segments(self) -> int:
        """How many SMS are paid for; none for an empty text."""
        return len(self.parts)


def segments(text: str) -> Sms:
    """The text as SMS. One segment holds 160 or 70 units, each of several 153 or 67.

    No sign of two units is parted: neither an escaped sign of GSM-7 nor a surrogate pair.
    """
    encoding: Encoding = "GSM-7" if all(map(_in_gsm, text)) else "UCS-2"
    units_of = _septets if encoding == "GSM-7" else _words
    units = sum(map(units_of, text))
    alone, each = _ALONE[encoding], _EACH[encoding]
    if units <= alone:
        return Sms(encoding, units, (text,) if text else (), alone - units)
    parts = _parted(text, units_of, each)
    return Sms(encoding, units, parts, each - sum(map(units_of, parts[-1])))


def _parted(text: str, units_of: Callable[[str], int], each: int) -> tuple[str, ...]:
    parts: list[str] = []
    begin = units = 0
    for place, sign in enumerate(text):
        size = units_of(sign)
        if units + size > each:
            parts.append(text[begin:place])
            begin, units = place, 0
        units += size
    return (*parts, text[begin:])


def _in_gsm(sign: str) -> bool:
    return sign in _BASIC or sign in _EXTENSION


def _septets(sign: str) -> int:
    return 2 if sign in _EXTENSION else 1


def _words(sign: str) -> int:
    return 2 if sign > "\uffff" else 1
