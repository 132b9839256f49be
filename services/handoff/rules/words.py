"""What visitors are asked and told, in their language: the account's words, else ready ones."""

from collections.abc import Mapping
from typing import Final, Literal

from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.handoffs import HandoffRequested
from shared.contracts.tickets import TicketSummary
from shared.learning.languages import language_of
from shared.learning.text import LONGEST_TEXT, fold
from shared.values import templates

Which = Literal["message", "connect", "ask_address", "team_has_it", "person_answers"]

READY: Final[Mapping[Which, Mapping[str, str]]] = {
    "connect": {
        "en": "Would you like to be connected to a person of our team?",
        "es": "¿Quieres que te pongamos en contacto con una persona de nuestro equipo?",
        "it": "Vuoi essere messo in contatto con una persona del nostro team?",
    },
    "ask_address": {
        "en": "What is your email address, so that we can answer you there too?",
        "es": "¿Cuál es tu dirección de correo electrónico, para poder responderte también ahí?",
        "it": "Qual è il tuo indirizzo email, così possiamo risponderti anche lì?",
    },
    "team_has_it": {
        "en": "Thank you. Our team has your conversation, and a person will answer you shortly.",
        "es": "Gracias. Nuestro equipo tiene tu conversación y una persona te responderá en breve.",
        "it": "Grazie. Il nostro team ha la tua conversazione e una persona ti risponderà a breve.",
    },
    "person_answers": {
        "en": "Thank you. We passed your conversation on, and a person will answer you.",
        "es": "Gracias. Hemos pasado tu conversación y una persona te responderá.",
        "it": "Grazie. Abbiamo inoltrato la tua conversazione e una persona ti risponderà.",
    },
}
"""Of the account's own message there is none: whoever chooses that method writes it."""


def spoken(request: HandoffRequested, account: AccountSettings) -> str:
    """The visitor's language: as the AI agent says, as their lines look, else the account's."""
    if request.language:
        return request.language
    said, length = [], 0
    for line in request.transcript:
        if line.who == "visitor" and line.text and length < LONGEST_TEXT:
            said.append(line.text)
            length += len(line.text)
    guess = language_of(fold(" ".join(said)))
    return account.language if guess == "other" else guess


def known_of(
    contact: Contact,
    account: AccountSettings,
    *,
    email: str | None = None,
    ticket: TicketSummary | None = None,
) -> dict[str, str]:
    """The values of placeholders, as far as they are known."""
    name = (contact.display_name or "").strip()
    ours = {address.channel: address.value for address in reversed(account.addresses)}
    values = {
        "contact.name": name,
        "contact.first_name": name.partition(" ")[0],
        "contact.address": email or "",
        "account.name": account.name,
        "account.address": ours.get("email", ""),
        "account.email": ours.get("email", ""),
        "account.phone": ours.get("sms", ""),
    }
    if ticket is not None:
        values |= {"ticket.number": str(ticket.number), "ticket.subject": ticket.subject or ""}
    return {name: value for name, value in values.items() if value}


def text_of(which: Which, language: str, account: AccountSettings, known: Mapping[str, str]) -> str:
    """The text in that language; what nothing is known for is left out of it.

    The account's own words come first, in the account's language if not in the visitor's.
    """
    own: Mapping[str, str] = getattr(account.handoff, which)
    ready = READY.get(which, {})
    text = own.get(language) or own.get(account.language)
    text = text or ready.get(language) or ready.get(account.language) or ready.get("en", "")
    said, missing = templates.filled(text, known)
    for name in missing:
        said = said.replace(f" {{{{{name}}}}}", "").replace(f"{{{{{name}}}}}", "")
    return said
