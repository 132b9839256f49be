"""Macros: replies prepared in advance, with what they leave open filled in (MAC 1). Pure."""

import re
from collections.abc import Mapping
from typing import Final

from services.desk.rules.rows import Row
from services.desk.rules.showing import contact
from shared.contracts.accounts import AccountSettings

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

_PLACE = re.compile(r"\{\{\s*([a-z_]+\.[a-z_]+)\s*\}\}")


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
        place = match.group(1)
        if place in PLACEHOLDERS and place not in known:
            missing[place] = None
        return known.get(place, match.group())

    return _PLACE.sub(put, text), tuple(missing)


def left_open(text: str) -> tuple[str, ...]:
    """The placeholders that stand in a text still: it must not be sent like that."""
    return tuple(dict.fromkeys(p for p in _PLACE.findall(text) if p in PLACEHOLDERS))


def unknown(text: str) -> tuple[str, ...]:
    """What looks like a placeholder in a macro's text, and is none."""
    return tuple(dict.fromkeys(p for p in _PLACE.findall(text) if p not in PLACEHOLDERS))
