"""How long a ticket's customer has been silent, and until when that may last (ACL 1, 2, 5, 7).

Every event of a ticket says since which reply the team has been waiting for the customer
(`waiting_epoch`). A timer adds when that was, and when the ticket is due to be closed. Where a time
is not certain (an event was missed, clocks disagree) the later one is taken: a ticket may be closed
too late, never too early.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Self

from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AutoClose
from shared.contracts.base import Channel
from shared.contracts.tickets import (
    ContentErased,
    CustomerWrote,
    TicketClosed,
    TicketFact,
    TicketSummary,
)

OFF = "off"
NOTHING_RUNS = ""
"""The `settings` of a timer that is not running: it depends on no settings."""

AHEAD = timedelta(days=1)
"""How far an author's clock may be ahead of ours and still be believed."""

TELL_OF_TYPING: Final[frozenset[Channel]] = frozenset({"webchat"})
"""Where typists leave marks: whoever forgets a ticket there has to know whose mark goes with it."""

SettingsOf = Callable[[str], AutoClose]
"""Gives an account's settings; for an unknown account, settings that are switched off."""


class TicketRef(NamedTuple):
    """Names one ticket among those of all accounts."""

    account_id: str
    ticket_id: str


class Typist(NamedTuple):
    """Who may be typing: a contact on a channel; on web chat, `party` is the conversation."""

    account_id: str
    channel: str
    party: str


class Timer(NamedTuple):
    """What is known of a ticket's silence; kept after closing, so that no event counts twice.

    - `party`: who may be typing, "" once the ticket's contact was erased.
    - `last_seq`: the `seq` of the newest event that was applied.
    - `seen_at`: the latest time that any event told of.
    - `reset_seq`: the `seq` of the newest event that reset the timer (the customer wrote, or the
      ticket was closed); only a later reply can start it again.
    - `waiting_epoch`, `last_reply_seq`: as ticketing has them while the team waits for the
      customer; `first_reply_at` and `last_reply_at` are the times taken for those two replies.
    - `settings`: the settings by which `due_at` was computed (see `settings_key`).
    - `asked_for`: `rests_on` of the wait whose close was asked for already.
    - `put_off_since`: when the close was first put off because the customer typed.
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
        """The ticket whose timer it is."""
        return TicketRef(self.account_id, self.ticket_id)

    @property
    def typist(self) -> Typist:
        """Whose typing puts the close off (ACL 4)."""
        return Typist(self.account_id, self.channel, self.party)

    @property
    def rests_on(self) -> tuple[int, int] | None:
        """The `seq` of the wait's first and newest reply; None while the team does not wait."""
        if self.waiting_epoch is None:
            return None
        return self.waiting_epoch, self.last_reply_seq or self.waiting_epoch

    def stopped(self) -> Self:
        """The same ticket's timer, not running any more."""
        return self._replace(
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
    """The part of the settings that a due date depends on, as one text to compare."""
    if not settings.enabled:
        return OFF
    return f"{settings.starts_at}:{settings.period // timedelta(milliseconds=1)}"


def needs_a_timer(event: TicketFact) -> bool:
    """Whether a ticket that has no timer gets one by this event.

    Before its first reply it needs none: the summary then tells all there is to know.
    """
    return event.ticket.waiting_epoch is not None or event.ticket.channel in TELL_OF_TYPING


def timer_after(
    timer: Timer | None, event: TicketFact, settings: AutoClose, now: datetime
) -> Timer | None:
    """The timer after `event`; an event that it has seen before changes nothing (ACL 2, ACL 5).

    None while the ticket needs none. If earlier events were missed, the ticket's summary in this
    one decides alone. A wait whose beginning was missed counts from the event that first told of
    it.
    """
    if timer is None and not needs_a_timer(event):
        return None
    if timer is not None and event.seq <= timer.last_seq:
        return timer
    seen = _having_seen(timer or _unknown(event, now), event, now)
    if isinstance(event, ContentErased) and event.whole:
        return seen.stopped()._replace(party="")
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
    ticket = event.ticket
    # A reply's time is set by whoever sent it: see `_having_seen`.
    wrote_at = max(ticket.opened_at, ticket.last_customer_at or ticket.opened_at)
    return Timer(
        account_id=event.account_id,
        ticket_id=event.ticket_id,
        channel=ticket.channel,
        party=_party(ticket),
        seen_at=_believed(wrote_at, now),
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
            # A reply's time is set by whoever sent it, and may be too early: no wait may begin
            # before the message that is answered was received.
            seen_at = max(seen_at, _believed(event.received_at, now))
            resets = True
        case TicketClosed():
            resets = True
    return timer._replace(
        last_seq=event.seq,
        seen_at=seen_at,
        reset_seq=event.seq if resets else timer.reset_seq,
    )


def _believed(at: datetime, now: datetime) -> datetime:
    """The time, or `now` if it is over `AHEAD` later: no wrong clock shall keep a ticket open."""
    return at if at <= now + AHEAD else now


def _can_wait(ticket: TicketSummary) -> bool:
    return ticket.status != "closed" and not ticket.spam


def _begun(timer: Timer, event: TicketFact) -> Timer:
    # `seen_at` includes this event's own time.
    return timer.stopped()._replace(
        correlation_id=event.correlation_id,
        waiting_epoch=event.ticket.waiting_epoch,
        last_reply_seq=event.ticket.last_reply_seq,
        first_reply_at=timer.seen_at,
        last_reply_at=timer.seen_at,
    )


def _replied_again(timer: Timer, event: TicketFact) -> Timer:
    return timer._replace(last_reply_seq=event.ticket.last_reply_seq, last_reply_at=timer.seen_at)


def armed(timer: Timer, settings: AutoClose) -> Timer:
    """The timer with the due date that these settings give it (ACL 1, ACL 7).

    The due date may lie in the past: such a ticket is due at once. A wait whose close was already
    asked for is not due again. If the due date is later than `put_off_since`, closing has not been
    put off from that date yet, so `put_off_since` is cleared.
    """
    if timer.rests_on is None or timer.asked_for == timer.rests_on:
        return timer._replace(settings=NOTHING_RUNS, due_at=FAR_FUTURE)
    due_at, since = _due_at(timer, settings), timer.put_off_since
    return timer._replace(
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


def unknown_for_sure(events: Iterable[TicketFact], seen: int = 0) -> bool:
    """Whether no timer can be stored that these events of a ticket, in their order, would change.

    Up to its event `seen` it needed none; they go on from there, none is missing, and none of them
    needs a timer: what is stored would be of a later one.
    """
    for event in events:
        if event.is_after_a_gap(seen) or needs_a_timer(event):
            return False
        seen = max(seen, event.seq)
    return True


@dataclass(frozen=True, slots=True)
class Replayed:
    """The timers that changed, and how many events came after a gap in their timer's `seq`."""

    timers: tuple[Timer, ...]
    gaps: int


def replay(
    known: Mapping[TicketRef, Timer],
    events: Iterable[TicketFact],
    settings_of: SettingsOf,
    now: datetime,
) -> Replayed:
    """Apply `events` in their order to the `known` timers; only those that changed are returned."""
    timers = dict(known)
    gaps = 0
    for event in events:
        ref = TicketRef(event.account_id, event.ticket_id)
        before = timers.get(ref)
        gaps += before is not None and event.is_after_a_gap(before.last_seq)
        after = timer_after(before, event, settings_of(event.account_id), now)
        if after is not None:
            timers[ref] = after
    changed = tuple(timer for ref, timer in timers.items() if timer != known.get(ref))
    return Replayed(changed, gaps)
