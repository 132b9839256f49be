"""Web chat: the project's own contract, which a widget's server publishes (docs/webchat.md)."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from services.ingest.read import formats
from services.ingest.read.findings import Edited, Finding, Happened, Place, TookBack, Wrote
from services.ingest.read.formats import Format
from services.ingest.read.media import kind_of
from services.ingest.read.times import received_at
from services.ingest.read.unknown import UNSUPPORTED, kept, unsupported
from services.ingest.refusals import Refused, in_words
from services.ingest.who import contacts
from shared.bus.delivery import Record
from shared.contracts.base import Identity
from shared.contracts.messages import Attachment

_KINDS = {
    "typing": "typing",
    "read": "read",
    "session_start": "connected",
    "session_end": "disconnected",
    "identify": "identity_changed",
}
_OF_THE_SESSION = ("session_start", "session_end", "identify")
"""Events that are about the visitor even if their author is an agent or a bot."""


def _not_blank(text: str) -> str:
    if not text.strip():
        message = "blank"
        raise ValueError(message)
    return text.strip()


Key = Annotated[str, Field(max_length=200), AfterValidator(_not_blank)]


class _Read(BaseModel):
    """A field that is null counts as missing."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, dict):
            return value
        return {name: item for name, item in value.items() if item is not None}


class User(_Read):
    """Who the visitor says they are.

    The widget's server sets `verified` once it has checked the visitor's signature. Until then the
    mail address and the id are mere claims, because a visitor can claim anybody's.
    """

    external_id: str | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=320)
    name: str | None = None
    verified: bool = Field(default=False, strict=True)


class File(_Read):
    """An uploaded file; `url` says where its bytes are."""

    url: str | None = None
    name: str | None = None
    media_type: str | None = None
    size: int | None = Field(default=None, ge=0, le=2**53)


class Page(_Read):
    """Where on the shop's site the visitor is."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None


class Event(_Read):
    """What happened in a web chat. `session_id` is the conversation.

    The widget draws a `client_message_id` for each message, and keeps it when it sends the message
    again. `edit`, `delete` and `read` name by it the message that they are about. `event_id` tells
    other events apart. `sent_at` is RFC 3339. `text` and `attachments` are those of the message; in
    an `edit`, `text` is the new text. An event of an unknown type is a message if it has text or
    attachments, and else a signal.
    """

    type: Annotated[str, Field(max_length=60), AfterValidator(_not_blank)]
    widget_id: Key
    session_id: Key
    visitor_id: Key
    author: Literal["visitor", "agent", "bot"] = "visitor"
    client_message_id: Key | None = None
    event_id: Key | None = None
    user: User = User()
    text: str = ""
    attachments: tuple[File, ...] = Field(default=(), max_length=50)
    sent_at: str | int | float | None = None
    page: Page | None = None
    locale: str | None = None


def read(record: Record) -> list[Finding]:
    """The findings in a web-chat record."""
    return formats.read(record, FORMATS)


def _is_ours(payload: object) -> bool:
    return isinstance(payload, dict) and "widget_id" in payload and "session_id" in payload


def _read_ours(payload: Any, record: Record) -> list[Finding]:  # noqa: ANN401
    try:
        event = Event.model_validate(payload)
    except ValidationError as error:
        raise Refused("malformed", in_words(error)) from None
    if event.sent_at is None and event.event_id is None:
        # What has neither an id nor a time of its own is told apart by when it was received.
        event = event.model_copy(update={"event_id": received_at(record).isoformat()})
    return [_finding(event, _place(event))]


def _place(event: Event) -> Place:
    known_as: tuple[Identity, ...] = ()
    if event.user.verified and (known := contacts.email(event.user.email or "")) is not None:
        known_as += known.identities
    if event.user.verified and event.user.external_id:
        known_as += (Identity(type="external", value=event.user.external_id),)
    contact = contacts.visitor(event.widget_id, event.visitor_id, event.user.name, known_as)
    return Place(
        provider="webchat",
        addresses=((event.widget_id,),),
        contact=contact,
        conversation_id=event.session_id,
    )


def _finding(event: Event, place: Place) -> Finding:
    if event.author != "visitor" and event.type not in _OF_THE_SESSION:
        return _signal(event, place, "echo")
    match event.type:
        case "message":
            return _message(event, place)
        case str(kind) if kind not in (*_KINDS, "edit", "delete"):
            if event.text.strip() or event.attachments or event.client_message_id:
                return _message(event, place)
            return _signal(event, place, "other")
        case "edit":
            return Edited(
                place=place,
                id=_message_id(event),
                id_parts=(event.session_id,),
                text=event.text,
                edit_id=event.event_id or f"{event.sent_at}:{event.text}",
                at=event.sent_at,
            )
        case "delete":
            return TookBack(place=place, id=_message_id(event), id_parts=(event.session_id,))
        case kind:
            return _signal(event, place, _KINDS[kind])


def _message_id(event: Event) -> str:
    if event.client_message_id is None:
        raise Refused("malformed", f"{event.type} without client_message_id")
    return event.client_message_id


def _message(event: Event, place: Place) -> Finding:
    files = tuple(
        Attachment(
            kind=kind_of(file.media_type),
            filename=file.name,
            media_type=file.media_type,
            size=file.size,
            ref=file.url,
        )
        for file in event.attachments
    )
    known = event.type == "message"
    text = event.text if event.text.strip() or files or known else unsupported(event.type)
    if not text.strip() and not files:
        return _signal(event, place, "empty")
    structured: dict[str, Any] = {}
    if claimed := event.user.model_dump(exclude_none=True, exclude={"verified"}):
        structured["user"] = claimed
    if event.page is not None:
        structured["page"] = event.page.model_dump(exclude_none=True)
    if event.locale:
        structured["locale"] = event.locale
    if not known:
        structured[UNSUPPORTED] = kept(event.type, None)
    return Wrote(
        place=place,
        id=_message_id(event),
        id_parts=(event.session_id,),
        sent=event.sent_at,
        text=text,
        attachments=files,
        structured=structured,
        flags=() if known else (UNSUPPORTED,),
    )


def _signal(event: Event, place: Place, kind: str) -> Happened:
    claimed = event.user.model_dump(exclude_none=True, exclude={"verified"})
    return Happened(
        place=place,
        kind=kind,
        at=event.sent_at,
        key=(event.session_id, event.event_id or f"{event.client_message_id}:{event.sent_at}"),
        about=event.client_message_id,
        about_parts=(event.session_id,),
        about_inbound=event.client_message_id is not None and event.type == "message",
        text=event.text or None,
        detail=claimed | {"verified": str(event.user.verified).lower()}
        if event.type == "identify"
        else {},
    )


FORMATS = (Format("webchat", _is_ours, _read_ours),)
