"""What decisions about turns rest on: who is there, what waits, which turns are answered."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.assignment.rules import lines, rotation
from services.assignment.rules.follow import Followed
from services.assignment.rules.rotation import Rotation, Terms, Waiting
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.accounts import AccountSettings
from shared.values import hours

PAGE = 500
"""How many tickets of a line are given out at a time."""


class Tickets(Protocol):
    """The followed tickets, as far as sharing out asks."""

    async def load(self, ids: Collection[str]) -> dict[str, Followed]:
        """The tickets of these ids that are known."""

    async def busy(self, account_ids: Collection[str] | None) -> set[str]:
        """The lines of these accounts (None: of all) in which a ticket waits."""

    async def waiting(self, line: str, limit: int) -> list[Followed]:
        """The tickets of a line that have waited longest, the oldest first."""

    async def open_tickets(self, holders: Collection[str]) -> dict[str, int]:
        """How many open or snoozed tickets each holder has; without any, they may be left out."""


class Agents(Protocol):
    """Who is there."""

    async def online(self, now: datetime, account_ids: Collection[str]) -> dict[str, set[str]]:
        """The agents who are online, by account; an account that has none may be left out."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Reads it, for some lines and the rotations of their accounts."""

    tickets: Tickets
    agents: Agents
    accounts: Accounts
    clock: Clock

    def open_now(self, account_ids: Collection[str]) -> dict[str, AccountSettings]:
        """The accounts among these in which tickets are shared out at this moment."""
        now = self.clock()
        return {
            settings.account_id: settings
            for settings in map(self.accounts.get, account_ids)
            if settings and settings.assignment.round_robin and hours.is_open(settings, now)
        }

    async def terms(
        self, busy: Collection[str], rotations: Mapping[str, Rotation]
    ) -> dict[str, Terms]:
        """What decisions rest on, for those of the accounts where somebody is online, or was.

        Answers are read before open tickets. So a ticket whose turn is answered, and no longer
        counts as out, is among its agent's open tickets.
        """
        open_now = self.open_now({lines.account_of(line) for line in busy})
        now = self.clock()
        found = await self.agents.online(now, open_now) if open_now else {}
        out = {each for each, known in rotations.items() if known.unanswered and each in open_now}
        online = {account_id: found.get(account_id, set()) for account_id in found.keys() | out}
        known = [rotations[each] for each in online if each in rotations]
        answered, vain = await self._answered(known)
        limited = [
            f"{account_id}:{agent_id}"
            for account_id, agents in online.items()
            if open_now[account_id].assignment.max_open_tickets is not None
            for agent_id in agents
        ]
        held = await self.tickets.open_tickets(limited) if limited else {}
        return {
            account_id: Terms(
                now=now,
                members=lines.members_of_lines(open_now[account_id]),
                online=agents,
                limit=open_now[account_id].assignment.max_open_tickets,
                open_tickets={
                    agent_id: held.get(f"{account_id}:{agent_id}", 0) for agent_id in agents
                },
                answered=answered,
                vain=vain,
            )
            for account_id, agents in online.items()
        }

    async def pages(
        self, busy: Collection[str], rotations: Mapping[str, Rotation], terms: Mapping[str, Terms]
    ) -> tuple[dict[str, list[Waiting]], set[str]]:
        """By account, a page of each line that somebody serves, the oldest first; the full ones.

        A ticket whose turn is out waits on in its line, so that there may be as many more. Where
        nobody serves it any more, these alone are of interest.
        """
        found: dict[str, list[Waiting]] = {}
        full: set[str] = set()
        for line in busy:
            account_id = lines.account_of(line)
            known = rotations.get(account_id)
            out = sum(turn.line == line for turn in known.unanswered) if known else 0
            served = _somebody_serves(line, terms)
            limit = out + PAGE if served else out
            if not limit:
                continue
            page = await self.tickets.waiting(line, limit)
            found.setdefault(account_id, []).extend(Waiting(ticket, line) for ticket in page)
            if served and len(page) == limit:
                full.add(line)
        for of_account in found.values():
            of_account.sort(key=lambda waiting: (waiting.ticket.waiting_since, waiting.ticket.id))
        return found, full

    async def _answered(self, rotations: Collection[Rotation]) -> tuple[set[str], set[str]]:
        """Of the commands whose turns are out, those that are answered, and those in vain: ids."""
        out = [turn for each in rotations for turn in each.unanswered]
        tickets = await self.tickets.load({turn.ticket for turn in out}) if out else {}
        told = [(turn, tickets.get(turn.ticket)) for turn in out]
        answered = {turn.command_id for turn, known in told if rotation.is_answered(turn, known)}
        vain = {turn.command_id for turn, known in told if rotation.is_in_vain(turn, known)}
        return answered, vain


def _somebody_serves(line: str, terms: Mapping[str, Terms]) -> bool:
    account = terms.get(lines.account_of(line))
    return account is not None and not account.online.isdisjoint(account.members.get(line, ()))
