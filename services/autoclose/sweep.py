"""The sweep: asks for the closes that are due, and follows settings that changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from services.autoclose.handlers import Typing, settings_of
from services.autoclose.rules import closing, timer
from services.autoclose.rules.timer import Timer
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import EPOCH, Clock
from shared.contracts.accounts import AccountSettings
from shared.topics import COMMANDS

BATCH = 500
BATCHES = 20
ACCOUNTS_A_RUN = 100
FULL_PASS = timedelta(hours=1)


class RunningTimers(Protocol):
    """The running timers, as the sweep reads and changes them."""

    async def due(self, now: datetime, limit: int) -> list[Timer]:
        """Timers whose due date lies before `now`, `limit` at most."""

    async def set_otherwise(self, account_id: str, settings: str, limit: int) -> list[Timer]:
        """Running timers of the account whose due date rests on other settings, `limit` at most."""

    async def revise(self, changes: Sequence[tuple[Timer, Timer]]) -> None:
        """Store each pair's second timer, where the stored one is still the pair's first."""


@dataclass(slots=True)
class Sweep:
    """Asks ticketing to close what is due. Any number of replicas may do so at once.

    A close is published before the timer is stored as asked for; if that repeats it, the repeat is
    the same command, by its id. Between runs a sweep remembers which accounts' settings it has
    followed. That only saves work: nothing is lost with it.
    """

    timers: RunningTimers
    typing: Typing
    accounts: Accounts
    publish: Publish
    clock: Clock
    _followed: dict[str, str] = field(default_factory=dict)
    _full_pass_at: datetime = EPOCH

    async def close_due(self) -> None:
        """Ask for the closes that are due, or put them off (ACL 4); `BATCHES` of `BATCH` at most.

        A timer that was acted on is due no more, unless it changed meanwhile. Such a one is looked
        at again, as it is then, in the next batch or run. A close asked for twice is one command.
        """
        for _ in range(BATCHES):
            now = self.clock()
            due = await self.timers.due(now, BATCH)
            if due:
                await self._act(due, now)
            if len(due) < BATCH:
                return

    async def _act(self, due: Sequence[Timer], now: datetime) -> None:
        typed = await self.typing.seen({each.typist for each in due})
        decisions = [
            closing.when_due(
                each, settings_of(self.accounts, each.account_id), typed.get(each.typist), now
            )
            for each in due
        ]
        closes = [closing.close(decided.after, now) for decided in decisions if decided.close]
        if closes:
            await self.publish([COMMANDS.record(command) for command in closes])
        await self.timers.revise(
            list(zip(due, (decided.after for decided in decisions), strict=True))
        )

    async def follow_settings(self) -> None:
        """Give running timers the due dates of settings that are new to this replica (ACL 7).

        One run takes `ACCOUNTS_A_RUN` accounts and `BATCH` timers of each; later runs do the rest.
        Once an hour the timers of all accounts are looked at again: one may have been written by
        the old settings while the new ones were being followed.
        """
        now = self.clock()
        if now - self._full_pass_at >= FULL_PASS:
            self._followed.clear()
            self._full_pass_at = now
        for account in self._to_follow():
            settings = timer.settings_key(account.autoclose)
            others = await self.timers.set_otherwise(account.account_id, settings, BATCH)
            await self.timers.revise([(t, timer.armed(t, account.autoclose)) for t in others])
            if not others:
                self._followed[account.account_id] = settings

    def _to_follow(self) -> list[AccountSettings]:
        fresh = [
            account
            for account in self.accounts
            if self._followed.get(account.account_id) != timer.settings_key(account.autoclose)
        ]
        return fresh[:ACCOUNTS_A_RUN]
