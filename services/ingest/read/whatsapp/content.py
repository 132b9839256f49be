"""What a WhatsApp message of any type says, in words, files and structure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.ingest.read.text import Fields, parse_json
from services.ingest.read.unknown import UNSUPPORTED, unknown, unsupported
from services.ingest.refusals import Refused
from shared.contracts.messages import Attachment

_MEDIA = {
    "image": "image",
    "audio": "audio",
    "voice": "audio",  # as it was called before audio files had a mark for it
    "video": "video",
    "document": "document",
    "sticker": "sticker",
}
_FILES = "whatsapp-media"
_SAYS_NOTHING = ("request_welcome", "ephemeral")
"""Types that come as messages do, but by which no customer says anything."""

_NO_QUESTION_OF_THE_CUSTOMERS = ("pin", "poll_update")
_NO_ANSWERS = ("call_permission_reply",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the customer sent.

    If they wrote nothing (`customer_wrote` is false), it becomes a signal of the kind `signal`, and
    `what` says what it is about. `own_ids` are further ids of the customer that are in it.
    """

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    structured: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    customer_wrote: bool = True
    signal: str = "other"
    what: str = ""
    own_ids: tuple[str, ...] = ()


def content_of(message: Fields) -> Content:
    """The content, by the message's type. A type that ingest does not know makes a message too."""
    kind = message.text("type") or _by_its_fields(message)
    if kind in _MEDIA:
        return _media(message.fields(kind), kind)
    if kind in _SAYS_NOTHING:
        return Content(customer_wrote=False)
    reader = _READERS.get(kind)
    return reader(message) if reader else _unknown(kind, message.fields(kind))


def _by_its_fields(message: Fields) -> str:
    """The type of a message that does not name its type: the name of the object that it has."""
    return next((kind for kind in (*_READERS, *_MEDIA) if kind in message), "")


def _unknown(kind: str, sent: Fields) -> Content:
    found = unknown(kind, sent, id_is=_FILES)
    return Content(
        text=found.text,
        attachments=found.attachments,
        structured=found.structured,
        flags=found.flags,
    )


def _text(message: Fields) -> Content:
    text = message.fields("text").text("body")
    return Content(text=text) if text.strip() else Content(customer_wrote=False, signal="empty")


def _media(media: Fields, kind: str) -> Content:
    family: Any = _MEDIA[kind]
    file = Attachment(
        kind=family,
        filename=media.text("filename") or None,
        media_type=media.text("mime_type") or None,
        # The id needs the account's token to be fetched; the URL lives for minutes only.
        ref=f"{_FILES}:{media.text('id')}" if media.text("id") else media.text("url") or None,
    )
    facts = {name: media.raw[name] for name in ("sha256", "voice", "animated") if name in media}
    structured = {family: facts} if facts else {}
    return Content(text=media.text("caption"), attachments=(file,), structured=structured)


def _location(message: Fields) -> Content:
    place = message.fields("location")
    named = [place.text("name"), place.text("address")]
    position = f"{place.text('latitude')}, {place.text('longitude')}"
    words = "\n".join([line for line in named if line] or [position])
    return Content(
        text=f"[location] {words}",
        structured={"location": place.raw},
    )


def _contacts(message: Fields) -> Content:
    lines, own = [], []
    for card in message.each("contacts"):
        name = card.fields("name").text("formatted_name")
        phones = [phone.text("phone") for phone in card.each("phones")]
        lines.append(" ".join(["[contact]", *filter(None, [name, *phones])]))
        if card.text("origin") == "contact_request":
            # Their own number, which they were asked for; any other card may be anybody's.
            own += [phone.text("wa_id") for phone in card.each("phones")]
    return Content(
        text="\n".join(lines) or "[contact]",
        own_ids=tuple(own),
        structured={"contacts": message.raw.get("contacts")},
    )


def _interactive(message: Fields) -> Content:
    answer = message.fields("interactive")
    kind = answer.text("type")
    chosen = answer.fields(kind)
    structured = {"interactive": answer.raw}
    if kind in ("button_reply", "list_reply"):
        return Content(text=chosen.text("title") or "[answer]", structured=structured)
    if kind == "nfm_reply":
        filled_in = _object(chosen.text("response_json"))
        words = chosen.text("body") or chosen.text("name") or "form"
        return Content(
            text=f"[form] {words}",
            structured=structured | {"form": filled_in},
        )
    if not kind:
        return _unsupported(message)
    if kind in _NO_ANSWERS:
        return Content(customer_wrote=False, what=kind)
    return _unknown(f"interactive {kind}", chosen)


def _object(text: str) -> Any:  # noqa: ANN401  # whatever the form holds
    try:
        return parse_json(text.encode())
    except Refused:
        return text


def _button(message: Fields) -> Content:
    button = message.fields("button")
    return Content(text=button.text("text") or "[button]", structured={"button": button.raw})


def _order(message: Fields) -> Content:
    order = message.fields("order")
    lines = [
        f"{item.text('quantity') or '1'} × {item.text('product_retailer_id')}"
        for item in order.each("product_items")
    ]
    words = [line for line in (order.text("text"), "[order] " + ", ".join(lines)) if line]
    return Content(
        text="\n".join(words),
        structured={"order": order.raw},
    )


def _unsupported(message: Fields) -> Content:
    what = message.fields("unsupported").text("type")
    if what in _NO_QUESTION_OF_THE_CUSTOMERS:
        return Content(customer_wrote=False, what=what)
    return Content(
        text=unsupported(what),
        flags=(UNSUPPORTED,),
        structured={"unsupported": what, "errors": message.raw.get("errors")},
    )


_READERS: Mapping[str, Callable[[Fields], Content]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "unsupported": _unsupported,
    "unknown": _unsupported,
}
