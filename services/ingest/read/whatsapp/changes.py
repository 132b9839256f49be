"""What a WhatsApp user changed: a message of theirs, a reaction, their number or id."""

import re
from collections.abc import Callable, Mapping

from services.ingest.read.findings import Edited, Finding, Happened, Place, TookBack
from services.ingest.read.text import Fields
from services.ingest.read.whatsapp.content import content_of
from services.ingest.refusals import Refused
from services.ingest.who import contacts
from shared.contracts.base import Contact

_FROM_TO = re.compile(r"changed from (\S{1,200}) to \S")
_SAID = (
    "type",
    "wa_id",
    "new_wa_id",
    "customer",
    "user_id",
    "parent_user_id",
    "previous_user_id",
    "identity",
)


def _original(message: Fields, kind: str) -> str:
    return message.fields(kind).text("original_message_id") or message.text("original_message_id")


def _revoked(message: Fields, place: Place, _wamid: str) -> Finding:
    original = _original(message, "revoke")
    if not original:
        return Refused("malformed", "a deletion that does not say of what")
    return TookBack(place=place, id=original)


def _edited(message: Fields, place: Place, wamid: str) -> Finding:
    original = _original(message, "edit")
    changed = message.fields("edit").fields("message") or message.fields("message")
    if not original:
        return Refused("malformed", "an edit that does not say of what")
    return Edited(
        place=place,
        id=original,
        text=content_of(changed).text,
        edit_id=wamid,
        at=message.time("timestamp"),
    )


def _reacted(message: Fields, place: Place, wamid: str) -> Finding:
    reaction = message.fields("reaction")
    emoji = reaction.text("emoji")
    return Happened(
        place=place,
        kind="reaction",
        key=(wamid,),
        about=reaction.text("message_id") or None,
        at=message.time("timestamp"),
        text=emoji or None,
        detail={"action": "react" if emoji else "unreact"},
    )


def _changed(message: Fields, place: Place, wamid: str) -> Finding:
    """The user got another number or id. The old one comes first among the contact's identities."""
    system = message.fields("system")
    body = system.text("body")
    told = _FROM_TO.search(body)
    before = [system.text("previous_user_id"), told.group(1) if told else ""]
    after = map(system.text, ("user_id", "new_wa_id", "wa_id", "parent_user_id"))
    if system.text("type") not in ("user_changed_number", "user_changed_user_id"):
        before, after = [system.text("customer")], map(system.text, ("user_id", "wa_id"))
    return Happened(
        place=_renamed(place, contacts.whatsapp(*before), contacts.whatsapp(*after)),
        kind="identity_changed",
        key=(wamid,),
        text=body or None,
        at=message.time("timestamp"),
        detail={name: text for name in _SAID if (text := system.text(name))},
    )


def changed_id(update: Fields, place: Place, digest: str) -> Finding:
    """What an item of the field `user_id_update` says: each id's `previous` and `current` value."""
    kinds = ("user_id", "parent_user_id")
    before = [update.fields(kind).text("previous") for kind in kinds]
    after = [update.fields(kind).text("current") or update.text(kind) for kind in kinds]
    said = zip(
        ("previous", "previous_parent", "current", "current_parent"), before + after, strict=True
    )
    renamed = _renamed(place, contacts.whatsapp(*before), contacts.whatsapp(*after), last=True)
    return Happened(
        place=renamed,
        kind="identity_changed",
        key=("user_id_update", digest, str(update.raw)),
        at=update.time("timestamp"),
        text=update.text("detail") or None,
        detail={"type": "user_id_update"} | {name: text for name, text in said if text},
    )


def _renamed(
    place: Place, before: Contact | None, after: Contact | None, *, last: bool = False
) -> Place:
    """The place with all the user's identities, the oldest first.

    Those that the place had come before the new ones; if `last`, after them, because nobody says
    how old they are.
    """
    order = (before, after, place.contact) if last else (before, place.contact, after)
    known = [contact for contact in order if contact is not None]
    identities = tuple(dict.fromkeys(each for contact in known for each in contact.identities))
    name = place.contact.display_name if place.contact else None
    contact = Contact(id=known[0].id, identities=identities, display_name=name) if known else None
    return Place(
        provider=place.provider,
        addresses=place.addresses,
        contact=contact,
        conversation_id=place.conversation_id,
    )


CHANGES: Mapping[str, Callable[[Fields, Place, str], Finding]] = {
    "revoke": _revoked,
    "edit": _edited,
    "reaction": _reacted,
    "system": _changed,
}
"""The readers of messages that change something, by type. Each is given message, place and id."""
