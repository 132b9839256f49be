"""What a customer's message makes of a ticket (TKT 1 to 6, SPM 1 and 2, ACL 6)."""

from services.ticketing.rules import slots
from services.ticketing.rules.join_reasons import mail_joined
from services.ticketing.rules.ticket import REOPENABLE, Draft, Ticket, thread_entry
from shared.contracts.base import Author, Channel
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import (
    CustomerWrote,
    TicketCloseAnnulled,
    TicketMarkedNotSpam,
    TicketOpened,
    TicketReopened,
    TicketWoken,
)
from shared.stores.documents import Applied, Outcome, Redirected, Released, Target
from shared.values.ids import computed_id

SCREENING = Author(kind="system", id="spam")

SPOOF_SUSPECT = "spoof-suspect"
"""The tag of a ticket whose first mail pretended to be from somebody of another thread."""

_OPENS: dict[Channel, str] = {
    "webchat": "TKT 1: every conversation makes a ticket",
    "email": "TKT 2: every mail thread makes a ticket",
    "sms": "TKT 3: the first SMS of a person makes their ticket",
    "instagram": "TKT 4: no ticket of this contact is open",
    "whatsapp": "TKT 5: the first message of a person makes their ticket",
}
_JOINS: dict[Channel, str] = {
    "webchat": "TKT 1: the conversation's ticket is not closed",
    "email": "TKT 2: the mail's thread, and its author takes part in it",
    "sms": "TKT 3: one ticket per person",
    "instagram": "TKT 4: the contact's ticket is not closed",
    "whatsapp": "TKT 5: one ticket per person",
}


def message_arrived(
    target: Target, ticket: Ticket | None, message: InboundMessage, number: int
) -> Outcome[Ticket]:
    """What is decided of a message: it opens a ticket, joins one, or belongs elsewhere.

    `number` is the number that a new ticket gets.
    """
    if ticket is None:
        return _open(target, message, number)
    if message.channel == "email" and not slots.may_join(ticket, message):
        elsewhere, related = slots.strangers_slot(ticket, message), ticket.id
        if target.related is not None or elsewhere == ticket.slot:
            # This is the author's own ticket already, and they may not join even that: the sender
            # is forged. The mail gets a slot that no other message has, so that whatever its
            # headers name, it is not redirected for ever.
            elsewhere, related = f"{ticket.slot}:{message.id}", target.related or ticket.id
        return Redirected(Target(message.account_id, slot=elsewhere, related=related))
    over = ticket.status == "closed" and not _finds_it_open(ticket, message)
    if over and message.channel == "email" and ticket.channel not in REOPENABLE:
        # The answer to the mail that a chat's visitor got, when the chat is over (ARP 3).
        return Redirected(
            Target(message.account_id, slot=slots.slot_for(message), related=ticket.id)
        )
    if over and ticket.channel not in REOPENABLE:
        return Released(ticket.model_copy(update={"slot": slots.released_slot(ticket)}))
    return _join(ticket, message)


def _finds_it_open(ticket: Ticket, message: InboundMessage) -> bool:
    """Whether the message was received before the ticket's automatic close (ACL 6).

    If so, the closed ticket counts as open for it.
    """
    return (
        ticket.close_reason == "inactivity"
        and ticket.closed_at is not None
        and message.occurred_at < ticket.closed_at
    )


def _open(target: Target, message: InboundMessage, number: int) -> Applied[Ticket]:
    mail = message.mail
    ticket = Ticket(
        id=computed_id("ticket", message.account_id, message.id),
        account_id=message.account_id,
        slot=target.slot or slots.slot_for(message),
        number=number,
        channel=message.channel,
        address=message.address,
        conversation_id=message.conversation_id,
        contact=message.contact,
        subject=message.subject,
        spam=message.spam,
        opened_at=message.occurred_at,
        mail_root=slots.thread_root(mail) if mail else None,
        related_ticket_id=target.related,
    )
    draft = _draft(ticket, message)
    because = _OPENS[message.channel]
    if target.related and mail and mail.authentication == "fail":
        draft.ticket = ticket = ticket.model_copy(update={"tags": (SPOOF_SUSPECT,)})
        because = f"TKT 2: it cites ticket {target.related}, and its sender's address is forged"
    elif target.related and target.slot == slots.slot_for(message):
        because = f"ARP 3: they answer a mail of the chat {target.related}, which is closed"
    elif target.related:
        because = f"TKT 2: the author takes no part in the thread they cite, {target.related}"
    draft.happen(
        TicketOpened,
        because,
        {} if ticket.spam else {"unassigned_epoch": draft.next_seq},
        related_ticket_id=target.related,
    )
    return _write(draft, message, because)


def _join(ticket: Ticket, message: InboundMessage) -> Applied[Ticket]:
    """The message joins the ticket.

    It wakes nothing if it is spam, or if an agent marked the ticket as spam.
    """
    draft = _draft(ticket, message)
    if not message.spam and not ticket.spam_by_agent:
        _bring_back(draft, message)
    because = (
        mail_joined(ticket, message, mail) if (mail := message.mail) else _JOINS[ticket.channel]
    )
    return _write(draft, message, because + _lateness(ticket, message))


def _lateness(ticket: Ticket, message: InboundMessage) -> str:
    """What the reason adds for a message that came late; "" for any other.

    A message received before this ticket was opened may have been written to an older ticket, which
    was closed and followed by this one. It joins this one all the same: a conversation with two
    open tickets would be worse than a late message here (ACL 6).
    """
    if message.occurred_at < ticket.opened_at:
        return "; it came late, received before this ticket was opened"
    if message.occurred_at < (ticket.last_customer_at or message.occurred_at):
        return "; it came late, after newer messages"
    return ""


def _bring_back(draft: Draft, message: InboundMessage) -> None:
    """Afterwards the ticket is open and not in the Spam view: a legitimate message has come."""
    ticket = draft.ticket
    waits = {} if ticket.assignee or ticket.spam else {"unassigned_epoch": draft.next_seq}
    opened = {
        "status": "open",
        "closed_at": None,
        "close_reason": None,
        "snoozed_until": None,
        **waits,
    }
    if ticket.status == "closed" and _finds_it_open(ticket, message):
        draft.happen(
            TicketCloseAnnulled,
            "ACL 6: the message was received before the automatic close",
            opened,
            message_id=message.id,
        )
    elif ticket.status == "closed":
        draft.happen(TicketReopened, f"{_JOINS[ticket.channel]}; the customer wrote again", opened)
    elif ticket.status == "snoozed":
        draft.happen(
            TicketWoken,
            "TKT 6: the customer wrote",
            {"status": "open", "snoozed_until": None},
            by="customer",
        )
    if draft.ticket.spam:
        draft.happen(
            TicketMarkedNotSpam,
            "SPM 2: a legitimate message followed",
            not_spam(draft),
            author=SCREENING,
        )


def not_spam(draft: Draft) -> dict[str, object]:
    """The changes that lift the spam flag: the ticket then waits for an assignee, as a new one.

    It does so unless it is closed or has an assignee already (SPM 2).
    """
    ticket = draft.ticket
    waits = ticket.assignee is None and ticket.status != "closed"
    return {
        "spam": False,
        "spam_by_agent": False,
        "unassigned_epoch": draft.next_seq if waits else None,
    }


def _write(draft: Draft, message: InboundMessage, because: str) -> Applied[Ticket]:
    ticket = draft.ticket
    received = message.occurred_at
    changes: dict[str, object] = slots.with_mail(ticket, message)
    if ticket.channel != "email" and not message.spam:
        # Whoever writes by mail has left the chat; whoever writes there is back in it.
        changes["by_mail"] = slots.author(message) if message.channel == "email" else None
    newest = received >= (ticket.last_customer_at or received)
    # Spam opens the channel's reply window too (TKT 13).
    changes["last_customer_at"] = max(ticket.last_customer_at or received, received)
    if ticket.spam or not message.spam:
        # Spam counts in a ticket flagged as spam: if that turns out to be no spam, its customer
        # has been waiting all along (SPM 2).
        changes |= {
            "message_count": ticket.message_count + 1,
            "unread": True,
            "customer_waits_since": min(ticket.customer_waits_since or received, received),
        }
    if not message.spam:
        changes |= {"waiting_epoch": None, "last_reply_seq": None}
    if newest and not message.spam:
        # Not from a message that comes late: the consent it tells of may have ended (TKT 13).
        changes |= _as_known_now(ticket, message)
    draft.happen(
        CustomerWrote,
        because,
        changes,
        message_id=message.id,
        text=message.text,
        sent_at=message.sent_at,
        received_at=message.occurred_at,
        spam=message.spam,
        grey=message.grey,
        attachments=len(message.attachments),
    )
    entry = thread_entry(
        message.id,
        message.account_id,
        "message",
        sent_at=message.sent_at,
        received_at=message.occurred_at,
        text=message.text,
        because=because,
        spam=message.spam,
        mail_key=f"{message.address}|{message.mail.message_id}" if message.mail else None,
        message=message.model_dump(exclude={"text"}, exclude_none=True),
    )
    return draft.applied(entry)


def _as_known_now(ticket: Ticket, message: InboundMessage) -> dict[str, object]:
    """The contact as the newest message has them, and the address that they wrote it to.

    A message from another contact changes neither. Replies go out from the address that the contact
    wrote to last, since the channel's window is open there (TKT 13).
    """
    if message.contact.id != ticket.contact.id:
        return {}
    return {"contact": message.contact, "address": message.address}


def _draft(ticket: Ticket, message: InboundMessage) -> Draft:
    return Draft(ticket, message.id, message.correlation_id, message.occurred_at)
