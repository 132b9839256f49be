"""What becomes of a ticket whose silence has lasted long enough (ACL 3, ACL 4)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from services.autoclose.rules.timer import SettingsOf, Timer, Typist, armed, settings_key
from shared.contracts.accounts import AutoClose
from shared.contracts.base import Author
from shared.contracts.commands import CloseTicket
from shared.contracts.signals import Signal
from shared.values.ids import computed_id

AUTHOR = Author(kind="system", id="autoclose")

_LONGEST = timedelta(days=90)
"""What any delay is cut to, so that there is such a date whatever an account sets."""


class TypingMark(NamedTuple):
    """When somebody was last seen typing, and for how long that matters."""

    at: datetime
    matters_for: timedelta


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a timer that came due: `close` now, or whatever `after` says."""

    after: Timer
    close: bool


def when_due(
    timer: Timer, settings: AutoClose, typed_at: datetime | None, now: datetime
) -> Decision:
    """What to do with a timer whose due date has passed (ACL 3, ACL 4).

    Settings that changed meanwhile count. A customer who is typing gets `typing_delay` more, again
    while they go on, `typing_limit` in all from when closing was first put off.
    """
    current = timer if timer.settings == settings_key(settings) else armed(timer, settings)
    if current.rests_on is None or current.due_at > now:
        return Decision(current, close=False)
    delay, limit = _typing_delay(settings), min(settings.typing_limit, _LONGEST)
    if typed_at is not None and now - typed_at < delay:
        since = current.put_off_since or now
        until = min(now + delay, since + limit)
        if until > now:
            return Decision(replace(current, put_off_since=since, due_at=until), close=False)
    asked = replace(current, asked_for=current.rests_on)
    return Decision(armed(asked, settings), close=True)


def _typing_delay(settings: AutoClose) -> timedelta:
    return min(settings.typing_delay, _LONGEST)


def typing_marks(signals: Iterable[Signal], settings_of: SettingsOf) -> dict[Typist, TypingMark]:
    """Who was last seen typing when, among the accounts that close tickets (ACL 4)."""
    marks: dict[Typist, TypingMark] = {}
    for signal in signals:
        settings = settings_of(signal.account_id)
        if signal.kind != "typing" or not settings.enabled:
            continue
        typist = Typist(signal.account_id, signal.channel, signal.party)
        if typist not in marks or marks[typist].at < signal.occurred_at:
            marks[typist] = TypingMark(signal.occurred_at, _typing_delay(settings))
    return marks


def close(timer: Timer, now: datetime) -> CloseTicket:
    """The command that closes the ticket for what its timer rests on: the same one each time."""
    # Not the due date: settings and typing move it, and the close stays the same.
    rests_on = (str(timer.waiting_epoch), str(timer.last_reply_seq), str(timer.first_reply_at))
    return CloseTicket(
        account_id=timer.account_id,
        id=computed_id("close for inactivity", timer.account_id, timer.ticket_id, *rests_on),
        occurred_at=now,
        correlation_id=timer.correlation_id,
        ticket_id=timer.ticket_id,
        author=AUTHOR,
        reason="inactivity",
        waiting_epoch=timer.waiting_epoch,
        last_reply_seq=timer.last_reply_seq,
    )
