"""What autoclose does with the events and signals it consumes. The sweep asks for the closes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.autoclose.rules import closing, timer
from services.autoclose.rules.closing import TypingMark
from services.autoclose.rules.timer import TicketRef, Timer, Typist
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.accounts import AutoClose
from shared.contracts.signals import Signal
from shared.contracts.tickets import CommandRejected, ContentErased, TicketFact
from shared.stores.recent import Recent


class Timers(Protocol):
    """The stored timers of all accounts."""

    async def load(self, tickets: Collection[TicketRef]) -> dict[TicketRef, Timer]:
        """The timers of those tickets; a ticket without a timer is left out."""

    async def save(self, timers: Sequence[Timer], known: Collection[TicketRef]) -> None:
        """Store each timer, unless the stored one has the same or a higher `last_seq`.

        `known` are the tickets that had a timer when they were loaded.
        """


class Typing(Protocol):
    """Who was seen typing. Any of it may be lost at any time; the close is then not put off."""

    async def mark(self, marks: Mapping[Typist, TypingMark]) -> None:
        """Store each mark; it is forgotten after its `matters_for`."""

    async def seen(self, typists: Collection[Typist]) -> dict[Typist, datetime]:
        """When each was last seen typing, for those who still have a mark."""

    async def forget(self, typists: Collection[Typist]) -> None:
        """Delete their marks."""


def settings_of(accounts: Accounts, account_id: str) -> AutoClose:
    """The account's settings; for an unknown account, settings that are switched off (ACL 1)."""
    account = accounts.get(account_id)
    return account.autoclose if account else AutoClose()


def _erases(fact: TicketFact) -> bool:
    return isinstance(fact, ContentErased) and fact.whole


@dataclass(frozen=True, slots=True)
class Autoclose:
    """Keeps every ticket's timer by the ticket's events, and a mark of who was last seen typing.

    `missed` is called with the number of gaps that a batch shows in the `seq` of its tickets.
    `without` has up to which `seq` tickets were seen to need no timer.
    """

    timers: Timers
    typing: Typing
    accounts: Accounts
    clock: Clock
    missed: Callable[[int], None]
    without: Recent[TicketRef, int] = field(default_factory=Recent)

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Afterwards every event's timer is stored, and with it the event's `seq` (ACL 2, ACL 5).

        A rejection changes no timer: whatever made a close stale comes as an event of its own.
        """
        facts = [event for event in events if isinstance(event, TicketFact)]
        told: dict[TicketRef, list[TicketFact]] = {}
        for fact in facts:
            told.setdefault(TicketRef(fact.account_id, fact.ticket_id), []).append(fact)
        asked = {
            ref
            for ref, of in told.items()
            if not timer.unknown_for_sure(of, self.without.get(ref) or 0)
        }
        known = await self.timers.load(asked)
        replayed = timer.replay(known, facts, self._settings_of, self.clock())
        if replayed.gaps:
            self.missed(replayed.gaps)
        erased = {TicketRef(f.account_id, f.ticket_id) for f in facts if _erases(f)}
        await self.typing.forget([t.typist for ref, t in known.items() if ref in erased])
        await self.timers.save(replayed.timers, known.keys())
        timed = known.keys() | {each.ref for each in replayed.timers}
        for ref, of in told.items():
            if ref not in timed:
                self.without.keep(ref, max(fact.seq for fact in of))

    async def signals_seen(self, signals: Sequence[Signal]) -> None:
        """Afterwards everybody who typed has a mark that lasts the account's delay (ACL 4)."""
        await self.typing.mark(closing.typing_marks(signals, self._settings_of))

    def _settings_of(self, account_id: str) -> AutoClose:
        return settings_of(self.accounts, account_id)
