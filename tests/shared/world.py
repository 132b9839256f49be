"""A store in memory, what was published, and the steps that an actor asks to have done to it."""

from collections.abc import Collection, Coroutine, Generator, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from typing import Any

from shared.bus.delivery import Outgoing
from shared.stores.documents import Document, Entry, Target
from tests.memory import MemoryAggregates
from tests.shared.toy import Ticket

Log = dict[bytes, tuple[bytes, ...]]


@dataclass(slots=True)
class World:
    """The store, and per key what was published, repeats left out: they must not matter."""

    store: MemoryAggregates[Ticket] = field(default_factory=MemoryAggregates)
    log: Log = field(default_factory=dict)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Keep the records that are new."""
        for record in records:
            key, value = record.key or b"", record.value or b""
            published = self.log.get(key, ())
            if value not in published:
                self.log[key] = (*published, value)

    def copy(self) -> "World":
        """Return an equal world that shares nothing that changes."""
        store = MemoryAggregates(dict(self.store.documents), dict(self.store.ledger))
        return World(store, dict(self.log))

    def frozen(self) -> Hashable:
        """Return what two equal worlds have in common."""
        documents = sorted(self.store.documents.items())
        ledger = sorted((entry_id, of) for entry_id, (of, _) in self.store.ledger.items())
        return (
            tuple(frozen(document) for _, document in documents),
            tuple(ledger),
            tuple(sorted(self.log.items())),
        )


def frozen(value: object) -> Hashable:
    """Return a hashable that is equal for equal values."""
    match value:
        case Entry():
            return value.id
        case list() | tuple():
            return tuple(frozen(item) for item in value)
        case set() | frozenset():
            return frozenset(value)
        case dict():
            return frozenset(value.items())
        case _ if is_dataclass(value):
            return tuple(frozen(getattr(value, part.name)) for part in fields(value))
        case Hashable():
            return value
    raise TypeError(value)


@dataclass(frozen=True, slots=True)
class Question:
    """One step that an actor wants done; it takes effect when the explorer lets it."""

    name: str
    arguments: tuple[Any, ...]

    def __await__(self) -> Generator["Question", Any, Any]:
        """Ask, and return the answer."""
        return (yield self)

    def settled(self, world: World) -> bool:
        """Whether the step changes nothing, and never will, and can have one answer only.

        Ledger and log only grow, and so do the revisions of what can not be taken back. Such a
        step is done at once, alone: whatever others do before it or after it comes to the same.
        """
        documents, ledger = world.store.documents, world.store.ledger
        match self.name, self.arguments:
            case "applied", (ids,):
                return all(item in ledger for item in ids)
            case "publish", ((record,),):
                return bool(record.value in world.log.get(record.key, ()))
            case "record", (((_, entry),),):
                return bool(entry.id in ledger)
            case "trim", (((of, revision, _),),):
                return of in documents and bool(documents[of].revision > revision)
            case "write", ((document,),):
                there = documents.get(document.state.id)
                if there is None or (there.revision == 1 and there.outbox):
                    return False
                return bool(there.revision > document.revision)
        return False

    def answer(self, world: World) -> object:
        """Do the step in a world."""
        call = world.publish if self.name == "publish" else getattr(world.store, self.name)
        return finished(call(*self.arguments))


def finished(call: Coroutine[Any, Any, Any]) -> object:
    """Run a coroutine that never waits for anything."""
    try:
        call.send(None)
    except StopIteration as done:
        return done.value
    message = "it waits for something"
    raise AssertionError(message)


class Asking:
    """A store and a publisher that ask the explorer, in the smallest steps that may stand alone."""

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        found: list[Document[Ticket]] = await Question("load", (frozenset(targets),))
        return found

    async def applied(self, ids: Collection[str]) -> dict[str, str]:
        """See `shared.stores.documents.Store`."""
        found: dict[str, str] = await Question("applied", (frozenset(ids),))
        return found

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """See `shared.stores.documents.Store`. A bulk write is no transaction: one by one."""
        won: set[str] = set()
        for document in documents:
            won |= await Question("write", ((document,),))
        return won

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """See `shared.stores.documents.Store`."""
        for entry in entries:
            await Question("record", ((entry,),))

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """See `shared.stores.documents.Store`."""
        for one in done:
            await Question("trim", ((one,),))

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """See `shared.stores.documents.Store`."""
        for one in openings.items():
            await Question("take_back", (dict([one]),))

    async def unfinished(self, before: datetime, limit: int) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        found: list[Document[Ticket]] = await Question("unfinished", (before, limit))
        return found

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Publish one by one: a broker may have taken some when the actor dies."""
        for record in records:
            await Question("publish", ((record,),))
