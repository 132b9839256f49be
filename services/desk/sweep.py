"""What time does at the desk: accounts that are new are asked for, who fell silent is told of."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.desk.handlers import News, Telling
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.base import Author
from shared.contracts.commands import PublishSnapshots
from shared.topics import COMMANDS
from shared.values.attendance import Attendance
from shared.values.ids import computed_id

DESK: Final = Author(kind="integration", id="desk", name="the desk")


class Noted(Protocol):
    """What was done once."""

    async def is_noted(self, what: str) -> bool:
        """Whether it was noted."""

    async def is_new(self, what: str, now: datetime) -> bool:
        """Note it; whether it was not noted yet."""

    async def clear_left_over(self, now: datetime) -> None:
        """Empty what a rebuild has left that died."""


@dataclass(slots=True)
class Sweep:
    """A read model knows of an account what the topics still say; ticketing tells the rest."""

    noted: Noted
    accounts: Accounts
    publish: Publish
    clock: Clock
    side: Callable[[], Awaitable[str]]
    _known: set[str] = field(default_factory=set)

    async def clear_left_over(self) -> None:
        """Nothing is left of a rebuild that died: what is erased is erased where pages are read."""
        await self.noted.clear_left_over(self.clock())

    async def ask_for_snapshots(self) -> None:
        """Each account that the side that serves has not known before is asked for, once.

        Of several replicas that ask at once the requests have the same id, and are one. A side that
        was rebuilt knows all accounts of that time: the rebuild asks for them itself.
        """
        side = await self.side()
        for account in self.accounts:
            what = asked_for(side, account.account_id)
            if what in self._known:
                continue
            if not await self.noted.is_noted(what):
                now = self.clock()
                # Asked before it is noted: the same again is one request.
                await self.publish([COMMANDS.record(request(account.account_id, what, now))])
                await self.noted.is_new(what, now)
            self._known.add(what)


LOOKED_BACK: Final = timedelta(hours=1)
"""For so long after their pages were last there it is told that agents fell silent."""


class Attending(Protocol):
    """What is known of agents' presence."""

    async def online_seen(self, start: datetime, end: datetime) -> Sequence[Attendance]:
        """Who chose to be online, and was last there from `start` to `end`, of any account."""


@dataclass(slots=True)
class Silence:
    """Open pages learn of agents whose heartbeats have stopped (ASG 2).

    Each replica tells it once for each silence; pages take it as often as it comes.
    """

    attending: Attending
    accounts: Accounts
    telling: Telling
    clock: Clock
    _told: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def tell(self) -> None:
        """Pages have been told of all who fell silent within the last hour."""
        now = self.clock()
        limits = {a.account_id: a.assignment.heartbeat_limit for a in self.accounts}
        if not limits:
            return
        found = await self.attending.online_seen(
            now - LOOKED_BACK - max(limits.values()), now - min(limits.values())
        )
        silent = {
            (each.account_id, each.agent_id): each.seen_at
            for each in found
            if each.account_id in limits and not each.is_online(now, limits[each.account_id])
        }
        news = [
            News(account, "presence", {"agent": agent, "online": False, "silent": True})
            for (account, agent), seen_at in silent.items()
            if self._told.get((account, agent)) != seen_at
        ]
        await self.telling.tell(news)
        self._told = silent


def asked_for(side: str, account_id: str) -> str:
    """What is noted of an account whose snapshots were asked for."""
    return f"snapshots:{side}:{account_id}"


def request(account_id: str, what: str, now: datetime) -> PublishSnapshots:
    """The request for an account's snapshots; the same `what` is the same request."""
    id_ = computed_id("desk-snapshots", account_id, what)
    return PublishSnapshots(
        account_id=account_id, id=id_, correlation_id=id_, occurred_at=now, author=DESK
    )
