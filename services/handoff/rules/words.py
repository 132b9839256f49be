"""What visitors are asked and told, in their language: the account's words, else ready ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.handoffs import HandoffRequested
from shared.contracts.tickets import TicketSummary
from shared.learning.text import LONGEST_TEXT
from shared.values import wording

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
    return wording.guessed(" ".join(said)) or account.language


def text_of(  # what the text may name
    which: Which,
    language: str,
    account: AccountSettings,
    contact: Contact,
    now: datetime,
    *,
    email: str | None = None,
    ticket: TicketSummary | None = None,
) -> str:
    """The text in that language, with what it names; what nothing is known for is left out.

    The account's own words come first, in the account's language if not in the visitor's.
    """
    own: Mapping[str, str] = getattr(account.handoff, which)
    found = wording.chosen(which, own or READY.get(which, {}), language, account)
    if found is None:
        return ""
    text, of = found
    more: dict[str, object] = {"contact.address": email} if email else {}
    if ticket is not None:
        more |= {"ticket.number": ticket.number, "ticket.subject": ticket.subject}
    return wording.completed(text, wording.values(account, contact, now, of, more))
