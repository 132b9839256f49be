"""What replies listens to: each item concerns one contact, and has its effect once."""

from dataclasses import dataclass
from datetime import datetime

from services.replies.rules.correspondent import Correspondent
from shared.contracts.handoffs import HandoffEnded
from shared.contracts.replying import AutoReplies
from shared.contracts.signals import Signal
from shared.contracts.tickets import AgentReplied, CustomerWrote, TicketFact

SIGNALS = frozenset({"connected", "disconnected", "read"})


@dataclass(frozen=True, slots=True)
class Due:
    """The moment has come at which a chat's visitor may have to be written to."""

    account_id: str
    contact_id: str
    conversation_id: str
    due_at: datetime
    now: datetime


News = CustomerWrote | AgentReplied | Signal | HandoffEnded | Due


def id_of(item: News) -> str:
    """The item's id in the ledger: the same for each delivery of the same news."""
    if isinstance(item, Due):
        at = item.due_at.isoformat()
        return f"{item.account_id}:due:{item.contact_id}:{item.conversation_id}:{at}"
    return f"{item.account_id}:{type(item).__name__}:{item.id}"


def contact_of(item: News) -> str:
    """The id of the contact whom it concerns; "" where none is named."""
    match item:
        case TicketFact():
            return item.ticket.contact.id
        case Due():
            return item.contact_id
        case _:
            return item.contact.id if item.contact else ""


def happened_at(item: News) -> datetime:
    """When it happened."""
    if isinstance(item, CustomerWrote):
        return item.received_at
    return item.now if isinstance(item, Due) else item.occurred_at


def concerns(item: object, settings: AutoReplies) -> bool:
    """Whether anything of the account's could follow from it: else nothing is kept of it."""
    chats = settings.webchat.open or settings.webchat.closed or settings.follow_up.enabled
    match item:
        case CustomerWrote():
            on_sms = settings.sms.enabled or bool(settings.new_sms.to)
            channel = item.ticket.channel
            return bool(chats) if channel == "webchat" else channel == "sms" and on_sms
        case AgentReplied():
            written = item.author.kind in ("agent", "ai") and not item.auto_reply
            return item.ticket.channel == "webchat" and written and settings.follow_up.enabled
        case Signal():
            known = item.channel == "webchat" and item.kind in SIGNALS and item.contact is not None
            return known and settings.follow_up.enabled
        case HandoffEnded():
            asked = item.available is False and item.ticket_id is not None
            return asked and item.channel == "webchat" and bool(settings.webchat.closed)
    return isinstance(item, Due)


def due(contacts: list[Correspondent], now: datetime) -> list[Due]:
    """The chats of these contacts whose time has come."""
    return [
        Due(each.account_id, each.slot, chat.conversation_id, chat.due_at, now)
        for each in contacts
        for chat in each.chats
        if chat.due_at < now
    ]
