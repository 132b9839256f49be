"""What becomes of a ticket whose silence has lasted long enough (ACL 3, ACL 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
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
"""An account's longer delays are cut to this, so that `now` and a delay always give a date."""


class TypingMark(NamedTuple):
    """When somebody was last seen typing, and for how long that matters."""

    at: datetime
    matters_for: timedelta


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with a timer that came due: whether to close now, and the timer afterwards."""

    after: Timer
    close: bool


def when_due(
    timer: Timer, settings: AutoClose, typed_at: datetime | None, now: datetime
) -> Decision:
    """What to do with a timer whose due date has passed (ACL 3, ACL 4).

    If the settings have changed since the due date was computed, the new ones decide. While the
    customer is typing, closing is put off by `typing_delay` again and again, but not beyond
    `typing_limit` after it was first put off.
    """
    current = timer if timer.settings == settings_key(settings) else armed(timer, settings)
    if current.rests_on is None or current.due_at > now:
        return Decision(current, close=False)
    delay, limit = _typing_delay(settings), min(settings.typing_limit, _LONGEST)
    if typed_at is not None and now - typed_at < delay:
        since = current.put_off_since or now
        until = min(now + delay, since + limit)
        if until > now:
            return Decision(current._replace(put_off_since=since, due_at=until), close=False)
    asked = current._replace(asked_for=current.rests_on)
    return Decision(armed(asked, settings), close=True)


def _typing_delay(settings: AutoClose) -> timedelta:
    return min(settings.typing_delay, _LONGEST)


def typing_marks(signals: Iterable[Signal], settings_of: SettingsOf) -> dict[Typist, TypingMark]:
    """When each was last seen typing; accounts that do not close tickets are left out (ACL 4)."""
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
    """The command that closes the ticket; for the same replies it has the same id each time."""
    # The due date is no part of the id: settings and typing move it, but the close is the same.
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
