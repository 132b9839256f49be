"""Vonage: the SMS API (a form, a query or JSON; long SMS in parts) and the Messages API.

The Messages API carries WhatsApp too: its `channel` says so.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from services.ingest.read import media
from services.ingest.read.findings import Finding, Happened, Place
from services.ingest.read.formats import Format
from services.ingest.read.sms import binary
from services.ingest.read.sms.binary import Segment
from services.ingest.read.sms.common import (
    Receipt,
    Sms,
    binary_message,
    fragment,
    place,
    whatsapp_place,
)
from services.ingest.read.text import Fields
from services.ingest.read.times import RawTime
from services.ingest.read.unknown import unknown
from services.ingest.refusals import Refused
from shared.bus.delivery import Record
from shared.contracts.messages import Attachment

_PROVIDER = "vonage"
_FILES = ("image", "audio", "video", "file", "vcard", "sticker")
_DESCRIBED = ("location", "reply", "order", "button", "contact", "contacts", "referral")
"""Types of messages whose object has words, and no file."""

_SMS_CHANNELS = ("sms", "mms")
_SMS_TYPES = ("", "text", "unicode")


def _is_vonage(payload: object) -> bool:
    fields = Fields(payload)
    messages_api = "message_uuid" in fields and "from" in fields and "to" in fields
    return messages_api or bool(fields.text("msisdn") and fields.text("messageId"))


def _read(payload: object, record: Record) -> list[Finding]:
    fields = Fields(payload)
    if "message_uuid" in fields:
        return [_Message(fields).finding()]
    if not fields.text("messageId"):
        raise Refused("malformed", "no messageId")
    if fields.text("status"):
        return [_receipt(fields)]
    return [_sms(fields, record)]


def _receipt(fields: Fields) -> Finding:
    # A receipt is about a message of the account's own: `to` is the account, `msisdn` the contact.
    error = fields.text("err-code")
    return Receipt(
        provider=_PROVIDER,
        id=fields.text("messageId"),
        ours=fields.text("to"),
        theirs=fields.text("msisdn"),
        status=fields.text("status"),
        error=error if error != "0" else "",
        at=_time(fields, "message-timestamp"),
    ).signal()


def _sms(fields: Fields, record: Record) -> Finding:
    message_id, sent = fields.text("messageId"), _time(fields, "message-timestamp")
    where = place(_PROVIDER, fields.text("msisdn"), fields.text("to"))
    if fields.text("type") == "binary":
        udh, data = (binary.from_hex(fields.text(name)) for name in ("udh", "data"))
        return binary_message(where, message_id, udh, data, sent)
    kind = fields.text("type")
    sms = Sms(
        id=message_id,
        text=fields.text("text"),
        sent=sent,
        strange="" if kind in _SMS_TYPES else kind,
        sent_so=fields.raw,
    )
    if fields.text("concat").lower() != "true" and not fields.true("concat"):
        return sms.at(where)
    return fragment(where, message_id, _segment(fields), sms, _as_sent(record, sms.text))


def _segment(fields: Fields) -> Segment | None:
    reference, total, number = (fields.text(f"concat-{name}") for name in ("ref", "total", "part"))
    if not (total.isdecimal() and number.isdecimal() and len(total + number) <= 6):
        return None
    return Segment(reference[:50], int(total), int(number))


def _as_sent(record: Record, text: str) -> bytes:
    """The text in UTF-16 (little-endian). Half a character is kept: another part has the rest."""
    if "\ufffd" in text:
        text = _unmended(record.value or b"") or text
    return text.encode("utf-16-le", "surrogatepass")


def _unmended(value: bytes) -> str:
    try:
        if value.lstrip()[:1] == b"{":
            text = json.loads(value).get("text")
            return text if isinstance(text, str) else ""
        return dict(parse_qsl(value.decode("ascii"), errors="surrogatepass")).get("text", "")
    except (ValueError, RecursionError):
        return ""


def _time(fields: Fields, name: str) -> RawTime:
    """The time in the field, which is in UTC; without the ` UTC` that some add."""
    raw = fields.time(name)
    return raw.removesuffix(" UTC") if isinstance(raw, str) else raw


class _Message:
    """A webhook of the Messages API: version 1, or version 0.1, in which objects are nested."""

    def __init__(self, fields: Fields) -> None:
        sender = fields.fields("from")
        self._fields = fields
        self._content = fields.fields("message").fields("content") or fields
        self._channel = fields.text("channel") or sender.text("type")
        self._sender = fields.text("from") or sender.text("number") or sender.text("id")
        ours = fields.fields("to")
        self._ours = fields.text("to") or ours.text("number") or ours.text("id")

    def finding(self) -> Finding:
        """The message, or what a status webhook says.

        Raises Refused if it is neither SMS, MMS nor WhatsApp.
        """
        if self._channel not in (*_SMS_CHANNELS, "whatsapp"):
            raise Refused("wrong_channel", f"{self._channel[:40] or 'no channel'} is no SMS")
        fields = self._fields
        if status := fields.text("status"):
            error = fields.fields("error")
            return Receipt(
                provider=_PROVIDER,
                id=fields.text("message_uuid"),
                ours=self._sender,
                theirs=self._ours,
                status=status,
                error=error.text("code") or error.text("title"),
                reason=error.text("reason") or error.text("detail"),
                at=_time(fields, "timestamp"),
                on_whatsapp=self._channel == "whatsapp",
            ).signal()
        if fields.text("message_type") == "reaction":
            return self._reaction()
        return self._sms().at(self._place())

    def _reaction(self) -> Finding:
        fields, reaction = self._fields, self._fields.fields("reaction")
        emoji = reaction.text("emoji")
        return Happened(
            place=self._place(),
            kind="reaction",
            key=(fields.text("message_uuid"),),
            about=fields.fields("context").text("message_uuid") or None,
            at=_time(fields, "timestamp"),
            text=emoji or None,
            detail={"action": "react" if emoji else "unreact"},
        )

    def _place(self) -> Place:
        if self._channel != "whatsapp":
            return place(_PROVIDER, self._sender, self._ours)
        person = self._fields.fields("whatsapp").fields("sender").text("user_id")
        name = self._fields.fields("profile").text("name")
        return whatsapp_place(_PROVIDER, self._ours, self._sender, person, name=name)

    def _sms(self) -> Sms:
        fields, content = self._fields, self._content
        kind = fields.text("message_type") or content.text("type")
        inner = content.fields(kind)
        known = kind in ("text", "content", *_FILES, *_DESCRIBED)
        structured: dict[str, Any] = {kind: inner.raw} if inner and kind in _DESCRIBED else {}
        context = fields.fields("context")
        files = _files(kind, content)
        return Sms(
            id=fields.text("message_uuid"),
            text=_words(kind, content, inner),
            files=files if known else unknown(kind, inner).attachments,
            strange="" if known else kind,
            sent_so=inner.raw or content.raw.get(kind),
            sent=_time(fields, "timestamp"),
            structured=structured,
            in_reply_to=context.text("message_uuid") or None,
        )


def _words(kind: str, content: Fields, inner: Fields) -> str:
    if kind == "text":
        return content.text("text")
    if kind in _FILES:
        return inner.text("caption") or content.text("text")
    if kind not in _DESCRIBED:
        said = unknown(kind, inner).text if inner else content.text(kind)
        return said or content.text("text")
    named = ("title", "text", "name", "address")
    words = next(filter(None, map(inner.text, named)), "") or content.text(kind)
    return words or (f"[{kind}]" if inner else "")


def _files(kind: str, content: Fields) -> tuple[Attachment, ...]:
    listed = content.each("content") if kind == "content" else [content.fields(kind)]
    files = [
        media.linked(each.text("url"), name=each.text("name") or None)
        for each in listed[: media.MOST_FILES]
        if each.text("url")
    ]
    return tuple(files)


FORMAT = Format(_PROVIDER, _is_vonage, _read)
