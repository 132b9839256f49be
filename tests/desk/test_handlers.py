"""What the desk makes of presence and typing, whatever times they say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.desk.handlers import Desk, News
from shared.bus.accounts import AccountsTable
from shared.contracts.presence import AgentHeartbeat, AgentWentOffline, AgentWentOnline
from shared.contracts.signals import Signal
from shared.values.attendance import Attendance
from tests.builders import MONDAY

LATER = timedelta(seconds=10)
TIMES = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


class Told:
    """Stands for what the desk keeps of agents, and for the way to the pages."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Attendance] = {}
        self.news: list[News] = []

    async def attendances(self, agents: Any) -> dict[tuple[str, str], Attendance]:
        return {at: self.kept[at] for at in agents if at in self.kept}

    async def attend(self, attendances: Any) -> None:
        self.kept |= {(each.account_id, each.agent_id): each for each in attendances}

    async def erased(self, _: Any) -> dict[Any, Any]:
        return {}

    async def stopped(self, said: Any) -> None:
        assert list(said) == []

    async def visited(self, visits: Any) -> None:
        assert list(visits) == []

    async def tell(self, news: Any) -> None:
        self.news += news


def desk(told: Told, now: datetime = MONDAY) -> Desk:
    around: Any = told
    return Desk(around, around, around, around, AccountsTable(), lambda: now, around)


def said(kind: type[Any], at: datetime, by: str = "ann") -> Any:
    return kind(
        account_id="acme", id="p", occurred_at=at, correlation_id="p", agent_id="ann", said_by=by
    )


def types(at: datetime) -> Signal:
    return Signal(
        account_id="acme",
        id="t",
        occurred_at=at,
        correlation_id="t",
        kind="typing",
        channel="webchat",
        address="widget",
        conversation_id="c1",
    )


@pytest.mark.parametrize("by", ["ben", "ann"])
@pytest.mark.spec("ASG 2")
async def test_only_an_agent_themself_sets_themself_online(by: str) -> None:
    told = Told()

    await desk(told).presence_told([said(AgentWentOnline, MONDAY, by)])

    online = [news.body["online"] for news in told.news if news.kind == "presence"]
    assert online == ([True] if by == "ann" else [])


@pytest.mark.spec("ASG 2")
async def test_after_a_long_silence_no_heartbeat_makes_an_agent_online_again() -> None:
    told = Told()
    silence = timedelta(minutes=5)

    await desk(told).presence_told([said(AgentWentOnline, MONDAY)])
    await desk(told, MONDAY + silence).presence_told([said(AgentHeartbeat, MONDAY + silence)])

    assert [news.body["online"] for news in told.news] == [True, False]


async def test_what_is_said_of_a_time_to_come_does_not_outlast_what_is_said_later() -> None:
    told = Told()

    await desk(told).presence_told([said(AgentWentOnline, TIMES[1])])
    await desk(told, MONDAY + LATER).presence_told([said(AgentWentOffline, MONDAY + LATER)])

    assert [news.body["online"] for news in told.news] == [True, False]


async def test_whoever_types_now_is_told_of_and_nobody_who_typed_at_another_time() -> None:
    told = Told()
    now = MONDAY + timedelta(seconds=1)

    await desk(told, now).signals_seen([types(at) for at in (*TIMES, MONDAY - LATER, MONDAY)])

    assert [news.body["until"] for news in told.news if news.kind == "typing"] == [
        (MONDAY + timedelta(seconds=8)).isoformat()
    ]
