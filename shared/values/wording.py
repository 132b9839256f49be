"""An account's own words for a customer: in their language, with all placeholders filled. Pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.learning.languages import language_of
from shared.learning.text import fold
from shared.values import hours, templates

READY: Final[Mapping[str, Mapping[str, str]]] = {
    "follow_up.subject": {
        "en": "Your chat with {{account.name|default('us')}}",
        "es": "Su chat con {{account.name|default('nosotros')}}",
        "it": "La sua chat con {{account.name|default('noi')}}",
    },
    "follow_up.text": {
        "en": (
            "Hello {{contact.first_name|default('')}},\n\nyou left our chat before you could read"
            " this:\n\n{{conversation.missed}}\n\nTo go on, just answer this mail."
        ),
        "es": (
            "Hola {{contact.first_name|default('')}}:\n\nsalió de nuestro chat antes de poder leer"
            " esto:\n\n{{conversation.missed}}\n\nPara continuar, basta con responder a este"
            " correo."
        ),
        "it": (
            "Salve {{contact.first_name|default('')}},\n\nha lasciato la nostra chat prima di poter"
            " leggere questo:\n\n{{conversation.missed}}\n\nPer continuare basta rispondere a"
            " questa mail."
        ),
    },
    "handoff.connect": {
        "en": "Would you like to be connected to a person of our team?",
        "es": "¿Quieres que te pongamos en contacto con una persona de nuestro equipo?",
        "it": "Vuoi essere messo in contatto con una persona del nostro team?",
    },
    "handoff.ask_address": {
        "en": "What is your email address, so that we can answer you there too?",
        "es": "¿Cuál es tu dirección de correo electrónico, para poder responderte también ahí?",
        "it": "Qual è il tuo indirizzo email, così possiamo risponderti anche lì?",
    },
    "handoff.team_has_it": {
        "en": "Thank you. Our team has your conversation, and a person will answer you shortly.",
        "es": "Gracias. Nuestro equipo tiene tu conversación y una persona te responderá en breve.",
        "it": "Grazie. Il nostro team ha la tua conversazione e una persona ti risponderà a breve.",
    },
    "handoff.agent_answers": {
        "en": "Thank you. We passed your conversation on, and a person will answer you.",
        "es": "Gracias. Hemos pasado tu conversación y una persona te responderá.",
        "it": "Grazie. Abbiamo inoltrato la tua conversazione e una persona ti risponderà.",
    },
}
"""Texts for accounts that have written none of their own, by their place in the settings."""

_DAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "es": ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "de": ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    "pt": (
        *("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira"),
        *("sábado", "domingo"),
    ),
}
_WRITTEN_TO: Final = ("e164", "email", "wa_id")
_TODAY, _THIS_WEEK = 1, 6
_GAPS = re.compile(r"(?<=\S)[ \t]+(?=[,.;:!?…)])")
_DOUBLED = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")


def guessed(text: str) -> str | None:
    """The language of what a customer wrote; None where too little says which."""
    found = language_of(fold(text))
    return None if found == "other" else found


def chosen(
    place: str, texts: Mapping[str, str], language: str | None, settings: AccountSettings
) -> tuple[str, str] | None:
    """The text for a customer of that language, and its language; None where there is none.

    In the customer's language where the account has it, else in the account's own. Without texts of
    the account's, it is a ready one for that place (see `READY`), or English where that has none.
    """
    of = texts or READY.get(place, {})
    for wanted in (language, settings.language, "en"):
        if wanted is not None and wanted in of:
            return of[wanted], wanted
    return None


def values(
    settings: AccountSettings,
    contact: Contact,
    now: datetime,
    language: str,
    more: Mapping[str, object] = {},
) -> dict[str, str]:
    """What placeholders stand for; those without a value are left out. `more` adds to them."""
    own = {address.channel: address.value for address in settings.addresses}
    by_type = {identity.type: identity.value for identity in contact.identities}
    name = contact.display_name
    found: dict[str, object] = {
        "contact.name": name,
        "contact.first_name": name.split()[0] if name and name.split() else None,
        "contact.address": next((by_type[kind] for kind in _WRITTEN_TO if kind in by_type), None),
        "account.name": settings.name,
        "account.email": own.get("email"),
        "account.phone": own.get("sms") or own.get("whatsapp"),
        "hours.opens_at": opening(settings, now, language),
        **more,
    }
    return {place: str(value) for place, value in found.items() if value}


def opening(settings: AccountSettings, now: datetime, language: str) -> str | None:
    """When the account opens next, in words: the time, with the day or date unless it is today."""
    at = hours.opens_at(settings, now)
    if at is None:
        return None
    clock = f"{at:%H:%M}"
    days = (at.date() - now.astimezone(at.tzinfo).date()).days
    if days < _TODAY:
        return clock
    if days <= _THIS_WEEK and language in _DAYS:
        return f"{_DAYS[language][at.weekday()]} {clock}"
    return f"{at:%Y-%m-%d} {clock}"


def completed(text: str, known: Mapping[str, str]) -> str:
    """The text with every placeholder filled in: what has no value is left out, with its gap."""
    said, missing = templates.filled(text, known)
    if not missing and "default" not in text:
        return said
    blank = dict.fromkeys(missing, "")
    said, _ = templates.filled(text, {**known, **blank})
    return _DOUBLED.sub(" ", _GAPS.sub("", said))
