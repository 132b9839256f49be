"""A ticket as its events alone tell it: what a consumer knows who keeps no summary."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.contracts.tickets import (
    AgentReplied,
    CustomerWrote,
    TicketAssigned,
    TicketAttributed,
    TicketCloseAnnulled,
    TicketClosed,
    TicketCredit,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketOpened,
    TicketRead,
    TicketReopened,
    TicketRouted,
    TicketSnoozed,
    TicketSummary,
    TicketTagged,
    TicketUnassigned,
    TicketUntagged,
    TicketWoken,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be told without any summary."""

    status: str = "open"
    assignee: str | None = None
    team_id: str | None = None
    tags: tuple[str, ...] = ()
    spam: bool = False
    unread: bool = True
    closed_at: datetime | None = None
    snoozed_until: datetime | None = None
    credit: TicketCredit | None = None
    message_count: int = 0

    @classmethod
    def of(cls, ticket: TicketSummary) -> "Seen":
        """The same of a summary."""
        return cls(**{name: getattr(ticket, name) for name in cls.__slots__})


def after(seen: Seen, fact: TicketFact) -> Seen:  # noqa: C901, PLR0911, PLR0912  # a case a kind
    """What is seen once a fact has happened."""
    match fact:
        case TicketOpened():
            return replace(seen, spam=fact.ticket.spam, tags=fact.ticket.tags)
        case CustomerWrote() if seen.spam or not fact.spam:
            return replace(seen, unread=True, message_count=seen.message_count + 1)
        case AgentReplied():
            unread = seen.unread and fact.author.kind != "agent"
            return replace(seen, unread=unread, message_count=seen.message_count + 1)
        case TicketClosed():
            at = fact.occurred_at
            return replace(seen, status="closed", closed_at=at, snoozed_until=None)
        case TicketReopened() | TicketCloseAnnulled():
            return replace(seen, status="open", closed_at=None)
        case TicketSnoozed():
            return replace(seen, status="snoozed", snoozed_until=fact.until)
        case TicketWoken():
            return replace(seen, status="open", snoozed_until=None)
        case TicketAssigned():
            return replace(seen, assignee=fact.assignee)
        case TicketUnassigned():
            return replace(seen, assignee=None)
        case TicketRouted():
            return replace(seen, team_id=fact.team_id)
        case TicketTagged():
            return replace(seen, tags=(*seen.tags, *fact.tags))
        case TicketUntagged():
            return replace(seen, tags=tuple(tag for tag in seen.tags if tag not in fact.tags))
        case TicketMarkedSpam():
            return replace(seen, spam=True)
        case TicketMarkedNotSpam():
            return replace(seen, spam=False)
        case TicketRead():
            return replace(seen, unread=False)
        case TicketAttributed():
            return replace(seen, credit=fact.credit)
        case _:
            return seen
