"""Takes off what a publisher put around a provider's payload, before the channel's reader. Pure.

A value is the provider's own bytes, or one of:

- our wrapper, a JSON object `{provider, content_type, received_at, headers, query,
  body | body_b64}` with a `provider` or a `content_type`. `body` is text or JSON, `body_b64` bytes
  in base64; a webhook that was a GET has a `query` alone;
- CloudEvents 1.0, structured or in batches; in Kafka's binary mode (headers `ce_…`) the value is
  the payload already.

What the wrapper said becomes headers of the record: `x-provider`, `content-type` and
`x-received-at` (where the record has a Kafka header of that name already, that one stays), `ce_…`
as in the binary mode, and the webhook's HTTP headers as `http-…`. The prefix keeps a provider from
setting a header that ingest trusts.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from services.ingest.refusals import Refused
from shared.bus.delivery import Headers, Record

_MARKS = (b'"provider"', b'"content_type"', b'"specversion"')
_BODIES = ("body", "body_b64", "query")
_ATTRIBUTES = ("id", "source", "type", "subject", "time", "specversion")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?", re.ASCII)
_FORM = "application/x-www-form-urlencoded"
_DEEPEST = 3


def unwrapped(record: Record) -> tuple[Record, ...]:
    """Records whose value is the provider's payload itself; a batch of events gives several.

    Raises Refused where a wrapper's `body_b64` is not base64.
    """
    return tuple(_unwrapped(record, 0))


def with_provider(record: Record, provider: str | None) -> Record:
    """The record with `provider` in its header, unless a header names a provider already."""
    if provider is None or record.header("x-provider"):
        return record
    return replace(record, headers=(*record.headers, ("x-provider", provider.encode())))


def _unwrapped(record: Record, depth: int) -> Iterator[Record]:
    around = _around(record.value or b"") if depth < _DEEPEST else ()
    if not around:
        yield record
    for item in around:
        inner = _of_event(record, item) if "specversion" in item else _of_wrapper(record, item)
        yield from _unwrapped(inner, depth + 1)


def _around(value: bytes) -> list[dict[str, Any]]:
    """The wrappers or events in the value; none if the value is the payload itself."""
    if value.lstrip()[:1] not in (b"{", b"[") or not any(mark in value for mark in _MARKS):
        return []
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return []  # the channel's reader refuses it, and says why
    if isinstance(found, list):
        return found if found and all(map(_is_event, found)) else []
    return [found] if _is_event(found) or _is_wrapper(found) else []


def _is_event(found: object) -> bool:
    return isinstance(found, dict) and all(
        isinstance(found.get(name), str) for name in ("specversion", "type", "source", "id")
    )


def _is_wrapper(found: object) -> bool:
    return (
        isinstance(found, dict)
        and any(isinstance(found.get(name), str) for name in ("provider", "content_type"))
        and any(name in found for name in _BODIES)
    )


def _of_wrapper(record: Record, wrapper: Mapping[str, Any]) -> Record:
    sent = wrapper.get("headers")
    http = {
        str(name).lower(): str(text)
        for name, text in (sent.items() if isinstance(sent, dict) else ())
    }
    value, content_type = _body(wrapper), wrapper.get("content_type") or http.get("content-type")
    query = wrapper.get("query")
    if value is None or (not value and isinstance(query, dict) and query):
        value, content_type = _form(query), _FORM
    said = {
        "x-provider": wrapper.get("provider"),
        "x-received-at": wrapper.get("received_at"),
        "x-mail-from": wrapper.get("mail_from"),
        "x-rcpt-to": _joined(wrapper.get("rcpt_to")),
    } | {f"http-{name}": text for name, text in http.items()}
    return _with(record, value, content_type, said)


def _joined(addresses: object) -> object:
    return ", ".join(map(str, addresses)) if isinstance(addresses, list) else addresses


def _body(wrapper: Mapping[str, Any]) -> bytes | None:
    encoded = wrapper.get("body_b64")
    if isinstance(encoded, str):
        return _decoded(encoded)
    return _bytes(wrapper["body"]) if wrapper.get("body") is not None else None


def _form(query: object) -> bytes:
    return (
        urlencode(query, doseq=True, errors="replace").encode() if isinstance(query, dict) else b""
    )


def _of_event(record: Record, event: Mapping[str, Any]) -> Record:
    encoded = event.get("data_base64")
    value = _decoded(encoded) if isinstance(encoded, str) else _bytes(event.get("data"))
    said = {f"ce_{name}": event.get(name) for name in _ATTRIBUTES}
    return _with(record, value, event.get("datacontenttype"), said)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("malformed", f"what should be base64 is not: {error}") from None


def _bytes(body: object) -> bytes:
    """The body as bytes: text as it is, JSON written out. Lone surrogates are kept."""
    if body is None:
        return b""
    text = body if isinstance(body, str) else json.dumps(body)
    return text.encode("utf-8", "surrogatepass")


def _with(record: Record, value: bytes, content_type: object, said: Mapping[str, object]) -> Record:
    """The record with that value. Its own headers win over what its wrapper said."""
    inner: Headers = tuple(
        (name, str(text).encode(errors="replace")) for name, text in said.items() if text
    )
    own = tuple(header for header in record.headers if header[0].lower() != "content-type")
    # Some senders put a date here: only what looks like a media type is one.
    if isinstance(content_type, str) and _MEDIA_TYPE.fullmatch(content_type.strip()):
        inner += (("content-type", content_type.strip().encode(errors="replace")),)
    return replace(record, value=value, headers=inner + own)
