"""Documents with an outbox, and what is decided about them: the values of aggregates."""

from collections.abc import Collection, Mapping, Sequence
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
    this document by the slot would not find its outbox afterwards. Nor would they find what it
    sent away: so a slot whose documents redirect is never given up.
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


class Policy(Protocol[S, I_contra]):
    """What a service decides about its aggregates."""

    def id_of(self, item: I_contra) -> str:
        """The item's id in the ledger."""

    async def resolve(self, items: Sequence[I_contra]) -> Sequence[Target | None]:
        """What each item touches, as far as is stored now.

        None: that shows once an earlier one of them is applied; the first has a target. Items
        that were redirected are among them, but are not resolved again.
        """

    def decide(self, target: Target, state: S | None, item: I_contra) -> Outcome[S]:
        """What the item makes of the document; pure. None: nothing is there yet."""


class Store(Protocol[S]):
    """Where aggregates and their ledger live. Reads see what a majority has acknowledged."""

    async def load(self, targets: Collection[Target]) -> list[Document[S]]:
        """The documents that the targets name, each once."""

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:
        """Which of these ids the ledger has, and of which document each is ("": of none)."""

    async def write(self, documents: Sequence[Document[S]]) -> set[str]:
        """Compare-and-set each, all its fields; `revision` is the one it was read at.

        Returns the ids of the documents that were written. The others lost a race, for their
        revision or for their slot.
        """

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """Put entries (with their documents' ids) into the ledger; what is there stays."""

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """Take exactly these out of the outbox of a document that is still at that revision."""

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """Delete each document, by its id, that was never updated and still owes that entry."""

    async def unfinished(self, before: datetime, limit: int) -> list[Document[S]]:
        """Documents whose outbox has been waiting since before a moment; `limit` at most."""
