"""What waits for whom is shown, and not asked for more often than it is worth."""

from datetime import datetime, timedelta

from services.assignment.measure import APART, Measure
from shared.clock import FAR_FUTURE
from tests.assignment.memory import MemoryAgents, MemoryTickets
from tests.assignment.test_store import offline, online, ticket
from tests.assignment.ticketing import MONDAY


class Moving:
    now = MONDAY

    def __call__(self) -> datetime:
        return self.now


async def test_what_waits_and_who_is_there_are_shown_and_again_after_some_seconds() -> None:
    clock, seen = Moving(), list[tuple[datetime | None, int]]()
    tickets, agents = MemoryTickets(), MemoryAgents()
    measure = Measure(tickets, agents, clock, lambda *said: seen.append(said))
    await measure.waiting()
    await tickets.save([ticket("t1")])
    await agents.choose([online("vera"), offline("li")], FAR_FUTURE)
    clock.now += APART - timedelta(microseconds=1)
    await measure.waiting()

    assert seen == [(None, 0)]
    clock.now = MONDAY + APART
    await measure.waiting()
    assert seen == [(None, 0), (MONDAY, 1)]
