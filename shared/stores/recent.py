"""What this process stored last, so that it need not ask for what it knows.

Another replica may have stored something newer since. So what is remembered answers only where a
compare-and-set guards whatever is decided by it: then it is as if the document had been read just
before somebody else wrote it. Whoever loses the race forgets it, and asks; so does whoever would
refuse something by it.
"""

from collections import OrderedDict
from collections.abc import Collection, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from shared.stores.documents import Document, S, Target

MOST: Final = 1_000
"""How many are remembered, where nothing else is said: as many as are written within a while."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Recent(Generic[K, V]):
    """Values by their keys, the `most` that were kept last."""

    most: int = MOST
    # A plain dict looks longer for its first key, the more were taken from its front.
    _values: OrderedDict[K, V] = field(default_factory=OrderedDict)

    def get(self, key: K) -> V | None:
        """The value that was kept last, if it is remembered."""
        return self._values.get(key)

    def keep(self, key: K, value: V) -> None:
        """Remember it; where there are too many, the one that was kept first is forgotten."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self.most:
            self._values.popitem(last=False)

    def forget(self, key: K) -> None:
        """Remember it no longer."""
        self._values.pop(key, None)


@dataclass(slots=True)
class RecentDocuments(Generic[S]):
    """The documents that were written last, as they are stored; found by id and by slot."""

    most: int = MOST
    _documents: Recent[str, Document[S]] = field(init=False)
    _holders: Recent[tuple[str, str], str] = field(init=False)

    def __post_init__(self) -> None:
        self._documents, self._holders = Recent(self.most), Recent(self.most)

    def of(self, targets: Collection[Target]) -> dict[Target, Document[S]]:
        """The documents that these targets name, as far as they are remembered."""
        found = {target: self._named(target) for target in targets}
        return {target: document for target, document in found.items() if document is not None}

    def keep(self, document: Document[S]) -> None:
        """Remember a document whose outbox was carried out."""
        state = document.state
        self._documents.keep(state.id, document)
        self._holders.keep((state.account_id, state.slot), state.id)

    def forget(self, id_: str) -> None:
        """Remember it no longer."""
        self._documents.forget(id_)

    def _named(self, target: Target) -> Document[S] | None:
        if target.id is not None:
            return self._documents.get(target.id)
        slot = target.slot or ""
        document = self._documents.get(self._holders.get((target.account_id, slot)) or "")
        # It may have given up the slot since.
        return document if document is not None and document.state.slot == slot else None
