"""Open pages learn of agents whose heartbeats have stopped, and of their return (ASG 2)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.desk.handlers import News
from services.desk.sweep import Silence
from shared.bus.accounts import AccountsTable
from shared.contracts.presence import AgentHeartbeat, AgentWentOnline
from shared.values.attendance import Attendance
from tests.builders import MONDAY, an_account
from tests.desk.http import Served
from tests.desk.test_handlers import Told, desk, said

LIMIT = timedelta(seconds=60)
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.spec("ASG 2")


class Attending:
    """Ann chose to be online, and was last there at `seen_at`."""

    def __init__(self) -> None:
        self.seen_at = MONDAY
        self.news: list[News] = []

    async def online_seen(self, start: datetime, end: datetime) -> list[Attendance]:
        ann = Attendance("acme", "ann", online=True, chosen_at=MONDAY, seen_at=self.seen_at)
        return [ann] if start <= self.seen_at <= end else []

    async def tell(self, news: Any) -> None:
        self.news += news


async def swept(attending: Attending, *moments: datetime) -> list[Any]:
    """What a replica tells that looks at these times."""
    accounts = AccountsTable()
    accounts.apply(an_account())
    times = iter(moments)
    silence = Silence(attending, accounts, attending, lambda: next(times))
    for _ in moments:
        await silence.tell()
    return [news.body for news in attending.news]


async def test_a_silence_is_told_once_when_it_is_longer_than_the_accounts_limit() -> None:
    told = await swept(Attending(), *(MONDAY + each * SECOND for each in (59, 60, 61, 62, 120)))

    assert told == [{"agent": "ann", "online": False, "silent": True}]


async def test_nothing_is_told_of_whoever_has_been_silent_for_long() -> None:
    assert await swept(Attending(), MONDAY + timedelta(days=1)) == []


async def test_another_silence_is_told_again() -> None:
    attending = Attending()
    await swept(attending, MONDAY + 2 * LIMIT)
    attending.seen_at = MONDAY + 3 * LIMIT

    told = await swept(attending, MONDAY + 3 * LIMIT, MONDAY + 5 * LIMIT)

    assert len(told) == 2


async def test_heartbeats_that_were_late_on_their_way_end_the_silence_that_was_told() -> None:
    told = Told()
    await desk(told).presence_told([said(AgentWentOnline, MONDAY)])
    now = MONDAY + 2 * LIMIT

    beats = [said(AgentHeartbeat, MONDAY + each * SECOND) for each in range(30, 121, 30)]
    await desk(told, now).presence_told(beats)

    assert [news.body["online"] for news in told.news] == [True, True]


@pytest.mark.connected
async def test_the_pages_are_told_and_rows_rendered_then_say_the_same(served: Served) -> None:
    sue, max_ = await served.browser("sue"), await served.browser("max")
    ticket = await served.ticketing.write()
    await sue.command(ticket.id, {"type": "assign", "assignee": "max"})
    await max_.post("/api/v1/presence", {"state": "online"})
    parts = served.replica.parts
    silence = Silence(parts.around, parts.accounts, parts.telling, parts.clock)

    async with sue.stream() as stream:
        await stream.next("counts")
        await silence.tell()
        served.ticketing.later(seconds=61)
        await silence.tell()
        told = await stream.next("presence")

    assert told.data == {"agent": "max", "online": False, "silent": True}
    shown = (await sue.get(f"/api/v1/tickets/{ticket.id}")).json()["row"]
    assert shown["assignee_online"] is False
