"""Instagram direct messages. Provider: Meta's messaging webhook."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from services.ingest import contacts
from services.ingest.channels import formats
from services.ingest.channels.formats import Format
from services.ingest.parts import Edited, Happened, Part, Place, TookBack, Wrote
from services.ingest.refusals import Refused
from services.ingest.text import Fields
from shared.contracts.messages import Attachment, Story
from shared.delivery import Record

_PROVIDER = "meta"
_FILES = {"image": "image", "video": "video", "audio": "audio", "file": "document"}
_SHARES = ("share", "ig_post", "ig_reel", "reel", "ig_story", "story_mention")
_DESCRIBED = ("template", "fallback", "location")
_HANDOVER = (
    "pass_thread_control", "take_thread_control", "request_thread_control", "app_roles", "optin",
    "account_linking", "delivery",
)


def read(record: Record) -> list[Part]:
    """The parts of an Instagram record."""
    return formats.read(record, FORMATS)


def _is_meta(payload: object) -> bool:
    return Fields(payload).text("object") in ("instagram", "page")


def _read_meta(payload: object, record: Record) -> list[Part]:
    parts: list[Part] = []
    for entry in Fields(payload).each("entry"):
        page, position = entry.text("id"), record.position
        parts += [_Event(page, item, position).part() for item in entry.each("messaging")]
        parts += [_Event(page, item, position).other("standby") for item in entry.each("standby")]
        for change in entry.each("changes"):
            event = _Event(page, change.fields("value"), position)
            if change.text("field") == "messages" and "sender" in change.fields("value"):
                parts.append(event.part())
            else:
                # Public comments and mentions are another product's.
                parts.append(event.other("other", change.text("field")))
    if not parts:
        raise Refused("empty", "a webhook without events")
    return parts


@dataclass(frozen=True, slots=True)
class _Event:
    """One item of `messaging`, on the page `page`."""

    page: str
    event: Fields
    position: str

    def part(self) -> Part:
        """What the event says; the first of the fields that are there tells its kind."""
        readers: dict[str, Callable[[Fields], Part]] = {
            "message": self._message,
            "postback": self._postback,
            "message_edit": self._edit,
            "reaction": self._reaction,
            "read": self._seen,
            "messaging_seen": self._seen,
            "referral": lambda _: self.other("referral"),
        }
        for name, reader in readers.items():
            if name in self.event:
                return reader(self.event.fields(name))
        return self.other("other", next((name for name in _HANDOVER if name in self.event), ""))

    def _place(self, *, customer: str = "sender") -> Place:
        """Where it happened. In an echo the customer is the recipient."""
        brand = "recipient" if customer == "sender" else "sender"
        person = self.event.fields(customer).text("id")
        page = self.page or self.event.fields(brand).text("id")
        return Place(
            provider=_PROVIDER,
            addresses=((page,), (self.event.fields(brand).text("id"),)),
            contact=contacts.instagram(page, person),
        )

    def other(self, kind: str, what: str = "") -> Part:
        """The event as a signal of that kind, told from others by its content."""
        detail = {"record": self.position} | ({"what": what[:100]} if what else {})
        return Happened(
            place=self._place(), kind=kind, key=(what, _digest(str(self.event.raw))),
            at=self.event.time("timestamp"), detail=detail,
        )

    def _message(self, message: Fields) -> Part:
        mid = message.text("mid")
        if message.true("is_echo") or message.true("is_self"):
            return Happened(
                place=self._place(customer="recipient"), kind="echo",
                key=(mid or _digest(str(self.event.raw)),), about=mid or None,
                text=message.text("text") or None, at=self.event.time("timestamp"),
            )
        if not mid:
            return Refused("malformed", "a message without mid")
        place = self._place()
        if place.contact is None:
            return Refused("no_sender", f"message {mid[:60]} has no sender")
        if message.true("is_deleted"):
            return TookBack(place=place, id=mid)
        return self._wrote(message, place, mid)

    def _wrote(self, message: Fields, place: Place, mid: str) -> Part:
        found = [item for item in message.each("attachments") if item.text("type")]
        files = _files(found)
        text, flags = message.text("text"), []
        story, replied_to = _story(message, found)
        if story is not None:
            flags.append("story_mention" if replied_to is None else "story_reply")
        if message.true("is_unsupported"):
            text, flags = text or "[unsupported message]", [*flags, "unsupported"]
        elif not text.strip() and not files and story is None:
            hearts = any(item.text("type") == "like_heart" for item in found)
            return Happened(
                place=place, kind="reaction" if hearts else "empty", key=(mid,), about=mid,
                about_inbound=True, text="❤" if hearts else None, at=self.event.time("timestamp"),
            )
        structured = {
            name: message.raw[name] for name in ("quick_reply", "referral") if name in message
        }
        if described := [item.raw for item in found if item.text("type") in _DESCRIBED]:
            structured["attachments"] = described
        return Wrote(
            place=place, id=mid, sent=self.event.time("timestamp") or "missing", text=text,
            attachments=files, story=story, structured=structured, flags=tuple(flags),
            in_reply_to=message.fields("reply_to").text("mid") or None,
        )

    def _postback(self, postback: Fields) -> Part:
        place = self._place()
        if place.contact is None:
            return Refused("no_sender", "a postback has no sender")
        payload = postback.text("payload")
        made_up = _digest(f"{place.contact.id}|{self.event.text('timestamp')}|{payload}")
        return Wrote(
            place=place, id=postback.text("mid") or f"postback:{made_up}",
            sent=self.event.time("timestamp") or "missing",
            text=postback.text("title") or payload or "[postback]",
            structured={"postback": postback.raw}, flags=("postback",),
        )

    def _edit(self, edit: Fields) -> Part:
        mid, place = edit.text("mid"), self._place()
        if not mid or place.contact is None:
            return Refused("malformed", "an edit that does not say of what or by whom")
        number = edit.text("num_edit")
        version = int(number) if number.isdecimal() and len(number) < 10 else 1
        if version == 0:
            # No edit yet: some apps get a new message in this form only.
            return Wrote(
                place=place, id=mid, sent=self.event.time("timestamp") or "missing",
                text=edit.text("text"), flags=("from_edit",),
            )
        return Edited(
            place=place, id=mid, text=edit.text("text"), version=version, edit_id=str(version)
        )

    def _reaction(self, reaction: Fields) -> Part:
        mid, action = reaction.text("mid"), reaction.text("action")
        emoji = reaction.text("emoji") or reaction.text("reaction")
        return Happened(
            place=self._place(), kind="reaction",
            key=(mid, action, emoji, self.event.text("timestamp")), about=mid or None,
            text=emoji or None, at=self.event.time("timestamp"), detail={"action": action},
        )

    def _seen(self, seen: Fields) -> Part:
        mid = seen.text("mid")
        place = self._place()
        person = place.contact.id if place.contact else ""
        until = mid or seen.text("watermark") or self.event.text("timestamp")
        return Happened(
            place=place, kind="read", key=(person, until), about=mid or None,
            at=self.event.time("timestamp"),
        )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _story(message: Fields, found: list[Fields]) -> tuple[Story | None, str | None]:
    """The story that the message answers or mentions, and the id of the one it answers."""
    answered = message.fields("reply_to").fields("story")
    if answered:
        story_id = answered.text("id")
        return Story(id=story_id or None, url=answered.text("url") or None), story_id
    for item in found:
        if item.text("type") == "story_mention":
            return Story(url=item.fields("payload").text("url") or None), None
    return None, None


def _files(found: list[Fields]) -> tuple[Attachment, ...]:
    """The files and shared posts, each URL once: one post may come under two names."""
    files: dict[str, Attachment] = {}
    for item in found:
        kind, payload = item.text("type"), item.fields("payload")
        if kind not in _FILES and kind not in _SHARES and kind not in _DESCRIBED:
            continue
        url = payload.text("url") or item.text("url")
        title = payload.text("title") or item.text("title")
        files.setdefault(
            url or f"{kind}:{title}",
            Attachment.model_validate(
                {"kind": _FILES.get(kind, "other"), "filename": title[:200] or None,
                 "ref": url or None}
            ),
        )
    return tuple(files.values())


FORMATS = (Format(_PROVIDER, _is_meta, _read_meta),)
