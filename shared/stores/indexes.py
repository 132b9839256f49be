"""Which indexes services make: what `ensure_indexes` of their stores asks for, and no server sees.

A service names its stores by the entry point group `helpdesk.indexes`: a function that makes them
of a database. So what is made and what is looked for are one thing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

ENTRY_POINTS = "helpdesk.indexes"
"""The group, by the service's name."""


class Indexed(Protocol):
    """A store that makes its indexes itself."""

    def ensure_indexes(self) -> Awaitable[None]:
        """Create those that are missing."""


StoresOf = Callable[[Any], Sequence[Indexed]]
"""Makes all of a service's stores that have indexes, of one database."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of a collection; `expires_after` is in seconds."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False
    expires_after: int | None = None

    @property
    def said(self) -> str:
        """The index in words: `tickets(account_id, slot) unique`."""
        fields = ", ".join(f"-{name}" if way < 0 else name for name, way in self.keys)
        kinds = [kind for kind in ("unique", "sparse") if getattr(self, kind)]
        if self.expires_after is not None:
            kinds.append(f"expiring after {self.expires_after} s")
        return " ".join([f"{self.collection}({fields})", *kinds])


class _Collection:
    def __init__(self, name: str, noted: list[Index]) -> None:
        self._name, self._noted = name, noted

    async def create_index(
        self,
        keys: str | Sequence[tuple[str, int]],
        *,
        unique: bool = False,
        sparse: bool = False,
        expireAfterSeconds: int | None = None,  # noqa: N803  # the driver's
    ) -> None:
        pairs = [(keys, 1)] if isinstance(keys, str) else keys
        index = Index(self._name, tuple(pairs), unique, sparse, expireAfterSeconds)
        self._noted.append(index)


class _Notes:
    """Stands where a database does, and notes which indexes are asked for."""

    def __init__(self) -> None:
        self.noted: list[Index] = []

    def __getitem__(self, name: str) -> _Collection:
        return _Collection(name, self.noted)


async def declared(stores_of: StoresOf) -> list[Index]:
    """The indexes that these stores would make."""
    notes = _Notes()
    for store in stores_of(notes):
        await store.ensure_indexes()
    return notes.noted
