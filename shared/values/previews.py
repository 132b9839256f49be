"""What would be sent without an agent, now and by these settings (ARP, HND). Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel, Contact
from shared.values import hours, wording
from shared.values.links import CODE_LENGTH, shortened

SECTIONS: Final = ("auto_replies", "handoff")
"""The settings that have texts."""

_CHANNELS: Final[Mapping[str, Channel]] = {"sms": "sms", "follow_up": "email"}
_EXAMPLE: Final = "0" * CODE_LENGTH


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as it would go out; `text` is None where there is none, which then is not sent.

    `sent` is whether it would be sent now at all: what is off, or for other hours, would not.
    `ready` is one that the account did not write itself.
    """

    place: str
    language: str | None
    text: str | None
    sent: bool
    ready: bool = False


def previews(
    settings: AccountSettings,
    contact: Contact,
    language: str | None,
    now: datetime,
    more: Mapping[str, object] | None = None,
    sections: Collection[str] = SECTIONS,
) -> Iterator[Preview]:
    """Each text of the settings for a customer of that language; `more` are further values."""
    texts = [("auto_replies", *each) for each in settings.auto_replies.texts()]
    texts += [("handoff", *each) for each in settings.handoff.texts()]
    sent = _sent(settings, now)
    own = {address.channel: address.value for address in reversed(settings.addresses)}
    for section, place, of, _ in texts:
        if section not in sections:
            continue
        path = f"{section}.{place}"
        named = path if section == "handoff" else place
        found = wording.chosen(named, of, language, settings)
        if found is None:
            yield Preview(path, None, None, sent=False)
            continue
        text, its = found
        written_to = own.get(_CHANNELS.get(place.partition(".")[0], "webchat"))
        beside = {"account.address": written_to, **(more or {})}
        known = wording.values(settings, contact, now, its, beside)
        said = wording.completed(text, known)
        if place == "sms.text":
            said = as_sms(said, settings)
        yield Preview(path, its, said, sent.get(path, True), ready=not of)


def as_sms(text: str, settings: AccountSettings) -> str:
    """The text with its links as they go out by SMS, with a code for an example (OUT 1)."""
    domain = settings.links.short_domain
    if domain is None or not settings.links.enabled:
        return text
    return shortened(text, domain, lambda *_: _EXAMPLE)[0]


def _sent(settings: AccountSettings, now: datetime) -> dict[str, bool]:
    replies = settings.auto_replies
    is_open = hours.is_open(settings, now)
    method = settings.handoff.method
    return {
        "auto_replies.sms.text": replies.sms.enabled,
        "auto_replies.webchat.open": is_open,
        "auto_replies.webchat.closed": not is_open,
        "auto_replies.follow_up.subject": replies.follow_up.enabled,
        "auto_replies.follow_up.text": replies.follow_up.enabled,
        "handoff.message": method == "message",
        "handoff.team_has_it": method == "helpdesk",
        "handoff.agent_answers": method in ("zendesk", "gorgias"),
        "handoff.connect": method != "message",
        "handoff.ask_address": method != "message",
    }
