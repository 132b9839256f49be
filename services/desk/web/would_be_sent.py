"""What would be sent without an agent, as the settings' pages show it before they are saved."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from services.desk.rules.asked import Body
from services.desk.rules.sms import segments
from services.desk.web.words import Words
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact, Identity
from shared.contracts.replying import Language
from shared.values import hours
from shared.values.previews import as_sms, previews

_SAMPLED: Final = ("ticket.number", "ticket.subject", "conversation.missed")
_BY_SMS: Final = "auto_replies.sms.text"


class Previewed(Body):
    """Settings of a part, and for whom: what is left out of a contact is not known of them."""

    settings: dict[str, Any]
    language: Language | None = None
    name: Annotated[str, Field(max_length=200)] | None = None
    address: Annotated[str, Field(max_length=320)] | None = None
    text: Annotated[str, Field(max_length=5_000)] | None = None


@dataclass(frozen=True, slots=True)
class Would:
    """A text; `segments` where it goes by SMS. `text` is null where nothing is sent.

    `sent` is whether it would be sent now: what is off, or for other hours, would not. `ready` is
    one that the account did not write itself.
    """

    place: str
    language: str | None
    text: str | None
    sent: bool
    ready: bool
    segments: int | None


@dataclass(frozen=True, slots=True)
class WouldBeSent:
    """The texts, whether the account is open now, and if not, when it opens next."""

    open: bool
    opens_at: datetime | None
    items: list[Would]


def would(
    settings: AccountSettings, part: str, given: Previewed, now: datetime, t: Words
) -> WouldBeSent:
    """What would be sent to that customer; of the part `links`, the text that was given."""
    if part == "links":
        text = as_sms(given.text or "", settings)
        parts = segments(text).segments
        items = [Would("links", None, text, sent=True, ready=False, segments=parts)]
    else:
        section = part.replace("-", "_")
        more = {place: t(f"settings.sample.{place}") for place in _SAMPLED}
        contact = _contact(given)
        items = [
            Would(
                each.place,
                each.language,
                each.text,
                each.sent,
                each.ready,
                segments(each.text or "").segments if each.place == _BY_SMS else None,
            )
            for each in previews(settings, contact, given.language, now, more, (section,))
        ]
    return WouldBeSent(hours.is_open(settings, now), hours.opens_at(settings, now), items)


def _contact(given: Previewed) -> Contact:
    address = (given.address or "").strip()
    kind = "email" if "@" in address else "e164"
    identities = (Identity.model_validate({"type": kind, "value": address}),) if address else ()
    return Contact(id="preview", display_name=given.name or None, identities=identities)
