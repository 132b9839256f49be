"""Messages that their customer edits or takes back (ING 4).

The thread's lines stay as they were; whoever shows them applies the changes. A change that comes
before its message is kept, and applied once the message is there, so the order in which they come
makes no difference.
"""

from services.ticketing.rules.early_records import early_entry
from services.ticketing.rules.ticket import (
    REMEMBERED_CHANGES,
    Changed,
    Draft,
    Ticket,
    thread_entry,
)
from shared.contracts.messages import MessageDeleted, MessageEdited
from shared.contracts.tickets import CustomerDeleted, CustomerEdited
from shared.stores.documents import Applied

Change = MessageEdited | MessageDeleted


def message_changed(ticket: Ticket | None, change: Change) -> Applied[Ticket]:
    """An edit or a deletion is kept with the ticket that has the message; it wakes nothing.

    `ticket` is None where none is known to have the message: the change then waits for it. A
    deletion is final, and the edit with the highest version counts: an older one that comes after
    it changes nothing.
    """
    if ticket is None or ticket.account_id != change.account_id:
        return Applied(None, early_entry(change, "ING 4: it came before its message"))
    edited = isinstance(change, MessageEdited)
    text = change.text if isinstance(change, MessageEdited) else ""
    version = change.version if isinstance(change, MessageEdited) else None
    known = next((c for c in ticket.changed if c.message_id == change.message_id), None)
    if known is not None and not _is_newer(version, known.version):
        because = "ING 4: it was deleted" if known.version is None else "ING 4: an older version"
        entry = thread_entry(
            change.id,
            change.account_id,
            "hidden",
            sent_at=change.occurred_at,
            text=text,
            because=because,
            message_id=change.message_id,
            seq=ticket.seq,
        )
        return Applied(ticket, entry)
    others = tuple(c for c in ticket.changed if c is not known)
    changed = (*others, Changed(message_id=change.message_id, version=version))
    draft = Draft(
        ticket.model_copy(update={"changed": changed[-REMEMBERED_CHANGES:]}),
        change.id,
        change.correlation_id,
        change.occurred_at,
    )
    because = f"ING 4: the customer {'changed a message' if edited else 'took a message back'}"
    if isinstance(change, MessageEdited):
        draft.happen(
            CustomerEdited,
            because,
            message_id=change.message_id,
            version=change.version,
            text=change.text,
        )
    else:
        draft.happen(CustomerDeleted, because, message_id=change.message_id)
    entry = thread_entry(
        change.id,
        change.account_id,
        "edit" if edited else "deletion",
        sent_at=change.occurred_at,
        text=text,
        because=because,
        message_id=change.message_id,
        version=version,
    )
    return draft.applied(entry)


def _is_newer(version: int | None, known: int | None) -> bool:
    return known is not None and (version is None or version > known)
