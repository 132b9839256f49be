"""How long a ticket's customer has been silent, and until when that may last (ACL 1, 2, 5, 7).

Ticketing says with every event since which reply the team waits for the customer
(`waiting_epoch`); here is added when that was, and until when. Wherever something is not known for
sure (an event was missed, clocks disagree) the later time is taken: a ticket may be closed too
late, never too early.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AutoClose
from shared.contracts.tickets import CustomerWrote, TicketClosed, TicketFact, TicketSummary

OFF = "off"
NOTHING_RUNS = ""
"""What stands for the settings of a timer that waits for nothing: it follows none."""

AHEAD = timedelta(days=1)
"""How far an author's clock may be ahead of ours and still be believed."""

SettingsOf = Callable[[str], AutoClose]
"""The settings of an account; switched off where there is no such account."""


class TicketRef(NamedTuple):
    """A ticket, across accounts."""

    account_id: str
    ticket_id: str


class Typist(NamedTuple):
    """Who may be typing: a contact on a channel, on web chat a conversation."""

    account_id: str
    channel: str
    party: str


@dataclass(frozen=True, slots=True)
class Timer:
    """What is known of a ticket's silence; kept after closing, so that no event counts twice.

    `last_seq` is the newest event taken in, `seen_at` the latest time any event told of,
    `reset_seq` the newest event after which only a later reply can start the timer. While the team
    waits, `waiting_epoch` and `last_reply_seq` are as ticketing has them, with their times;
    `settings` are those by which `due_at` was computed, `asked_for` the wait whose close was asked
    for already, `put_off_since` when closing was first put off for a customer who typed.
    """

    account_id: str
    ticket_id: str
    channel: str
    party: str
    seen_at: datetime
    correlation_id: str
    last_seq: int = 0
    reset_seq: int = 0
    waiting_epoch: int | None = None
    last_reply_seq: int | None = None
    first_reply_at: datetime | None = None
    last_reply_at: datetime | None = None
    asked_for: tuple[int, int] | None = None
    put_off_since: datetime | None = None
    settings: str = NOTHING_RUNS
    due_at: datetime = FAR_FUTURE

    @property
    def ref(self) -> TicketRef:
        """Whose timer it is."""
        return TicketRef(self.account_id, self.ticket_id)

    @property
    def typist(self) -> Typist:
        """Whose typing puts the close off (ACL 4)."""
        return Typist(self.account_id, self.channel, self.party)

    @property
    def rests_on(self) -> tuple[int, int] | None:
        """The first and the newest reply of the wait; None while nobody waits for the customer."""
        if self.waiting_epoch is None:
            return None
        return self.waiting_epoch, self.last_reply_seq or self.waiting_epoch

    def stopped(self) -> Self:
        """The same ticket, with nothing to wait for."""
        return replace(
            self,
            waiting_epoch=None,
            last_reply_seq=None,
            first_reply_at=None,
            last_reply_at=None,
            asked_for=None,
            put_off_since=None,
            settings=NOTHING_RUNS,
            due_at=FAR_FUTURE,
        )


def settings_key(settings: AutoClose) -> str:
    """What of the settings a due date depends on, as one value to compare."""
    if not settings.enabled:
        return OFF
    return f"{settings.starts_at}:{settings.period // timedelta(milliseconds=1)}"


def timer_after(
    timer: Timer | None, event: TicketFact, settings: AutoClose, now: datetime
) -> Timer:
    """The timer once `event` has happened; unchanged by an event it has seen (ACL 2, ACL 5).

    After missed events the summary alone decides, and a wait whose beginning was missed counts
    from the event that told of it.
    """
    if timer is not None and event.seq <= timer.last_seq:
        return timer
    seen = _having_seen(timer or _unknown(event, now), event, now)
    epoch = event.ticket.waiting_epoch
    if epoch is None or not _can_wait(event.ticket) or epoch <= seen.reset_seq:
        return seen.stopped()
    if epoch != seen.waiting_epoch:
        return armed(_begun(seen, event), settings)
    if event.ticket.last_reply_seq != seen.last_reply_seq:
        return armed(_replied_again(seen, event), settings)
    if seen.settings not in (NOTHING_RUNS, settings_key(settings)):
        return armed(seen, settings)
    return seen


def _unknown(event: TicketFact, now: datetime) -> Timer:
    return Timer(
        account_id=event.account_id,
        ticket_id=event.ticket_id,
        channel=event.ticket.channel,
        party=_party(event.ticket),
        seen_at=_believed(event.ticket.opened_at, now),
        correlation_id=event.correlation_id,
    )


def _party(ticket: TicketSummary) -> str:
    if ticket.channel == "webchat" and ticket.conversation_id:
        return ticket.conversation_id
    return ticket.contact.id


def _having_seen(timer: Timer, event: TicketFact, now: datetime) -> Timer:
    seen_at = max(timer.seen_at, _believed(event.occurred_at, now))
    resets = False
    match event:
        case CustomerWrote(spam=False):
            # A reply's time is set by whoever sent it: no wait begins before its message came.
            seen_at = max(seen_at, _believed(event.received_at, now))
            resets = True
        case TicketClosed():
            resets = True
    return replace(
        timer,
        last_seq=event.seq,
        seen_at=seen_at,
        reset_seq=event.seq if resets else timer.reset_seq,
    )


def _believed(at: datetime, now: datetime) -> datetime:
    """The time, unless its author's clock is far ahead: no ticket shall wait for that day."""
    return at if at <= now + AHEAD else now


def _can_wait(ticket: TicketSummary) -> bool:
    return ticket.status != "closed" and not ticket.spam


def _begun(timer: Timer, event: TicketFact) -> Timer:
    # `seen_at` includes this event's own time.
    return replace(
        timer.stopped(),
        correlation_id=event.correlation_id,
        waiting_epoch=event.ticket.waiting_epoch,
        last_reply_seq=event.ticket.last_reply_seq,
        first_reply_at=timer.seen_at,
        last_reply_at=timer.seen_at,
    )


def _replied_again(timer: Timer, event: TicketFact) -> Timer:
    return replace(timer, last_reply_seq=event.ticket.last_reply_seq, last_reply_at=timer.seen_at)


def armed(timer: Timer, settings: AutoClose) -> Timer:
    """The timer with the due date that these settings give it (ACL 1, ACL 7).

    It may lie in the past: such a ticket is due at once. A close that was asked for is not asked
    for again. One that is due later than when it was put off has not been put off yet.
    """
    if timer.rests_on is None or timer.asked_for == timer.rests_on:
        return replace(timer, settings=NOTHING_RUNS, due_at=FAR_FUTURE)
    due_at, since = _due_at(timer, settings), timer.put_off_since
    return replace(
        timer,
        settings=settings_key(settings),
        due_at=due_at,
        put_off_since=since if since is not None and due_at <= since else None,
    )


def _due_at(timer: Timer, settings: AutoClose) -> datetime:
    by_first = settings.starts_at == "first_reply"
    start = timer.first_reply_at if by_first else timer.last_reply_at
    if not settings.enabled or start is None:
        return FAR_FUTURE
    return start + settings.period


@dataclass(frozen=True, slots=True)
class Replayed:
    """Timers that changed, and how often a ticket's next event was missing."""

    timers: tuple[Timer, ...]
    gaps: int


def replay(
    known: Mapping[TicketRef, Timer],
    events: Iterable[TicketFact],
    settings_of: SettingsOf,
    now: datetime,
) -> Replayed:
    """The timers after all `events`, in their order. Only those that changed are given."""
    timers = dict(known)
    gaps = 0
    for event in events:
        ref = TicketRef(event.account_id, event.ticket_id)
        timer = timers.get(ref)
        gaps += event.is_after_a_gap(timer.last_seq if timer else 0)
        timers[ref] = timer_after(timer, event, settings_of(event.account_id), now)
    changed = tuple(timer for ref, timer in timers.items() if timer != known.get(ref))
    return Replayed(changed, gaps)
