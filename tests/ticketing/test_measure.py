"""How many tickets there are is shown, and costs what is not closed, never all tickets."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from prometheus_client import REGISTRY

from services.ticketing.app import show_counts
from services.ticketing.measure import APART, SHARE, Measure
from services.ticketing.store import MongoTickets
from shared.contracts.commands import CloseTicket, SnoozeTicket
from shared.contracts.tickets import TicketStatus
from shared.embedded.servers import Servers
from tests.builders import MONDAY, a_command, an_sms, minutes
from tests.ticketing.test_pages import Heard, stages_of
from tests.ticketing.test_store import Over, Tickets, store
from tests.ticketing.world import ticket_opened_by

__all__ = ["store"]
Counts = Mapping[TicketStatus, int]


class Counted:
    """Tickets that take a while to count."""

    def __init__(self, takes: timedelta) -> None:
        self.now = MONDAY
        self.takes = takes
        self.seen: list[Counts] = []

    def clock(self) -> datetime:
        return self.now

    async def by_status(self) -> Counts:
        self.now += self.takes
        return {"open": len(self.seen), "snoozed": 0, "closed": 0}


@pytest.mark.parametrize(
    ("takes", "apart"),
    [
        (timedelta(0), APART),
        (APART / SHARE, APART),
        (timedelta(seconds=2), timedelta(seconds=200)),
        (timedelta(seconds=-2), APART),  # somebody set the clock
    ],
)
async def test_tickets_are_counted_again_after_a_while_that_grows_with_what_it_takes(
    takes: timedelta, apart: timedelta
) -> None:
    tickets = Counted(takes)
    measure = Measure(tickets, tickets.clock, tickets.seen.append)
    await measure.count()
    tickets.now += apart - timedelta(microseconds=1)
    await measure.count()
    assert [each["open"] for each in tickets.seen] == [0]

    tickets.now += timedelta(microseconds=1)
    await measure.count()
    assert [each["open"] for each in tickets.seen] == [0, 1]


async def test_each_status_has_its_number_also_where_it_is_none(store: Tickets) -> None:
    assert await store.by_status() == {"open": 0, "snoozed": 0, "closed": 0}
    world = Over(store)
    messages = [an_sms(by=f"customer {n}") for n in range(6)]
    await world.batch(messages)
    ids = [ticket_opened_by(message) for message in messages]
    await world.batch(
        [
            a_command(SnoozeTicket, ticket_id=ids[0], until=minutes(60)),
            *(a_command(CloseTicket, ticket_id=ticket_id) for ticket_id in ids[1:3]),
        ]
    )

    assert await store.by_status() == {"open": 3, "snoozed": 1, "closed": 2}


def test_what_is_counted_is_shown_by_status() -> None:
    show_counts({"open": 3, "snoozed": 1, "closed": 2})

    shown = {
        status: REGISTRY.get_sample_value("helpdesk_tickets", {"status": status})
        for status in ("open", "snoozed", "closed")
    }
    assert shown == {"open": 3, "snoozed": 1, "closed": 2}


@pytest.mark.connected
async def test_counting_reads_a_key_for_each_ticket_that_is_not_closed_however_many_are(
    servers: Servers, unique: str
) -> None:
    heard = Heard()
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True, event_listeners=[heard])
    database = client[unique]
    try:
        store = MongoTickets(database)
        await store.ensure_indexes()
        there: dict[TicketStatus, int] = {"open": 30, "snoozed": 7, "closed": 3000}
        statuses = itertools.chain(*([name] * many for name, many in there.items()))
        await database["tickets"].insert_many(
            [
                {"_id": str(n), "account_id": "acme", "slot": str(n), "state": {"status": status}}
                for n, status in enumerate(statuses)
            ]
        )
        heard.clear()

        assert await store.by_status() == there
        (command,) = heard.asked
        match, group = command["pipeline"]
        # All that is asked of a ticket is the index's one field, so that MongoDB needs no document.
        assert [*match["$match"], group["$group"]["_id"]] == ["state.status", "$state.status"]
        assert set(group["$group"]) == {"_id", "count"}
        assert group["$group"]["count"] == {"$sum": 1}
        found = {"find": "tickets", "filter": match["$match"]}
        stages = await stages_of(database, found)
        told = await database.command(
            {
                "explain": {**found, "projection": {"_id": 0, "state.status": 1}},
                "verbosity": "executionStats",
            }
        )
        assert "IXSCAN" in stages
        assert "COLLSCAN" not in stages
        figures = told["executionStats"]
        # From one status to the next MongoDB may look at a key more.
        assert figures["totalKeysExamined"] <= 30 + 7 + 2
        # The embedded server reads what it has found; MongoDB does not.
        assert figures["totalDocsExamined"] in (0, 30 + 7)
    finally:
        client.close()
