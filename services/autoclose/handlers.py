"""What autoclose does with what it hears. Closing itself is the sweep's work."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.autoclose.rules import closing, timer
from services.autoclose.rules.closing import TypingMark
from services.autoclose.rules.timer import TicketRef, Timer, Typist
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.accounts import AutoClose
from shared.contracts.signals import Signal
from shared.contracts.tickets import CommandRejected, TicketFact


class Timers(Protocol):
    """The timers that are kept, of all accounts."""

    async def load(self, tickets: Collection[TicketRef]) -> dict[TicketRef, Timer]:
        """The timers of those tickets, as far as there are any."""

    async def save(self, timers: Sequence[Timer], known: Collection[TicketRef]) -> None:
        """Keep each timer, unless one with the same or a newer `last_seq` is kept already.

        `known` are tickets that had one when they were loaded.
        """


class Typing(Protocol):
    """Who is typing. All of it may be lost at any moment; closing is then not put off."""

    async def mark(self, marks: Mapping[Typist, TypingMark]) -> None:
        """Keep each mark for as long as it matters."""

    async def seen(self, typists: Collection[Typist]) -> dict[Typist, datetime]:
        """When each was last seen typing, for those who still have a mark."""


def settings_of(accounts: Accounts, account_id: str) -> AutoClose:
    """The account's settings; switched off where there is no such account (ACL 1)."""
    account = accounts.get(account_id)
    return account.autoclose if account else AutoClose()


@dataclass(frozen=True, slots=True)
class Autoclose:
    """Keeps each ticket's timer as its events say, and who was last seen typing.

    `missed` is told how many gaps a batch had in its tickets' sequences.
    """

    timers: Timers
    typing: Typing
    accounts: Accounts
    clock: Clock
    missed: Callable[[int], None]

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards every event's timer is kept, together with its `seq` (ACL 2, ACL 5).

        A rejection changes nothing: what made a close stale is an event of its own.
        """
        facts = [event for event in events if isinstance(event, TicketFact)]
        known = await self.timers.load({TicketRef(f.account_id, f.ticket_id) for f in facts})
        replayed = timer.replay(known, facts, self._settings_of, self.clock())
        if replayed.gaps:
            self.missed(replayed.gaps)
        await self.timers.save(replayed.timers, known.keys())

    async def signals_seen(self, signals: Sequence[Signal]) -> None:
        """Afterwards everybody who was typing is marked, for as long as that matters (ACL 4)."""
        await self.typing.mark(closing.typing_marks(signals, self._settings_of))

    def _settings_of(self, account_id: str) -> AutoClose:
        return settings_of(self.accounts, account_id)
