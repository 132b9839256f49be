"""Instagram direct messages. Provider: Meta's messaging webhook."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from services.ingest.read import formats
from services.ingest.read.findings import Edited, Finding, Happened, Place, TookBack, Wrote
from services.ingest.read.formats import Format
from services.ingest.read.instagram.content import content_of
from services.ingest.read.text import Fields
from services.ingest.refusals import Refused
from services.ingest.who import contacts
from shared.bus.delivery import Record

_PROVIDER = "meta"
_OBJECTS = ("instagram", "page")
_AROUND = ("sender", "recipient", "timestamp")
_MESSAGING = (
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "messaging_referral",
    "message_edit",
    "message_edits",
    "message_reactions",
    "messaging_optins",
    "message_echoes",
    "messaging_handover",
)
"""The fields of `changes` whose value is an event like those in `messaging`."""


def read(record: Record) -> list[Finding]:
    """The findings in an Instagram record."""
    return formats.read(record, FORMATS)


def _is_meta(payload: object) -> bool:
    return Fields(payload).text("object") in _OBJECTS


def _read_meta(payload: object, record: Record) -> list[Finding]:
    webhook = Fields(payload)
    if (told := webhook.text("object")) not in ("", "instagram"):
        # Messenger's webhooks ("page") look the same, and may come through the same endpoint.
        raise Refused("wrong_channel", f"a webhook about {told[:40]!r} is not Instagram's")
    findings: list[Finding] = []
    for entry in webhook.each("entry"):
        found = _entry(entry, record.position)
        findings += found or [Refused("malformed", "an entry without events")]
    if not findings:
        raise Refused("empty", "a webhook without entries")
    return findings


def _entry(entry: Fields, position: str) -> list[Finding]:
    page = entry.text("id")
    findings = [_Event(page, item, position).finding() for item in entry.each("messaging")]
    # In standby another app answers: its messages are not for the team until it gets the thread.
    findings += [_Event(page, item, position).other("standby") for item in entry.each("standby")]
    for change in entry.each("changes"):
        event = _Event(page, change.fields("value"), position)
        if change.text("field") in _MESSAGING and "sender" in change.fields("value"):
            findings.append(event.finding())
        else:
            # Public comments and mentions are another product's.
            findings.append(event.other("other", change.text("field")))
    return findings


@dataclass(frozen=True, slots=True)
class _Event:
    """One item of `messaging`, on the page `page`."""

    page: str
    event: Fields
    position: str

    def finding(self) -> Finding:
        """What the event says. The first field of a known name that it has tells its kind."""
        readers: dict[str, Callable[[Fields], Finding]] = {
            "message": self._message,
            "postback": self._postback,
            "message_edit": self._edit,
            "reaction": self._reaction,
            "read": self._seen,
            "messaging_seen": self._seen,
            "seen": self._seen,
            "delivery": self._delivered,
            "referral": self._referral,
            "optin": lambda optin: self.other("other", f"optin {optin.text('type')}".strip()),
        }
        for name, reader in readers.items():
            if name in self.event:
                try:
                    return reader(self.event.fields(name))
                except Refused as refused:
                    return refused
        named = next((name for name in self.event.raw if name not in _AROUND), "")
        inner = self.event.fields(named)
        if inner.text("mid") and ("text" in inner or "attachments" in inner):
            # A message under a name that nobody knows yet.
            try:
                return self._message(inner)
            except Refused as refused:
                return refused
        return self.other("other", named)

    def other(self, kind: str, what: str = "", **detail: str) -> Finding:
        """The event as a signal of that kind; its content tells it from other signals."""
        said = detail | {"what": what[:100], "record": self.position}
        return Happened(
            place=self._place(),
            kind=kind,
            key=(what, _digest(str(self.event.raw))),
            at=self.event.time("timestamp"),
            detail={name: text for name, text in said.items() if text},
        )

    def _place(self, *, customer: str = "sender") -> Place:
        """Where it happened. `customer` is the field that has the customer: an echo's recipient."""
        ours = self._ours(customer)
        page = self.page or ours
        return Place(
            provider=_PROVIDER,
            addresses=((page,), (ours,)),
            contact=contacts.instagram(page, self.event.fields(customer).text("id")),
        )

    def _ours(self, customer: str = "sender") -> str:
        return self.event.fields("recipient" if customer == "sender" else "sender").text("id")

    def _customers(self, what: str) -> Place:
        """Where the customer did `what`.

        Raises Refused if it is to another page than this one, or has no sender.
        """
        ours = self._ours()
        # Test events from Meta's dashboard have the page 0.
        if self.page not in ("", "0") and ours and ours != self.page:
            text = f"{what} is to {ours[:60]}, but came for {self.page[:60]}"
            raise Refused("malformed", text)
        place = self._place()
        if place.contact is None:
            raise Refused("no_sender", f"{what} has no sender")
        return place

    def _message(self, message: Fields) -> Finding:
        mid = message.text("mid")
        if message.true("is_echo") or message.true("is_self"):
            gone = message.true("is_deleted")
            return Happened(
                place=self._place(customer="recipient"),
                kind="echo",
                key=(mid or _digest(str(self.event.raw)), *(("deleted",) if gone else ())),
                about=mid or None,
                text=message.text("text") or None,
                at=self.event.time("timestamp"),
                detail={"deleted": "true"} if gone else {},
            )
        if not mid:
            raise Refused("malformed", "a message without mid")
        place = self._customers(f"message {mid[:60]}")
        if message.true("is_deleted"):
            return TookBack(place=place, id=mid)
        return self._wrote(message, place, mid)

    def _wrote(self, message: Fields, place: Place, mid: str) -> Finding:
        content = content_of(message)
        if not content.customer_wrote:
            return Happened(
                place=place,
                kind="reaction" if content.reaction else "empty",
                key=(mid,),
                about=mid,
                about_inbound=True,
                text=content.reaction,
                at=self.event.time("timestamp"),
                detail={"types": ",".join(content.types)} if content.types else {},
            )
        return Wrote(
            place=place,
            id=mid,
            sent=self.event.time("timestamp") or "missing",
            text=content.text,
            attachments=content.attachments,
            story=content.story,
            structured=content.structured,
            flags=content.flags,
            in_reply_to=message.fields("reply_to").text("mid") or None,
        )

    def _postback(self, postback: Fields) -> Finding:
        place = self._customers("a postback")
        payload = postback.text("payload")
        person = place.contact.id if place.contact else ""
        made_up = _digest(f"{person}|{self.event.text('timestamp')}|{payload}")
        return Wrote(
            place=place,
            id=postback.text("mid") or f"postback:{made_up}",
            sent=self.event.time("timestamp") or "missing",
            text=postback.text("title") or payload or "[postback]",
            structured={"postback": postback.raw},
            flags=("postback",),
        )

    def _edit(self, edit: Fields) -> Finding:
        mid = edit.text("mid")
        if not mid:
            raise Refused("malformed", "an edit that does not say of what")
        place = self._customers(f"an edit of {mid[:60]}")
        number = edit.text("num_edit").strip()
        version = int(number) if number.isdecimal() and len(number) < 10 else 1
        if version:
            return Edited(
                place=place, id=mid, text=edit.text("text"), version=version, edit_id=str(version)
            )
        if not edit.text("text").strip():
            # An empty message would take the place of the message itself, should that come too.
            return self.other("empty", "message_edit", mid=mid)
        # No edit yet: some apps get a new message in this form only.
        return Wrote(
            place=place,
            id=mid,
            sent=self.event.time("timestamp") or "missing",
            text=edit.text("text"),
            flags=("from_edit",),
        )

    def _reaction(self, reaction: Fields) -> Finding:
        mid, action = reaction.text("mid"), reaction.text("action")
        emoji = reaction.text("emoji") or reaction.text("reaction")
        return Happened(
            place=self._place(),
            kind="reaction",
            key=(mid, action, emoji, self.event.text("timestamp")),
            about=mid or None,
            text=emoji or None,
            at=self.event.time("timestamp"),
            detail={"action": action} if action else {},
        )

    def _seen(self, seen: Fields) -> Finding:
        mid = seen.text("mid")
        place = self._place()
        person = place.contact.id if place.contact else ""
        until = mid or seen.text("watermark") or self.event.text("timestamp")
        return Happened(
            place=place,
            kind="read",
            key=(person, until),
            about=mid or None,
            at=self.event.time("timestamp"),
        )

    def _delivered(self, delivery: Fields) -> Finding:
        listed = delivery.raw.get("mids")
        mids = [mid for mid in listed if isinstance(mid, str)] if isinstance(listed, list) else []
        return Happened(
            place=self._place(),
            kind="delivery_status",
            key=("delivered", *mids, delivery.text("watermark")),
            about=mids[0] if mids else None,
            at=self.event.time("timestamp"),
            detail={"status": "delivered"} | ({"mids": ",".join(mids)} if mids else {}),
        )

    def _referral(self, referral: Fields) -> Finding:
        names = ("ref", "ad_id", "source", "type")
        return self.other("referral", **{name: referral.text(name) for name in names})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


FORMATS = (Format(_PROVIDER, _is_meta, _read_meta),)
