"""The one mail to a web chat's visitor who left before they read the answer (ARP 3)."""

from services.ticketing.rules import slots
from services.ticketing.rules.replies import Refusal, mail_marks, outbound_id
from services.ticketing.rules.ticket import (
    REMEMBERED_REPLIES,
    Delivery,
    Draft,
    Ticket,
    ledger_id,
    thread_entry,
)
from shared.contracts.base import Identity
from shared.contracts.commands import FollowUpByMail
from shared.contracts.outbound import OutboundMessage
from shared.contracts.tickets import AgentReplied
from shared.stores.documents import Applied
from shared.topics import OUTBOUND

BECAUSE = "ARP 3: the visitor left before they read the answer"


def refusal(ticket: Ticket, command: FollowUpByMail) -> Refusal | None:
    """Why the mail cannot be sent; None when it can, also where the ticket is closed."""
    if ticket.channel != "webchat":
        reason = f"the ticket is {ticket.channel}: only web chats are followed up"
        return Refusal("cannot_receive", reason)
    if not command.text.strip():
        return Refusal("nothing_to_change", "there is no text in it", "empty")
    if ticket.last_reply_seq is None or ticket.last_reply_seq < command.missed_seq:
        return Refusal("stale", "the customer has written since")
    return None


def followed_up(ticket: Ticket, command: FollowUpByMail, token: str | None) -> Applied[Ticket]:
    """The mail is in the thread and goes out; an answer to it finds the ticket.

    It is an automatic reply: it leaves the ticket unread and its customer waiting, and starts no
    timer (ARP 4).
    """
    mailbox, to = command.mailbox.casefold(), command.to.casefold()
    head, mail_id, reply_to = mail_marks(command, mailbox, token)
    out = OutboundMessage(
        account_id=command.account_id,
        id=outbound_id(command.account_id, command.id),
        occurred_at=command.occurred_at,
        correlation_id=command.correlation_id,
        ticket_id=ticket.id,
        idempotency_key=command.id,
        channel="email",
        address=mailbox,
        contact=ticket.contact.model_copy(
            update={"identities": (Identity(type="email", value=to),)}
        ),
        author=command.author,
        text=command.text,
        subject=command.subject,
        message_id=mail_id,
        references=(head,) if head else (),
        reply_to=reply_to,
        auto_reply=True,
    )
    draft = Draft(ticket, command.id, command.correlation_id, command.occurred_at)
    moved = ticket.model_copy(update={"mailbox": mailbox})
    draft.happen(
        AgentReplied,
        BECAUSE,
        {
            "message_count": ticket.message_count + 1,
            "deliveries": (*ticket.deliveries, Delivery(outbound_id=out.id))[-REMEMBERED_REPLIES:],
            "mailbox": mailbox,
            "mail_subject": command.subject,
            "mail_root": ticket.mail_root or mail_id,
            "last_mail_id": mail_id,
            "mail_ids": slots.bounded(
                list(dict.fromkeys([*ticket.mail_ids, *out.references, mail_id]))
            ),
            "participants": slots.with_people(moved, (to,)),
        },
        message_id=out.id,
        author=command.author,
        text=command.text,
        auto_reply=True,
        mailed_to=to,
    )
    entry = thread_entry(
        ledger_id(command),
        command.account_id,
        "reply",
        sent_at=command.occurred_at,
        text=command.text,
        author=command.author.model_dump(),
        auto_reply=True,
        outbound_id=out.id,
        mail_key=f"{mailbox}|{mail_id}",
        because=BECAUSE,
    )
    return draft.applied(entry, OUTBOUND.record(out))
