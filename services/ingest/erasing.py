"""Erases what ingest keeps of contacts: WhatsApp's ids and parts of long SMS; tells of profiles.

A profile is not deleted here: its record on the topic of profiles has to go, and that deletes it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.ingest import rules
from services.ingest.emit.emitter import Emitted
from services.ingest.join.joining import Item
from services.ingest.join.long_sms import Assembly, without_pieces
from services.ingest.rules import Outcome
from services.ingest.who.profiles import identities
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.contracts.profiles import Profile
from shared.errors import Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Store, Target
from shared.stores.erased import Erasures
from shared.topics import ERASURES
from shared.values.ids import computed_id

SERVICE: Final = "ingest"
_ROUNDS = 50


class Known(Protocol):
    """What erasing needs of the store of profiles."""

    async def known(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str]
    ) -> Sequence[Profile]:
        """The account's profiles that have one of these identities or ids."""


class Leading(Protocol):
    """What erasing needs of the store of WhatsApp's ids."""

    @property
    def erasures(self) -> Erasures:
        """Who was erased."""

    async def leading(self, account_id: str, contacts: Collection[str]) -> Mapping[str, str]:
        """The ids that are or lead to one of these contacts, each with its contact."""

    async def forget(self, account_id: str, ids: Collection[str]) -> None:
        """Delete these ids of the account."""


class Parts(Store[Assembly], Protocol):
    """What erasing needs of the store of long SMS."""

    async def of_contacts(self, account_id: str, contacts: Collection[str]) -> Sequence[str]:
        """The ids of the account's assemblies of these contacts."""

    async def delete(self, document: Document[Assembly]) -> bool:
        """Delete it if it is still at its revision; whether it was."""

    async def forget_entries(self, of: str, before: datetime) -> None:
        """Delete the entries of that document up to `before`."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Takes erasures from their topic, and records that come too late."""

    profiles: Known
    aliases: Leading
    parts: Parts
    assemblies: Aggregates[Assembly, Item]
    publish: Publish
    clock: Clock

    async def asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards each contact is erased, or counted, and the answer is published."""
        for ask in batch:
            if isinstance(ask, EraseContact):
                await self.publish([ERASURES.record(await self._answered(ask))])

    async def taken(self, outcomes: Iterable[Outcome]) -> None:
        """Erase anew what was received before its contact was erased, and has come only now."""
        received: dict[tuple[str, str], datetime] = {}
        for outcome in outcomes:
            for body in outcome.said:
                for key in _keys(body):
                    _earliest(received, (body.account_id, key), body.occurred_at)
            for arrival in outcome.arrived:
                named = (arrival.of.account_id, arrival.of.contact)
                _earliest(received, named, arrival.piece.received)
        erased = await self.aliases.erasures.of(received) if received else {}
        for (account_id, key), at in erased.items():
            if received[account_id, key] <= at:
                await self._erase(account_id, [key], at)

    async def _answered(self, ask: EraseContact) -> ContactErased:
        found = await self.profiles.known(ask.account_id, ask.contacts, ask.profile_ids)
        names = {key.partition("|")[2] for profile in found for key in identities(profile)}
        ids = await self.aliases.leading(ask.account_id, ask.contacts)
        parts = await self.parts.of_contacts(ask.account_id, ask.contacts)
        if not ask.dry_run:
            noted = {*ask.contacts, *ids, *ids.values()}
            await self.aliases.erasures.note(ask.account_id, noted, ask.occurred_at)
            await self._erase(ask.account_id, ask.contacts, ask.occurred_at)
        counts = {"profiles": len(found), "WhatsApp ids": len(ids), "long SMS": len(parts)}
        id_ = computed_id("erased", ask.account_id, ask.id, SERVICE)
        return answer(ask, SERVICE, id_, counts).model_copy(
            update={
                "contacts": tuple(sorted({*names, *ids, *ids.values()})) if ask.dry_run else (),
                "profile_ids": tuple(sorted(profile.profile_id for profile in found)),
            }
        )

    async def _erase(self, account_id: str, contacts: Collection[str], at: datetime) -> None:
        await self.aliases.forget(account_id, await self.aliases.leading(account_id, contacts))
        for of in await self.parts.of_contacts(account_id, contacts):
            for _ in range(_ROUNDS):
                documents = await self.assemblies.finished([Target(account_id, id=of)])
                if all([await self._without(document, at) for document in documents]):
                    break
            else:
                text = "a contact's parts of long SMS change again and again while being erased"
                raise Transient(text)

    async def _without(self, document: Document[Assembly], at: datetime) -> bool:
        left = without_pieces(document.state, at)
        if not left.groups:
            if deleted := await self.parts.delete(document):
                await self.parts.forget_entries(document.state.id, self.clock())
            return deleted
        if left == document.state:
            return True
        return bool(await self.parts.write([Document(left, document.revision)]))


def _keys(body: Emitted) -> list[str]:
    if body.contact is None:
        return []
    named = rules.keys(body.account_id, body.contact)
    return [body.contact.id, *(key.partition("|")[2] for key in named)]


def _earliest(
    received: dict[tuple[str, str], datetime], named: tuple[str, str], at: datetime
) -> None:
    received[named] = min(received.get(named, at), at)
