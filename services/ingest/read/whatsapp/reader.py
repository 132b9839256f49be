"""WhatsApp. Provider: Meta's Cloud API webhook."""

import hashlib
from collections.abc import Callable, Mapping

from services.ingest.read import formats, sms
from services.ingest.read.findings import Finding, Happened, Place, Wrote
from services.ingest.read.formats import Format
from services.ingest.read.text import Fields
from services.ingest.read.whatsapp.changes import CHANGES, changed_id
from services.ingest.read.whatsapp.content import Content, content_of
from services.ingest.refusals import Refused
from services.ingest.who import contacts
from shared.bus.delivery import Record
from shared.contracts.base import Contact

_PROVIDER = "cloud_api"
_OBJECT = "whatsapp_business_account"
_MOST_FACTS = 20
_OLD_NEWS = ("history", "smb_app_state_sync")


def read(record: Record) -> list[Finding]:
    """The findings in a WhatsApp record."""
    return formats.read(record, FORMATS)


def _is_cloud_api(payload: object) -> bool:
    return Fields(payload).text("object") == _OBJECT


def _read_cloud_api(payload: object, record: Record) -> list[Finding]:
    webhook = Fields(payload)
    if (told := webhook.text("object")) not in ("", _OBJECT):
        raise Refused("wrong_channel", f"a webhook about {told[:40]!r} is not WhatsApp's")
    findings: list[Finding] = []
    for entry in webhook.each("entry"):
        changes = entry.each("changes")
        if not changes:
            findings.append(Refused("malformed", "an entry without changes"))
        for change in changes:
            findings += _Value(change, entry, record.position).findings()
    if not findings:
        raise Refused("empty", "a webhook without entries")
    return findings


class _Value:
    """The `value` of one change."""

    def __init__(self, change: Fields, entry: Fields, position: str) -> None:
        self._field = change.text("field")
        self._value = change.fields("value")
        self._position = position
        self._time = entry.text("time")
        number = self._value.fields("metadata").text("phone_number_id")
        self._addresses = ((number or entry.text("id"),),)
        self._people = self._value.each("contacts")

    @property
    def _digest(self) -> str:
        """What tells a notice without an id from others.

        If the webhook says when it was made, the notice has the same digest whenever it is
        delivered. If not, the record's position counts, so each delivery is another notice.
        """
        said = f"{self._time or self._position}|{self._field}|{self._value.raw}"
        return hashlib.sha256(said.encode()).hexdigest()

    def findings(self) -> list[Finding]:
        """What the change says. If ingest knows nothing that is in it, it is one signal."""
        readers: dict[str, list[tuple[str, Callable[[Fields], Finding]]]] = {
            "messages": [
                ("messages", self._message),
                ("statuses", self._status),
                ("errors", self._error),
            ],
            "smb_message_echoes": [("message_echoes", self._echo)],
            "user_preferences": [("user_preferences", self._preference)],
            "user_id_update": [("user_id_update", self._id_update)],
        }
        found: list[Finding] = []
        for name, reader in readers.get(self._field, []):
            found += [reader(item) for item in self._value.each(name)]
            if self._value.raw.get(name) and not isinstance(self._value.raw[name], list):
                found.append(Refused("malformed", f"{name} is no list"))
        return found or [self._whole()]

    def _place(self, *names: str, group: str = "") -> Place:
        return Place(
            provider=_PROVIDER,
            addresses=self._addresses,
            conversation_id=group or None,
            contact=self._contact([name.strip().removeprefix("@") for name in names if name]),
        )

    def _contact(self, names: list[str]) -> Contact | None:
        for person in self._people:
            known = map(person.text, ("user_id", "wa_id", "parent_user_id"))
            ids = [name.strip() for name in known if name]
            if set(ids) & set(names):
                profile = person.fields("profile")
                name = profile.text("name") or profile.text("username").removeprefix("@")
                return contacts.whatsapp(*names, *ids, display_name=name)
        return contacts.whatsapp(*names)

    def _whole(self) -> Finding:
        """The whole change as one signal: it is about the account or about old messages.

        No ticket has to know of it.
        """
        facts = [name for name in self._value.raw if name != "messaging_product"][:_MOST_FACTS]
        detail = {name[:100]: self._value.text(name)[:200] for name in facts}
        return Happened(
            place=self._place(),
            kind="history" if self._field in _OLD_NEWS else "other",
            key=(self._field, self._digest),
            detail={name: text for name, text in detail.items() if text}
            | {"field": self._field[:100], "record": self._position},
        )

    def _status(self, status: Fields) -> Finding:
        said, about = status.text("status"), status.text("id")
        if not about:
            return Refused("malformed", "a status without the id of its message")
        group = status.text("recipient_type") == "group"
        person = "recipient_participant" if group else "recipient"
        names = [
            status.text(name)
            for name in (f"{person}_user_id", f"{person}_id", f"{person}_parent_user_id")
        ]
        errors = ",".join(error.text("code") for error in status.each("errors"))
        return Happened(
            place=self._place(*names, group=status.text("recipient_id") if group else ""),
            kind="read" if said in ("read", "played") else "delivery_status",
            # In a group each of its people has a receipt of their own.
            key=(about, said, status.text("timestamp"), *(names if group else ())),
            about=about,
            at=status.time("timestamp"),
            detail={"status": said} | ({"errors": errors} if errors else {}),
        )

    def _error(self, error: Fields) -> Finding:
        detail = {name: error.text(name) for name in ("code", "title", "message")}
        return Happened(
            place=self._place(),
            kind="other",
            key=("error", self._digest, str(error.raw)),
            detail={"what": "error"} | {name: text for name, text in detail.items() if text},
        )

    def _preference(self, preference: Fields) -> Finding:
        wish = preference.text("value")
        kind = {"stop": "opt_out", "resume": "opt_in"}.get(wish, "other")
        place = self._place(*map(preference.text, ("user_id", "wa_id", "parent_user_id")))
        return Happened(
            place=place,
            kind=kind,
            key=(place.contact.id if place.contact else "", wish, preference.text("timestamp")),
            at=preference.time("timestamp"),
            text=preference.text("detail") or None,
            detail={"category": preference.text("category"), "value": wish},
        )

    def _id_update(self, update: Fields) -> Finding:
        return changed_id(update, self._place(update.text("wa_id")), self._digest)

    def _echo(self, message: Fields) -> Finding:
        about = message.text("id")
        return Happened(
            place=self._place(*map(message.text, ("to_user_id", "to", "to_parent_user_id"))),
            kind="echo",
            key=(about or str(message.raw),),
            about=about or None,
            at=message.time("timestamp"),
            text=content_of(message).text or None,
        )

    def _message(self, message: Fields) -> Finding:
        wamid, kind = message.text("id"), message.text("type")
        if not wamid:
            return Refused("malformed", "a message without an id")
        content = content_of(message)
        place = self._place(
            *map(message.text, ("from_user_id", "from", "from_parent_user_id")),
            *content.own_ids,
            group=message.text("group_id"),
        )
        if place.contact is None and kind != "system":
            return Refused("no_sender", f"message {wamid[:100]} names nobody as its sender")
        if (reader := CHANGES.get(kind)) is not None:
            return reader(message, place, wamid)
        if not content.customer_wrote:
            detail = {"type": kind[:100], "what": content.what[:100], "record": self._position}
            return Happened(
                place=place,
                kind=content.signal,
                key=(kind, wamid),
                about=wamid,
                about_inbound=True,
                at=message.time("timestamp"),
                text=content.text or None,
                detail={name: text for name, text in detail.items() if text},
            )
        return _wrote(message, place, wamid, content)


def _wrote(message: Fields, place: Place, wamid: str, content: Content) -> Finding:
    context = message.fields("context")
    structured, flags = dict(content.structured), list(content.flags)
    kept: Mapping[str, object] = {
        "referral": message.fields("referral").raw,
        "referred_product": context.fields("referred_product").raw,
        "group_id": message.text("group_id"),
    }
    structured |= {name: value for name, value in kept.items() if value}
    if context.true("forwarded") or context.true("frequently_forwarded"):
        flags.append("forwarded")
    if place.conversation_id:
        flags.append("group")
    return Wrote(
        place=place,
        id=wamid,
        sent=message.time("timestamp") or "missing",
        text=content.text,
        attachments=content.attachments,
        in_reply_to=context.text("id") or None,
        structured=structured,
        flags=tuple(flags),
    )


FORMATS = (Format(_PROVIDER, _is_cloud_api, _read_cloud_api), *sms.WITH_WHATSAPP)
