"""Telnyx, version 2 of its webhooks."""

from services.ingest.read import media
from services.ingest.read.findings import Finding
from services.ingest.read.formats import Format
from services.ingest.read.sms.common import OPT_OUT, Receipt, Sms, place
from services.ingest.read.text import Fields
from services.ingest.refusals import Refused
from shared.bus.delivery import Record

_PROVIDER = "telnyx"
_KNOWN = ("", "SMS", "MMS")
_ABOUT_A_MESSAGE = ("message.sent", "message.finalized", "message.read")


def _is_telnyx(payload: object) -> bool:
    data = Fields(payload).fields("data")
    return data.text("record_type") == "event" and "payload" in data


def _read(payload: object, _record: Record) -> list[Finding]:
    data = Fields(payload).fields("data")
    event, message = data.text("event_type"), data.fields("payload")
    if event in _ABOUT_A_MESSAGE:
        return _receipts(data, message)
    if event != "message.received":
        raise Refused("malformed", f"event_type {event[:60]!r} is about no message")
    recipients = _numbers(message, "to", "cc")
    where = place(_PROVIDER, message.fields("from").text("phone_number"), *recipients)
    files = tuple(
        media.linked(
            file.text("url"), file.text("content_type"), _size(file), file.text("filename")
        )
        for file in message.each("media")[: media.MOST_FILES]
    )
    kind = message.text("type")
    is_new = kind.upper() not in _KNOWN and not message.text("text")
    sms = Sms(
        strange=kind if is_new else "",
        sent_so=message.raw if is_new else None,
        id=message.text("id"),
        text=message.text("text"),
        files=files,
        subject=message.text("subject") or None,
        sent=message.time("received_at") or data.time("occurred_at"),
        group=tuple(sorted(recipients)) if len(recipients) > 1 else (),
        flags=("spam_flagged",) if message.true("is_spam") else (),
        keyword_class=OPT_OUT.get(message.text("autoresponse_type").upper()),
    )
    return [sms.at(where)]


def _numbers(message: Fields, *names: str) -> list[str]:
    listed = [each.text("phone_number") for name in names for each in message.each(name)]
    return list(dict.fromkeys(filter(None, listed)))


def _size(file: Fields) -> int | None:
    size = file.raw.get("size")
    return size if isinstance(size, int) and 0 <= size < 2**53 else None


def _receipts(data: Fields, message: Fields) -> list[Finding]:
    receipts: list[Finding] = [_receipt(data, message, to) for to in message.each("to")]
    if not receipts:
        raise Refused("malformed", "a delivery report without recipients")
    return receipts


def _receipt(data: Fields, message: Fields, to: Fields) -> Finding:
    status = to.text("status") or data.text("event_type").removeprefix("message.")
    # The errors are listed once for the message, and do not concern recipients that it reached.
    errors = message.each("errors") if "fail" in status else []
    error = errors[0] if errors else Fields({})
    return Receipt(
        provider=_PROVIDER,
        id=message.text("id"),
        ours=message.fields("from").text("phone_number"),
        theirs=to.text("phone_number"),
        status=status,
        error=error.text("code"),
        reason=error.text("title"),
        at=data.time("occurred_at"),
    ).signal()


FORMAT = Format(_PROVIDER, _is_telnyx, _read)
