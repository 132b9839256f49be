"""Aggregates: every item has its effect on a document once, whatever fails.

Used for whatever must be neither lost nor doubled: ticketing's tickets, assignment's rotations,
attribution's contacts. Each is a document with a revision and an outbox; beside the documents, a
ledger has an entry for each item that was applied. Items may come more than once. A compare-and-set
on the revision decides whose write counts. What follows from an item (ledger entries, records to
publish) is stored in the outbox by that same write, and carried out afterwards: if the writer dies,
by a sweep or by whoever reads the document next. These promises rest on the order of the steps;
`tests/shared/test_aggregates.py` breaks each step and sees a promise fall:

1. resolve what the items touch; read the documents first, then the ledger. A document that was
   written here lately need not be read: see `shared.stores.recent`;
2. finish what lies in a document's outbox before writing to the document again, unless the ledger
   has all of its entries: then that was done;
3. decide in pure code, in the order of the items; skip an item that was already applied before any
   rule is asked; build and measure everything before the write;
4. compare-and-set; the items of a write that lost are resolved and decided again;
5. ask the ledger again about the item that opened a document: meanwhile it may have been applied to
   another document, which then gave up the slot. A compare-and-set would have noticed that, an
   insert does not;
6. publish, then insert the ledger's entries, and wait for both;
7. trim exactly what was published, now or later.

The bus commits the offsets after all that.

Without a ledger, the documents themselves have to tell that an item was applied: the policy then
leaves such an item's state as it is. Steps 1 and 5 ask nothing, and nothing is left to be trimmed
later, since there are no entries that would say what was published.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Generic

from shared.bus.delivery import Outgoing
from shared.clock import FAR_FUTURE
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
    Target,
    grouped,
)
from shared.stores.outboxes import Outboxes, entries_of
from shared.stores.recent import RecentDocuments
from shared.topics import BY_NAME


@dataclass(slots=True)
class _Work(Generic[S]):
    """What one write to one document will hold.

    `taken` are the places of the items that it applies, `sent` those that it redirects, `refused`
    those that are refused beside them, `owed` what goes into the outbox, and `size` the bytes of
    that.
    """

    found: Document[S] | None
    state: S | None
    changed: bool = False
    taken: list[int] = field(default_factory=list)
    sent: dict[int, Target] = field(default_factory=dict)
    refused: dict[int, Poison] = field(default_factory=dict)
    owed: list[Entry | Outgoing] = field(default_factory=list)
    size: int = 0

    @property
    def places(self) -> list[int]:
        """All of them: they are decided again if the write is lost."""
        return [*self.taken, *self.sent, *self.refused]


@dataclass(slots=True)
class _Round(Generic[S, I]):
    """What a round decides by, and what comes of it; keys are places among the items.

    `ids` are the items' ids. `done` are the ids that were applied before. The items in `left` are
    decided again in the next round; what is in `loose` was decided without a document.
    """

    items: Sequence[I]
    ids: Sequence[str]
    targets: Mapping[int, Target]
    done: Collection[str]
    left: dict[int, Target | None]
    loose: list[Applied[S]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Aggregates(Outboxes[S], Generic[S, I]):
    """Applies items to documents, each item once, and publishes what follows, at least once.

    `look` is called with the documents of each round, to read what decisions rest on besides: a
    document that is written has not changed since that was read. `recent`, by default of none, is
    for policies that write a document whenever an item is new to it, or refuse the item: without a
    write nothing shows that somebody else has changed it, so that is decided again by what is read.
    """

    policy: Policy[S, I]
    rounds: int = 200
    look: Callable[[Sequence[Document[S]]], Awaitable[None]] | None = None
    recent: RecentDocuments[S] = field(default_factory=lambda: RecentDocuments(0))

    async def apply(self, items: Sequence[I]) -> dict[int, Poison]:
        """Apply the items in order; afterwards all their effects are stored and published.

        Returns why items were refused, by their places. Raises Transient when races were lost in
        every one of `rounds` rounds. After that, as after any error, the whole batch is to be
        applied again.
        """
        refused: dict[int, Poison] = {}
        ids = [self.policy.id_of(item) for item in items]
        first_of: dict[str, int] = {}
        for place, item_id in enumerate(ids):
            first_of.setdefault(item_id, place)
        waiting: dict[int, Target | None] = dict.fromkeys(sorted(first_of.values()))
        for _ in range(self.rounds):
            if not waiting:
                return refused
            waiting = await self._round(items, ids, waiting, refused)
        text = f"{len(waiting)} items lost the race for their documents {self.rounds} times"
        raise Transient(text)

    async def _round(
        self,
        items: Sequence[I],
        ids: Sequence[str],
        waiting: dict[int, Target | None],
        refused: dict[int, Poison],
    ) -> dict[int, Target | None]:
        """Decide and write once; returns the items that are still to be decided afterwards."""
        targets = await self._resolve(items, waiting)
        places = sorted(targets)
        loaded, remembered = await self._load(set(targets.values()))
        known = await self._recorded(loaded, [ids[place] for place in places])
        documents = await self._finish(loaded, known)
        if self.look is not None:
            await self.look(documents)
        done = known.keys() | {entry.id for document in documents for entry in entries_of(document)}

        left: dict[int, Target | None] = dict.fromkeys(waiting.keys() - targets.keys())
        current: _Round[S, I] = _Round(items, ids, targets, done, left)
        works: list[_Work[S]] = []
        for found, members in grouped(places, targets, documents):
            work = _Work(found=found, state=found.state if found else None)
            self._fold(work, members, current)
            if work.changed:
                works.append(work)
            elif work.refused and found and found.state.id in remembered:
                self.recent.forget(found.state.id)
                left.update(dict.fromkeys(work.refused))
            else:
                refused |= work.refused

        fresh: dict[str, Document[S]] = {}
        making: dict[str, _Work[S]] = {}
        for work in works:
            document = self._document(work, ids)
            # Two groups may be about to make the same document: the second one is decided again,
            # and finds it then.
            if fresh.setdefault(document.state.id, document) is document:
                making[document.state.id] = work
            else:
                left.update(dict.fromkeys(work.places))
        failpoints.reach("before-write")
        won = await self.store.write(list(fresh.values())) if fresh else set()
        failpoints.reach("after-write")
        written = [doc for doc in fresh.values() if doc.state.id in won]
        for document_id in fresh:
            self.recent.forget(document_id)
        standing = await self._carry_out(written, current.loose)
        for document_id, work in making.items():
            if document_id in standing:
                left.update(work.sent)
                refused |= work.refused
            else:
                left.update(dict.fromkeys(work.places))
        return left

    async def _load(self, targets: AbstractSet[Target]) -> tuple[list[Document[S]], set[str]]:
        """The documents, and the ids of those that were not read."""
        known = self.recent.of(targets)
        remembered = {document.state.id: document for document in known.values()}
        unknown = targets - known.keys()
        read = await self._read(self.store.load(unknown)) if unknown else ()
        return list((remembered | {each.state.id: each for each in read}).values()), set(remembered)

    async def _resolve(
        self, items: Sequence[I], waiting: Mapping[int, Target | None]
    ) -> dict[int, Target]:
        """The targets of those waiting items that have one now."""
        targets = dict(waiting)
        if None in targets.values():
            places = sorted(waiting)
            resolved = await self.policy.resolve([items[place] for place in places])
            for place, target in zip(places, resolved, strict=True):
                targets[place] = targets[place] or target
        return {place: target for place, target in targets.items() if target is not None}

    def _fold(  # noqa: C901, PLR0912  # one outcome after the other
        self, work: _Work[S], members: Sequence[int], current: _Round[S, I]
    ) -> None:
        """Apply a group's items to its document, up to one that needs another write first."""
        sent_away = dict(work.found.sent_away) if work.found else {}
        for index, place in enumerate(members):
            item_id = current.ids[place]
            if item_id in current.done:
                continue
            if item_id in sent_away:
                current.left[place] = sent_away[item_id]
                continue
            outcome = self.policy.decide(current.targets[place], work.state, current.items[place])
            match outcome:
                case Refused(why):
                    work.refused[place] = why
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
                case Applied(state, None, ()) if state is work.state:
                    pass
                case Applied(state, entry, publish):
                    size = sum(len(record.value or b"") for record in publish)
                    size += entry.size if entry else 0
                    if text := _too_large(size, publish):
                        work.refused[place] = Poison("too_large", text)
                        continue
                    if work.size + size > LARGEST_WRITE:
                        current.left.update(dict.fromkeys(members[index:]))
                        return
                    work.state, work.changed = state, True
                    work.size += size
                    work.taken.append(place)
                    work.owed += [entry, *publish] if entry else publish

    def _document(self, work: _Work[S], ids: Sequence[str]) -> Document[S]:
        """The document to write; only what is new is in its outbox, the old one was finished."""
        if work.state is None:
            raise AssertionError("a document is written with a state")
        revision = work.found.revision if work.found else 0
        outbox = tuple(
            Pending(id=f"{revision + 1}.{number}", owed=owed)
            for number, owed in enumerate(work.owed)
        )
        overdue = self.clock() + self.patience if outbox else FAR_FUTURE
        sent_away = work.found.sent_away if work.found else ()
        sent_away += tuple((ids[place], to) for place, to in work.sent.items())
        return Document(work.state, revision, outbox, overdue, sent_away[-REMEMBERED:])

    async def _carry_out(
        self, written: Sequence[Document[S]], loose: Sequence[Applied[S]]
    ) -> set[str]:
        """Carry out what the writes and `loose` owe; the ids of documents not taken back."""
        if loose:
            # No document keeps these, so they are published before the ledger has them: if the
            # process dies in between, the repeat does no harm.
            await self.publish([record for outcome in loose for record in outcome.publish])
            await self.store.record([("", outcome.entry) for outcome in loose if outcome.entry])
        stored = [replace(document, revision=document.revision + 1) for document in written]
        standing = await self._finish(stored)
        for document in standing:
            owes = bool(document.outbox)
            empty = replace(document, outbox=(), outbox_at=FAR_FUTURE) if owes else document
            self.recent.keep(empty)
        return {document.state.id for document in standing}


def _too_large(size: int, publish: Iterable[Outgoing]) -> str | None:
    """Why this can never be written or published, or None; asked before it is in an outbox."""
    if size > LARGEST_WRITE:
        return f"it would add {size} bytes to a document; {LARGEST_WRITE} may be"
    for record in publish:
        largest = BY_NAME[record.topic].max_bytes - ROOM_FOR_HEADERS
        if (length := len(record.value or b"")) > largest:
            return f"it would be {length} bytes on {record.topic}; {largest} may be"
    return None
