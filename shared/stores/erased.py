"""Which contacts were erased, as those who handle what they said need to know it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

Named = tuple[str, str]
"""An account, and a contact or an identity of it."""


class Erasures(Protocol):
    """Which contacts were erased, and up to when."""

    async def note(self, account_id: str, contacts: Collection[str], at: datetime) -> None:
        """Remember that what was received of these contacts up to `at` is to be erased."""

    async def of(self, contacts: Iterable[Named]) -> Mapping[Named, datetime]:
        """Up to when each of these contacts was erased; those that never were are left out."""
