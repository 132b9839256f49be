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
5. insert the ledger's entries, then publish, and wait;
6. trim exactly what was published.

The offsets are committed after all that, by the bus.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from shared import failpoints
from shared.clock import FAR_FUTURE, Clock
from shared.delivery import Outgoing, Publish
from shared.errors import Poison, Transient
from shared.topics import BY_NAME

LARGEST_WRITE = 6 * 1024 * 1024
"""Bytes that one write may add to a document; what is over waits for the next write."""


ROOM_FOR_HEADERS = 16 * 1024
"""Bytes of a topic's limit that are left for a record's key, headers and framing."""

REMEMBERED = 100
"""How many of the items that a document sent elsewhere last it keeps in mind."""


class State(Protocol):
    """What an aggregate is to this module; everything else about it is its service's."""

    @property
    def id(self) -> str:
        """The document's id, for ever."""

    @property
    def slot(self) -> str:
        """What may exist once; unique together with the account."""

    @property
    def account_id(self) -> str:
        """The account it belongs to."""

    @property
    def due_at(self) -> datetime:
        """When time acts on it; FAR_FUTURE when it does not."""


S = TypeVar("S", bound=State)
I = TypeVar("I")  # noqa: E741  # an item: a message, a command, an event
I_in = TypeVar("I_in", contravariant=True)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the ledger keeps of one applied item, under the item's id. `size` is in bytes."""

    id: str
    body: Mapping[str, Any] = field(default_factory=dict)
    size: int = 256


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing that a write still owes: a ledger entry or a record to publish."""

    id: str
    owed: Entry | Outgoing


@dataclass(frozen=True, slots=True)
class Target:
    """What an item touches: a document by its id, or whatever holds a slot of an account.

    `related` is what a redirecting document tells the next decision: its own id, say.
    """

    account_id: str
    id: str | None = None
    slot: str | None = None
    related: str | None = None


@dataclass(frozen=True, slots=True)
class Document(Generic[S]):
    """An aggregate as stored; `revision` is 0 for one that is yet to be inserted.

    `sent_away` are the ids of items that it sent elsewhere, and where to.
    """

    state: S
    revision: int
    outbox: tuple[Pending, ...] = ()
    outbox_at: datetime = FAR_FUTURE
    sent_away: tuple[tuple[str, Target], ...] = ()


@dataclass(frozen=True, slots=True)
class Applied(Generic[S]):
    """The item is decided: the new state, its one ledger entry, and what is to be published.

    With no state there is nothing to write to: a command for a ticket that is unknown. Only for
    what no document can come to hold meanwhile: there is no revision to compare, so of two
    handlers of the item one could leave it without a document and the other give it one.
    """

    state: S | None
    entry: Entry
    publish: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True)
class Released(Generic[S]):
    """The document gives up its slot; the item is then decided on what holds the slot.

    That is a write of its own, made when nothing is owed any more: whoever looks for an item of
    this document by the slot would not find its outbox afterwards.
    """

    state: S


@dataclass(frozen=True, slots=True)
class Redirected:
    """The item belongs elsewhere.

    The document keeps that in mind first, by a write of its own revision: what sends an item away
    may change, and another handler of it must not take it here after all.
    """

    target: Target


@dataclass(frozen=True, slots=True)
class Refused:
    """The item can never be taken."""

    why: Poison


Outcome = Applied[S] | Released[S] | Redirected | Refused


class Policy(Protocol[S, I_in]):
    """What a service decides about its aggregates."""

    def id_of(self, item: I_in) -> str:
        """The item's id in the ledger."""

    async def resolve(self, items: Sequence[I_in]) -> Sequence[Target | None]:
        """What each item touches, as far as is stored now.

        None: that shows once an earlier one of them is applied; the first has a target. Items
        that were redirected are among them, but are not resolved again.
        """

    def decide(self, target: Target, state: S | None, item: I_in) -> Outcome[S]:
        """What the item makes of the document; pure. None: nothing is there yet."""


class Store(Protocol[S]):
    """Where aggregates and their ledger live. Reads see what a majority has acknowledged."""

    async def load(self, targets: Collection[Target]) -> list[Document[S]]:
        """The documents that the targets name, each once."""

    async def applied(self, ids: Collection[str]) -> set[str]:
        """Which of these ids the ledger has."""

    async def write(self, documents: Sequence[Document[S]]) -> set[str]:
        """Compare-and-set each, all its fields; `revision` is the one it was read at.

        Returns the ids of the documents that were written. The others lost a race, for their
        revision or for their slot.
        """

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """Put entries (with their documents' ids) into the ledger; what is there stays."""

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """Take exactly these out of the outbox of a document that is still at that revision."""

    async def unfinished(self, before: datetime, limit: int) -> list[Document[S]]:
        """Documents whose outbox has been waiting since before a moment; `limit` at most."""


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


@dataclass(frozen=True, slots=True)
class Aggregates(Generic[S, I]):
    """Applies items to documents, each item once, and publishes what follows, at least once."""

    store: Store[S]
    policy: Policy[S, I]
    publish: Publish
    clock: Clock
    patience: timedelta = timedelta(seconds=5)
    longest_round: timedelta = timedelta(seconds=30)
    rounds: int = 200

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
        documents = await self.store.unfinished(self.clock(), limit)
        await self._finish(documents)
        return len(documents)

    async def _round(
        self,
        items: Sequence[I],
        waiting: dict[int, Target | None],
        refused: dict[int, Poison],
    ) -> dict[int, Target | None]:
        """Decide and write once; what is still to be decided afterwards, in order."""
        began = self.clock()
        targets = await self._resolve(items, waiting)
        places = sorted(targets)
        documents = await self.store.load(set(targets.values()))
        done = await self.store.applied([self.policy.id_of(items[place]) for place in places])
        done |= await self._finish([document for document in documents if document.outbox])

        left = dict.fromkeys(waiting.keys() - targets.keys())
        works: list[_Work[S]] = []
        loose: list[Applied[S]] = []
        for found, members in _grouped(places, targets, documents):
            work = _Work(found=found, state=found.state if found else None)
            self._fold(work, members, items, targets, done, left, refused, loose)
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
        if self.clock() - began > self.longest_round:
            # We stood still meanwhile. A slot seen empty so long ago may have been filled and
            # left again, which an insert, unlike a compare-and-set, would not notice.
            return dict.fromkeys(waiting)
        failpoints.reach("before-write")
        won = await self.store.write(list(fresh.values())) if fresh else set()
        failpoints.reach("after-write")
        for document_id, work in making.items():
            again = dict.fromkeys([*work.taken, *work.sent])
            left.update(work.sent if document_id in won else again)
        await self._carry_out([doc for doc in fresh.values() if doc.state.id in won], loose)
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

    def _fold(  # noqa: C901, PLR0913  # one step of `_round`, apart from it only to be read
        self,
        work: _Work[S],
        members: Sequence[int],
        items: Sequence[I],
        targets: Mapping[int, Target],
        done: Collection[str],
        left: dict[int, Target | None],
        refused: dict[int, Poison],
        loose: list[Applied[S]],
    ) -> None:
        """Fold a group's items into its document, until one needs another write first."""
        sent_away = dict(work.found.sent_away) if work.found else {}
        for index, place in enumerate(members):
            item_id = self.policy.id_of(items[place])
            if item_id in done:
                continue
            if item_id in sent_away:
                left[place] = sent_away[item_id]
                continue
            outcome = self.policy.decide(targets[place], work.state, items[place])
            match outcome:
                case Refused(why):
                    refused[place] = why
                case Redirected(target) if work.state is None:
                    left[place] = target
                case Redirected(target):
                    work.sent[place], work.changed = target, True
                case Released(state):
                    if not work.taken:
                        work.state, work.changed = state, True
                    left.update(dict.fromkeys(members[index:]))
                    return
                case Applied(None):
                    loose.append(outcome)
                case Applied(state, entry, publish):
                    size = entry.size + sum(len(record.value or b"") for record in publish)
                    if text := _too_large(size, publish):
                        refused[place] = Poison("too_large", text)
                        continue
                    if work.size + size > LARGEST_WRITE:
                        left.update(dict.fromkeys(members[index:]))
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
    ) -> None:
        """Do what the writes owe, and what has no document, and trim."""
        if loose:
            # With no document to keep it, the record goes first: a repeat does no harm.
            await self.publish([record for outcome in loose for record in outcome.publish])
            await self.store.record([("", outcome.entry) for outcome in loose])
        await self._settle(written)
        await self.store.trim(
            [
                (document.state.id, document.revision + 1, _ids(document.outbox))
                for document in written
                if document.outbox
            ]
        )
        failpoints.reach("after-trim")

    async def _finish(self, documents: Sequence[Document[S]]) -> set[str]:
        """Do what stored outboxes still owe, and trim; the ids of the items they were for."""
        documents = [document for document in documents if document.outbox]
        if not documents:
            return set()
        await self._settle(documents)
        await self.store.trim(
            [
                (document.state.id, document.revision, _ids(document.outbox))
                for document in documents
            ]
        )
        return {
            pending.owed.id
            for document in documents
            for pending in document.outbox
            if isinstance(pending.owed, Entry)
        }

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


def _ids(outbox: Iterable[Pending]) -> frozenset[str]:
    return frozenset(pending.id for pending in outbox)


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
