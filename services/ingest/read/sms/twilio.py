"""Twilio: its messaging webhook (a form, or JSON of the same keys) and its Event Streams.

WhatsApp messages come in the same format. The prefix `whatsapp:` of their addresses tells them
from SMS.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from services.ingest.read import media
from services.ingest.read.findings import Finding, Place
from services.ingest.read.formats import Format
from services.ingest.read.sms.common import OPT_OUT, Receipt, Sms, place, whatsapp_place
from services.ingest.read.text import Fields, clean
from services.ingest.refusals import Refused
from shared.bus.delivery import Record
from shared.contracts.messages import Attachment

_PROVIDER = "twilio"
_IDS = ("MessageSid", "SmsMessageSid", "SmsSid")
_WHATSAPP = "whatsapp:"
_INBOUND = ("", "received", "receiving")
_TYPES_WITH_FIELDS = ("", "text", "image", "audio", "video", "document", "sticker", "location")
"""Types of messages that say nothing beyond the fields that are read here."""
_STATUS_EVENT = "com.twilio.messaging.message."
_SHORTEST_ENCODED = 60
_REFERRAL = "Referral"


def _is_twilio(payload: object) -> bool:
    fields = _pascal(payload)
    return bool(fields.text("AccountSid") and any(map(fields.text, _IDS)))


def _pascal(payload: object) -> Fields:
    """The fields as the webhook names them: Event Streams write `messageSid` for `MessageSid`."""
    raw = Fields(payload).raw
    return Fields({name[:1].upper() + name[1:]: value for name, value in raw.items()})


def _read(payload: object, record: Record) -> list[Finding]:
    fields = _pascal(payload)
    sid = next(filter(None, map(fields.text, _IDS)), "")
    if not sid:
        raise Refused("malformed", "no MessageSid")
    sender, address = fields.text("From"), fields.text("To")
    on_whatsapp = any(each.startswith(_WHATSAPP) for each in (sender, address))
    bare = [each.removeprefix(_WHATSAPP) for each in (sender, address)]
    if any(":" in each for each in bare):
        raise Refused("wrong_channel", f"from {sender[:40]!r} to {address[:40]!r} is no SMS")
    status = _status(fields, record.header("ce_type") or "")
    if status:
        return [_receipt(fields, sid, status, bare, on_whatsapp=on_whatsapp)]
    if on_whatsapp:
        return [_sms(fields, sid).at(_whatsapp(fields, *bare))]
    return [_sms(fields, sid).at(place(_PROVIDER, *bare))]


def _status(fields: Fields, event: str) -> str:
    """What a status callback says; empty for a customer's message."""
    if event.startswith(_STATUS_EVENT):
        return fields.text("MessageStatus") or event.removeprefix(_STATUS_EVENT)
    status = (fields.text("MessageStatus") or fields.text("SmsStatus")).lower()
    return "" if status in _INBOUND or "Body" in fields else status


def _receipt(
    fields: Fields, sid: str, status: str, bare: list[str], *, on_whatsapp: bool
) -> Finding:
    ours, theirs = bare
    return Receipt(
        provider=_PROVIDER,
        id=sid,
        ours=ours,
        theirs=theirs,
        status=status,
        error=fields.text("ErrorCode"),
        reason=fields.text("ErrorMessage"),
        at=fields.time("Timestamp"),
        on_whatsapp=on_whatsapp,
    ).signal()


def _whatsapp(fields: Fields, sender: str, address: str) -> Place:
    """The place of a WhatsApp message.

    A business-scoped id comes in a field of its own, or in place of the number.
    """
    scoped = fields.text("ExternalUserId").removeprefix(_WHATSAPP)
    return whatsapp_place(
        _PROVIDER, address, sender, fields.text("WaId"), scoped, name=fields.text("ProfileName")
    )


def _sms(fields: Fields, sid: str) -> Sms:
    structured = _structured(fields)
    text = _decoded(fields.text("Body")) or fields.text("ButtonText") or _location(structured)
    kind = fields.text("MessageType")
    files = tuple(_media(fields))
    strange = "" if text.strip() or files or kind.lower() in _TYPES_WITH_FIELDS else kind
    return Sms(
        id=sid,
        text=text,
        strange=strange,
        sent_so=fields.raw,
        files=files,
        sent=fields.time("Timestamp"),
        structured=structured,
        in_reply_to=fields.text("OriginalRepliedMessageSid") or None,
        flags=("forwarded",) if _true(fields, "Forwarded", "FrequentlyForwarded") else (),
        keyword_class=OPT_OUT.get(fields.text("OptOutType").upper()),
    )


def _true(fields: Fields, *names: str) -> bool:
    return any(fields.text(name).lower() == "true" or fields.true(name) for name in names)


def _structured(fields: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if fields.text("Latitude") and fields.text("Longitude"):
        names = ("Latitude", "Longitude", "Address", "Label")
        found["location"] = {name.lower(): text for name in names if (text := fields.text(name))}
    if fields.text("ButtonText") or fields.text("ButtonPayload"):
        found["button"] = {
            "text": fields.text("ButtonText"),
            "payload": fields.text("ButtonPayload"),
        }
    referral = {
        name.removeprefix(_REFERRAL): fields.text(name)
        for name in fields.raw
        if name.startswith(_REFERRAL) and name != "ReferralNumMedia" and fields.text(name)
    }
    return found | ({"referral": referral} if referral else {})


def _location(structured: Mapping[str, Any]) -> str:
    place = structured.get("location")
    if not place:
        return ""
    named = [place[name] for name in ("label", "address") if name in place]
    return "[location] " + "\n".join(named or [f"{place['latitude']}, {place['longitude']}"])


def _media(fields: Fields) -> list[Attachment]:
    count = fields.text("NumMedia")
    number = min(int(count), media.MOST_FILES) if count.isdecimal() and len(count) < 4 else 0
    return [
        media.linked(fields.text(f"MediaUrl{place}"), fields.text(f"MediaContentType{place}"))
        for place in range(number)
    ]


def _decoded(body: str) -> str:
    """The body, decoded if Twilio sent it in base64, as it does with some long messages.

    It counts as base64 only if it can be nothing else: it has 60 characters or more, is correctly
    padded, and is readable text with blanks once decoded.
    """
    if len(body) < _SHORTEST_ENCODED or len(body) % 4 or not body.isascii():
        return body
    try:
        text = base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return body
    return clean(text) if " " in text and text.replace("\n", " ").isprintable() else body


FORMAT = Format(_PROVIDER, _is_twilio, _read)
