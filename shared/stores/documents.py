"""The values that aggregates are made of: documents with an outbox, and decisions about them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from shared.bus.delivery import Outgoing
from shared.clock import FAR_FUTURE
from shared.errors import Poison

LARGEST_WRITE = 6 * 1024 * 1024
"""Bytes that one write may add to a document; what is over waits for the next write."""


ROOM_FOR_HEADERS = 16 * 1024
"""Bytes of a topic's limit that are left for a record's key, headers and framing."""

REMEMBERED = 100
"""How many redirected items a document remembers: the latest ones."""


class State(Protocol):
    """All that this module knows of an aggregate's state; the rest is its service's alone."""

    @property
    def id(self) -> str:
        """The document's id, for ever."""

    @property
    def slot(self) -> str:
        """What may exist once in an account (such as `sms:<contact>`); unique with the account."""

    @property
    def account_id(self) -> str:
        """The account it belongs to."""

    @property
    def due_at(self) -> datetime:
        """When a sweep has to act on it; FAR_FUTURE for never."""


S = TypeVar("S", bound=State)
I = TypeVar("I")  # noqa: E741  # an item: a message, a command, an event
I_contra = TypeVar("I_contra", contravariant=True)


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
    """What an item is for: the document with an id, or whichever holds a slot of an account.

    `related` is what a document that redirects an item passes on to the next decision, such as its
    own id.
    """

    account_id: str
    id: str | None = None
    slot: str | None = None
    related: str | None = None


@dataclass(frozen=True, slots=True)
class Document(Generic[S]):
    """An aggregate as stored; `revision` is 0 for one that is yet to be inserted.

    From `outbox_at` on, a sweep may finish the outbox. `sent_away` are the ids of items that the
    document redirected, each with its target. `recorded_last`: whether its writer
    publishes what the outbox holds before the ledger has the entries.
    """

    state: S
    revision: int
    outbox: tuple[Pending, ...] = ()
    outbox_at: datetime = FAR_FUTURE
    sent_away: tuple[tuple[str, Target], ...] = ()
    recorded_last: bool = True


@dataclass(frozen=True, slots=True)
class Applied(Generic[S]):
    """The item is decided: the new state, its one ledger entry, and what is to be published.

    There is no entry where the aggregates have no ledger. `state` is None where there is no
    document to write to, for example for a command whose ticket is unknown. That is allowed only
    for an item that no document can come to hold meanwhile. There is no revision to compare, so
    else one handler of the item could decide it without a document while another one gives it a
    document.
    """

    state: S | None
    entry: Entry | None = None
    publish: tuple[Outgoing, ...] = ()


@dataclass(frozen=True, slots=True)
class Released(Generic[S]):
    """The document gives up its slot; the item is then decided on whatever holds the slot.

    The slot is given up by a write of its own, made when the outbox is empty: afterwards, whoever
    looks up an item of this document by the slot would not find its outbox. They would not find
    `sent_away` either, so documents that redirect items must never give up their slot.
    """

    state: S


@dataclass(frozen=True, slots=True)
class Redirected:
    """The item belongs to another target.

    A document that is there already first notes that in `sent_away`, by a write: its reason to
    redirect the item may go away, and another handler of the item must not apply it here then.
    """

    target: Target


@dataclass(frozen=True, slots=True)
class Refused:
    """The item can never be applied."""

    why: Poison


Outcome = Applied[S] | Released[S] | Redirected | Refused


class Policy(Protocol[S, I_contra]):
    """What a service decides about its aggregates."""

    def id_of(self, item: I_contra) -> str:
        """The item's id in the ledger."""

    async def resolve(self, items: Sequence[I_contra]) -> Sequence[Target | None]:
        """The target of each item, by what is stored now.

        None means that the target is known only once an earlier one of these items is applied; the
        first one always has a target. Redirected items are among them too, but keep the target
        that they were redirected to.
        """

    def decide(self, target: Target, state: S | None, item: I_contra) -> Outcome[S]:
        """What the item does to the document, as a pure decision; `state` is None for a new one."""


class Store(Protocol[S]):
    """Where aggregates and their ledger live. Reads see what a majority has acknowledged."""

    async def load(self, targets: Collection[Target]) -> list[Document[S]]:
        """The documents that the targets name, each once."""

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those of the ids that the ledger has, each with its document's id ("" for none)."""

    async def write(self, documents: Sequence[Document[S]]) -> set[str]:
        """Write each document, all its fields, if it is still at `revision`, as it was read.

        Returns the ids of the documents that were written. The others lost a race, for their
        revision or for their slot.
        """

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """Insert entries, each with its document's id, into the ledger; existing ones stay."""

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """Take exactly these ids out of a document's outbox, if it is still at that revision."""

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """Delete each document, by its id, that was never updated and still owes its entry."""

    async def unfinished(self, before: datetime, limit: int) -> list[Document[S]]:
        """Documents whose `outbox_at` lies before `before`; `limit` at most."""


def grouped(
    places: Sequence[int],
    targets: Mapping[int, Target],
    documents: Iterable[Document[S]],
) -> list[tuple[Document[S] | None, list[int]]]:
    """The places, grouped by the document they touch, or by their target if there is none yet."""
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
