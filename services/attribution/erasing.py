"""Erases contacts' histories, which are kept by phone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.attribution.rules.decisions import News
from services.attribution.rules.forgetting import erased
from services.attribution.rules.history import History, history_id
from shared.bus.delivery import Publish
from shared.clock import FAR_FUTURE
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.contracts.marketing import SendDelivered, SendFailed
from shared.contracts.tickets import CustomerWrote
from shared.errors import Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Store, Target
from shared.stores.erased import Erasures
from shared.topics import ERASURES
from shared.values.ids import computed_id

SERVICE: Final = "attribution"
_ROUNDS = 50


class Histories(Store[History], Protocol):
    """What erasing needs of the store."""

    @property
    def erasures(self) -> Erasures:
        """Whose phones were erased."""

    async def delete(self, document: Document[History]) -> bool:
        """Delete it if it is still at its revision; whether it was."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Takes erasures from their topic, and news that comes too late."""

    contacts: Aggregates[History, News]
    kept: Histories
    publish: Publish

    async def asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards the contacts' histories are gone, or counted, and the answer is published."""
        for ask in batch:
            if not isinstance(ask, EraseContact):
                continue
            phones = {key.partition(":")[2] for key in ask.contacts} | set(ask.contacts)
            targets = [Target(ask.account_id, id=history_id(ask.account_id, p)) for p in phones]
            there = await self.kept.load(targets)
            if not ask.dry_run:
                await self.kept.erasures.note(ask.account_id, phones, ask.occurred_at)
                for phone in sorted(phones):
                    await self._erase(ask.account_id, phone, ask.occurred_at)
            counts = {
                "histories": len(there),
                "sends": sum(len(document.state.sends) for document in there),
                "messages": sum(len(document.state.messages) for document in there),
            }
            id_ = computed_id("erased", ask.account_id, ask.id, SERVICE)
            await self.publish([ERASURES.record(answer(ask, SERVICE, id_, counts))])

    async def taken(self, news: Collection[News]) -> None:
        """Erase anew what was known before its contact was erased, and has come only now."""
        named = {(each.fact.account_id, each.phone) for each in news}
        for (account_id, phone), at in (await self.kept.erasures.of(named)).items():
            told = (_time(each) for each in news if each.phone == phone)
            if min(told, default=FAR_FUTURE) <= at:
                await self._erase(account_id, phone, at)

    async def _erase(self, account_id: str, phone: str, at: datetime) -> None:
        of = history_id(account_id, phone)
        for _ in range(_ROUNDS):
            documents = await self.contacts.finished([Target(account_id, id=of)])
            if all([await self._without(document, at) for document in documents]):
                return
        text = "a contact's history changes again and again while it is to be erased"
        raise Transient(text)

    async def _without(self, document: Document[History], at: datetime) -> bool:
        left = erased(document.state, at)
        if not left.sends and not left.messages:
            return await self.kept.delete(document)
        if (left.sends, left.messages) == (document.state.sends, document.state.messages):
            return True
        return bool(await self.kept.write([Document(left, document.revision)]))


def _time(news: News) -> datetime:
    match news.fact:
        case SendDelivered(delivered_at=at) | CustomerWrote(received_at=at):
            return at
        case SendFailed(occurred_at=at):
            return at
        case _:
            return news.fact.occurred_at
