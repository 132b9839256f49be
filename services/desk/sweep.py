"""What time does at the desk: asks for snapshots of accounts that are new to it (VWS 9)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.base import Author
from shared.contracts.commands import PublishSnapshots
from shared.topics import COMMANDS
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


def asked_for(side: str, account_id: str) -> str:
    """What is noted of an account whose snapshots were asked for."""
    return f"snapshots:{side}:{account_id}"


def request(account_id: str, what: str, now: datetime) -> PublishSnapshots:
    """The request for an account's snapshots; the same `what` is the same request."""
    id_ = computed_id("desk-snapshots", account_id, what)
    return PublishSnapshots(
        account_id=account_id, id=id_, correlation_id=id_, occurred_at=now, author=DESK
    )
