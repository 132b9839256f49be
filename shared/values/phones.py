"""Phone numbers in one form, so that equal ones compare equal whoever wrote them."""

import re
import unicodedata
from functools import lru_cache

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    country_code_for_region,
    format_number,
    is_possible_number,
    is_valid_number,
    is_valid_number_for_region,
    parse,
)

_FORMATTING = re.compile(r"[\s().\-/\u00a0\u00ad\u2010-\u2015\u2212]+")
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_SHORTEST, _LONGEST = 7, 15
_LONGEST_SHORT_CODE = 8
_LONGEST_WRITTEN = 60

_MEXICO = re.compile(r"\+52(1?)([0-9]{10})")
_ARGENTINA = re.compile(r"\+54(9?)([0-9]{10})")
_BRAZIL = re.compile(r"\+55([1-9][1-9])(9?)([6-9][0-9]{7})")


@lru_cache(maxsize=5_000)
def e164(written: str, region: str | None = None) -> str | None:
    """The number in E.164; None for what is none: a short code, a name, a local number.

    A number without a plus is taken for one of the `region` (ISO 3166, two letters) if people there
    write it like that, and otherwise for one that begins with its country's code. No number is
    refused for being unknown to the numbering plans: these change sooner than we do. Where a form
    decoder has made a space of the leading plus, the plus is put back.
    """
    if len(written) > _LONGEST_WRITTEN:
        return None
    text = written if written.isascii() else _plain(written)
    number = _FORMATTING.sub("", text.replace("(0)", "", 1) if "+" in text else text)
    if written.startswith(" ") and number[:1].isdigit():
        number = "+" + number
    if number.startswith("00"):
        number = "+" + number[2:]
    digits = number.removeprefix("+")
    if not _DIGITS.fullmatch(digits):
        return None
    if not number.startswith("+"):
        return _local(digits, region) or _complete(digits)
    return _international(digits)


def variants(number: str) -> tuple[str, ...]:
    """The numbers in E.164 that reach the same person, the one they are known by first.

    Networks write some mobile numbers with a digit that others leave out: Mexico's 1, Argentina's
    9, and the 9 that Brazil put before its mobile numbers.
    """
    if match := _MEXICO.fullmatch(number):
        return f"+52{match[2]}", f"+521{match[2]}"
    if match := _ARGENTINA.fullmatch(number):
        return f"+549{match[2]}", f"+54{match[2]}"
    if match := _BRAZIL.fullmatch(number):
        return f"+55{match[1]}9{match[3]}", f"+55{match[1]}{match[3]}"
    return (number,)


@lru_cache(maxsize=5_000)
def is_known(number: str) -> bool:
    """Whether the number in E.164 is a valid one by the numbering plans, as far as known here."""
    found = _parsed(number, None)
    return found is not None and is_valid_number(found)


def _plain(text: str) -> str:
    """The text with digits of whatever script and width as ASCII digits."""
    text = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(character, character)) for character in text)


def _international(digits: str) -> str | None:
    """The number in E.164 for the digits after a plus, without any trunk prefix; None for none."""
    if digits.startswith("0") or not _SHORTEST <= len(digits) <= _LONGEST:
        return None
    found = _parsed("+" + digits, None)
    if found is not None and is_possible_number(found):
        plain = format_number(found, PhoneNumberFormat.E164)
        # A second trunk prefix may have stood behind the first.
        return plain if plain == f"+{digits}" else _international(plain.removeprefix("+"))
    return "+" + digits


def _local(digits: str, region: str | None) -> str | None:
    """The number in E.164 for digits as they are written in the region; None if they are not.

    Digits that begin with the region's country code, and are a valid number with it, are not: they
    lack no more than the plus.
    """
    if region is None:
        return None
    if digits.startswith(str(country_code_for_region(region))) and is_known("+" + digits):
        return None
    found = _parsed(digits, region)
    if found is None or not is_valid_number_for_region(found, region):
        return None
    return format_number(found, PhoneNumberFormat.E164)


def _complete(digits: str) -> str | None:
    return _international(digits) if len(digits) > _LONGEST_SHORT_CODE else None


@lru_cache(maxsize=1_000)
def _parsed(number: str, region: str | None) -> PhoneNumber | None:
    """What the library makes of it: it is asked twice about most numbers, at once."""
    try:
        return parse(number, region)
    except NumberParseException:
        return None
