"""Replies to customers: what a channel allows, and what goes out (TKT 13)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from services.ticketing.rules import slots
from services.ticketing.rules.ticket import (
    REMEMBERED_REPLIES,
    Delivery,
    Draft,
    Ticket,
    ledger_id,
    thread_entry,
)
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Identity
from shared.contracts.clicks import ShortLink
from shared.contracts.commands import AddNote, Command, ReplyToTicket
from shared.contracts.outbound import OutboundMessage
from shared.contracts.tickets import AgentReplied
from shared.stores.documents import Applied
from shared.topics import OUTBOUND
from shared.values.ids import computed_id
from shared.values.links import LinkCodes, shortened
from shared.values.mail_tokens import into_address

NO_KEYS = LinkCodes()


class Refusal(NamedTuple):
    """Why a command is refused, as `CommandRejected` says it."""

    code: str
    reason: str
    why: str | None = None
    named: Mapping[str, str] | None = None


def refusal(ticket: Ticket, command: ReplyToTicket, settings: AccountSettings) -> Refusal | None:
    """Why a reply cannot be sent, None when it can (TKT 13).

    It needs a text or an attachment, and a ticket that is not closed. Web chat then always allows
    it, and mail wherever a sender was named. SMS allows it with consent (marketing or
    transactional) and from a number that can receive, but not after a STOP, until a later START.
    An automatic reply is the one SMS that needs no consent (ARP 1).
    WhatsApp and Instagram allow it within their window after the customer's last message.
    """
    if not command.attachments and (nothing := says_nothing(command)):
        return nothing
    if ticket.status == "closed":
        reason = "the ticket is closed: reopen it first, where its channel allows that"
        return Refusal("not_open", reason)
    return _unseen(ticket, command) or _not_by_channel(ticket, command, settings)


def _unseen(ticket: Ticket, command: ReplyToTicket) -> Refusal | None:
    """The refusal of an agent's reply where another's has gone out that they had not seen."""
    if command.seen_seq is None or (ticket.last_reply_seq or 0) <= command.seen_seq:
        return None
    if ticket.last_reply_by == command.author.id:
        return None
    by = ticket.last_reply_by or "somebody"
    reason = f"{by} has answered the customer since"
    return Refusal("stale", reason, "answered_by", {"agent": by})


def _not_by_channel(
    ticket: Ticket, command: ReplyToTicket, settings: AccountSettings
) -> Refusal | None:
    if ticket.channel == "sms":
        if not ticket.address.lstrip("+").isdigit():
            reason = f"{ticket.address} is no number: answers could not come back"
            return Refusal("cannot_receive", reason, "no_number", {"address": ticket.address})
        if ticket.opted_out:
            reason = "the contact said STOP, and has not said START since"
            return Refusal("no_consent", reason, "said_stop")
        if ticket.contact.sms_consent == "none" and not is_automatic(command):
            reason = "the contact has not consented to SMS, marketing or transactional"
            return Refusal("no_consent", reason)
    if ticket.channel == "email" and not ticket.contact.identities:
        reason = "the mail named no sender: there is no address to answer to"
        return Refusal("cannot_receive", reason, "no_sender")
    windows = settings.reply_windows
    window = {"whatsapp": windows.whatsapp, "instagram": windows.instagram}.get(ticket.channel)
    if window is not None:
        last = ticket.last_customer_at
        if last is None or command.occurred_at - last > window:
            reason = f"the customer's last message is more than {window} old"
            hours = f"{window / timedelta(hours=1):g}"
            return Refusal("window_over", reason, "window", {"hours": hours})
    return None


def is_automatic(command: ReplyToTicket) -> bool:
    """Whether it is one of the account's own automatic replies (ARP)."""
    return command.auto_reply and command.author.kind == "system"


def says_nothing(command: AddNote | ReplyToTicket) -> Refusal | None:
    """The refusal of an empty text, which no channel delivers; None for any other text."""
    if command.text.strip():
        return None
    return Refusal("nothing_to_change", "there is no text in it", "empty")


def reply(
    ticket: Ticket,
    command: ReplyToTicket,
    settings: AccountSettings,
    token: str | None = None,
    codes: LinkCodes = NO_KEYS,
) -> Applied[Ticket]:
    """The reply is in the thread and goes out.

    After a reply by an agent or the AI agent the team waits for the customer; after an auto-reply
    it does not (ACL 2). A mail carries the ticket's `token`, where there is one; of an SMS the
    links go out as short ones, where the account has them (OUT 1).
    """
    text, links = _with_short_links(ticket, command, settings, codes)
    out = _outbound(ticket, command, text, token)
    draft = Draft(ticket, command.id, command.correlation_id, command.occurred_at)
    draft.happen(
        AgentReplied,
        f"TKT 13: {_allowed(ticket, command)}",
        _changes(draft, command, out),
        message_id=out.id,
        author=command.author,
        text=command.text,
        attachments=command.attachments,
        auto_reply=command.auto_reply,
        links=links,
        mailed_to=ticket.by_mail,
    )
    entry = thread_entry(
        ledger_id(command),
        command.account_id,
        "reply",
        sent_at=command.occurred_at,
        text=command.text,
        author=command.author.model_dump(),
        auto_reply=command.auto_reply,
        outbound_id=out.id,
        mail_key=f"{ticket.mails_at}|{out.message_id}" if out.message_id else None,
        links=[link.model_dump() for link in links] or None,
        mailed_to=ticket.by_mail,
        attachments=[attachment.model_dump() for attachment in command.attachments] or None,
    )
    return draft.applied(entry, OUTBOUND.record(out))


def _with_short_links(
    ticket: Ticket, command: ReplyToTicket, settings: AccountSettings, codes: LinkCodes
) -> tuple[str, tuple[ShortLink, ...]]:
    domain = settings.links.short_domain
    if ticket.channel != "sms" or domain is None or not settings.links.enabled:
        return command.text, ()
    return shortened(
        command.text,
        domain,
        lambda place, url: codes.of(command.account_id, command.id, place, url),
    )


def _allowed(ticket: Ticket, command: ReplyToTicket) -> str:
    """In words, why the reply's channel allows it."""
    if ticket.by_mail is not None:
        return "the customer wrote last by mail, and is answered there"
    if ticket.channel == "sms" and is_automatic(command):
        return "an automatic reply needs no consent (ARP 1)"
    if ticket.channel == "sms":
        return f"the contact's SMS consent is {ticket.contact.sms_consent}"
    if ticket.channel in ("webchat", "email"):
        return f"{ticket.channel} is always answered"
    last = ticket.last_customer_at or command.occurred_at
    return f"the customer's last message is of {last:%Y-%m-%d %H:%M} UTC, within the window"


def _changes(draft: Draft, command: ReplyToTicket, out: OutboundMessage) -> dict[str, object]:
    ticket = draft.ticket
    deliveries = (*ticket.deliveries, Delivery(outbound_id=out.id))
    changes: dict[str, object] = {
        "message_count": ticket.message_count + 1,
        "deliveries": deliveries[-REMEMBERED_REPLIES:],
    }
    if command.author.kind == "agent":
        changes["unread"] = False
    if command.author.kind in ("agent", "ai") and not command.auto_reply:
        changes |= {
            "waiting_epoch": ticket.waiting_epoch or draft.next_seq,
            "last_reply_seq": draft.next_seq,
            "last_reply_by": command.author.id,
            "customer_waits_since": None,
        }
    if out.message_id:
        changes |= {
            "mail_ids": slots.bounded(
                list(dict.fromkeys([*ticket.mail_ids, *out.references[:1], out.message_id]))
            ),
            "participants": slots.with_people(ticket, command.cc),
        }
    return changes


def outbound_id(account_id: str, idempotency_key: str) -> str:
    """The id of the outbound message for the command of that id."""
    return computed_id("outbound", account_id, idempotency_key)


def mail_marks(command: Command, mailbox: str, token: str | None) -> tuple[str | None, str, str]:
    """The head of a mail's references, its id, and the address to answer to (TKT 2).

    Without a token there is no such head, and the address is the mailbox.
    """
    domain = mailbox.rpartition("@")[2] or "localhost"
    unique = computed_id("mail", command.account_id, command.id)
    if token is None:
        return None, f"{unique}@{domain}", mailbox
    return f"{token}@{domain}", f"{token}.{unique}@{domain}", into_address(mailbox, token)


def _outbound(
    ticket: Ticket, command: ReplyToTicket, text: str, token: str | None
) -> OutboundMessage:
    """What the gateway delivers; for mail with the headers that lead the answer back (TKT 2).

    Some providers replace the ids of the mails they send, and some programs name only the last id
    when they answer. So the token is in three places: in the mail's id, at the head of its
    references, where gateways cut last, and in the address to answer to.
    """
    mail: dict[str, object] = {}
    if ticket.channel == "email" or ticket.by_mail is not None:
        token_head, message_id, reply_to = mail_marks(command, ticket.mails_at, token)
        head, last = ticket.mail_root, ticket.last_mail_id
        references = (token_head, head, last)
        subject = ticket.mail_subject or ticket.subject or ""
        answered = subject.casefold().startswith("re:")
        mail = {
            "subject": subject if answered else f"Re: {subject}".strip(),
            "message_id": message_id,
            "in_reply_to": last,
            "references": tuple(dict.fromkeys(i for i in references if i)),
            "reply_to": reply_to,
            "cc": command.cc,
        }
    if ticket.by_mail is not None:
        to = (Identity(type="email", value=ticket.by_mail),)
        mail |= {
            "channel": "email",
            "address": ticket.mails_at,
            "contact": ticket.contact.model_copy(update={"identities": to}),
            "conversation_id": None,
        }
    return OutboundMessage.model_validate(
        {
            "account_id": command.account_id,
            "id": outbound_id(command.account_id, command.id),
            "occurred_at": command.occurred_at,
            "correlation_id": command.correlation_id,
            "ticket_id": ticket.id,
            "idempotency_key": command.id,
            "channel": ticket.channel,
            "address": ticket.address,
            "contact": ticket.contact,
            "conversation_id": ticket.conversation_id,
            "author": command.author,
            "text": text,
            "attachments": command.attachments,
            "auto_reply": command.auto_reply,
            **mail,
        }
    )
