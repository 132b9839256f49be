"""Bandwidth, version 2 of its messaging webhooks: a list of events."""

import hashlib

from services.ingest.read import media
from services.ingest.read.findings import Finding
from services.ingest.read.formats import Format
from services.ingest.read.sms.common import Receipt, Sms, place
from services.ingest.read.text import Fields
from services.ingest.read.times import RawTime, moment
from services.ingest.refusals import Refused
from shared.bus.delivery import Record

_PROVIDER = "bandwidth"
_PREFIX = "message-"
_LAYOUT = (".smil", ".smi")


def _is_bandwidth(payload: object) -> bool:
    events = payload if isinstance(payload, list) else [payload]
    return bool(events) and all(
        Fields(event).text("type").startswith(_PREFIX) and "message" in Fields(event)
        for event in events
    )


def _read(payload: object, _record: Record) -> list[Finding]:
    events = payload if isinstance(payload, list) else [payload]
    if not events:
        raise Refused("empty", "a webhook without events")
    return [_finding(Fields(event)) for event in events]


def _finding(event: Fields) -> Finding:
    try:
        kind = event.text("type")
        if kind == "message-received":
            return _message(event)
        if kind.startswith(_PREFIX):
            return _receipt(event)
    except Refused as refused:
        return refused
    return Refused("malformed", f"type {kind[:60]!r} is about no message")


def _message(event: Fields) -> Finding:
    message = event.fields("message")
    recipients = _recipients(message)
    sent = message.time("time") or event.time("time")
    files = (
        tuple(
            media.linked(url)
            for url in message.raw.get("media") or ()
            if isinstance(url, str) and not url.lower().endswith(_LAYOUT)
        )
        if isinstance(message.raw.get("media"), list)
        else ()
    )
    sender, text = message.text("from"), message.text("text")
    content = message.fields("content")
    group = recipients if len(recipients) > 1 else ()
    return Sms(
        id=_group_id(sender, group, text, sent) if group else message.text("id"),
        text=text,
        files=files[: media.MOST_FILES],
        strange="" if text else content.text("type"),
        sent_so=content.raw or None,
        sent=sent,
        group=group,
    ).at(place(_PROVIDER, sender, message.text("owner"), event.text("to")))


def _recipients(message: Fields) -> tuple[str, ...]:
    listed = message.raw.get("to")
    named = listed if isinstance(listed, list) else [listed]
    return tuple(sorted({name for name in named if isinstance(name, str) and name}))


def _group_id(sender: str, group: tuple[str, ...], text: str, sent: RawTime) -> str:
    """One id for a message to a group: Bandwidth gives it another at each of the account's numbers.

    It is computed from the sender, the recipients, the text and the second in which it was sent.
    """
    at = moment(sent)
    second = str(sent) if at is None else str(int(at.timestamp()))
    said = "\n".join((sender, ",".join(group), second, text))
    return f"group.{hashlib.sha256(said.encode()).hexdigest()}"


def _receipt(event: Fields) -> Finding:
    message = event.fields("message")
    recipients = _recipients(message)
    return Receipt(
        provider=_PROVIDER,
        id=message.text("id"),
        ours=message.text("owner"),
        theirs=event.text("to") or next(iter(recipients), ""),
        status=event.text("type").removeprefix(_PREFIX),
        error=event.text("errorCode"),
        reason=event.text("description") if event.text("errorCode") else "",
        at=event.time("time"),
    ).signal()


FORMAT = Format(_PROVIDER, _is_bandwidth, _read)
