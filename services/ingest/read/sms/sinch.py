"""Sinch: the SMS API (XMS) and the Conversation API.

The Conversation API carries WhatsApp too, as a message's channel identity says. A delivery report
of the SMS API may not say from which number the message was sent. Then the publisher has to name
the account in the header `account`.
"""

import base64
import binascii
from typing import Any

from services.ingest.read import media
from services.ingest.read.findings import Finding, Happened, Place
from services.ingest.read.formats import Format
from services.ingest.read.sms import binary
from services.ingest.read.sms.common import (
    Receipt,
    Sms,
    binary_message,
    place,
    whatsapp_place,
)
from services.ingest.read.text import Fields
from services.ingest.read.unknown import unknown
from services.ingest.refusals import Refused
from shared.bus.delivery import Record
from shared.contracts.messages import Attachment

_PROVIDER = "sinch"
_MESSAGE = "mo_"
_KNOWN = ("mo_text", "mo_binary", "mo_media")
_REPORTS = (
    "delivery_report_sms",
    "delivery_report_mms",
    "recipient_delivery_report_sms",
    "recipient_delivery_report_mms",
)
_SMS_CHANNELS = ("SMS", "MMS")
_CONTENTS = (
    "text_message",
    "media_message",
    "media_card_message",
    "location_message",
    "choice_response_message",
    "fallback_message",
    "contact_message",
    "product_response_message",
)
_BESIDE = ("reply_to",)
_CONSENT = {"opt_in_notification": "opt_in", "opt_out_notification": "opt_out"}


def _is_sinch(payload: object) -> bool:
    fields = Fields(payload)
    kind = fields.text("type")
    conversation = "app_id" in fields and "project_id" in fields
    return kind in _REPORTS or kind.startswith(_MESSAGE) or conversation


def _read(payload: object, _record: Record) -> list[Finding]:
    fields = Fields(payload)
    kind = fields.text("type")
    if kind in _REPORTS:
        return _reports(fields)
    if "app_id" in fields:
        return [_conversation(fields)]
    if kind.startswith(_MESSAGE) or all(name in fields for name in ("from", "to", "body")):
        return [_message(fields, kind)]
    raise Refused("malformed", f"type {kind[:60]!r} is about no message")


def _message(fields: Fields, kind: str) -> Finding:
    message_id = fields.text("id")
    sent = fields.time("sent_at") or fields.time("received_at")
    where = place(_PROVIDER, fields.text("from"), fields.text("to"))
    if kind == "mo_binary":
        udh = binary.from_hex(fields.text("udh"))
        return binary_message(where, message_id, udh, _bytes(fields.text("body")), sent)
    body = fields.fields("body")
    files = tuple(
        media.linked(file.text("url"), file.text("content_type"))
        for file in body.each("media")[: media.MOST_FILES]
    )
    known = kind in _KNOWN
    found = unknown(kind, body)
    sms = Sms(
        id=message_id,
        text=fields.text("body") or body.text("message") or ("" if known else found.text),
        files=files or (() if known else found.attachments),
        strange="" if known else kind,
        sent_so=fields.raw.get("body"),
        sent=sent,
        subject=body.text("subject") or None,
    )
    return sms.at(where)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("malformed", "the body of mo_binary is no base64") from None


def _reports(fields: Fields) -> list[Finding]:
    batch = fields.text("batch_id")
    if recipient := fields.text("recipient"):
        return [_report(fields, batch, fields, recipient)]
    reports: list[Finding] = []
    for status in fields.each("statuses"):
        listed = status.raw.get("recipients")
        named = listed if isinstance(listed, list) else []
        recipients = [to for to in named if isinstance(to, str)] or [""]
        reports += [_report(fields, batch, status, to) for to in recipients]
    if not reports:
        raise Refused("malformed", "a delivery report without a status")
    return reports


def _report(fields: Fields, batch: str, status: Fields, recipient: str) -> Finding:
    code = status.text("code")
    return Receipt(
        provider=_PROVIDER,
        id=batch,
        ours=fields.text("applied_originator"),
        theirs=recipient,
        status=status.text("status"),
        error=code if code != "0" else "",
        at=fields.time("at"),
    ).signal()


def _conversation(fields: Fields) -> Finding:
    app = fields.text("app_id")
    if "message" in fields:
        return _contact_message(fields.fields("message"), app)
    report = fields.fields("message_delivery_report")
    if report:
        identity = report.fields("channel_identity")
        reason = report.fields("reason")
        return Receipt(
            provider=_PROVIDER,
            id=report.text("message_id"),
            ours=app,
            theirs=identity.text("identity"),
            status=report.text("status"),
            error=reason.text("code"),
            reason=reason.text("description"),
            at=fields.time("event_time"),
            on_whatsapp=identity.text("channel") == "WHATSAPP",
        ).signal()
    return _notification(fields, app)


def _notification(fields: Fields, app: str) -> Finding:
    """A notification as a signal. Opt-in and opt-out have kinds of their own.

    The others are about Sinch's own records.
    """
    name = next((name for name in fields.raw if name.endswith(("_notification", "_event"))), "")
    about = fields.fields(name)
    where = Place(provider=_PROVIDER, addresses=((app,),), phone=about.text("identity"))
    unique = about.text("request_id") or about.text("id") or fields.text("event_time")
    return Happened(
        place=where,
        kind=_CONSENT.get(name, "other"),
        key=(name, unique, about.text("identity")),
        at=fields.time("event_time"),
        detail={"what": name, "status": about.text("status")},
    )


def _contact_message(message: Fields, app: str) -> Finding:
    identity = message.fields("channel_identity")
    channel, sender = identity.text("channel"), identity.text("identity")
    ours = message.text("sender_id")
    if channel in _SMS_CHANNELS:
        where = place(_PROVIDER, sender, ours, app)
    elif channel == "WHATSAPP":
        where = whatsapp_place(_PROVIDER, ours or app, sender)
    else:
        raise Refused("wrong_channel", f"{channel[:40] or 'no channel'} is no SMS")
    return _content(message).at(where)


def _content(message: Fields) -> Sms:
    content = message.fields("contact_message")
    kind = next((name for name in content.raw if name.endswith("_message")), "") or next(
        (name for name, said in content.raw.items() if name not in _BESIDE and said), ""
    )
    inner = content.fields(kind)
    if kind not in ("", *_CONTENTS):
        found = unknown(kind, inner)
        return Sms(
            id=message.text("id"),
            text=found.text,
            files=found.attachments,
            sent=message.time("accept_time"),
            in_reply_to=content.fields("reply_to").text("message_id") or None,
            strange=kind,
            sent_so=content.raw[kind],
        )
    words = [inner.text(name) for name in ("text", "caption", "title", "label", "postback_data")]
    text = next(filter(None, words), "")
    structured: dict[str, Any] = {}
    if kind not in ("", "text_message", "media_message"):
        structured[kind.removesuffix("_message")] = inner.raw
        text = text or f"[{kind.removesuffix('_message').replace('_', ' ')}]"
    files: tuple[Attachment, ...] = ()
    if inner.text("url"):
        files = (media.linked(inner.text("url"), name=inner.text("filename_override") or None),)
    replied = content.fields("reply_to").text("message_id") or inner.text("message_id")
    return Sms(
        id=message.text("id"),
        text=text,
        files=files,
        sent=message.time("accept_time"),
        structured=structured,
        in_reply_to=replied or None,
    )


FORMAT = Format(_PROVIDER, _is_sinch, _read)
