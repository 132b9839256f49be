"""One effect, whatever happens: a document with a revision, its outbox inside, a ledger beside it.

Used for whatever must be neither lost nor doubled: ticketing's tickets, assignment's rotations,
attribution's contacts. At-least-once records come in; a compare-and-set on the revision decides;
what follows from it (ledger entries, records to publish) is stored in the same write and carried
out afterwards, by whoever comes next if need be. The order of the steps is what keeps the
promises; `tests/shared/test_aggregates.py` breaks each and sees one fall:

1. resolve what the items touch; read the documents first, then the ledger;
2. finish what lies in an outbox before writing anew;
3. decide in pure code, in order, ids already applied skipped before any rule is asked; all is
   built and measured before the write;
4. compare-and-set; a group that lost resolves and decides again;
5. ask the ledger again about what opened a document: it may have been applied to another that
   came and went meanwhile, and an insert, unlike a compare-and-set, would not have noticed;
6. insert the ledger's entries, then publish, and wait;
7. trim exactly what was published, now or later.

The offsets are committed after all that, by the bus.
"""

from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Generic

from shared.bus.delivery import Outgoing, Publish
from shared.clock import FAR_FUTURE, Clock
from shared.errors import Poison, Transient
from shared.running import failpoints
from shared.stores.documents import (
    LARGEST_WRITE,
    REMEMBERED,
    ROOM_FOR_HEADERS,
    Applied,
    Document,
    Entry,
    I,
    Pending,
    Policy,
    Redirected,
    Refused,
    Released,
    S,
    Store,
    Target,
)
from shared.topics import BY_NAME

Later = Callable[[Coroutine[object, object, None]], Awaitable[None]]
"""Does some work, now or while other things go on; if it is not done, that does no harm."""


async def at_once(work: Coroutine[object, object, None]) -> None:
    """Do it now."""
    await work


@dataclass(slots=True)
class _Work(Generic[S]):
    """What one write to one document will hold."""

    found: Document[S] | None
    state: S | None
    changed: bool = False
    taken: list[int] = field(default_factory=list)
    sent: dict[int, Target] = field(default_factory=dict)
    owed: list[Entry | Outgoing] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class _Round(Generic[S, I]):
    """What a round rests on, and what it leaves: `left` is decided again, `loose` is nowhere.

    Keys are places among the items.
    """

    items: Sequence[I]
    targets: Mapping[int, Target]
    done: Collection[str]
    left: dict[int, Target | None]
    refused: dict[int, Poison]
    loose: list[Applied[S]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Aggregates(Generic[S, I]):
    """Applies items to documents, each item once, and publishes what follows, at least once.

    Outboxes are trimmed `later`: what this process has published is not published again meanwhile.
    """

    store: Store[S]
    policy: Policy[S, I]
    publish: Publish
    clock: Clock
    patience: timedelta = timedelta(seconds=5)
    rounds: int = 200
    later: Later = at_once
    _published: dict[str, int] = field(default_factory=dict)
    """By document, the revision whose outbox was carried out here and is yet to be trimmed."""

    async def apply(self, items: Sequence[I]) -> dict[int, Poison]:
        """Apply the items in order; afterwards every effect of every one of them stands.

        Returns what can never be taken, by place. Raises Transient when it kept losing races;
        like any failure that leaves the batch to be applied again, whole.
        """
        refused: dict[int, Poison] = {}
        first_of: dict[str, int] = {}
        for place, item in enumerate(items):
            first_of.setdefault(self.policy.id_of(item), place)
        waiting: dict[int, Target | None] = dict.fromkeys(sorted(first_of.values()))
        for _ in range(self.rounds):
            if not waiting:
                return refused
            waiting = await self._round(items, waiting, refused)
        text = f"{len(waiting)} items lost the race for their documents {self.rounds} times"
        raise Transient(text)

    async def finish_left_over(self, limit: int = 100) -> int:
        """Finish outboxes that nobody has finished in time; returns how many there were."""
        documents = await self._read(self.store.unfinished(self.clock(), limit))
        await self._finish(documents)
        return len(documents)

    async def _read(self, reading: Awaitable[list[Document[S]]]) -> list[Document[S]]:
        """What is read, without the outboxes that were carried out here: the ledger has all that.

        Asked before and after: a trim may end while what it has not reached yet is on its way.
        """
        before = dict(self._published)
        documents = await reading
        known = ((before.get(doc.state.id), self._published.get(doc.state.id)) for doc in documents)
        return [
            replace(document, outbox=()) if document.revision in revisions else document
            for document, revisions in zip(documents, known, strict=True)
        ]

    async def _round(
        self,
        items: Sequence[I],
        waiting: dict[int, Target | None],
        refused: dict[int, Poison],
    ) -> dict[int, Target | None]:
        """Decide and write once; what is still to be decided afterwards, in order."""
        targets = await self._resolve(items, waiting)
        places = sorted(targets)
        loaded = await self._read(self.store.load(set(targets.values())))
        ids = [self.policy.id_of(items[place]) for place in places]
        done = set(await self.store.applied(ids))
        documents = await self._finish(loaded)
        done |= {entry.id for document in documents for entry in _entries(document)}

        left: dict[int, Target | None] = dict.fromkeys(waiting.keys() - targets.keys())
        current: _Round[S, I] = _Round(items, targets, done, left, refused)
        works: list[_Work[S]] = []
        for found, members in _grouped(places, targets, documents):
            work = _Work(found=found, state=found.state if found else None)
            self._fold(work, members, current)
            if work.changed:
                works.append(work)

        fresh: dict[str, Document[S]] = {}
        making: dict[str, _Work[S]] = {}
        for work in works:
            document = self._document(work, items)
            # Two groups may be about to make the same document: the second finds it then.
            if fresh.setdefault(document.state.id, document) is document:
                making[document.state.id] = work
            else:
                left.update(dict.fromkeys([*work.taken, *work.sent]))
        failpoints.reach("before-write")
        won = await self.store.write(list(fresh.values())) if fresh else set()
        failpoints.reach("after-write")
        written = [doc for doc in fresh.values() if doc.state.id in won]
        standing = await self._carry_out(written, current.loose)
        for document_id, work in making.items():
            again = dict.fromkeys([*work.taken, *work.sent])
            left.update(work.sent if document_id in standing else again)
        return left

    async def _resolve(
        self, items: Sequence[I], waiting: Mapping[int, Target | None]
    ) -> dict[int, Target]:
        """The targets of those that have one now."""
        targets = dict(waiting)
        if None in targets.values():
            places = sorted(waiting)
            resolved = await self.policy.resolve([items[place] for place in places])
            for place, target in zip(places, resolved, strict=True):
                targets[place] = targets[place] or target
        return {place: target for place, target in targets.items() if target is not None}

    def _fold(  # noqa: C901  # one outcome after the other
        self, work: _Work[S], members: Sequence[int], current: _Round[S, I]
    ) -> None:
        """Fold a group's items into its document, until one needs another write first."""
        sent_away = dict(work.found.sent_away) if work.found else {}
        for index, place in enumerate(members):
            item_id = self.policy.id_of(current.items[place])
            if item_id in current.done:
                continue
            if item_id in sent_away:
                current.left[place] = sent_away[item_id]
                continue
            outcome = self.policy.decide(current.targets[place], work.state, current.items[place])
            match outcome:
                case Refused(why):
                    current.refused[place] = why
                case Redirected(target) if work.state is None:
                    current.left[place] = target
                case Redirected(target):
                    work.sent[place], work.changed = target, True
                case Released(state):
                    if not work.taken:
                        work.state, work.changed = state, True
                    current.left.update(dict.fromkeys(members[index:]))
                    return
                case Applied(None):
                    current.loose.append(outcome)
                case Applied(state, entry, publish):
                    size = entry.size + sum(len(record.value or b"") for record in publish)
                    if text := _too_large(size, publish):
                        current.refused[place] = Poison("too_large", text)
                        continue
                    if work.size + size > LARGEST_WRITE:
                        current.left.update(dict.fromkeys(members[index:]))
                        return
                    work.state, work.changed = state, True
                    work.size += size
                    work.taken.append(place)
                    work.owed += [entry, *publish]

    def _document(self, work: _Work[S], items: Sequence[I]) -> Document[S]:
        """What is to be written: the outbox as read was finished, so only the new is in it."""
        if work.state is None:
            raise AssertionError("a document is written with a state")
        revision = work.found.revision if work.found else 0
        outbox = tuple(
            Pending(id=f"{revision + 1}.{number}", owed=owed)
            for number, owed in enumerate(work.owed)
        )
        overdue = self.clock() + self.patience if outbox else FAR_FUTURE
        sent_away = work.found.sent_away if work.found else ()
        sent_away += tuple((self.policy.id_of(items[place]), to) for place, to in work.sent.items())
        return Document(work.state, revision, outbox, overdue, sent_away[-REMEMBERED:])

    async def _carry_out(
        self, written: Sequence[Document[S]], loose: Sequence[Applied[S]]
    ) -> set[str]:
        """Do what the writes owe, and what has no document; the ids of what then stands."""
        if loose:
            # With no document to keep it, the record goes first: a repeat does no harm.
            await self.publish([record for outcome in loose for record in outcome.publish])
            await self.store.record([("", outcome.entry) for outcome in loose])
        stored = [replace(document, revision=document.revision + 1) for document in written]
        return {document.state.id for document in await self._finish(stored)}

    async def _finish(self, stored: Sequence[Document[S]]) -> list[Document[S]]:
        """Do what outboxes still owe, and trim them; those documents that stand."""
        taken_back = await self._take_back(stored)
        documents = [document for document in stored if document.state.id not in taken_back]
        if owing := [document for document in documents if document.outbox]:
            await self._settle(owing)
            self._published.update({document.state.id: document.revision for document in owing})
            await self.later(self._trim(owing))
        return documents

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

    async def _take_back(self, stored: Iterable[Document[S]]) -> Collection[str]:
        """Remove what was opened for an item that is another document's; the ids of these.

        That one gave up the slot, so it owed nothing any more: the ledger has its entries since
        before ours was inserted, and nothing of ours was recorded or published yet.
        """
        opening = [
            (document.state.id, entry.id)
            for document in stored
            if document.revision == 1
            for entry in _entries(document)
        ]
        if not opening:
            return ()
        holders = await self.store.applied([entry_id for _, entry_id in opening])
        wrong = {of: entry_id for of, entry_id in opening if holders.get(entry_id, of) != of}
        if wrong:
            await self.store.take_back(wrong)
        return wrong.keys()

    async def _settle(self, documents: Iterable[Document[S]]) -> None:
        """Insert the entries, then publish, and wait for both."""
        entries: list[tuple[str, Entry]] = []
        records: list[Outgoing] = []
        for document in documents:
            for pending in document.outbox:
                if isinstance(pending.owed, Entry):
                    entries.append((document.state.id, pending.owed))
                else:
                    records.append(pending.owed)
        if entries:
            await self.store.record(entries)
        failpoints.reach("after-record")
        if records:
            await self.publish(records)
        failpoints.reach("after-publish")


def _too_large(size: int, publish: Iterable[Outgoing]) -> str | None:
    """Why this can never be written or published, if so: afterwards it is only waited for."""
    if size > LARGEST_WRITE:
        return f"it would add {size} bytes to a document; {LARGEST_WRITE} may be"
    for record in publish:
        largest = BY_NAME[record.topic].max_bytes - ROOM_FOR_HEADERS
        if (length := len(record.value or b"")) > largest:
            return f"it would be {length} bytes on {record.topic}; {largest} may be"
    return None


def _entries(document: Document[S]) -> list[Entry]:
    """The ledger entries that its outbox holds."""
    return [pending.owed for pending in document.outbox if isinstance(pending.owed, Entry)]


def _grouped(
    places: Sequence[int],
    targets: Mapping[int, Target],
    documents: Iterable[Document[S]],
) -> list[tuple[Document[S] | None, list[int]]]:
    """The places by the document they touch, or by the slot where there is none yet."""
    by_id = {doc.state.id: doc for doc in documents}
    by_slot = {(doc.state.account_id, doc.state.slot): doc for doc in by_id.values()}
    groups: dict[object, tuple[Document[S] | None, list[int]]] = {}
    for place in places:
        target = targets[place]
        found = (
            by_id.get(target.id)
            if target.id is not None
            else by_slot.get((target.account_id, target.slot or ""))
        )
        key = found.state.id if found else (target.account_id, target.id, target.slot)
        groups.setdefault(key, (found, []))[1].append(place)
    return list(groups.values())
