"""What agents' marks teach (SPM 3): lessons on tickets, by the events that show them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.spam.rules.learned import sender_grams
from shared.clock import after
from shared.contracts.learning import Label, Lesson
from shared.contracts.tickets import (
    AgentReplied,
    CustomerWrote,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
)
from shared.learning.coding import indices_text
from shared.learning.features import hashed
from shared.learning.seeds import SPAM, whole_text
from shared.learning.teaching import Remembered
from shared.values.ids import computed_id

SILENCE: Final = timedelta(days=7)
"""A ticket that an agent answered and nobody marked for so long counts as no spam, a little."""

KEPT: Final = timedelta(days=90)
"""How long a ticket's first message can be marked so that it teaches."""

SILENCES_WEIGHT: Final = 0.2
_FIRST = 2
"""The `seq` of a ticket's first message: it follows `TicketOpened`."""

TicketId = tuple[str, str]
"""The account and the ticket."""


def first_messages(events: Iterable[TicketFact]) -> list[Remembered]:
    """The first messages of new tickets, as they are to be remembered."""
    return [
        Remembered(
            account_id=event.account_id,
            ticket_id=event.ticket_id,
            parts={
                event.seq: hashed(
                    whole_text(event.ticket.subject, event.text),
                    *sender_grams(event.ticket.contact.id),
                )
            },
            sender=event.ticket.contact.id,
            at=event.occurred_at,
        )
        for event in events
        if isinstance(event, CustomerWrote) and event.seq <= _FIRST
    ]


def marks(events: Iterable[TicketFact]) -> dict[TicketId, TicketMarkedSpam | TicketMarkedNotSpam]:
    """The last mark of each ticket that an agent gave."""
    found: dict[TicketId, TicketMarkedSpam | TicketMarkedNotSpam] = {}
    for event in events:
        if (
            isinstance(event, TicketMarkedSpam | TicketMarkedNotSpam)
            and event.author.kind == "agent"
        ):
            ticket = (event.account_id, event.ticket_id)
            before = found.get(ticket)
            if before is None or before.seq < event.seq:
                found[ticket] = event
    return found


def answered(events: Iterable[TicketFact]) -> dict[TicketId, datetime]:
    """Tickets that an agent answered, and from when on silence says that they are no spam."""
    return {
        (event.account_id, event.ticket_id): after(event.occurred_at, SILENCE)
        for event in events
        if isinstance(event, AgentReplied)
        and event.author.kind == "agent"
        and not event.auto_reply
        and not event.ticket.spam
    }


def lesson_of_mark(
    mark: TicketMarkedSpam | TicketMarkedNotSpam, kept: Mapping[TicketId, Remembered]
) -> Lesson | None:
    """What a mark teaches; None where the ticket's first message is no longer remembered."""
    first = kept.get((mark.account_id, mark.ticket_id))
    if first is None:
        return None
    return Lesson(
        account_id=mark.account_id,
        id=computed_id("lesson", SPAM, mark.account_id, mark.id),
        occurred_at=mark.occurred_at,
        correlation_id=mark.correlation_id,
        subject="spam",
        example_id=mark.ticket_id,
        rank=mark.seq,
        labels=(Label(name=SPAM, fits=isinstance(mark, TicketMarkedSpam)),),
        teacher=mark.author.id,
        sender=first.sender,
        indices=indices_text(first.until(_FIRST)),
    )


def lesson_of_silence(first: Remembered) -> Lesson:
    """What it teaches that nobody marked a ticket which an agent answered."""
    return Lesson(
        account_id=first.account_id,
        id=computed_id("lesson", SPAM, "silence", first.account_id, first.ticket_id),
        occurred_at=first.silent_from or first.at,
        correlation_id=computed_id("silence", first.account_id, first.ticket_id),
        subject="spam",
        example_id=first.ticket_id,
        rank=0,
        labels=(Label(name=SPAM, fits=False),),
        weight=SILENCES_WEIGHT,
        sender=first.sender,
        indices=indices_text(first.until(_FIRST)),
    )
