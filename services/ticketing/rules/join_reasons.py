"""Says in words by which evidence a mail joins a thread (TKT 2)."""

from services.ticketing.rules.slots import evidence, takes_part
from services.ticketing.rules.ticket import Ticket
from shared.contracts.messages import InboundMessage, Mail
from shared.values.mail_tokens import named_by, short_id, unmarked

_SHOWN = 100
"""How many characters of a mail id are shown."""


def mail_joined(ticket: Ticket, message: InboundMessage, mail: Mail) -> str:
    """Why a mail is the ticket's: what it cites of the thread, and how its author takes part."""
    return f"TKT 2: {_cited(ticket, mail)}; its author {takes_part(ticket, message)}"


def _cited(ticket: Ticket, mail: Mail) -> str:
    known = next((cited for cited in evidence(mail) if cited in ticket.mail_ids), None)
    if known is None:
        tokens = (named_by(unmarked(mark)[1]) for mark in mail.tokens)
        if short_id(ticket.id) in tokens:
            return "it has the thread's signed token"
        return "it cites an older mail of the thread"
    name = known[:_SHOWN]
    if known == mail.message_id:
        return f"mails of the thread cite it, {name}"
    if known in mail.in_reply_to:
        return f"it answers {name}"
    if known in mail.references:
        return f"it refers to {name}"
    return "it is of the same conversation by Outlook's id"
