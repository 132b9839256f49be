"""What assignment does when tickets change and agents come and go."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.assignment.rules import follow, presence
from services.assignment.rules.follow import Followed
from services.assignment.rules.presence import Beat, Choice
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish, Refusals
from shared.clock import Clock
from shared.contracts.presence import AgentWentOnline, Presence
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.errors import Poison, Transient
from shared.stores.recent import Recent
from shared.topics import COMMANDS

_ROUNDS = 50


class Tickets(Protocol):
    """The followed tickets."""

    async def load(self, ids: Collection[str]) -> dict[str, Followed]:
        """The tickets of these ids that are known."""

    async def save(self, tickets: Collection[Followed]) -> set[str]:
        """Compare-and-set each on the revision it was read at; the ids of those that lost."""


class Turns(Protocol):
    """The rotation."""

    async def share(self, account_ids: Collection[str] | None = None) -> None:
        """Give out all that can be given in these accounts."""

    async def share_lines(self, found: Collection[str]) -> None:
        """Give out all that can be given in these lines."""

    def due(self, found: Collection[str], answers: Mapping[str, int]) -> set[str]:
        """The lines to be shared out now, where something waits in those that were found.

        `answers` tells how many turns of an account may have been answered meanwhile.
        """

    async def give_back(self, refused: Collection[tuple[str, str]]) -> None:
        """Undo the turns of refused AssignTickets, given by account and command id."""


class Agents(Protocol):
    """The agents' own choices."""

    async def choose(self, choices: Sequence[Choice], now: datetime) -> None:
        """Store each choice, in order, that was made later than the stored one of its agent.

        If both were made at the same moment, offline wins. A stored choice that is dated after
        `now` came from a wrong clock, so any choice replaces it.
        """


class Heartbeats(Protocol):
    """When agents' apps were last connected."""

    async def beat(self, beats: Sequence[Beat]) -> None:
        """Store the newest heartbeat of each agent."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Follows tickets and agents, routes what is new, and shares out what waits.

    `missed` is told how many gaps a batch had in its tickets' sequences. `recent` are the tickets
    that were stored here last.
    """

    tickets: Tickets
    agents: Agents
    heartbeats: Heartbeats
    turns: Turns
    accounts: Accounts
    publish: Publish
    clock: Clock
    missed: Callable[[int], None]
    recent: Recent[str, Followed] = field(default_factory=Recent)

    async def tickets_changed(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        """Route new tickets (ASG 5), store what is known of each, share out what waits (ASG 6).

        Raises Transient if tickets lose the race to be stored again and again.
        """
        if any(follow.is_for_want_of_settings(event) for event in events):
            # Without newer settings, the same agent would be given the ticket again and again.
            await self.accounts.refresh()
        groups: dict[str, list[TicketFact | CommandRejected]] = {}
        for event in events:
            groups.setdefault(f"{event.account_id}:{event.ticket_id}", []).append(event)
        followed: dict[str, Followed] = {}
        left: Mapping[str, list[TicketFact | CommandRejected]] = groups
        for times in range(_ROUNDS):
            # One that its events open is most likely unknown; if not, saving it shows that.
            unasked = {id_ for id_, of in left.items() if not times and _opens(of[0])}
            done, lost = await self._follow(left, unasked)
            followed.update(done)
            left = {ticket_id: groups[ticket_id] for ticket_id in lost}
            if not left:
                break
        else:
            text = f"{len(left)} tickets lost the race to be followed {_ROUNDS} times"
            raise Transient(text)
        await self._take_from_removed(followed.values())
        answers = Counter(e.account_id for e in events if follow.may_answer_a_turn(e))
        found = {ticket.line for ticket in followed.values() if ticket.line}
        await self.turns.share_lines(self.turns.due(found, answers))

    async def presence_changed(self, events: Sequence[Presence]) -> Refusals | None:
        """Store who is online (ASG 2), and share out what waits to agents who came online (ASG 6).

        Refuses what was said by somebody other than the agent (ASG 2).
        """
        now = self.clock()
        theirs = [event for event in events if presence.is_theirs(event)]
        beats = [beat for event in theirs if (beat := presence.beat_of(event, now))]
        if beats:
            await self.heartbeats.beat(beats)
        choices = [choice for event in theirs if (choice := self._choice(event, now))]
        if choices:
            await self.agents.choose(choices, now)
        came = {event.account_id for event in theirs if isinstance(event, AgentWentOnline)}
        if came:
            await self.turns.share(came)
        return {
            place: Poison("not_theirs", f"{event.said_by} spoke for agent {event.agent_id}")
            for place, event in enumerate(events)
            if not presence.is_theirs(event)
        }

    def _choice(self, event: Presence, now: datetime) -> Choice | None:
        limit = presence.heartbeat_limit(self.accounts.get(event.account_id))
        return presence.choice_of(event, limit, now)

    async def _follow(
        self,
        groups: Mapping[str, Sequence[TicketFact | CommandRejected]],
        unasked: Collection[str],
    ) -> tuple[dict[str, Followed], set[str]]:
        """Replay each ticket's events once. Returns the tickets, and the ids of those to do again.

        Tickets in `unasked` are taken to be unknown.

        A ticket is done again if it lost the race to be stored, or if its account's settings
        changed meanwhile. At a change of settings the sweep places only the tickets stored by then,
        so one stored after that by the old settings would else stay in its old line.
        """
        now = self.clock()
        known = {id_: ticket for id_ in groups if (ticket := self.recent.get(id_)) is not None}
        known |= await self.tickets.load(groups.keys() - {*known, *unasked})
        settings = {
            ticket_id: self.accounts.get(events[0].account_id)
            for ticket_id, events in groups.items()
        }
        replayed = {
            ticket_id: follow.replay(known.get(ticket_id), events, settings[ticket_id], now)
            for ticket_id, events in groups.items()
        }
        routes = [COMMANDS.record(route) for done in replayed.values() for route in done.routes]
        if routes:
            await self.publish(routes)
        await self.turns.give_back(
            [
                (groups[ticket_id][0].account_id, command_id)
                for ticket_id, done in replayed.items()
                for command_id in done.returned
            ]
        )
        tickets = {id_: done.ticket for id_, done in replayed.items() if done.ticket is not None}
        changed = [ticket for id_, ticket in tickets.items() if ticket != known.get(id_)]
        lost = await self._save(changed) if changed else set()
        lost |= {
            ticket_id
            for ticket_id, ticket in tickets.items()
            if self.accounts.get(ticket.account_id) is not settings[ticket_id]
        }
        if gaps := sum(done.gaps for id_, done in replayed.items() if id_ not in lost):
            self.missed(gaps)
        return {id_: ticket for id_, ticket in tickets.items() if id_ not in lost}, lost

    async def _save(self, tickets: Collection[Followed]) -> set[str]:
        """Compare-and-set each; the ids of those that lost, which are to be read anew."""
        lost = await self.tickets.save(tickets)
        for ticket in tickets:
            if ticket.id in lost:
                self.recent.forget(ticket.id)
            else:
                self.recent.keep(ticket.id, ticket._replace(revision=ticket.revision + 1))
        return lost

    async def _take_from_removed(self, tickets: Collection[Followed]) -> None:
        """Unassign the tickets of agents who left the account (ASG 9).

        An agent who is unknown here may have joined just now, so the settings are refreshed first.
        """
        now = self.clock()
        held = [t for t in tickets if follow.left_behind(t, self.accounts.get(t.account_id), now)]
        if not held:
            return
        await self.accounts.refresh()
        asked = [follow.left_behind(t, self.accounts.get(t.account_id), now) for t in held]
        await self.publish([COMMANDS.record(command) for command in asked if command])


def _opens(event: TicketFact | CommandRejected) -> bool:
    return isinstance(event, TicketFact) and event.seq == 1
