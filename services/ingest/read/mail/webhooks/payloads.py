"""What webhooks of mail providers post: JSON, or a form whose fields are bytes."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from services.ingest.read.mail.delivery import Delivery, of_record
from services.ingest.read.mail.webhooks import forms
from services.ingest.read.mail.webhooks.forms import Form
from services.ingest.read.text import Fields, parse_json
from services.ingest.refusals import Refused
from shared.bus.delivery import Record

_FORM = re.compile(rb"[A-Za-z0-9_.%+\[\]-]{1,100}=")


@dataclass(frozen=True)
class Payload:
    """A record's value, which may be JSON, a form or a raw mail."""

    record: Record

    @property
    def value(self) -> bytes:
        """The bytes."""
        return self.record.value or b""

    @property
    def content_type(self) -> str:
        """What the bytes are declared to be; empty where nobody says."""
        return self.record.header("content-type") or ""

    def delivery(self, provider: str) -> Delivery:
        """What the record's headers say of the delivery."""
        return of_record(self.record, provider)

    @property
    def is_json(self) -> bool:
        """Whether it is an object or a list; no mail begins with a bracket."""
        return self.value.lstrip()[:1] in (b"{", b"[")

    @cached_property
    def json(self) -> Fields:
        """The JSON object, its text clean. Raises Refused for what is no JSON."""
        return Fields(parse_json(self.value))

    @property
    def is_form(self) -> bool:
        """Whether it is a form, declared as such or not."""
        return (
            forms.is_multipart(self.value, self.content_type)
            or "urlencoded" in self.content_type.lower()
            or _FORM.match(self.value) is not None
        )

    @cached_property
    def form(self) -> Form:
        """The form. Raises Refused for what is none."""
        if forms.is_multipart(self.value, self.content_type):
            return forms.multipart(self.value, self.content_type)
        if not self.is_form:
            raise Refused("malformed", "neither a form nor declared as one")
        return forms.urlencoded(self.value)


def raw_text(document: bytes | str, *path: str) -> bytes | None:
    """The text at `path` in a JSON document, with its control characters; None if there is none.

    A mail whose text was cleaned is no mail any more, because some charsets use control characters.
    """
    try:
        found: Any = json.loads(document)
    except (ValueError, RecursionError):
        return None
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found.encode("utf-8", "surrogatepass") if isinstance(found, str) and found else None


def from_base64(text: str) -> bytes | None:
    """The bytes that a text in base64 stands for; None where it is none."""
    try:
        return base64.b64decode("".join(text.split()).encode(), validate=True)
    except (binascii.Error, ValueError):
        return None


def size_of(base64_text: str) -> int:
    """How many bytes a text in base64 stands for."""
    letters = len(base64_text) - base64_text.count("\n") - base64_text.count("\r")
    return letters * 3 // 4 - base64_text[-2:].count("=")
