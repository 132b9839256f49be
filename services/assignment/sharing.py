"""Shares waiting tickets out: each takes one turn, whoever asks for that and however often."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.assignment.rules import commands, lines, rotation
from services.assignment.rules.follow import Followed
from services.assignment.rules.rotation import Rotation, Terms, Waiting
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.accounts import AccountSettings
from shared.errors import Poison
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Applied, Entry, Outcome, Refused, Store, Target
from shared.topics import COMMANDS
from shared.values import hours

PAGE = 200
"""How many tickets of a line are given out at a time."""

LINES = 20
"""From how many lines at a time. Both numbers bound what one write and its commands hold."""

_NOT_NOW = Refused(Poison("not_now", "nobody is there for it, or there is no such turn"))
"""A refusal leaves no trace in the ledger: the item may come again, and be taken then."""


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

    async def offered(self, tickets: Collection[Followed]) -> None:
        """Store that each ticket's offer is out, and take the ticket out of its line.

        A ticket whose need or attempt has changed meanwhile stays as it is.
        """


class Agents(Protocol):
    """Who is there."""

    async def online(self, now: datetime, account_ids: Collection[str]) -> dict[str, set[str]]:
        """The agents who are online, by account; an account that has none may be left out."""


@dataclass(frozen=True, slots=True)
class _Back:
    """A turn whose AssignTicket was refused."""

    account_id: str
    command_id: str


_Item = Waiting | _Back


@dataclass(frozen=True, slots=True)
class _Turns:
    """The policy of the rotations. `terms` is what was read of each account beforehand."""

    terms: Mapping[str, Terms]

    def id_of(self, item: _Item) -> str:
        return f"back:{item.command_id}" if isinstance(item, _Back) else item.id

    async def resolve(self, items: Sequence[_Item]) -> Sequence[Target]:
        return [_target(_account_of(item)) for item in items]

    def decide(self, target: Target, state: Rotation | None, item: _Item) -> Outcome[Rotation]:
        before = state or Rotation(account_id=target.account_id)
        if isinstance(item, _Back):
            returned = rotation.give_back(before, item.command_id)
            return Applied(returned, Entry(self.id_of(item))) if returned else _NOT_NOW
        terms = self.terms[target.account_id]
        taken = rotation.take_turn(before, item, terms)
        if taken is None:
            return _NOT_NOW
        after, turn = taken
        ticket = item.ticket
        command = commands.assign(
            account_id=ticket.account_id,
            ticket_id=ticket.ticket_id,
            need=ticket.need or 0,
            attempt=ticket.attempt,
            assignee=turn.agent,
            assignee_epoch=ticket.assignee_epoch,
            correlation_id=ticket.correlation_id,
            now=terms.now,
        )
        body = {
            "account_id": ticket.account_id,
            "agent": turn.agent,
            "line": turn.line,
            "at": turn.at,
        }
        return Applied(after, Entry(item.id, body), (COMMANDS.record(command),))


@dataclass(frozen=True, slots=True)
class Sharing:
    """Gives waiting tickets to the agents whose turn it is (ASG 1, ASG 3, ASG 6 to 8)."""

    tickets: Tickets
    agents: Agents
    rotations: Store[Rotation]
    accounts: Accounts
    publish: Publish
    clock: Clock

    async def share(self, account_ids: Collection[str] | None = None) -> None:
        """Give out all that can be given in these accounts (None: in all), the oldest first.

        Afterwards a ticket still waits only if its account is outside business hours or has the
        round robin off, if no agent of its line is online and below the limit, or if the account
        has as many turns out as it may have. The work depends on the lines in which tickets wait
        and on the agents who are online in their accounts, not on the number of accounts.
        """
        if account_ids is not None and not self._open_now(account_ids):
            return
        found = await self.tickets.busy(account_ids)
        open_now = self._open_now({lines.account_of(line) for line in found})
        busy = sorted(line for line in found if lines.account_of(line) in open_now)
        while busy:
            # One page of each line in turn, so that the other lines need not wait for a long one.
            more: list[str] = []
            for start in range(0, len(busy), LINES):
                more += await self._give_out(busy[start : start + LINES])
            busy = more

    async def give_back(self, refused: Collection[tuple[str, str]]) -> None:
        """Undo the turns of refused AssignTickets, given by account and command id (ASG 4)."""
        if refused:
            items = [_Back(account_id, command_id) for account_id, command_id in refused]
            await self._aggregates({}).apply(items)

    async def finish_left_over(self) -> None:
        """Publish what a replica wrote, but died before it could publish."""
        await self._aggregates({}).finish_left_over()

    def _aggregates(self, terms: Mapping[str, Terms]) -> Aggregates[Rotation, _Item]:
        return Aggregates(self.rotations, _Turns(terms), self.publish, self.clock)

    def _open_now(self, account_ids: Collection[str]) -> dict[str, AccountSettings]:
        """The accounts among these in which tickets are shared out at this moment."""
        now = self.clock()
        return {
            settings.account_id: settings
            for settings in map(self.accounts.get, account_ids)
            if settings and settings.assignment.round_robin and hours.is_open(settings, now)
        }

    async def _give_out(self, busy: Sequence[str]) -> list[str]:
        """Give out a page of each line. Returns the lines of which more may be given out.

        Business hours and who is online are read anew for each page: a long line takes a while.
        """
        terms = await self._terms(self._open_now({lines.account_of(line) for line in busy}))
        served = [line for line in busy if _somebody_serves(line, terms)]
        pages = {line: await self.tickets.waiting(line, PAGE) for line in served}
        items = sorted(
            (Waiting(ticket, line) for line, page in pages.items() for ticket in page),
            key=lambda item: (item.ticket.waiting_since, item.ticket.id),
        )
        if not items:
            return []
        refused = await self._aggregates(terms).apply(items)
        given = [item.ticket for place, item in enumerate(items) if place not in refused]
        # An item that the ledger had already counts too: its replica died before storing that.
        await self.tickets.offered(given)
        stuck = {items[place].line for place in refused}
        return [line for line, page in pages.items() if len(page) == PAGE and line not in stuck]

    async def _terms(self, open_now: Mapping[str, AccountSettings]) -> dict[str, Terms]:
        """What decisions rest on, for those of the accounts where somebody is online.

        Answers are read before open tickets. So a ticket whose turn is answered, and no longer
        counts as out, is among its agent's open tickets.
        """
        now = self.clock()
        online = await self.agents.online(now, open_now) if open_now else {}
        answered = await self._answered(online)
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
            )
            for account_id, agents in online.items()
        }

    async def _answered(self, account_ids: Collection[str]) -> set[str]:
        """The ids of commands whose turns are still out and that the ticket stream has answered."""
        targets = {_target(account_id) for account_id in account_ids}
        documents = await self.rotations.load(targets) if targets else []
        out = [turn for document in documents for turn in document.state.unanswered]
        tickets = await self.tickets.load({turn.ticket for turn in out}) if out else {}
        return {
            turn.command_id for turn in out if rotation.is_answered(turn, tickets.get(turn.ticket))
        }


def _somebody_serves(line: str, terms: Mapping[str, Terms]) -> bool:
    account = terms.get(lines.account_of(line))
    return account is not None and not account.online.isdisjoint(account.members.get(line, ()))


def _account_of(item: _Item) -> str:
    return item.account_id if isinstance(item, _Back) else item.ticket.account_id


def _target(account_id: str) -> Target:
    return Target(account_id, id=account_id)
