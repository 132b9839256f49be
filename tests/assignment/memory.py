"""Assignment's stores in memory, behind the same Protocols as those on MongoDB and Redis."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.assignment.app import Stores
from services.assignment.rules.follow import Followed
from services.assignment.rules.presence import Beat, Choice
from services.assignment.rules.rotation import Rotation
from shared.clock import EPOCH, FAR_FUTURE
from tests.memory import MemoryAggregates

_PAGE = 3


@dataclass(slots=True)
class MemoryTickets:
    """The followed tickets, by id."""

    tickets: dict[str, Followed] = field(default_factory=dict)

    async def load(self, ids: Collection[str]) -> dict[str, Followed]:
        """See `handlers.Tickets`."""
        return {id_: self.tickets[id_] for id_ in ids if id_ in self.tickets}

    async def save(self, tickets: Collection[Followed]) -> set[str]:
        """See `handlers.Tickets`."""
        lost = set()
        for ticket in tickets:
            there = self.tickets.get(ticket.id)
            if (there.revision if there else 0) == ticket.revision:
                self.tickets[ticket.id] = ticket._replace(revision=ticket.revision + 1)
            else:
                lost.add(ticket.id)
        return lost

    async def busy(self, account_ids: Collection[str] | None) -> set[str]:
        """See `looking.Tickets`."""
        return {
            ticket.line
            for ticket in self.tickets.values()
            if ticket.line and (account_ids is None or ticket.account_id in account_ids)
        }

    async def waiting(self, line: str, limit: int) -> list[Followed]:
        """See `looking.Tickets`."""
        found = [ticket for ticket in self.tickets.values() if ticket.line == line]
        return sorted(found, key=lambda ticket: ticket.waiting_since)[:limit]

    async def waiting_since(self) -> datetime | None:
        """See `measure.Tickets`."""
        return min((t.waiting_since for t in self.tickets.values() if t.line), default=None)

    async def open_tickets(self, holders: Collection[str]) -> dict[str, int]:
        """See `looking.Tickets`."""
        held = (ticket.holder for ticket in self.tickets.values())
        return dict(Counter(holder for holder in held if holder in holders))

    async def holders(self, account_id: str) -> set[str]:
        """See `sweep.Tickets`."""
        held = (ticket for ticket in self.tickets.values() if ticket.account_id == account_id)
        return {ticket.assignee for ticket in held if ticket.holder and ticket.assignee}

    async def held_by(self, account_id: str, agent_id: str) -> AsyncIterator[list[Followed]]:
        """See `sweep.Tickets`."""
        holder = f"{account_id}:{agent_id}"
        found = [ticket for ticket in self.tickets.values() if ticket.holder == holder]
        for start in range(0, len(found), _PAGE):
            yield found[start : start + _PAGE]

    async def standing(self, account_id: str) -> AsyncIterator[list[Followed]]:
        """See `sweep.Tickets`."""
        found = [t for t in self.tickets.values() if t.account_id == account_id and t.line]
        for start in range(0, len(found), _PAGE):
            yield found[start : start + _PAGE]


@dataclass(slots=True)
class MemoryAgents:
    """The agents' choices, by id."""

    choices: dict[str, Choice] = field(default_factory=dict)

    async def choose(self, choices: Sequence[Choice], now: datetime) -> None:
        """See `handlers.Agents`."""
        for choice in choices:
            there = self.choices.get(choice.id)
            if (
                there is None
                or there.at < choice.at
                or there.at > now
                or (there.at == choice.at and not choice.online)
            ):
                self.choices[choice.id] = choice

    async def online(self, now: datetime, account_ids: Collection[str]) -> dict[str, set[str]]:
        """See `looking.Agents`."""
        found: dict[str, set[str]] = {}
        for choice in self.choices.values():
            if now < choice.due_at < FAR_FUTURE and choice.account_id in account_ids:
                found.setdefault(choice.account_id, set()).add(choice.agent_id)
        return found

    async def available(self, now: datetime) -> int:
        """See `measure.Agents`."""
        return sum(now < choice.due_at < FAR_FUTURE for choice in self.choices.values())

    async def due(self, before: datetime, limit: int, after: Choice | None = None) -> list[Choice]:
        """See `sweep.Agents`."""
        first = (after.due_at, after.id) if after else (EPOCH, "")
        found = [
            choice
            for choice in self.choices.values()
            if choice.due_at < before and (choice.due_at, choice.id) > first
        ]
        return sorted(found, key=lambda choice: (choice.due_at, choice.id))[:limit]

    async def settle(self, checked: Sequence[Choice]) -> None:
        """See `sweep.Agents`."""
        for choice in checked:
            there = self.choices.get(choice.id)
            if there and there.at == choice.at and there.online:
                self.choices[choice.id] = choice


@dataclass(slots=True)
class MemoryHeartbeats:
    """The newest heartbeats; `flush` loses them all, and Redis may be `away`."""

    beats: dict[str, datetime] = field(default_factory=dict)
    away: bool = False

    async def beat(self, beats: Sequence[Beat]) -> None:
        """See `handlers.Heartbeats`."""
        if self.away:
            raise ConnectionError
        for beat in beats:
            key = f"{beat.account_id}:{beat.agent_id}"
            self.beats[key] = max(beat.at, self.beats.get(key, beat.at))

    async def last(self, choices: Sequence[Choice], now: datetime) -> Mapping[str, datetime]:
        """See `sweep.Heartbeats`."""
        if self.away:
            raise ConnectionError
        return {choice.id: self.beats.setdefault(choice.id, now) for choice in choices}

    def flush(self) -> None:
        """Lose all that is kept."""
        self.beats.clear()


def memory_stores() -> Stores:
    """Fresh stores, for the in-memory bus."""
    rotations: MemoryAggregates[Rotation] = MemoryAggregates()
    return Stores(MemoryTickets(), MemoryAgents(), MemoryHeartbeats(), rotations)
