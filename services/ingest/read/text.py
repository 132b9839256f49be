"""Makes providers' text safe to store and to publish, without changing what it says."""

import json
import re
from math import isfinite
from typing import Any

from services.ingest.refusals import Refused

_DEEPEST = 50
LONGEST_TEXT = 100_000
"""How many characters of a body are kept. The raw record has the rest."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """The text without control characters, with lone surrogates mended and lines ending in LF."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def capped(text: str, flags: list[str]) -> str:
    """The part of the text that is kept. If it was longer, `truncated` is added to `flags`."""
    if len(text) <= LONGEST_TEXT:
        return text
    if "truncated" not in flags:
        flags.append("truncated")
    return text[:LONGEST_TEXT]


# What a JSON document must hold for any of its text to need cleaning.
_UNCLEAN = re.compile(rb"\\[urbf]|\x7f|\xc2[\x80-\x9f]|\xed[\xa0-\xbf]")


def parse_json(value: bytes) -> Any:  # noqa: ANN401  # JSON is anything
    """The JSON document with all text clean. Raises Refused for bad or too deeply nested JSON."""
    try:
        if _UNCLEAN.search(value) is None and value[:1] in (b"{", b"["):
            # Most payloads are such: walking through them would cost more than parsing them.
            document = _DECODER.decode(value.decode())
            if value.count(b"{") + value.count(b"[") <= _DEEPEST:
                return document
        else:
            document = json.loads(value, parse_constant=_no_number, parse_float=_finite)
        return _clean_tree(document, 0)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", f"not JSON: {str(error)[:200]}") from None


def _no_number(name: str) -> float:
    message = f"{name} is no number"
    raise ValueError(message)


def _finite(digits: str) -> float | None:
    """The number; None where it is too large for a float."""
    number = float(digits)
    return number if isfinite(number) else None


_DECODER = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)


def _clean_tree(value: Any, depth: int) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return clean(value)
    if not isinstance(value, list | dict):
        return value
    if depth >= _DEEPEST:
        message = f"nested deeper than {_DEEPEST}"
        raise ValueError(message)
    if isinstance(value, list):
        return [_clean_tree(item, depth + 1) for item in value]
    return {clean(key): _clean_tree(item, depth + 1) for key, item in value.items()}


class Fields:
    """A JSON object whose fields may be missing or of any type.

    A field of another type than the one asked for reads as if it were missing. So a provider's
    surprise makes a message poorer and does not lose it.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: object) -> None:
        self.raw: dict[str, Any] = raw if isinstance(raw, dict) else {}

    def __bool__(self) -> bool:
        return bool(self.raw)

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def text(self, name: str) -> str:
        """The field as text, numbers included; empty where it is neither."""
        value = self.raw.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return ""

    def fields(self, name: str) -> "Fields":
        """The object in the field; an empty one where there is none."""
        return Fields(self.raw.get(name))

    def each(self, name: str) -> list["Fields"]:
        """The objects of the list in the field. An item that is no object reads as an empty one."""
        value = self.raw.get(name)
        return [Fields(item) for item in value] if isinstance(value, list) else []

    def true(self, name: str) -> bool:
        """Whether the field is true."""
        return self.raw.get(name) is True

    def time(self, name: str) -> str | int | float | None:
        """The field as a time for `times.moment` to read; None where there is none."""
        value = self.raw.get(name)
        if isinstance(value, bool) or value in (None, ""):
            return None
        return value if isinstance(value, str | int | float) else "unreadable"
