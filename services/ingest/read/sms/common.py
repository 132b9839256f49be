"""What is the same whichever provider an SMS came through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.ingest.read.findings import Finding, Fragment, Happened, Place, Wrote
from services.ingest.read.sms import binary
from services.ingest.read.sms.binary import Segment
from services.ingest.read.text import Fields
from services.ingest.read.times import RawTime
from services.ingest.read.unknown import UNSUPPORTED, kept, unknown, unsupported
from services.ingest.refusals import Refused
from services.ingest.who import contacts
from shared.contracts.messages import Attachment
from shared.contracts.signals import KeywordClass

OPT_OUT: Mapping[str, KeywordClass] = {"STOP": "stop", "START": "start", "HELP": "help"}
"""What Twilio and Telnyx call the kinds of keyword that they answer themselves."""

_MOST_PARTS = 255


def place(provider: str, sender: str, *addresses: str) -> Place:
    """The place of an SMS from `sender`, to the first of `addresses` that an account has.

    Raises Refused if no sender is named.
    """
    if not sender.strip():
        raise Refused("no_sender", "an SMS that does not say whom it is from")
    return _place(provider, sender, addresses)


def _place(provider: str, sender: str, addresses: Sequence[str]) -> Place:
    known = tuple((contacts.sms_address(address),) for address in addresses if address.strip())
    return Place(provider=provider, addresses=known, phone=sender, channel="sms")


def whatsapp_place(provider: str, address: str, *names: str, name: str = "") -> Place:
    """The place of a WhatsApp message to `address`, from the user with the ids `names`.

    Raises Refused if none of them can be a WhatsApp user's id.
    """
    found = _on_whatsapp(provider, address, names, name)
    if found.contact is None:
        raise Refused("no_sender", f"{names[0][:40]!r} is no WhatsApp user")
    return found


def _on_whatsapp(provider: str, address: str, names: Sequence[str], name: str = "") -> Place:
    person = contacts.whatsapp(
        *dict.fromkeys(each.removeprefix("+") for each in names if each),
        display_name=name or None,
    )
    return Place(
        provider=provider,
        addresses=((contacts.sms_address(address),),),
        contact=person,
        channel="whatsapp",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """What a customer sent, as the provider has put it together.

    `strange` is the type of the message, or of a piece of it, if ingest does not know that type;
    `sent_so` is what the provider sent with it. If the message says nothing else, its text names
    the type: `[unsupported message: poll]`.
    """

    id: str
    text: str = ""
    files: tuple[Attachment, ...] = ()
    sent: RawTime = None
    subject: str | None = None
    in_reply_to: str | None = None
    structured: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    keyword_class: KeywordClass | None = None
    group: tuple[str, ...] = ()
    strange: str = ""
    sent_so: object = None

    def at(self, place: Place) -> Finding:
        """The message, at that place; a signal if it says nothing. Raises Refused if it has no id.

        A message to a `group` (all its recipients' numbers) is one message, at however many of the
        account's numbers it arrives. So its `id` must be the same at each of them.
        """
        if not self.id:
            raise Refused("malformed", "a message without an id")
        silent = not (self.text.strip() or self.files or self.subject)
        if silent and not self.strange:
            return Happened(
                place=place, kind="empty", key=(self.id,), about=self.id, about_inbound=True
            )
        structured, flags = dict(self.structured), self.flags
        if self.strange:
            structured[UNSUPPORTED] = kept(self.strange, self.sent_so)
            flags += (UNSUPPORTED,)
        if self.group:
            structured["recipients"] = list(self.group)
            flags += ("group",)
        return Wrote(
            place=place,
            id=self.id,
            text=self._words() if silent else self.text,
            attachments=self.files,
            sent=self.sent,
            subject=self.subject,
            in_reply_to=self.in_reply_to,
            structured=structured,
            flags=flags,
            keyword_class=self.keyword_class,
            to_many=bool(self.group),
        )

    def _words(self) -> str:
        """What is said in a form that nobody knows; else words that name its type."""
        if isinstance(self.sent_so, dict):
            return unknown(self.strange, Fields(self.sent_so)).text
        return unsupported(self.strange)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message that the account sent from `ours` to `theirs`."""

    provider: str
    id: str
    ours: str
    theirs: str
    status: str
    error: str = ""
    reason: str = ""
    at: RawTime = None
    on_whatsapp: bool = False

    def signal(self) -> Happened:
        """The report as a signal. Raises Refused if it has no id.

        `ours` may be empty, because some providers do not say from which number it was sent.
        """
        if not self.id:
            raise Refused("malformed", "a delivery report that does not say of what")
        status = self.status.lower()
        where = (
            _on_whatsapp(self.provider, self.ours, [self.theirs])
            if self.on_whatsapp
            else _place(self.provider, self.theirs, [self.ours])
        )
        said = {"status": status, "error": self.error, "reason": self.reason}
        return Happened(
            place=where,
            kind="read" if status in ("read", "seen") else "delivery_status",
            key=tuple(filter(None, (self.id, status, self.error, self.theirs))),
            about=self.id,
            at=self.at,
            detail={name: text for name, text in said.items() if text},
        )


def fragment(
    place: Place, message_id: str, segment: Segment | None, sms: Sms, body: bytes
) -> Finding:
    """A part of a long SMS; a message of its own if it is the only part or wrongly numbered."""
    if segment is None or not 1 <= segment.number <= segment.total <= _MOST_PARTS:
        return sms.at(place)
    if segment.total == 1:
        return sms.at(place)
    return Fragment(
        place=place,
        id=message_id,
        reference=segment.reference,
        number=segment.number,
        total=segment.total,
        body=body,
        binary=segment.binary,
        sent=sms.sent,
    )


def binary_message(
    place: Place, message_id: str, udh: bytes, data: bytes, sent: RawTime
) -> Finding:
    """What an SMS is that came as bytes: a part of a long SMS, a message or a signal.

    It is a signal, which keeps the bytes in hex, if they are no readable text or are meant for an
    application.
    """
    segment = binary.segment(udh)
    text = binary.text_of(data)
    if segment is not None:
        return fragment(
            place, message_id, segment, Sms(id=message_id, text=text or "", sent=sent), data
        )
    if text is None or binary.is_for_an_application(udh):
        return Happened(
            place=place,
            kind="other",
            key=("binary", message_id),
            about=message_id,
            about_inbound=True,
            at=sent,
            detail={"what": "binary", "udh": udh.hex(), "data": data.hex()},
        )
    return Sms(id=message_id, text=text, sent=sent).at(place)
