"""Erases contacts from tickets and threads, so that whoever dies, the next one ends it.

An erasure first notes whom it erases, then looks for what there is of them. Whoever applies what a
customer said first applies it, then looks whether the customer was erased meanwhile. So of two that
do both at the same time, at least one finds what the other did.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from services.ticketing.handlers import Item, Said
from services.ticketing.rules.erasing import erase_ticket
from services.ticketing.rules.slots import slot_of
from services.ticketing.rules.ticket import Ticket, ledger_id
from shared.bus.delivery import Publish
from shared.contracts.base import CHANNELS, Contact
from shared.contracts.erasures import ContactErased, EraseContact, answer
from shared.errors import Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Target
from shared.stores.erased import Erasures, Named
from shared.topics import ERASURES
from shared.values.ids import computed_id

SERVICE: Final = "ticketing"
_ROUNDS = 20


class Erasable(Protocol):
    """What erasing needs of the store."""

    @property
    def erasures(self) -> Erasures:
        """Who was erased."""

    async def of_contacts(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str]
    ) -> Sequence[Ticket]:
        """The account's tickets of these contacts, and those in which they take part."""

    async def being_erased(self, account_id: str) -> Sequence[str]:
        """The ids of erased tickets whose threads may have content still."""

    async def written_by(
        self, ticket_id: str, contacts: Collection[str]
    ) -> Sequence[tuple[str, datetime]]:
        """The ids of messages that they wrote in the ticket, not erased yet, and when received."""

    async def keywords_in(self, ticket_id: str) -> Sequence[tuple[str, int, datetime]]:
        """The ticket's keywords (ING 3), not erased yet: their ids, seqs, and when received."""

    async def count_lines(self, ticket_id: str) -> int:
        """How many entries the ticket has."""

    async def erase_threads(self, ticket_ids: Collection[str]) -> None:
        """No entry of these tickets says anything, nor where their mails were to go."""

    async def erase_entries(self, ids: Collection[str]) -> None:
        """Neither do these entries, and what changed them, say anything."""

    async def erase_loose(
        self, account_id: str, contacts: Collection[str], slots: Collection[str], at: datetime
    ) -> int:
        """What waits for these contacts' tickets since before `at`, or names them, is gone."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """Takes erasures from their topic."""

    tickets: Aggregates[Ticket, Item]
    kept: Erasable
    publish: Publish

    async def asked(self, batch: Sequence[EraseContact | ContactErased]) -> None:
        """Afterwards each contact is erased, or counted, and the answer is published."""
        for ask in batch:
            if isinstance(ask, EraseContact):
                await self.publish([ERASURES.record(await self._answered(ask))])

    async def taken(self, said: Sequence[Said]) -> None:
        """Erase what was received before its contact was erased, and has been applied only now."""
        named = {
            (body.account_id, key)
            for body in said
            if body.contact is not None
            for key in _keys(body.contact)
        }
        erased = await self.kept.erasures.of(named) if named else {}
        late: list[str] = []
        for body in said if erased else ():
            at = _erased(body, erased)
            if body.contact is None or at is None or body.occurred_at > at:
                continue
            late.append(ledger_id(body))
            ask = EraseContact(
                account_id=body.account_id,
                id=computed_id("late", body.account_id, body.id),
                occurred_at=at,
                correlation_id=body.correlation_id,
                contacts=tuple(_keys(body.contact)),
            )
            await self._erase(ask)
        if late:
            await self.kept.erase_entries(late)

    async def _answered(self, ask: EraseContact) -> ContactErased:
        found = await self.kept.of_contacts(ask.account_id, ask.contacts, ask.profile_ids)
        own = [ticket for ticket in found if _is_theirs(ticket, ask)]
        counts = {
            "tickets": len(own),
            "entries": sum([await self.kept.count_lines(ticket.id) for ticket in own]),
            "tickets of others": len(found) - len(own),
        }
        if not ask.dry_run:
            names = {*ask.contacts, *(key for ticket in own for key in _keys(ticket.contact))}
            await self.kept.erasures.note(ask.account_id, names, ask.occurred_at)
            await self._erase(ask)
        id_ = computed_id("erased", ask.account_id, ask.id, SERVICE)
        told = answer(ask, SERVICE, id_, counts)
        if not ask.dry_run:
            return told
        contacts = {key for ticket in own for key in _keys(ticket.contact)}
        profiles = {t.contact.profile_id for t in own if t.contact.profile_id}
        return told.model_copy(
            update={"contacts": tuple(sorted(contacts)), "profile_ids": tuple(sorted(profiles))}
        )

    async def _erase(self, ask: EraseContact) -> None:
        """Everything of the contacts up to `ask.occurred_at` is gone."""
        values = {key.partition(":")[2] for key in ask.contacts}
        for _ in range(_ROUNDS):
            if not await self._round(ask, values):
                break
        else:
            text = f"the tickets of erasure {ask.id} change again and again"
            raise Transient(text)
        slots = [slot_of(channel, key) for channel in CHANNELS for key in ask.contacts]
        await self.kept.erase_loose(ask.account_id, ask.contacts, slots, ask.occurred_at)

    async def _round(self, ask: EraseContact, values: Collection[str]) -> bool:
        """Erase what is found now; whether there was anything."""
        found = await self.kept.of_contacts(ask.account_id, ask.contacts, ask.profile_ids)
        # What they owe is entered first: an entry that comes afterwards would not be erased.
        targets = [Target(ask.account_id, id=ticket.id) for ticket in found]
        stands = {doc.state.id: doc.state for doc in await self.tickets.finished(targets)}
        items: list[Item] = []
        messages: set[str] = set()
        for ticket in stands.values():
            if ticket.erased_at is not None:
                continue
            written = await self.kept.written_by(ticket.id, ask.contacts)
            before = {id_ for id_, at in written if at <= ask.occurred_at}
            theirs = _is_theirs(ticket, ask)
            said = await self.kept.keywords_in(ticket.id) if theirs else ()
            keywords = {id_: seq for id_, seq, at in said if at <= ask.occurred_at}
            if theirs and len(before) == len(written) and ticket.opened_at <= ask.occurred_at:
                items.append(erase_ticket(ask=ask, ticket=ticket, whole=True))
            elif before or keywords:
                # A keyword is shown as a notice, which goes by its event's id.
                lines = before | {f"{ticket.id}:{seq}" for seq in keywords.values()}
                items.append(erase_ticket(ask=ask, ticket=ticket, whole=False, message_ids=lines))
                messages |= before | keywords.keys()
            elif not theirs and not written:
                items.append(erase_ticket(ask=ask, ticket=ticket, whole=False, addresses=values))
        await self.tickets.apply(items)
        await self.kept.erase_entries(messages)
        being = await self.kept.being_erased(ask.account_id)
        await self.tickets.finished([Target(ask.account_id, id=each) for each in being])
        await self.kept.erase_threads(being)
        return bool(items)


def _keys(contact: Contact) -> list[str]:
    return list(dict.fromkeys([contact.id, *(each.key for each in contact.identities)]))


def _is_theirs(ticket: Ticket, ask: EraseContact) -> bool:
    profile = ticket.contact.profile_id
    return profile in ask.profile_ids or not set(_keys(ticket.contact)).isdisjoint(ask.contacts)


def _erased(body: Said, erased: Mapping[Named, datetime]) -> datetime | None:
    if body.contact is None:
        return None
    found: list[Any] = [erased.get((body.account_id, key)) for key in _keys(body.contact)]
    return max((at for at in found if at is not None), default=None)
