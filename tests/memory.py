"""Aggregates in memory: what `MongoAggregates` does, without a server."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from shared.clock import EPOCH, FAR_FUTURE
from shared.stores.documents import Document, Entry, Pending, State, Target
from shared.stores.erased import Named

S = TypeVar("S", bound=State)


@dataclass(slots=True)
class MemoryAggregates(Generic[S]):
    """Documents and their ledger in dicts; a `Store`, and open to whoever asserts on it.

    Each call is one atomic step: nothing else happens in the middle of it. What is stored shares
    nothing mutable with what was handed in or is handed out, as long as states are frozen.
    """

    documents: dict[str, Document[S]] = field(default_factory=dict)
    """By id, as stored: `revision` is the one to compare with, 1 at least."""

    ledger: dict[str, tuple[str, Entry]] = field(default_factory=dict)
    """By entry id: the id of its document ("" where there was none) and the entry."""

    async def load(self, targets: Collection[Target]) -> list[Document[S]]:
        """See `shared.stores.documents.Store`."""
        ids = {target.id for target in targets if target.id is not None}
        slots = {(target.account_id, target.slot) for target in targets if target.slot is not None}
        return [
            _copy(document)
            for document in self.documents.values()
            if document.state.id in ids or _slot(document) in slots
        ]

    async def find(
        self, wanted: Callable[[Document[S]], bool], limit: int | None = None
    ) -> list[Document[S]]:
        """Give the documents for which `wanted` holds, as they were inserted; `limit` at most."""
        found = (document for document in self.documents.values() if wanted(document))
        return [_copy(document) for document in found][:limit]

    async def due(self, now: datetime, limit: int | None = None) -> list[Document[S]]:
        """Give the documents whose `due_at` lies before `now`, the longest overdue first."""
        found = await self.find(lambda document: EPOCH <= document.state.due_at < now)
        return sorted(found, key=lambda document: document.state.due_at)[:limit]

    async def applied(self, ids: Collection[str]) -> dict[str, str]:
        """See `shared.stores.documents.Store`."""
        return {entry_id: self.ledger[entry_id][0] for entry_id in ids if entry_id in self.ledger}

    async def write(self, documents: Sequence[Document[S]]) -> set[str]:
        """See `Store`. Inserts go before updates, as the driver sorts them."""
        holders = {_slot(document): document.state.id for document in self.documents.values()}
        written = set()
        for document in sorted(documents, key=lambda document: document.revision > 0):
            document_id = document.state.id
            there = self.documents.get(document_id)
            current = there.revision if there else 0
            if current != document.revision:
                continue
            if holders.get(_slot(document), document_id) != document_id:
                continue
            if there is not None:
                del holders[_slot(there)]
            holders[_slot(document)] = document_id
            self.documents[document_id] = _copy(replace(document, revision=current + 1))
            written.add(document_id)
        return written

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """See `shared.stores.documents.Store`."""
        for of, entry in entries:
            self.ledger.setdefault(entry.id, (of, _copy_entry(entry)))

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """See `shared.stores.documents.Store`."""
        for document_id, revision, ids in done:
            document = self.documents.get(document_id)
            if document is not None and document.revision == revision:
                left = tuple(pending for pending in document.outbox if pending.id not in ids)
                self.documents[document_id] = replace(document, outbox=left, outbox_at=FAR_FUTURE)

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """See `shared.stores.documents.Store`."""
        for document_id, entry_id in openings.items():
            document = self.documents.get(document_id)
            owed = [pending.owed for pending in document.outbox] if document else []
            ids = [entry.id for entry in owed if isinstance(entry, Entry)]
            if document is not None and document.revision == 1 and entry_id in ids:
                del self.documents[document_id]

    async def delete(self, document: Document[S]) -> bool:
        """See `MongoAggregates`."""
        there = self.documents.get(document.state.id)
        if there is None or there.revision != document.revision:
            return False
        del self.documents[document.state.id]
        return True

    async def forget_entries(self, of: str, before: datetime) -> None:
        """See `MongoAggregates`."""
        for entry_id, (owner, entry) in list(self.ledger.items()):
            if owner == of and entry.body["at"] <= before:
                del self.ledger[entry_id]

    async def unfinished(self, before: datetime, limit: int) -> list[Document[S]]:
        """See `shared.stores.documents.Store`. The longest overdue first."""
        found = await self.find(lambda document: EPOCH <= document.outbox_at < before)
        return sorted(found, key=lambda document: document.outbox_at)[:limit]


class MemoryErasures:
    """See `shared.stores.erasures.Erasures`."""

    def __init__(self) -> None:
        self.noted: dict[Named, datetime] = {}

    async def note(self, account_id: str, contacts: Collection[str], at: datetime) -> None:
        for contact in contacts:
            self.noted[account_id, contact] = max(at, self.noted.get((account_id, contact), at))

    async def of(self, contacts: Iterable[Named]) -> Mapping[Named, datetime]:
        return {named: self.noted[named] for named in contacts if named in self.noted}


def _slot(document: Document[S]) -> tuple[str, str]:
    return document.state.account_id, document.state.slot


def _copy(document: Document[S]) -> Document[S]:
    outbox = tuple(
        Pending(pending.id, _copy_entry(pending.owed))
        if isinstance(pending.owed, Entry)
        else pending
        for pending in document.outbox
    )
    return replace(document, outbox=outbox)


def _copy_entry(entry: Entry) -> Entry:
    return replace(entry, body=deepcopy(dict(entry.body))) if entry.body else entry
