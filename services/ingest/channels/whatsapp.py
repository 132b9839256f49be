"""WhatsApp. Provider: Meta's Cloud API webhook."""

from collections.abc import Callable, Mapping

from services.ingest import contacts
from services.ingest.channels import formats
from services.ingest.channels.formats import Format
from services.ingest.channels.whatsapp_content import Content, content_of
from services.ingest.parts import Edited, Happened, Part, Place, TookBack, Wrote
from services.ingest.refusals import Refused
from services.ingest.text import Fields
from shared.contracts.base import Contact
from shared.delivery import Record

_PROVIDER = "cloud_api"


def read(record: Record) -> list[Part]:
    """The parts of a WhatsApp record."""
    return formats.read(record, FORMATS)


def _is_cloud_api(payload: object) -> bool:
    return Fields(payload).text("object") == "whatsapp_business_account"


def _read_cloud_api(payload: object, record: Record) -> list[Part]:
    parts: list[Part] = []
    for entry in Fields(payload).each("entry"):
        for change in entry.each("changes"):
            value = _Value(change.fields("value"), entry.text("id"), record.position)
            parts += value.parts(change.text("field"))
    if not parts:
        raise Refused("empty", "a webhook without changes")
    return parts


class _Value:
    """The `value` of one change."""

    def __init__(self, value: Fields, business_id: str, position: str) -> None:
        self._value = value
        self._business_id = business_id
        self._position = position
        number = value.fields("metadata").text("phone_number_id")
        self._addresses = ((number or business_id,),)
        self._people = value.each("contacts")

    def parts(self, field: str) -> list[Part]:
        """What the change says; a field that ingest knows nothing of is a signal."""
        readers: dict[str, list[tuple[str, Callable[[Fields], Part]]]] = {
            "messages": [
                ("messages", self._message), ("statuses", self._status), ("errors", self._error),
            ],
            "smb_message_echoes": [("message_echoes", self._echo)],
            "user_preferences": [("user_preferences", self._preference)],
        }
        found = [
            reader(item)
            for name, reader in readers.get(field, [])
            for item in self._value.each(name)
        ]
        return found or [self._whole(field)]

    def _place(self, *names: str) -> Place:
        return Place(
            provider=_PROVIDER, addresses=self._addresses,
            contact=self._contact([name.strip().removeprefix("@") for name in names if name]),
        )

    def _contact(self, names: list[str]) -> Contact | None:
        for person in self._people:
            known = [name for name in map(person.text, ("user_id", "wa_id")) if name]
            if set(known) & set(names):
                profile = person.fields("profile")
                name = profile.text("name") or profile.text("username")
                return contacts.whatsapp(*names, *known, display_name=name)
        return contacts.whatsapp(*names)

    def _whole(self, field: str) -> Part:
        kind = "history" if field in ("history", "smb_app_state_sync") else "other"
        return Happened(
            place=self._place(), kind=kind, key=(field, self._position),
            detail={"field": field[:100], "record": self._position},
        )

    def _status(self, status: Fields) -> Part:
        said, about = status.text("status"), status.text("id")
        if not about:
            return Refused("malformed", "a status without the id of its message")
        errors = ",".join(error.text("code") for error in status.each("errors"))
        return Happened(
            place=self._place(status.text("recipient_id"), status.text("recipient_user_id")),
            kind="read" if said in ("read", "played") else "delivery_status",
            key=(about, said, status.text("timestamp")), about=about,
            at=status.time("timestamp"),
            detail={"status": said} | ({"errors": errors} if errors else {}),
        )

    def _error(self, error: Fields) -> Part:
        return Happened(
            place=self._place(), kind="other", key=("error", self._position, str(error.raw)),
            detail={"what": "error", "code": error.text("code"), "title": error.text("title")},
        )

    def _preference(self, preference: Fields) -> Part:
        wish = preference.text("value")
        kind = {"stop": "opt_out", "resume": "opt_in"}.get(wish, "other")
        place = self._place(preference.text("wa_id"), preference.text("user_id"))
        return Happened(
            place=place, kind=kind,
            key=(place.contact.id if place.contact else "", wish, preference.text("timestamp")),
            at=preference.time("timestamp"),
            detail={"category": preference.text("category"), "value": wish},
        )

    def _echo(self, message: Fields) -> Part:
        about = message.text("id")
        return Happened(
            place=self._place(message.text("to"), message.text("to_user_id")), kind="echo",
            key=(about or str(message.raw),), about=about or None, at=message.time("timestamp"),
            text=content_of(message).text or None,
        )

    def _message(self, message: Fields) -> Part:
        wamid, kind = message.text("id"), message.text("type")
        if not wamid:
            return Refused("malformed", "a message without an id")
        place = self._place(message.text("from"), message.text("from_user_id"))
        if place.contact is None and kind != "system":
            return Refused("no_sender", f"message {wamid} says neither from nor from_user_id")
        if (reader := _NO_MESSAGES.get(kind)) is not None:
            return reader(message, place, wamid)
        content = content_of(message)
        if not content.customer_wrote:
            detail = {"type": kind[:100], "record": self._position}
            return Happened(
                place=place, kind=content.signal, key=(kind, wamid), about=wamid,
                about_inbound=True, text=content.text or None, detail=detail,
            )
        return _wrote(message, place, wamid, content)


def _wrote(message: Fields, place: Place, wamid: str, content: Content) -> Part:
    context = message.fields("context")
    structured, flags = dict(content.structured), list(content.flags)
    if referral := message.fields("referral").raw:
        structured["referral"] = referral
    if product := context.fields("referred_product").raw:
        structured["referred_product"] = product
    if context.true("forwarded") or context.true("frequently_forwarded"):
        flags.append("forwarded")
    if group := message.text("group_id"):
        flags.append("group")
        structured["group_id"] = group
    return Wrote(
        place=place, id=wamid, sent=message.time("timestamp") or "missing", text=content.text,
        attachments=content.attachments, in_reply_to=context.text("id") or None,
        structured=structured, flags=tuple(flags),
    )


def _original(message: Fields, kind: str) -> str:
    return message.fields(kind).text("original_message_id") or message.text("original_message_id")


def _revoked(message: Fields, place: Place, _wamid: str) -> Part:
    original = _original(message, "revoke")
    if not original:
        return Refused("malformed", "a deletion that does not say of what")
    return TookBack(place=place, id=original)


def _edited(message: Fields, place: Place, wamid: str) -> Part:
    original = _original(message, "edit")
    changed = message.fields("edit").fields("message") or message.fields("message")
    if not original:
        return Refused("malformed", "an edit that does not say of what")
    return Edited(
        place=place, id=original, text=content_of(changed).text, edit_id=wamid,
        at=message.time("timestamp"),
    )


def _reacted(message: Fields, place: Place, wamid: str) -> Part:
    reaction = message.fields("reaction")
    emoji = reaction.text("emoji")
    return Happened(
        place=place, kind="reaction", key=(wamid,), about=reaction.text("message_id") or None,
        at=message.time("timestamp"), text=emoji or None,
        detail={"action": "react" if emoji else "unreact"},
    )


def _changed(message: Fields, place: Place, wamid: str) -> Part:
    system = message.fields("system")
    named = {name: system.text(name) for name in ("type", "wa_id", "new_wa_id", "user_id")}
    return Happened(
        place=place, kind="identity_changed", key=(wamid,), text=system.text("body") or None,
        at=message.time("timestamp"), detail={name: text for name, text in named.items() if text},
    )


_NO_MESSAGES: Mapping[str, Callable[[Fields, Place, str], Part]] = {
    "revoke": _revoked,
    "edit": _edited,
    "reaction": _reacted,
    "system": _changed,
}

FORMATS = (Format(_PROVIDER, _is_cloud_api, _read_cloud_api),)
