"""What erasing a contact makes of a ticket, and of the entries of its thread."""

from collections.abc import Collection, Mapping
from typing import Any

from services.ticketing.rules import slots
from services.ticketing.rules.ticket import Draft, Ticket, thread_entry
from shared.contracts.base import Contact, Envelope, Id
from shared.contracts.tickets import ContentErased
from shared.stores.documents import Applied
from shared.values.ids import computed_id

BECAUSE = "erased, as an operator asked"

GONE = "the ticket's contact was erased"

_STAYS = frozenset(
    (
        *(
            "_id",
            "of",
            "account_id",
            "kind",
            "shown",
            "sent_at",
            "received_at",
            "seq",
            "message_id",
        ),
        *("version", "spam", "author", "command", "delivery", "outbound_id", "auto_reply"),
    )
)


class EraseTicket(Envelope):
    """Erase a contact from a ticket that stands at `seq`.

    `whole` where the ticket is theirs and they have not written since. Else `message_ids` are what
    they wrote in it, and `addresses` are to take no part in it any more.
    """

    ticket_id: Id
    seq: int
    whole: bool
    message_ids: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def erase_ticket(  # what, for whom, because of what
    *,
    ask: Envelope,
    ticket: Ticket,
    whole: bool,
    message_ids: Collection[str] = (),
    addresses: Collection[str] = (),
) -> EraseTicket:
    """The item that does it: the same for the same erasure and the same state of the ticket."""
    ids, left = tuple(sorted(message_ids)), tuple(sorted(addresses))
    at = ask.occurred_at.isoformat()
    return EraseTicket(
        account_id=ask.account_id,
        id=computed_id(
            "erase", ask.account_id, ask.id, at, ticket.id, str(ticket.seq), *ids, *left
        ),
        occurred_at=ask.occurred_at,
        correlation_id=ask.id,
        ticket_id=ticket.id,
        seq=ticket.seq,
        whole=whole,
        message_ids=ids,
        addresses=left,
    )


def ticket_erased(ticket: Ticket | None, item: EraseTicket) -> Applied[Ticket]:
    """The ticket without the contact; nothing changes if it is not at the seq that was seen."""
    entry = thread_entry(
        item.id, item.account_id, "hidden", sent_at=item.occurred_at, because=BECAUSE
    )
    if ticket is None or ticket.account_id != item.account_id:
        return Applied(None, entry)
    draft = Draft(ticket, item.id, item.correlation_id, item.occurred_at)
    if ticket.seq != item.seq or ticket.erased_at is not None:
        return draft.applied(entry)
    if item.whole:
        changes = _without_contact(ticket, item)
        draft.happen(ContentErased, BECAUSE, changes, whole=True)
    elif item.message_ids:
        draft.happen(ContentErased, BECAUSE, {}, whole=False, message_ids=item.message_ids)
    if item.addresses and not item.whole:
        left = tuple(each for each in ticket.participants if each not in item.addresses)
        by_mail = None if ticket.by_mail in item.addresses else ticket.by_mail
        draft.ticket = draft.ticket.model_copy(update={"participants": left, "by_mail": by_mail})
    return draft.applied(entry)


def _without_contact(ticket: Ticket, item: EraseTicket) -> dict[str, object]:
    # A mail thread of its own contact keeps its slot: mails that cite it are sent on from there.
    keeps = ticket.channel == "email" and ticket.related_ticket_id is None
    return {
        "slot": ticket.slot if keeps else slots.released_slot(ticket),
        "contact": Contact(id=f"erased:{ticket.id}"),
        "conversation_id": None,
        "subject": None,
        "status": "closed",
        "closed_at": ticket.closed_at or item.occurred_at,
        "close_reason": "done",
        "snoozed_until": None,
        "waiting_epoch": None,
        "last_reply_seq": None,
        "unassigned_epoch": None,
        "customer_waits_since": None,
        "unread": False,
        "opted_out": False,
        "opted_at": None,
        "mail_root": None,
        "mail_ids": (),
        "last_mail_id": None,
        "participants": (),
        "mailbox": None,
        "mail_subject": None,
        "by_mail": None,
        "bounced": (),
        "erased_at": item.occurred_at,
    }


def after_erasure(ticket: Ticket, item: Envelope) -> Applied[Ticket]:
    """What comes for an erased ticket is entered, without what it says, and changes nothing."""
    entry = thread_entry(
        item.id, item.account_id, "hidden", sent_at=item.occurred_at, because=GONE, seq=ticket.seq
    )
    return Applied(ticket, entry)


def erased_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The ledger's entry without what it says: ids, times, kinds and authors stay."""
    events = [[seq, kind, ""] for seq, kind, _ in entry.get("events", ())]
    kept = {name: value for name, value in entry.items() if name in _STAYS}
    return {**kept, "text": "", "because": BECAUSE, "erased": True, "events": events}
