"""Ticket numbers at hand: taken in blocks where tickets are opened at a pace."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.clock import EPOCH, Clock

FEW: Final = 4
"""How many are taken where the last ones lasted: numbers tell about when a ticket was opened."""

MANY: Final = 200
"""The largest block, unless a batch opens more tickets. What is left of it at a stop is a gap."""

LASTS: Final = timedelta(minutes=1)
"""A block that is used up sooner is followed by one of twice as many."""

Take = Callable[[str, int], Awaitable[Sequence[int]]]
"""Takes so many numbers of an account that nobody else gets."""


@dataclass(slots=True)
class _Stock:
    numbers: deque[int] = field(default_factory=deque)
    block: int = FEW
    taken_at: datetime = EPOCH


@dataclass(slots=True)
class Numbering:
    """The numbers that this process may give to tickets, by account."""

    take: Take
    clock: Clock
    _stocks: dict[str, _Stock] = field(default_factory=dict)

    async def stock(self, account_id: str, count: int) -> None:
        """Have `count` numbers of the account at hand, or more."""
        stock = self._stocks.setdefault(account_id, _Stock())
        missing = count - len(stock.numbers)
        if missing <= 0:
            return
        now = self.clock()
        soon = now - stock.taken_at < LASTS
        stock.block = min(2 * stock.block, MANY) if soon else FEW
        stock.taken_at = now
        stock.numbers.extend(await self.take(account_id, max(missing, stock.block)))

    def next(self, account_id: str) -> int:
        """The account's next number; it stays the next one until it is `used`."""
        return self._stocks[account_id].numbers[0]

    def used(self, account_id: str) -> None:
        """The next number is a ticket's now."""
        self._stocks[account_id].numbers.popleft()
