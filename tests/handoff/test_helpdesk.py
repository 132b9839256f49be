"""Handing over to the account's own team (HND 3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.presence import AgentHeartbeat, AgentWentOffline, AgentWentOnline
from shared.topics import COMMANDS
from tests.handoff.world import World, an_account

HOURS = [{"day": day, "from": "09:00", "until": "18:00"} for day in ("mon", "tue", "wed")]


async def a_world(**settings: Any) -> World:
    world = World()
    account = an_account().model_dump(by_alias=True) | settings
    await world.account(an_account().model_validate(account))
    return world


@pytest.mark.spec("HND 3")
async def test_the_visitor_is_told_by_the_ticket_that_the_team_has_it() -> None:
    world = await a_world()
    await world.online()

    await world.ask(language="it")

    (reply,), end = world.replies, world.only_end()
    assert reply.text.startswith("Grazie.")
    assert (reply.auto_reply, reply.ticket_id) == (True, end.ticket_id)
    assert (end.outcome, end.available) == ("handed_over", True)
    assert world.told == []


@pytest.mark.spec("HND 3")
async def test_with_nobody_there_nothing_is_told_here_and_the_end_says_so() -> None:
    world = await a_world()

    await world.ask()

    assert world.only_end().available is False
    assert world.replies == []


@pytest.mark.spec("HND 3")
@pytest.mark.parametrize(
    ("at", "available"),
    [
        (datetime(2026, 3, 4, 17, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 4, 18, 0, tzinfo=UTC), False),
    ],
)
async def test_outside_business_hours_nobody_is_there_whoever_is_online(
    at: datetime,
    available: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    world = await a_world(business_hours={"weekly": HOURS})
    world.clock.now = at
    await world.online()

    await world.ask()

    assert world.only_end().available is available


@pytest.mark.spec("HND 3")
async def test_an_agent_is_there_by_their_own_choice_and_as_long_as_their_page_is() -> None:
    world = await a_world()
    await world.presence(AgentWentOnline, agent="ann", said_by="bob")
    await world.presence(AgentHeartbeat, agent="bob")
    await world.presence(AgentWentOnline, agent="stranger")
    await world.ask(id="h1", contact={"id": "e164:+391"})
    await world.online()
    await world.forward(seconds=50)
    await world.heartbeat()
    await world.forward(seconds=50)
    await world.ask(id="h2", contact={"id": "e164:+392"})
    await world.forward(seconds=11)
    await world.ask(id="h3", contact={"id": "e164:+393"})
    await world.online()
    await world.presence(AgentWentOffline, agent="ann")
    await world.ask(id="h4", contact={"id": "e164:+394"})

    said = {end.handoff_id: end.available for end in world.ended}
    assert said == {"h1": False, "h2": True, "h3": False, "h4": False}


@pytest.mark.spec("HND 3")
async def test_ticketing_is_asked_again_until_it_answers_and_with_the_same_command() -> None:
    world = await a_world()
    world.ticketing.handlers.clear()
    await world.ask()
    sent = len(world.log.records[COMMANDS.name])

    await world.forward(seconds=61)
    await world.forward(minutes=3)
    records = world.log.records[COMMANDS.name]

    assert (sent, len(records)) == (1, 3)
    assert len({record.value for record in records}) == 1
    assert world.ended == []
    world.ticketing.consume(COMMANDS, world._ticketing)  # noqa: SLF001  # it is back
    await world.settle()
    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 3")
async def test_what_ticketing_refuses_ends_with_its_reason() -> None:
    world = await a_world()
    world.refuse = "unknown_ticket"

    await world.ask(channel="email")

    end = world.only_end()
    assert (end.outcome, end.code, end.words) == ("refused", "unknown_ticket", "it cannot be")


@pytest.mark.spec("HND 6")
async def test_what_takes_over_ten_minutes_is_shown_by_method() -> None:
    world = await a_world()
    world.ticketing.handlers.clear()
    await world.ask()

    await world.forward(minutes=10)
    assert world.shown[-1] == {}
    await world.forward(minutes=1)

    assert world.shown[-1] == {"helpdesk": 1}


@pytest.mark.spec("HND 6")
async def test_the_end_says_how_long_it_took() -> None:
    world = await a_world()
    world.ticketing.handlers.clear()
    await world.ask()

    world.clock.forward(minutes=7)
    world.ticketing.consume(COMMANDS, world._ticketing)  # noqa: SLF001  # it is back
    await world.settle()

    assert world.only_end().took == timedelta(minutes=7)
