"""How a hand-off ends, and what is published then."""

from dataclasses import dataclass
from datetime import datetime

from services.handoff.rules.party import KEPT, Party
from shared.clock import EPOCH
from shared.contracts.base import Contact, Envelope
from shared.contracts.handoffs import HandoffEnded, HandoffOutcome, VisitorTold
from shared.values.ids import computed_id

_MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision makes of a party, and what is to be published, in order."""

    party: Party
    publish: tuple[Envelope, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """What became of a hand-off: see `HandoffEnded`."""

    outcome: HandoffOutcome
    code: str = ""
    words: str = ""
    ticket_id: str | None = None
    external_id: str | None = None
    external_url: str | None = None
    available: bool | None = None


def ended(party: Party, end: End, now: datetime) -> HandoffEnded:
    """What is published of it. A hand-off ends once, so its end has one id."""
    request = party.asking
    return HandoffEnded(
        account_id=party.account_id,
        id=computed_id("handoff.ended", party.account_id, party.handoff_id),
        occurred_at=now,
        correlation_id=party.correlation_id,
        handoff_id=party.handoff_id,
        method=party.method,
        outcome=end.outcome,
        reason=party.reason,
        channel=party.channel,
        conversation_id=request.conversation_id,
        contact=request.contact,
        code=end.code,
        words=end.words[:_MOST_WORDS],
        ticket_id=end.ticket_id,
        external_id=end.external_id,
        external_url=end.external_url,
        available=end.available,
        took=max(now - party.begun_at, EPOCH - EPOCH),
    )


def over(party: Party, end: End, now: datetime) -> Party:
    """The party once the hand-off is over: nothing of the conversation is left."""
    return party.model_copy(
        update={
            "phase": "ended",
            "request": None,
            "email": None,
            "notice": "",
            "acts_at": now + KEPT,
            "ended_at": now,
            "outcome": end.outcome,
            "ticket_id": end.ticket_id,
            "external_id": end.external_id,
            "external_url": end.external_url,
        }
    )


def close(party: Party, end: End, now: datetime, *said: Envelope) -> Change:
    """End it; `said` goes out before."""
    return Change(over(party, end, now), (*said, ended(party, end, now)))


def forgotten(party: Party, now: datetime) -> Change:
    """End a hand-off under way whose contact is erased; what is said of it names nobody."""
    end = End("refused", "erased", "its contact was erased")
    nobody = Contact(id=f"erased:{party.handoff_id}"[:512])
    said = ended(party, end, now).model_copy(update={"contact": nobody, "conversation_id": None})
    return Change(over(party, end, now), (said,))


def told(party: Party, text: str, now: datetime) -> VisitorTold:
    """What the visitor is to be shown. A hand-off tells them once, so it has one id."""
    request = party.asking
    return VisitorTold(
        account_id=party.account_id,
        id=computed_id("handoff.told", party.account_id, party.handoff_id),
        occurred_at=now,
        correlation_id=party.correlation_id,
        handoff_id=party.handoff_id,
        channel=party.channel,
        conversation_id=request.conversation_id,
        contact=request.contact,
        text=text,
    )
