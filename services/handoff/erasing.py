"""Erases hand-offs of contacts: what is known of them, and that they ever were."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.handoff.rules.decisions import Item, forget
from services.handoff.rules.party import Party
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.errors import Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Store, Target
from shared.stores.erased import Erasures
from shared.topics import ERASURES
from shared.values.ids import computed_id

SERVICE: Final = "handoff"
_ROUNDS = 50


class Erasable(Store[Party], Protocol):
    """What erasing needs of the store."""

    @property
    def erasures(self) -> Erasures:
        """Whose contacts were erased."""

    async def named(self, account_id: str, names: Collection[str]) -> list[Document[Party]]:
        """The parties of the account that have one of these names."""

    async def delete(self, document: Document[Party]) -> bool:
        """Delete it if it is still at its revision; whether it was."""

    async def forget_entries(self, of: str, before: datetime) -> None:
        """Delete the ledger's entries of a party up to `before`."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Takes erasures from their topic."""

    parties: Aggregates[Party, Item]
    kept: Erasable
    publish: Publish
    clock: Clock

    async def asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards hand-offs begun up to then are gone, or counted, and that is published.

        One under way ends. Whom it erases is noted first: requests of before are refused then.
        """
        for ask in batch:
            if not isinstance(ask, EraseContact):
                continue
            names = {*ask.contacts, *(f"profile:{each}" for each in ask.profile_ids)}
            if not ask.dry_run:
                await self.kept.erasures.note(ask.account_id, names, ask.occurred_at)
            found = await self.kept.named(ask.account_id, names)
            theirs = [each for each in found if each.state.begun_at <= ask.occurred_at]
            if not ask.dry_run:
                for document in theirs:
                    await self._erase(document.state, ask.occurred_at)
            id_ = computed_id("erased", ask.account_id, ask.id, SERVICE)
            counts = {"handoffs": len(theirs)}
            await self.publish([ERASURES.record(answer(ask, SERVICE, id_, counts))])

    async def _erase(self, party: Party, at: datetime) -> None:
        for _ in range(_ROUNDS):
            await self.parties.apply([forget(party, self.clock())])
            documents = await self.parties.finished([Target(party.account_id, id=party.id)])
            if all([await self._without(document, at) for document in documents]):
                await self.kept.forget_entries(party.id, self.clock())
                return
        text = "a hand-off changes again and again while it is to be erased"
        raise Transient(text)

    async def _without(self, document: Document[Party], at: datetime) -> bool:
        if document.state.begun_at > at:
            return True
        return await self.kept.delete(document)
