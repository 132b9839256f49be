"""Finds out which provider's format a record is in, and reads it.

A further provider is one more `Format` in its channel's module.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from services.ingest.read.findings import Finding
from services.ingest.read.text import clean, parse_json
from services.ingest.refusals import Refused
from shared.bus.delivery import Record

_FORM = re.compile(rb"[A-Za-z0-9_.%+\[\]-]+=")
_MOST_FIELDS = 2_000


@dataclass(frozen=True, slots=True)
class Format:
    """How one provider delivers.

    `recognises` is asked about a parsed payload where no header names the provider. `read` gives at
    least one finding, or raises Refused where nothing in the payload can be taken.
    """

    provider: str
    recognises: Callable[[Any], bool]
    read: Callable[[Any, Record], list[Finding]]


def read(record: Record, formats: Sequence[Format]) -> list[Finding]:
    """What the record says. The header `x-provider` names its format, else its looks decide."""
    payload = _payload(record)
    named = (record.header("x-provider") or "").strip().lower()
    for form in formats:
        if form.provider == named or (not named and form.recognises(payload)):
            return form.read(payload, record)
    known = ", ".join(form.provider for form in formats)
    raise Refused("unknown_provider", f"{named or 'the payload'} is none of: {known}")


def _payload(record: Record) -> Any:  # noqa: ANN401  # whatever the provider sent
    value = (record.value or b"").strip()
    if not value:
        raise Refused("empty", "a record without a value says nothing")
    declared = (record.header("content-type") or "").lower()
    if value[:1] not in b"{[" and ("urlencoded" in declared or _FORM.match(value)):
        return _form(value)
    return parse_json(value)


def _form(value: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            value.decode("ascii", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise Refused("malformed", f"no form: {error}") from None
    return {clean(name): clean(text) for name, text in pairs}
