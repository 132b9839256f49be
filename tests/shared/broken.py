"""Each ordering rule of `shared.stores.aggregates`, broken on purpose."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.bus.delivery import Outgoing, Publish
from shared.stores.aggregates import Aggregates
from shared.stores.documents import (
    Applied,
    Document,
    Entry,
    Outcome,
    Policy,
    Released,
    Store,
    Target,
)
from shared.stores.recent import RecentDocuments
from tests.shared.toy import NOON, Change, Item, Ticket, Tickets, changed

Made = Aggregates[Ticket, Item]
Making = Callable[[Store[Ticket], Publish], Made]

EVERY_ID = frozenset({"b", "c", "c0", "i", "m0", "m1", "m2", "n", "p", "x"})


def made(
    store: Store[Ticket],
    publish: Publish,
    policy: Policy[Ticket, Item] | None = None,
    cls: type[Made] = Aggregates,
    recent: RecentDocuments[Ticket] | None = None,
) -> Made:
    """Make them so that every outbox is overdue at once."""
    overdue = timedelta(seconds=-1)
    return cls(
        *(store, publish, lambda: NOON, policy or Tickets()),
        patience=overdue,
        rounds=12,
        recent=recent or RecentDocuments(),
    )


@dataclass(slots=True)
class Wrapped:
    """A store that does what it should."""

    store: Store[Ticket]
    publish: Publish

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        return await self.store.load(targets)

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:
        """See `shared.stores.documents.Store`."""
        return await self.store.applied(ids)

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """See `shared.stores.documents.Store`."""
        return await self.store.write(documents)

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """See `shared.stores.documents.Store`."""
        await self.store.record(entries)

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """See `shared.stores.documents.Store`."""
        await self.store.trim(done)

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """See `shared.stores.documents.Store`."""
        await self.store.take_back(openings)

    async def unfinished(self, before: datetime, limit: int) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        return await self.store.unfinished(before, limit)


@dataclass(slots=True)
class LedgerReadFirst(Wrapped):
    """Breaks: read the documents first, then the ledger."""

    early: Mapping[str, str] = field(default_factory=dict)

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """Look what was applied before looking at what it was applied to."""
        self.early = await self.store.applied(EVERY_ID)
        return await self.store.load(targets)

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:
        """Tell what was so before."""
        return {entry_id: self.early[entry_id] for entry_id in ids if entry_id in self.early}


@dataclass(slots=True)
class LedgerNotRead(Wrapped):
    """Breaks: an id already applied is skipped."""

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002
        """Know nothing."""
        return {}


@dataclass(slots=True)
class OutboxDropped(Wrapped):
    """Breaks: finish what is found in an outbox before writing anew."""

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """Overlook the outboxes."""
        return [replace(document, outbox=()) for document in await self.store.load(targets)]


@dataclass(slots=True)
class RevisionNotCompared(Wrapped):
    """Breaks: compare-and-set on the revision."""

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """Write over whatever is there."""
        won: set[str] = set()
        for document in documents:
            there = await self.store.load([Target("acme", id=document.state.id)])
            revision = there[0].revision if there else 0
            won |= await self.store.write([replace(document, revision=revision)])
        return won


@dataclass(slots=True)
class LossOverlooked(Wrapped):
    """Breaks: a group that lost the race decides again."""

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """Take every write for won."""
        await self.store.write(documents)
        return {document.state.id for document in documents}


@dataclass(slots=True)
class PublishedFirst(Wrapped):
    """Breaks: write, then publish."""

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """Publish what is yet to be decided by the write."""
        owed = [pending.owed for document in documents for pending in document.outbox]
        await self.publish([record for record in owed if isinstance(record, Outgoing)])
        return await self.store.write(documents)


@dataclass(slots=True)
class TrimmedFirst(Wrapped):
    """Breaks: trim after publishing."""

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """Forget what is owed as soon as it is stored."""
        won = await self.store.write(documents)
        await self.store.trim([_all_of(document) for document in documents if document.outbox])
        return won


def _all_of(document: Document[Ticket]) -> tuple[str, int, frozenset[str]]:
    ids = frozenset(pending.id for pending in document.outbox)
    return document.state.id, document.revision + 1, ids


@dataclass(slots=True)
class Emptied(Wrapped):
    """Breaks: trim exactly what was published."""

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """Empty the outbox, whoever filled it since."""
        for document in await self.store.load([Target("acme", id=of) for of, _, _ in done]):
            of, revision, ids = _all_of(document)
            await self.store.trim([(of, revision - 1, ids)])


@dataclass(slots=True)
class RecordedLast(Wrapped):
    """Breaks: the entries are inserted before the trim."""

    late: list[tuple[str, Entry]] = field(default_factory=list)

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """Put it off."""
        self.late += entries

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """Trim, then insert."""
        await self.store.trim(done)
        await self.store.record(self.late)
        self.late.clear()


@dataclass(slots=True)
class SentAwayForgotten(Wrapped):
    """Breaks: what was sent elsewhere is never taken after all."""

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """Overlook what was sent away."""
        return [replace(document, sent_away=()) for document in await self.store.load(targets)]


class OutboxNotCounted(Aggregates[Ticket, Item]):
    """Breaks: what was found in an outbox is applied."""

    async def _finish(
        self, stored: Sequence[Document[Ticket]], known: Mapping[str, str] | None = None
    ) -> list[Document[Ticket]]:
        return [replace(document, outbox=()) for document in await super()._finish(stored, known)]


class OpeningNotChecked(Aggregates[Ticket, Item]):
    """Breaks: the ledger is asked again about what opened a document."""

    async def _take_back(
        self,
        stored: Iterable[Document[Ticket]],  # noqa: ARG002
        known: Mapping[str, str] | None,  # noqa: ARG002
    ) -> Collection[str]:
        return ()


class OpeningCheckedLate(Aggregates[Ticket, Item]):
    """Breaks: that is asked before anything is recorded."""

    async def _take_back(
        self, stored: Iterable[Document[Ticket]], known: Mapping[str, str] | None
    ) -> Collection[str]:
        stored = list(stored)
        await self._settle(stored)
        return await super()._take_back(stored, known)


class KnownWhateverTheRevision(Aggregates[Ticket, Item]):
    """Breaks: what was carried out here is known of its revision only."""

    async def _read(self, reading: Awaitable[list[Document[Ticket]]]) -> list[Document[Ticket]]:
        return [
            replace(document, outbox=()) if document.state.id in self._published else document
            for document in await reading
        ]


class RecordedFirst(Aggregates[Ticket, Item]):
    """Breaks: what the ledger has of an outbox was published before."""

    async def _settle(self, documents: Collection[Document[Ticket]]) -> None:
        owed = [(doc.state.id, each.owed) for doc in documents for each in doc.outbox]
        await self.store.record([(of, each) for of, each in owed if isinstance(each, Entry)])
        await self.publish([each for _, each in owed if isinstance(each, Outgoing)])


class ReleasedWhileOwing(Aggregates[Ticket, Item]):
    """Breaks: a slot is given up by a write of its own, when nothing is owed."""

    def _fold(self, work: Any, members: Sequence[int], current: Any) -> None:
        super()._fold(work, members, current)
        for place in [place for place in members if place in current.left and work.taken][:1]:
            outcome = self.policy.decide(current.targets[place], work.state, current.items[place])
            if isinstance(outcome, Released):
                work.state = outcome.state


@dataclass(slots=True)
class SlotNotResolvedAgain(Tickets):
    """Breaks: a group that lost resolves its slot again."""

    known: dict[str, str] = field(default_factory=dict)

    async def resolve(self, items: Sequence[Item]) -> list[Target]:
        """Stay with the ticket that was found first."""
        return [
            Target(
                item.account_id,
                id=self.known.get(item.id, item.ticket),
                slot=None if item.id in self.known else item.slot,
            )
            for item in items
        ]

    def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
        """Keep in mind which ticket it was."""
        outcome = Tickets.decide(self, target, state, item)
        if state is not None and isinstance(outcome, Applied):
            self.known[item.id] = state.id
        return outcome


@dataclass(slots=True)
class AppendedToTheKnown(SlotNotResolvedAgain):
    """Breaks: a group that lost decides again, instead of appending to the ticket it knew."""

    def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
        """Ask no rule a second time."""
        if state is not None and item.id in self.known:
            return changed(state, item, "added")
        return SlotNotResolvedAgain.decide(self, target, state, item)


class LeftAloneBySlot(Tickets):
    """Breaks: only an id that no document will have leaves an item without one."""

    def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
        """Enter a note in the ledger alone when nothing holds its slot just now."""
        if state is None and item.kind == "note":
            record = Change(0, "ignored", item.id).outgoing("")
            return Applied(None, Entry(item.id), (record,))
        return super().decide(target, state, item)


def never_trimming(cls: type[Made] = Aggregates) -> Making:
    """Make them so that what they leave for later never comes, unless they sweep."""
    return lambda store, publish: replace(made(store, publish, cls=cls), trimmed_later=True)


def _storing(wrapper: type[Wrapped]) -> Making:
    return lambda store, publish: made(wrapper(store, publish), publish)


def _deciding(policy: Callable[[], Policy[Ticket, Item]]) -> Making:
    return lambda store, publish: made(store, publish, policy())


def _applying(cls: type[Made]) -> Making:
    return lambda store, publish: made(store, publish, cls=cls)


BROKEN: dict[str, Making] = {
    "the documents are read before the ledger": _storing(LedgerReadFirst),
    "an id that the ledger has is skipped": _storing(LedgerNotRead),
    "what a found outbox holds is applied": _applying(OutboxNotCounted),
    "an opening is looked up once more": _applying(OpeningNotChecked),
    "an opening is looked up before it is recorded": _applying(OpeningCheckedLate),
    "a found outbox is finished before writing anew": _storing(OutboxDropped),
    "a write compares the revision": _storing(RevisionNotCompared),
    "a lost race is decided again": _storing(LossOverlooked),
    "a lost group resolves its slot again": _deciding(SlotNotResolvedAgain),
    "a lost group is not appended to the ticket it knew": _deciding(AppendedToTheKnown),
    "nothing is published before the write": _storing(PublishedFirst),
    "nothing is trimmed before it is published": _storing(TrimmedFirst),
    "exactly what was published is trimmed": _storing(Emptied),
    "entries are inserted before the trim": _storing(RecordedLast),
    "an outbox is recorded once it is published": _applying(RecordedFirst),
    "a slot is given up when nothing is owed": _applying(ReleasedWhileOwing),
    "a document keeps in mind what it sent elsewhere": _storing(SentAwayForgotten),
    "only what has no slot is left without a document": _deciding(LeftAloneBySlot),
}
