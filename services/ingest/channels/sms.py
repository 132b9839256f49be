"""SMS and MMS. Provider: Twilio (its webhook's form, or JSON of the same keys)."""

import base64
import binascii
from typing import Any

from services.ingest import contacts
from services.ingest.channels import formats
from services.ingest.channels.formats import Format
from services.ingest.parts import Happened, Part, Place, Wrote
from services.ingest.refusals import Refused
from services.ingest.text import Fields, clean
from shared.contracts.messages import Attachment
from shared.contracts.signals import KeywordClass
from shared.delivery import Record

_OPT_OUT: dict[str, KeywordClass] = {"STOP": "stop", "START": "start", "HELP": "help"}
_KINDS = ("image", "audio", "video")
_MOST_MEDIA = 50
_SHORTEST_ENCODED = 60


def read(record: Record) -> list[Part]:
    """The parts of an SMS record."""
    return formats.read(record, FORMATS)


def kind_of(media_type: str | None) -> Any:  # noqa: ANN401  # one of Attachment.kind
    """The kind of attachment that a media type is."""
    family = (media_type or "").partition("/")[0].lower()
    return family if family in _KINDS else "document" if media_type else "other"


def _is_twilio(payload: object) -> bool:
    fields = Fields(payload)
    return bool(fields.text("AccountSid") and (fields.text("MessageSid") or fields.text("SmsSid")))


def _read_twilio(payload: object, _record: Record) -> list[Part]:
    fields = Fields(payload)
    sid = next(filter(None, map(fields.text, ("MessageSid", "SmsMessageSid", "SmsSid"))), "")
    if not sid:
        raise Refused("malformed", "no MessageSid")
    sender, address = fields.text("From"), fields.text("To")
    if ":" in sender or ":" in address:
        raise Refused("wrong_channel", f"from {sender[:40]!r} to {address[:40]!r} is no SMS")
    status = (fields.text("MessageStatus") or fields.text("SmsStatus")).lower()
    if status not in ("", "received", "receiving") and "Body" not in fields:
        return [_receipt(fields, sid, status)]
    contact = contacts.sms_sender(sender)
    if contact is None:
        raise Refused("no_sender", "an SMS without From")
    place = Place(
        provider="twilio", addresses=((contacts.sms_address(address),),), contact=contact
    )
    return [_message(fields, sid, place)]


def _receipt(fields: Fields, sid: str, status: str) -> Happened:
    # A receipt is about a message of the account's own: From is the account, To the contact.
    place = Place(
        provider="twilio",
        addresses=((contacts.sms_address(fields.text("From")),),),
        contact=contacts.sms_sender(fields.text("To")),
    )
    error = fields.text("ErrorCode")
    return Happened(
        place=place, kind="delivery_status", key=(sid, status, error), about=sid,
        detail={"status": status} | ({"error": error} if error else {}),
    )


def _message(fields: Fields, sid: str, place: Place) -> Part:
    text = _decoded(fields.text("Body"))
    media = tuple(_media(fields))
    if not text.strip() and not media:
        return Happened(place=place, kind="empty", key=(sid,), about=sid, about_inbound=True)
    sender = place.contact.identities[0] if place.contact else None
    if sender is not None and sender.type != "e164":
        # Codes and names cannot be a person: notices of carriers and one-time passwords.
        return Happened(
            place=place, kind="other", key=("automated", sid), about=sid, about_inbound=True,
            text=text, detail={"what": "automated_sender"},
        )
    return Wrote(
        place=place, id=sid, text=text, attachments=media,
        keyword_class=_OPT_OUT.get(fields.text("OptOutType").upper()),
    )


def _media(fields: Fields) -> list[Attachment]:
    count = fields.text("NumMedia")
    number = min(int(count), _MOST_MEDIA) if count.isdecimal() and len(count) < 4 else 0
    found = []
    for place in range(number):
        media_type = fields.text(f"MediaContentType{place}") or None
        found.append(
            Attachment(
                kind=kind_of(media_type), media_type=media_type,
                ref=fields.text(f"MediaUrl{place}") or None,
            )
        )
    return found


def _decoded(body: str) -> str:
    """The body; what Twilio sent in base64, as it may long messages, decoded.

    Only where it can be nothing else: long, well padded, and readable once decoded.
    """
    if len(body) < _SHORTEST_ENCODED or len(body) % 4 or not body.isascii():
        return body
    try:
        text = base64.b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return body
    return clean(text) if " " in text and text.replace("\n", " ").isprintable() else body


FORMATS = (Format("twilio", _is_twilio, _read_twilio),)
