"""What handlers need of short links (OUT 1)."""

from collections.abc import Collection, Sequence
from typing import Protocol

from services.desk.rules.following import Lead
from shared.contracts.clicks import LinkFollowed


class Links(Protocol):
    """Where short links lead, and who followed them."""

    async def keep(self, leads: Sequence[Lead]) -> None:
        """Keep where each leads, but for those of tickets that were erased."""

    async def follow(self, clicks: Sequence[LinkFollowed]) -> set[tuple[str, str]]:
        """Keep each, once; the account and ticket of those that are kept."""

    async def erase(self, tickets: Collection[str]) -> None:
        """Nothing is kept of the links of these tickets, by `account:ticket`, now or later."""
