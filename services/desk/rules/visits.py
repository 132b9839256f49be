"""Whether a web chat's visitor is there, as the widget's server last said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.desk.rules.shown import ShownVisitor
from shared.contracts.signals import Signal

BELIEVED: Final = timedelta(hours=1)
"""For so long a visitor who says nothing counts as there: what ends a chat may never be told."""


@dataclass(frozen=True, slots=True)
class Visit:
    """That the visitor of a conversation came (`here`) or went then."""

    account_id: str
    conversation: str
    contact: str
    at: datetime
    here: bool


def visits(signals: Iterable[Signal], now: datetime) -> list[Visit]:
    """What the signals say of visitors, the last of each conversation.

    What is said of a time to come counts as said now: it must not outlast what is said later. Of
    two at the same time, the going counts.
    """
    last: dict[tuple[str, str], Visit] = {}
    for signal in signals:
        if signal.kind not in ("connected", "disconnected") or not signal.conversation_id:
            continue
        contact = signal.contact.id if signal.contact else ""
        at, here = min(signal.occurred_at, now), signal.kind == "connected"
        visit = Visit(signal.account_id, signal.conversation_id, contact, at, here)
        of = (visit.account_id, visit.conversation)
        if of not in last or is_newer(visit, last[of].at):
            last[of] = visit
    return list(last.values())


def is_newer(visit: Visit, at: datetime) -> bool:
    """Whether it takes the place of what was said of that time."""
    return visit.at > at or (visit.at == at and not visit.here)


def visitor(visit: Visit | None, wrote_at: datetime, now: datetime) -> ShownVisitor | None:
    """Whether they are there, else since when not; None where nothing is known.

    Whoever wrote after they went is there again, as whoever came.
    """
    if visit is None:
        return None
    here = visit.here or wrote_at > visit.at
    seen_at = max(visit.at, wrote_at)
    if here and now - seen_at < BELIEVED:
        return ShownVisitor(here=True, since=seen_at)
    return ShownVisitor(here=False, since=seen_at)
