"""How tickets began, and what agents teach by the tags that they add and remove (TAG 2)."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final, TypeGuard

from shared.contracts.learning import Label, Lesson
from shared.contracts.tickets import CustomerWrote, TicketFact, TicketTagged, TicketUntagged
from shared.learning.coding import indices_text
from shared.learning.seeds import whole_text
from shared.learning.teaching import Remembered
from shared.learning.text import LONGEST_GIVEN
from shared.values.ids import computed_id

FIRST_LINES: Final = 3
"""A ticket's customer is listened to in its first three lines: “hi” says nothing yet."""

NEW: Final = timedelta(days=1)
"""... as long as the ticket is new: what they write months later is about something else."""

KEPT: Final = timedelta(days=90)
"""How long a change of a ticket's tags teaches, and is counted as a mistake."""


def begins(event: CustomerWrote) -> bool:
    """Whether it is one of the messages that its ticket's tags are chosen by.

    Spam in a ticket that is none says nothing of it.
    """
    return (
        any(map(str.isalpha, words_of(event)[:LONGEST_GIVEN]))
        and (event.ticket.spam or not event.spam)
        and 0 < event.ticket.message_count <= FIRST_LINES
        and event.occurred_at - event.ticket.opened_at <= NEW
    )


def words_of(event: CustomerWrote) -> str:
    """What the message says; of a ticket's first one with its subject."""
    first = event.ticket.message_count == 1
    return whole_text(event.ticket.subject if first else None, event.text)


def is_by_agent(event: TicketFact) -> TypeGuard[TicketTagged | TicketUntagged]:
    """Whether it is a change of tags that an agent made."""
    return isinstance(event, TicketTagged | TicketUntagged) and event.author.kind == "agent"


def lesson(
    event: TicketTagged | TicketUntagged, beginning: Remembered, known: Collection[str]
) -> Lesson | None:
    """What the change teaches of the tags that are known; None if it is about others alone.

    It is of what the customer had written by then: however the events come in batches, the same
    change is the same lesson.
    """
    fits = isinstance(event, TicketTagged)
    labels = tuple(Label(name=tag, fits=fits) for tag in event.tags if tag in known)
    written = beginning.until(event.seq)
    if not labels or not len(written):
        return None
    return Lesson(
        account_id=event.account_id,
        id=computed_id("lesson", "tags", event.account_id, event.id),
        occurred_at=event.occurred_at,
        correlation_id=event.correlation_id,
        subject="tags",
        example_id=event.ticket_id,
        rank=event.seq,
        labels=labels,
        teacher=event.author.id,
        sender=beginning.sender,
        indices=indices_text(written),
    )
