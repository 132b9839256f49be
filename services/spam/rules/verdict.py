"""Verdicts on messages, and contacts whom content alone does not hide (SPM 3, SPM 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.spam.rules.engine import Opinion, combined
from shared.contracts.messages import Reason, Verdict
from shared.contracts.tickets import (
    AgentReplied,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
)

KNOWN = Reason(
    code="known_contact", words="an agent has answered this contact or vouched for them", weight=0
)


def verdict(opinions: Sequence[Opinion], threshold: float) -> Verdict:
    """What content says: spam if the score is the threshold or more."""
    score = combined(opinions)
    reasons = [reason for opinion in opinions for reason in opinion.reasons]
    return Verdict(
        spam=score >= threshold,
        score=score,
        threshold=threshold,
        reasons=tuple(sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.code))),
        model="+".join(opinion.engine for opinion in opinions),
    )


def of_known_contact(verdict: Verdict) -> Verdict:
    """The verdict on a known contact's message: no spam, whatever its content says (SPM 3)."""
    return verdict.model_copy(update={"spam": False, "reasons": (KNOWN, *verdict.reasons)})


class ContactRef(NamedTuple):
    """Names one contact among those of all accounts."""

    account_id: str
    contact_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """When an agent last answered or vouched for a contact, and when last called them spam.

    Two standings of one contact are combined with `|`, which keeps the later of each time. In which
    order that is done, and how often, makes no difference.
    """

    known_at: datetime | None = None
    spam_at: datetime | None = None

    def __or__(self, other: "Standing") -> "Standing":
        """The later of each time."""
        return Standing(
            known_at=_later(self.known_at, other.known_at),
            spam_at=_later(self.spam_at, other.spam_at),
        )

    @property
    def known(self) -> bool:
        """Whether an agent has answered or vouched for the contact since any called them spam."""
        if self.known_at is None:
            return False
        return self.spam_at is None or self.spam_at < self.known_at


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return max(one, other)


def standings(events: Iterable[TicketFact]) -> dict[ContactRef, Standing]:
    """How agents judged contacts: what people did, no AI agent, no auto-reply, no screening."""
    found: dict[ContactRef, Standing] = {}
    for event in events:
        match event:
            case AgentReplied(auto_reply=False) | TicketMarkedNotSpam() if _by_agent(event):
                standing = Standing(known_at=event.occurred_at)
            case TicketMarkedSpam() if _by_agent(event):
                standing = Standing(spam_at=event.occurred_at)
            case _:
                continue
        contact = ContactRef(event.account_id, event.ticket.contact.id)
        found[contact] = found.get(contact, Standing()) | standing
    return found


def _by_agent(event: AgentReplied | TicketMarkedSpam | TicketMarkedNotSpam) -> bool:
    return event.author.kind == "agent"
