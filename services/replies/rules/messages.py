"""The commands and mails that automatic replies are, in the customer's language (ARP)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from services.replies.rules.correspondent import Chat, Missed, Mode
from services.replies.rules.news import Due
from shared.bus.delivery import Outgoing
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Author, Contact, Identity
from shared.contracts.commands import FollowUpByMail, ReplyToTicket
from shared.contracts.handoffs import HandoffEnded
from shared.contracts.outbound import OutboundMessage
from shared.contracts.tickets import CustomerWrote
from shared.learning.text import fold
from shared.topics import COMMANDS, OUTBOUND
from shared.values import wording
from shared.values.ids import computed_id

AUTHOR: Final = Author(kind="system", id="replies")

_LONGEST_SMS: Final = 1_600
_LONGEST_SUBJECT: Final = 200
_LONGEST_SHOWN: Final = 500
_NEW_SMS: Final = {
    "en": ("New SMS from {who} (ticket {number})", "{who} wrote by SMS:"),
    "es": ("Nuevo SMS de {who} (ticket {number})", "{who} ha escrito por SMS:"),
    "it": ("Nuovo SMS da {who} (ticket {number})", "{who} ha scritto via SMS:"),
}


def record(command: ReplyToTicket | FollowUpByMail) -> Outgoing:
    """The command as it is published."""
    return COMMANDS.record(command)


def as_compared(text: str) -> str:
    """A text as texts are compared in order to know our own again."""
    return fold(text)


def mailbox_of(settings: AccountSettings) -> str | None:
    """The account's support address, which mails come from: the first of the channel email."""
    boxes = (each.value for each in settings.addresses if each.channel == "email")
    return next(boxes, None)


def sms_reply(item: CustomerWrote, settings: AccountSettings, now: datetime) -> ReplyToTicket:
    """The answer to an SMS (ARP 1)."""
    language = wording.guessed(item.text)
    texts = settings.auto_replies.sms.text
    text = _said("sms.text", texts, language, item, settings, now) or ""
    at = max(now, item.received_at)
    return _reply("sms", item.message_id, item, text[:_LONGEST_SMS], at)


def chat_reply(
    item: CustomerWrote, mode: Mode, settings: AccountSettings, language: str | None, now: datetime
) -> ReplyToTicket | None:
    """What a web chat is told in business hours, or outside (ARP 2); None where that is off."""
    webchat = settings.auto_replies.webchat
    texts = webchat.open if mode == "open" else webchat.closed
    text = _said(f"webchat.{mode}", texts, language, item, settings, item.received_at)
    at = max(now, item.received_at)
    return _reply(f"webchat:{mode}", item.message_id, item, text, at) if text else None


def nobody_there(
    item: HandoffEnded, chat: Chat, settings: AccountSettings, now: datetime
) -> list[Outgoing]:
    """What a visitor is told whom the AI agent has handed over while nobody is there (HND 3)."""
    contact = chat.contact or item.contact
    more = {"ticket.number": chat.number}
    texts = settings.auto_replies.webchat.closed
    text = _completed("webchat.closed", texts, chat.language, contact, settings, now, more)
    if not text:
        return []
    return [record(_reply("nobody-there", item.id, item, text, now))]


def follow_up(
    chat: Chat, missed: Sequence[Missed], settings: AccountSettings, item: Due
) -> FollowUpByMail:
    """The one mail to a visitor who left before they read the answer (ARP 3)."""
    follow_up = settings.auto_replies.follow_up
    contact = chat.contact or Contact(id=item.contact_id)
    more = {
        "ticket.number": chat.number,
        "conversation.missed": "\n\n".join(each.text for each in missed),
    }
    said = [
        _completed(place, texts, chat.language, contact, settings, item.now, more) or ""
        for place, texts in (
            ("follow_up.subject", follow_up.subject),
            ("follow_up.text", follow_up.text),
        )
    ]
    return FollowUpByMail(
        account_id=item.account_id,
        id=computed_id("follow-up", item.account_id, chat.ticket_id, item.due_at.isoformat()),
        occurred_at=item.now,
        correlation_id=missed[-1].correlation_id,
        ticket_id=chat.ticket_id,
        author=AUTHOR,
        mailbox=mailbox_of(settings) or "",
        to=chat.email or "",
        subject=" ".join(said[0].split())[:_LONGEST_SUBJECT],
        text=said[1],
        missed_seq=missed[-1].seq,
    )


def new_sms_mails(item: CustomerWrote, settings: AccountSettings) -> list[Outgoing]:
    """A mail to each address that the account names, about an SMS in the inbox (ARP 5)."""
    mailbox = mailbox_of(settings)
    if mailbox is None:
        return []
    subject, begins = _NEW_SMS.get(settings.language, _NEW_SMS["en"])
    contact = item.ticket.contact
    named = {"who": _name(contact), "number": item.ticket.number}
    text = f"{begins.format(**named)}\n\n{item.text[:_LONGEST_SHOWN]}"
    return [
        OUTBOUND.record(
            OutboundMessage(
                account_id=item.account_id,
                id=id_,
                occurred_at=item.occurred_at,
                correlation_id=item.correlation_id,
                ticket_id=item.ticket_id,
                idempotency_key=id_,
                channel="email",
                address=mailbox,
                contact=Contact(id=f"email:{to}", identities=(Identity(type="email", value=to),)),
                author=AUTHOR,
                text=text,
                subject=" ".join(subject.format(**named).split())[:_LONGEST_SUBJECT],
                message_id=f"{id_}@{mailbox.rpartition('@')[2]}",
                auto_reply=True,
            )
        )
        for to in dict.fromkeys(address.casefold() for address in settings.auto_replies.new_sms.to)
        for id_ in [computed_id("new-sms", item.account_id, item.message_id, to)]
    ]


def _name(contact: Contact) -> str:
    address = next((i.value for i in contact.identities), contact.id)
    return f"{contact.display_name} ({address})" if contact.display_name else address


def _reply(
    kind: str, cause_id: str, item: CustomerWrote | HandoffEnded, text: str, at: datetime
) -> ReplyToTicket:
    return ReplyToTicket(
        account_id=item.account_id,
        id=computed_id("auto-reply", item.account_id, kind, cause_id),
        occurred_at=at,
        correlation_id=item.correlation_id,
        ticket_id=item.ticket_id or "",
        author=AUTHOR,
        text=text,
        auto_reply=True,
    )


def _said(  # which text, for whom, when
    place: str,
    texts: dict[str, str],
    language: str | None,
    item: CustomerWrote,
    settings: AccountSettings,
    now: datetime,
) -> str | None:
    more = {
        "ticket.number": item.ticket.number,
        "ticket.subject": item.ticket.subject,
        "account.address": item.ticket.address,
    }
    return _completed(place, texts, language, item.ticket.contact, settings, now, more)


def _completed(  # which text, for whom, when
    place: str,
    texts: dict[str, str],
    language: str | None,
    contact: Contact,
    settings: AccountSettings,
    now: datetime,
    more: Mapping[str, object],
) -> str | None:
    found = wording.chosen(place, texts, language, settings)
    if found is None:
        return None
    text, spoken = found
    return wording.completed(text, wording.values(settings, contact, now, spoken, more))
