"""`helpdesk tail`: any topic as it happens."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.bus.delivery import Record
from shared.topics import BY_NAME

_FIRST = ("account_id", "ticket_id", "seq", "type", "id", "occurred_at", "correlation_id")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are meant; an empty field takes all. `types` are types of the body."""

    account: str = ""
    ticket: str = ""
    types: frozenset[str] = frozenset()

    def __contains__(self, record: Record) -> bool:
        body = body_of(record)
        if self.account and self.account not in (_account(record, body), record.header("account")):
            return False
        if self.ticket and body.get("ticket_id") != self.ticket:
            return False
        return not self.types or body.get("type") in self.types


def body_of(record: Record) -> Mapping[str, Any]:
    """The record's value as a JSON object; an empty one where it is something else."""
    try:
        body = json.loads(record.value or b"")
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _account(record: Record, body: Mapping[str, Any]) -> str:
    if isinstance(named := body.get("account_id"), str):
        return named
    # A tombstone has only its key, which begins with the account.
    topic = BY_NAME.get(record.topic)
    plain = record.value is None and topic is not None and topic.compacted
    return (record.key or b"").decode(errors="replace").partition(":")[0] if plain else ""


def document(record: Record) -> dict[str, Any]:
    """The record as JSON has it: where it lies, when, its key, headers and value.

    A value that is not JSON is text; what is not UTF-8 is in base64, under `value_base64`.
    """
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "at": record.timestamp.isoformat(),
        "key": record.key.decode(errors="replace") if record.key is not None else None,
        "headers": {name: (told or b"").decode(errors="replace") for name, told in record.headers},
        **_value(record),
    }


def _value(record: Record) -> dict[str, Any]:
    if record.value is None:
        return {"value": None}
    try:
        text = record.value.decode()
    except UnicodeDecodeError:
        return {"value_base64": b64encode(record.value).decode()}
    try:
        return {"value": json.loads(text)}
    except (ValueError, RecursionError):
        return {"value": text}


def line(record: Record) -> str:
    """The record on one line, for people: when, where, and what it says, shortened."""
    head = f"{_clock(record.timestamp)} {record.topic.removeprefix('helpdesk.')}"
    if record.value is None:
        return f"{head} {(record.key or b'').decode(errors='replace')} deleted"
    body = body_of(record)
    if not body:
        return f"{head} {record.value[:_LONGEST].decode(errors='replace')!r}"
    seq = f" #{body['seq']}" if isinstance(body.get("seq"), int) else ""
    about = " ".join(str(body[name]) for name in ("account_id", "ticket_id") if name in body)
    rest = {name: value for name, value in body.items() if name not in _FIRST}
    told = json.dumps(rest, ensure_ascii=False)
    shown = told if len(told) <= _LONGEST else f"{told[:_LONGEST]} …"
    return " ".join(filter(None, (head, f"{about}{seq}", body.get("type"), shown)))


def _clock(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}"
