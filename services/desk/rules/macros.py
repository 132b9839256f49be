"""Macros: replies prepared in advance, with what they leave open filled in (MAC 1). Pure."""

import re
from collections.abc import Mapping
from typing import Final

from services.desk.rules.rows import Row
from services.desk.rules.showing import contact
from shared.contracts.accounts import AccountSettings
from shared.values import templates

PLACEHOLDERS: Final = (
    "contact.name",
    "contact.first_name",
    "contact.address",
    "ticket.number",
    "ticket.subject",
    "agent.name",
    "agent.first_name",
    "account.name",
    "account.address",
    "account.email",
    "account.phone",
)
"""What a macro's text may name, between double braces."""

_BRACES = re.compile(r"\{\{.*?\}\}", re.DOTALL)
"""What may be a placeholder; what stands around it is any text, and never read as a template."""


def values(row: Row, settings: AccountSettings, agent: str) -> dict[str, str]:
    """What placeholders stand for on that ticket; those without a value are left out."""
    ticket = row.summary
    assert ticket is not None  # noqa: S101  # what has no summary is in no list
    customer = contact(ticket.contact)
    name = ticket.contact.display_name and customer.name
    own = {address.channel: address.value for address in settings.addresses}
    found = {
        "contact.name": name,
        "contact.first_name": name and name.split()[0],
        "contact.address": customer.address,
        "ticket.number": str(ticket.number),
        "ticket.subject": ticket.subject,
        "agent.name": agent,
        "agent.first_name": agent.split(maxsplit=1)[0] if agent.strip() else None,
        "account.name": settings.name,
        "account.address": ticket.address,
        "account.email": own.get("email"),
        "account.phone": own.get("sms") or own.get("whatsapp"),
    }
    return {place: value for place, value in found.items() if value}


def filled(text: str, known: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """The text with its placeholders filled in, and those that have no value: they stay."""
    missing: dict[str, None] = {}

    def put(match: re.Match[str]) -> str:
        name = _named(match.group())
        if name not in PLACEHOLDERS:
            return match.group()
        said, left = templates.filled(match.group(), known)
        missing.update(dict.fromkeys(left))
        return match.group() if left else said

    return _BRACES.sub(put, text), tuple(missing)


def left_open(text: str) -> tuple[str, ...]:
    """The placeholders that stand in a text still: it must not be sent like that."""
    return tuple(name for name in _names(text) if name in PLACEHOLDERS)


def unknown(text: str) -> tuple[str, ...]:
    """What looks like a placeholder in a macro's text, and is none."""
    return tuple(name for name in _names(text) if name not in PLACEHOLDERS)


def _names(text: str) -> dict[str, None]:
    """What placeholders of the text are called, each once."""
    found = (_named(match.group()) for match in _BRACES.finditer(text))
    return {name: None for name in found if name is not None}


def _named(braces: str) -> str | None:
    """What the placeholder is called; None for what is none."""
    try:
        (part,) = templates.parts(braces)
    except ValueError:
        return None
    return part.name if isinstance(part, templates.Place) else None
