"""What time and changed settings bring about in assignment."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.assignment.rules import follow, presence
from services.assignment.rules.follow import Followed
from services.assignment.rules.presence import Choice
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import EPOCH, Clock
from shared.contracts.accounts import AccountSettings
from shared.topics import COMMANDS

PAGE = 500
ACCOUNTS_A_RUN = 50
"""How many accounts with new settings a run compares with what is stored."""

_AHEAD = timedelta(seconds=5)
"""A heartbeat is looked up this long before the agent's silence would end their presence."""


class Tickets(Protocol):
    """The followed tickets, as far as settings make a difference to them."""

    async def holders(self, account_id: str) -> set[str]:
        """The agents of the account who have open or snoozed tickets."""

    def held_by(self, account_id: str, agent_id: str) -> AsyncIterator[list[Followed]]:
        """An agent's open and snoozed tickets, a page at a time."""

    def standing(self, account_id: str) -> AsyncIterator[list[Followed]]:
        """All tickets of the account that stand in some line, a page at a time."""

    async def save(self, tickets: Collection[Followed]) -> set[str]:
        """Compare-and-set each on the revision it was read at; the ids of those that lost."""


class Agents(Protocol):
    """The agents' own choices."""

    async def due(self, before: datetime, limit: int, after: Choice | None = None) -> list[Choice]:
        """Online agents whose heartbeats are to be looked up before a moment, `limit` at most.

        They are ordered by `due_at`, then by id. With `after`, only those that come after it.
        """

    async def settle(self, checked: Sequence[Choice]) -> None:
        """Store each choice's `due_at`, unless the agent has made another choice since."""


class Heartbeats(Protocol):
    """When agents' apps were last connected."""

    async def last(self, choices: Sequence[Choice], now: datetime) -> Mapping[str, datetime]:
        """Each agent's newest heartbeat, by the choice's id.

        Where none is stored for an agent, `now` is stored and returned.
        """


class Turns(Protocol):
    """The rotation."""

    async def share(self, account_ids: Collection[str] | None = None) -> None:
        """Give out all that can be given in these accounts; None: in all."""


@dataclass(slots=True)
class Sweep:
    """Shares out what waits, applies changed settings, ends the presence of silent agents.

    Several replicas may do each at the same time. What is remembered between runs is which
    settings were compared with what is stored (forgetting them only costs work), and since when
    heartbeats can be relied on.
    """

    tickets: Tickets
    agents: Agents
    heartbeats: Heartbeats
    turns: Turns
    accounts: Accounts
    publish: Publish
    clock: Clock
    interval: timedelta
    _compared: dict[str, AccountSettings] = field(default_factory=dict)
    _looked_at: datetime = EPOCH
    _resumed_at: datetime = EPOCH

    async def share_out(self) -> None:
        """Give out what can be given now, and again what a replica died before it could give."""
        await self.turns.share()

    async def end_silent_presence(self) -> None:
        """Make agents offline whose last heartbeat is older than the limit (ASG 2).

        If heartbeats could not be read for a while (because Kafka or Redis was away, for example,
        or the process stood still), they may still come, so silence counts from now.
        """
        # However slow the sweep is set, it looks several times before a presence would end.
        ahead = max(_AHEAD, 3 * self.interval)
        began = self.clock()
        # If Kafka is away, and delivers no heartbeats, this raises; then nothing was looked at.
        await self.accounts.refresh()
        if began - self._looked_at > ahead:
            self._resumed_at = self.clock()
        due: Sequence[Choice] = ()
        while True:
            # Silent agents may stay due, so the next page begins after them.
            due = await self.agents.due(began + ahead, PAGE, due[-1] if due else None)
            await self._look_up(due)
            if len(due) < PAGE:
                break
        self._looked_at = self.clock()

    async def _look_up(self, due: Sequence[Choice]) -> None:
        if not due:
            return
        now = self.clock()
        last = await self.heartbeats.last(due, now)
        checked = [self._checked(choice, last, now) for choice in due]
        changed = [after for before, after in zip(due, checked, strict=True) if after != before]
        if changed:
            await self.agents.settle(changed)

    def _checked(self, choice: Choice, last: Mapping[str, datetime], now: datetime) -> Choice:
        limit = presence.heartbeat_limit(self.accounts.get(choice.account_id))
        return presence.checked(choice, last[choice.id], limit, now, self._resumed_at)

    async def follow_settings(self) -> None:
        """Bring what is stored into line with changed settings, once for each change."""
        changed = [
            settings
            for settings in self.accounts
            if self._compared.get(settings.account_id) is not settings
        ]
        for settings in changed[:ACCOUNTS_A_RUN]:
            await self._place_again(settings)
            await self._take_from_removed(settings)
            self._compared[settings.account_id] = settings

    async def _place_again(self, settings: AccountSettings) -> None:
        """Move waiting tickets to the lines of these settings: a team may have been deleted."""
        async for page in self.tickets.standing(settings.account_id):
            again = [(ticket, follow.placed(ticket, settings)) for ticket in page]
            moved = [placed for ticket, placed in again if placed != ticket]
            if moved:
                # A ticket that lost the race is placed by whoever won it.
                await self.tickets.save(moved)

    async def _take_from_removed(self, settings: AccountSettings) -> None:
        """Unassign all tickets of agents who left the account (ASG 9)."""
        account_id, agents = settings.account_id, {agent.id for agent in settings.agents}
        gone = await self.tickets.holders(account_id) - agents
        if gone:
            # An agent who is unknown here may have joined just now.
            await self.accounts.refresh()
        now, current = self.clock(), self.accounts.get(account_id)
        for agent_id in sorted(gone):
            async for page in self.tickets.held_by(account_id, agent_id):
                asked = [follow.left_behind(ticket, current, now) for ticket in page]
                await self.publish([COMMANDS.record(command) for command in asked if command])
