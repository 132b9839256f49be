"""What documents owe, carried out by whoever comes next (see `shared.stores.aggregates`)."""

from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Generic

from shared.bus.delivery import Outgoing, Publish
from shared.clock import Clock
from shared.running import failpoints
from shared.stores.documents import Document, Entry, S, Store, Target

TRIMMED_TOGETHER = 500
"""How many outboxes that are to be trimmed later wait for that at most."""


@dataclass(frozen=True, slots=True)
class Outboxes(Generic[S]):
    """Publishes and records what outboxes hold, at least once, and trims them.

    They are trimmed at once, or `trimmed_later`: by `finish_left_over`, those together that were
    not written anew until then. Until they are trimmed this process knows what it has published,
    and others see it by the ledger. An outbox that is not finished within `patience` of its write
    is left to a sweep. `ledger`: whether there is one.
    """

    store: Store[S]
    publish: Publish
    clock: Clock
    patience: timedelta = field(default=timedelta(seconds=5), kw_only=True)
    trimmed_later: bool = field(default=False, kw_only=True)
    ledger: bool = field(default=True, kw_only=True)
    _published: dict[str, int] = field(default_factory=dict, kw_only=True)
    """By document, the revision whose outbox was carried out here and is yet to be trimmed."""
    _untrimmed: dict[str, Document[S]] = field(default_factory=dict, kw_only=True)
    """By id, those that are to be trimmed later."""

    async def finish_left_over(self, limit: int = 100) -> int:
        """Trim what was left for later, and finish overdue outboxes, `limit` at most.

        Returns how many were overdue.
        """
        await self._trim_untrimmed()
        documents = await self._read(self.store.unfinished(self.clock(), limit))
        await self._finish(documents, await self._recorded(documents))
        return len(documents)

    async def finished(self, targets: Collection[Target]) -> list[Document[S]]:
        """These documents, once all that their outboxes owed is recorded and published."""
        documents = await self._read(self.store.load(targets))
        return await self._finish(documents, await self._recorded(documents))

    async def _read(self, reading: Awaitable[list[Document[S]]]) -> list[Document[S]]:
        """The documents that are read; an outbox that was carried out here counts as empty.

        `_published` is looked at before and after reading: a trim may end in between, and the
        document that is read may be from before it.
        """
        before = dict(self._published)
        documents = await reading
        known = ((before.get(doc.state.id), self._published.get(doc.state.id)) for doc in documents)
        return [
            replace(document, outbox=()) if document.revision in revisions else document
            for document, revisions in zip(documents, known, strict=True)
        ]

    async def _recorded(
        self, documents: Iterable[Document[S]], ids: Collection[str] = ()
    ) -> Mapping[str, str]:
        """Those of the ids, and of what outboxes hold, that the ledger has; with whose it is."""
        held = [entry.id for document in documents for entry in entries_of(document)]
        asked = [*ids, *held]
        return await self.store.applied(asked) if asked and self.ledger else {}

    async def _finish(
        self, stored: Sequence[Document[S]], known: Mapping[str, str] | None = None
    ) -> list[Document[S]]:
        """Carry out what outboxes owe, and trim them; the documents that were not taken back.

        `known` is what the ledger has of their entries, None where they were written just now: an
        outbox of which it has all was carried out by somebody who did not trim it.
        """
        taken_back = await self._take_back(stored, known)
        documents = [document for document in stored if document.state.id not in taken_back]
        owing = [document for document in documents if document.outbox]
        await self._settle([doc for doc in owing if not _is_recorded(doc, known or {})])
        if owing:
            self._published.update({document.state.id: document.revision for document in owing})
            await self._trim_sometime(owing)
        return documents

    async def _trim_sometime(self, documents: Sequence[Document[S]]) -> None:
        if not self.trimmed_later:
            await self._trim(documents)
            return
        self._untrimmed.update({document.state.id: document for document in documents})
        if len(self._untrimmed) > TRIMMED_TOGETHER:
            await self._trim_untrimmed()

    async def _trim_untrimmed(self) -> None:
        documents = list(self._untrimmed.values())
        self._untrimmed.clear()
        if documents:
            await self._trim(documents)

    async def _trim(self, documents: Sequence[Document[S]]) -> None:
        """Take out of the outboxes what was carried out, unless they were written anew since."""
        try:
            await self.store.trim(
                [
                    (doc.state.id, doc.revision, frozenset(pending.id for pending in doc.outbox))
                    for doc in documents
                ]
            )
            failpoints.reach("after-trim")
        finally:
            for document in documents:
                if self._published.get(document.state.id) == document.revision:
                    del self._published[document.state.id]

    async def _take_back(
        self, stored: Iterable[Document[S]], known: Mapping[str, str] | None
    ) -> Collection[str]:
        """Delete documents that were opened for an item of another document; returns their ids.

        The other document gave up the slot, so its outbox was empty: its entries were in the ledger
        before ours was inserted. Nothing of ours was recorded or published yet.
        """
        opening = [
            (document.state.id, entry.id)
            for document in stored
            if document.revision == 1
            for entry in entries_of(document)
        ]
        if not opening:
            return ()
        if known is None:
            known = await self.store.applied([entry_id for _, entry_id in opening])
        wrong = {of: entry_id for of, entry_id in opening if known.get(entry_id, of) != of}
        if wrong:
            await self.store.take_back(wrong)
        return wrong.keys()

    async def _settle(self, documents: Collection[Document[S]]) -> None:
        """Publish, then insert the entries, and wait for both."""
        if not documents:
            return
        entries: list[tuple[str, Entry]] = []
        records: list[Outgoing] = []
        for document in documents:
            for pending in document.outbox:
                if isinstance(pending.owed, Entry):
                    entries.append((document.state.id, pending.owed))
                else:
                    records.append(pending.owed)
        if records:
            await self.publish(records)
        failpoints.reach("after-publish")
        if entries:
            await self.store.record(entries)
        failpoints.reach("after-record")


def entries_of(document: Document[S]) -> list[Entry]:
    """The ledger entries that its outbox holds."""
    return [pending.owed for pending in document.outbox if isinstance(pending.owed, Entry)]


def _is_recorded(document: Document[S], known: Mapping[str, str]) -> bool:
    """Whether the ledger has all entries of the outbox, so that it was published before."""
    entries = entries_of(document) if document.recorded_last else []
    return bool(entries) and all(known.get(entry.id) == document.state.id for entry in entries)
