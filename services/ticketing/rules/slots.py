"""Which slot a message belongs to (TKT 1 to 5), and who may join a mail thread (TKT 2)."""

from collections.abc import Iterable, Iterator

from services.ticketing.rules.ticket import Ticket
from shared.contracts.base import Channel
from shared.contracts.messages import InboundMessage, Mail, OnChannel
from shared.contracts.signals import Signal

LONGEST_ADDRESS, MOST_PEOPLE = 320, 200
"""The most characters of an address, and the most addresses that take part in a thread."""

LONGEST_MAIL_ID = 998
"""The most characters of a mail id: no header has a longer line."""

KEPT_FIRST, KEPT_LAST = 10, 90
"""How many mail ids a ticket keeps: the thread's head and its newest; the ledger has all."""


def slot_of(channel: Channel, party: str) -> str:
    """The slot of a contact on a channel, or of a web-chat conversation.

    SMS and WhatsApp: one ticket per person for ever (TKT 3, TKT 5). Instagram: one that is not
    closed (TKT 4). Web chat: one per conversation (TKT 1).
    """
    return f"{channel}:{party}"


def slot_for(item: OnChannel | Signal) -> str:
    """The slot of an item by what it says itself, whatever tickets there are.

    A mail's slot is its mailbox and its thread's root (TKT 2). A mail without headers is its own
    root.
    """
    if isinstance(item, InboundMessage) and item.channel == "email":
        root = thread_root(item.mail) if item.mail else item.id
        return f"email:{item.address}:{root}"
    return slot_of(item.channel, item.party)


def nobodys_slot(item: OnChannel | Signal) -> str:
    """A slot that no ticket ever has, for an item whose ticket is not there (yet)."""
    return f"early:{item.id}"


def strangers_slot(ticket: Ticket, message: InboundMessage) -> str:
    """The slot of the author's own ticket, where they may not join this one's thread (TKT 2)."""
    root = ticket.mail_root or ticket.id
    return f"email:{message.address}:{root}:{author(message)}"


def released_slot(ticket: Ticket) -> str:
    """The slot of a closed ticket whose place a newer one takes."""
    return f"ticket:{ticket.id}"


def thread_root(mail: Mail) -> str:
    """The oldest mail of the thread that the headers name; the mail itself if they name none."""
    return next(iter((*mail.references, *mail.in_reply_to)), mail.message_id)


def evidence(mail: Mail) -> Iterator[str]:
    """The mail ids that say which thread a mail belongs to, the best first.

    The first is its own id: the mail may be a redelivery, or other mails may cite it already. Then
    come those that it answers, and its references from the newest to the oldest. Of very many
    references only both ends count, which gateways leave whole. The last is Outlook's id of the
    conversation, since some programs leave out all others.
    """
    yield mail.message_id
    yield from mail.in_reply_to
    references = mail.references
    if len(references) > KEPT_FIRST + KEPT_LAST:
        references = references[:KEPT_FIRST] + references[-KEPT_LAST:]
    yield from reversed(references)
    yield from _outlooks(mail)


def _outlooks(mail: Mail) -> list[str]:
    """Outlook's id of the conversation, with its topic, if the mail has both.

    The topic is needed because mails made from one template share one id.
    """
    topic = mail.thread_topic or mail.base_subject
    if mail.thread_index is None or not topic:
        return []
    return [f"outlook:{mail.thread_index}:{topic.casefold()[:200]}"]


def author(message: InboundMessage) -> str:
    """The address that a mail claims to be from, in the form in which addresses are compared.

    A mail that names no sender is from a contact of its own, so its author is that contact.
    """
    sender = message.mail.sender if message.mail else ""
    return (sender or message.contact.id).strip().casefold()


def may_join(ticket: Ticket, message: InboundMessage) -> bool:
    """Whether a mail's author may join the ticket's thread (TKT 2).

    The author may if they are the ticket's contact, write from another address of the same profile,
    or were addressed by the contact or an agent. A mail to another mailbox, or one whose sender
    address is known to be forged, may never join.
    """
    if message.mail is None or message.mail.authentication == "fail":
        return False
    if ticket.account_id != message.account_id or ticket.mails_at != message.address:
        return False
    return takes_part(ticket, message) is not None


def takes_part(ticket: Ticket, message: InboundMessage) -> str | None:
    """In words, why a mail's author takes part in the thread; None for a stranger."""
    if ticket.contact.id == message.contact.id:
        return "is its contact"
    profile = ticket.contact.profile_id
    if profile is not None and profile == message.contact.profile_id:
        return "has the contact's profile"
    if author(message) in ticket.participants:
        return "was addressed in it by the contact or an agent"
    return None


def with_mail(ticket: Ticket, message: InboundMessage) -> dict[str, object]:
    """What a mail that joined adds to the ticket: its ids, and whom the contact addressed."""
    mail = message.mail
    if mail is None:
        return {}
    ids = [*ticket.mail_ids]
    ids = list(
        dict.fromkeys(
            [*ids, *mail.references, *mail.in_reply_to, *_outlooks(mail), mail.message_id]
        )
    )
    addressed: tuple[str, ...] = ()
    if ticket.contact.id == message.contact.id and mail.authentication != "fail":
        addressed = (*mail.to, *mail.cc)
    return {
        "mail_ids": bounded(ids),
        "last_mail_id": mail.message_id,
        "participants": with_people(ticket, (author(message), *addressed)),
    }


def with_people(ticket: Ticket, addresses: Iterable[str]) -> tuple[str, ...]:
    """The thread's participants with these addresses added, `MOST_PEOPLE` of them at most.

    The ticket's own address and addresses that are too long are left out.
    """
    named = (address.strip().casefold() for address in addresses)
    own = sorted({a for a in named if len(a) <= LONGEST_ADDRESS} - {ticket.mails_at})
    return tuple(dict.fromkeys([*ticket.participants, *own]))[:MOST_PEOPLE]


def bounded(ids: list[str]) -> tuple[str, ...]:
    """The first and the newest of a thread's mail ids, as many as a ticket keeps."""
    if len(ids) > KEPT_FIRST + KEPT_LAST:
        ids = ids[:KEPT_FIRST] + ids[-KEPT_LAST:]
    return tuple(ids)
