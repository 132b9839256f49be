"""What time brings about: questions end, ticketing is asked again, other helpdesks are tried."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from services.handoff.handlers import Counting
from services.handoff.rules import decisions
from services.handoff.rules.decisions import Item
from services.handoff.rules.letter import Letter, letter_of
from services.handoff.rules.outside import ATTEMPT, Result
from services.handoff.rules.party import Party
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.accounts import AccountSettings
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Store, Target
from shared.values.ids import attempt_token

PAGE: Final = 50
AT_ONCE: Final = 16
"""How many attempts at one kind of helpdesk a replica makes side by side."""

OtherHelpdesk = Literal["zendesk", "gorgias"]


class Parties(Store[Party], Protocol):
    """What the sweep needs of the store."""

    async def due(self, line: str, now: datetime, limit: int) -> list[Document[Party]]:
        """The parties that are due by now, the longest overdue first; `limit` at most.

        `line` is the method of those that are outside, empty for all others.
        """

    async def delete(self, document: Document[Party]) -> bool:
        """Delete it if it is still at its revision; whether it was."""


class Outside(Protocol):
    """The helpdesks of others."""

    async def attempt(
        self,
        method: OtherHelpdesk,
        account: AccountSettings,
        letter: Letter,
        still_mine: Callable[[], bool],
        *,
        look_only: bool,
    ) -> Result:
        """Make the ticket unless it is there; with `look_only`, look whether it is there.

        Returns within `rules.outside.ATTEMPT`. Nothing is made once it is not `still_mine`.
        """


@dataclass(frozen=True, slots=True)
class Sweep:
    """Looks again and again for what is due. Several replicas may do so at the same time."""

    parties: Aggregates[Party, Item]
    kept: Parties
    outside: Outside
    accounts: Accounts
    clock: Clock
    counting: Counting

    async def act_on_what_is_due(self) -> None:
        """Finish what was left over; end what nobody answered, ask ticketing anew, forget."""
        await self.parties.finish_left_over()
        now = self.clock()
        found = await self.kept.due("", now, PAGE)
        under_way = [each.state for each in found if not each.state.ended]
        await self.parties.apply([decisions.due(party, now) for party in under_way])
        old = [Target(d.state.account_id, id=d.state.id) for d in found if d.state.ended]
        for document in await self.parties.finished(old):
            if document.state.ended and document.state.acts_at <= now:
                await self.kept.delete(document)

    async def hand_to_zendesk(self) -> None:
        """Try what is to go to Zendesk (HND 4)."""
        await self._hand_to("zendesk")

    async def hand_to_gorgias(self) -> None:
        """Try what is to go to Gorgias (HND 4)."""
        await self._hand_to("gorgias")

    async def _hand_to(self, method: OtherHelpdesk) -> None:
        """Claim what is due, and make the attempts that are ours, each to its result."""
        now, token = self.clock(), attempt_token()
        found = [document.state for document in await self.kept.due(method, now, AT_ONCE)]
        if not found:
            return
        await self.parties.apply([decisions.claim(party, token, now) for party in found])
        targets = [Target(party.account_id, id=party.id) for party in found]
        claimed = [document.state for document in await self.parties.finished(targets)]
        mine = [party for party in claimed if party.claimed_by == token and not party.ended]
        attempts = [self._attempt(method, party, now) for party in mine]
        failed = await asyncio.gather(*attempts, return_exceptions=True)
        for error in failed:
            if error is not None:
                raise error

    async def _attempt(self, method: OtherHelpdesk, party: Party, since: datetime) -> None:
        account = self.accounts.get(party.account_id)
        account = account or AccountSettings(account_id=party.account_id)
        letter = letter_of(party, account)

        def still_mine() -> bool:
            return self.clock() - since <= ATTEMPT

        bug: Exception | None = None
        try:
            came = await self.outside.attempt(
                method, account, letter, still_mine, look_only=party.last
            )
        except Exception as error:  # noqa: BLE001  # told once the attempt has its result
            came, bug = Result("unclear", "the attempt failed here", uncertain=True), error
        self.counting.attempted(method, came.kind)
        await self.parties.apply([decisions.result(party, came, self.clock())])
        if bug is not None:
            raise bug
