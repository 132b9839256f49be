"""Erases what is remembered of contacts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.replies.rules.correspondent import Correspondent, correspondent_id
from services.replies.rules.news import News, contact_of, happened_at
from shared.bus.delivery import Publish
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.errors import Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Store, Target
from shared.stores.erased import Erasures
from shared.topics import ERASURES
from shared.values.ids import computed_id

SERVICE: Final = "replies"
_ROUNDS = 50


class Kept(Store[Correspondent], Protocol):
    """What erasing needs of the store."""

    @property
    def erasures(self) -> Erasures:
        """Who was erased."""

    async def delete(self, document: Document[Correspondent]) -> bool:
        """Delete it if it is still at its revision; whether it was."""

    async def forget_entries(self, of: str, before: datetime) -> None:
        """Delete the ledger's entries of a contact up to `before`."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Takes erasures from their topic, and news that comes too late."""

    contacts: Aggregates[Correspondent, News]
    kept: Kept
    publish: Publish

    async def asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards nothing is remembered of the contacts, and the answer is published."""
        for ask in batch:
            if not isinstance(ask, EraseContact):
                continue
            named = sorted(set(ask.contacts))
            targets = [
                Target(ask.account_id, id=correspondent_id(ask.account_id, each)) for each in named
            ]
            there = await self.kept.load(targets)
            if not ask.dry_run:
                await self.kept.erasures.note(ask.account_id, named, ask.occurred_at)
                for each in named:
                    await self._erase(ask.account_id, each, ask.occurred_at)
            counts = {
                "contacts": len(there),
                "chats": sum(len(document.state.chats) for document in there),
            }
            id_ = computed_id("erased", ask.account_id, ask.id, SERVICE)
            await self.publish([ERASURES.record(answer(ask, SERVICE, id_, counts))])

    async def taken(self, news: Collection[News]) -> None:
        """Erase anew what was known before its contact was erased, and has come only now."""
        times: dict[tuple[str, str], datetime] = {}
        for item in news:
            named = (item.account_id, contact_of(item))
            times[named] = min(times.get(named, happened_at(item)), happened_at(item))
        for (account_id, contact), at in (await self.kept.erasures.of(times)).items():
            if times[account_id, contact] <= at:
                await self._erase(account_id, contact, at)

    async def _erase(self, account_id: str, contact: str, at: datetime) -> None:
        of = correspondent_id(account_id, contact)
        for _ in range(_ROUNDS):
            documents = await self.contacts.finished([Target(account_id, id=of)])
            if all([await self.kept.delete(document) for document in documents]):
                await self.kept.forget_entries(of, at)
                return
        text = "what is remembered of a contact changes again and again while it is to be erased"
        raise Transient(text)
