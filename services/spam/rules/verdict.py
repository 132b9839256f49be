"""Verdicts on messages, and contacts whom content alone does not hide (SPM 3, SPM 4)."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.spam.rules.engine import Opinion, combined
from shared.contracts.accounts import SpamSettings
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


AUDIT = Reason(
    code="audit",
    words="one of the few that are shown to see whether hiding them is right",
    weight=0,
)
_MOST = 1 << 32
CONSENT = Reason(
    code="rules_object",
    words="too few marks yet for the model to hide what another engine takes for a customer's",
    weight=0,
)


def verdict(
    opinions: Sequence[Opinion], settings: SpamSettings, language: str | None = None
) -> Verdict:
    """What content says: spam if the score is the threshold or more, grey if it is near it.

    An opinion that needs consent hides nothing where another one speaks for the customer.
    """
    score = combined(opinions)
    reasons = [reason for opinion in opinions for reason in opinion.reasons]
    spam = score >= settings.threshold
    if spam and _lacks_consent(opinions):
        spam = False
        reasons.append(CONSENT)
    return Verdict(
        spam=spam,
        grey=not spam and score >= min(settings.grey, settings.threshold),
        score=score,
        threshold=settings.threshold,
        language=language,
        reasons=tuple(sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.code))),
        model="+".join(opinion.engine for opinion in opinions),
    )


def audited(verdict: Verdict, message_id: str, share: float) -> Verdict:
    """The verdict, or, for the share of spam that is to be reviewed, a grey one instead.

    Which messages these are follows from their ids: one that is delivered again is judged alike.
    """
    drawn = zlib.crc32(message_id.encode()) / _MOST
    if not verdict.spam or drawn >= share:
        return verdict
    told = {"spam": False, "grey": True, "reasons": (AUDIT, *verdict.reasons)}
    return verdict.model_copy(update=told)


def _lacks_consent(opinions: Sequence[Opinion]) -> bool:
    return any(
        opinion.needs_consent and any(other.logit < 0 for other in opinions if other is not opinion)
        for opinion in opinions
    )


def of_known_contact(verdict: Verdict) -> Verdict:
    """The verdict on a known contact's message: no spam, whatever its content says (SPM 3)."""
    told = {"spam": False, "grey": False, "reasons": (KNOWN, *verdict.reasons)}
    return verdict.model_copy(update=told)


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
