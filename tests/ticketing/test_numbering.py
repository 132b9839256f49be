"""Ticket numbers are taken in blocks where tickets are opened at a pace, and nobody's twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.ticketing.numbering import FEW, LASTS, MANY, Numbering
from tests.memory_bus import FakeClock


@dataclass
class Taking:
    """Gives numbers, and notes how many were asked for at a time."""

    asked: list[int] = field(default_factory=list)

    async def take(self, account_id: str, count: int) -> Sequence[int]:
        assert account_id == "acme"
        self.asked.append(count)
        end = sum(self.asked)
        return range(end - count + 1, end + 1)


async def opened(numbers: Numbering, count: int) -> list[int]:
    """The numbers of so many tickets, one after the other."""
    found = []
    for _ in range(count):
        await numbers.stock("acme", 1)
        found.append(numbers.next("acme"))
        numbers.used("acme")
    return found


async def test_the_faster_tickets_are_opened_the_more_numbers_are_taken_at_a_time() -> None:
    taking, clock = Taking(), FakeClock()
    numbers = Numbering(taking.take, clock)
    assert await opened(numbers, 600) == list(range(1, 601))
    assert taking.asked == [4, 8, 16, 32, 64, 128, 200, 200]
    assert max(taking.asked) == MANY


async def test_where_they_last_a_few_are_taken() -> None:
    taking, clock = Taking(), FakeClock()
    numbers = Numbering(taking.take, clock)
    await opened(numbers, 10)
    for _ in range(20):
        clock.now += LASTS
        await opened(numbers, 1)
    assert taking.asked[4:] == [FEW] * len(taking.asked[4:])
    assert len(taking.asked) > 6


async def test_a_batch_has_as_many_as_it_may_need() -> None:
    taking = Taking()
    numbers = Numbering(taking.take, FakeClock())
    await numbers.stock("acme", 500)
    await numbers.stock("acme", 400)
    assert taking.asked == [500]
