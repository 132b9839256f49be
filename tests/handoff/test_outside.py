"""Handing over to Zendesk and Gorgias while not all goes well (HND 4)."""

from datetime import timedelta

import pytest

from services.handoff.clients.secrets import Credentials
from shared.topics import DEAD
from tests.handoff.others import a_phone, a_world, both, until_it_ends
from tests.handoff.standing_in import HARMLESS
from tests.handoff.world import an_account


@pytest.mark.spec("HND 4")
@both
@pytest.mark.parametrize(
    "fault",
    [
        *sorted(HARMLESS),
        "reset_before",
        "reset_after",
        "timeout_before",
        "timeout_after",
        "late",
        "garbage",
        "huge",
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_whatever_a_request_meets_there_is_one_ticket_in_the_end(
    method: str, fault: str, place: int
) -> None:
    world, other = await a_world(method, ("",) * place + (fault,))

    await world.ask()
    end = await until_it_ends(world)

    assert len([kept for kept in other.tickets if kept.status == "open"]) == 1
    assert end.outcome == "handed_over"
    assert end.external_id == str(other.tickets[0].number)
    assert world.handed_over == []
    assert len(world.told) == 1


@pytest.mark.spec("HND 4")
async def test_who_asks_to_be_left_alone_for_a_while_is() -> None:
    world, _ = await a_world("zendesk", ("429",))
    await world.ask()
    asked = len(world.zendesk.asked)

    await world.forward(seconds=92)
    assert len(world.zendesk.asked) == asked
    await world.forward(seconds=2)

    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 4")
@both
async def test_after_an_attempt_that_may_have_made_it_the_next_one_is_two_minutes_later(
    method: str,
) -> None:
    world, other = await a_world(method, ("", "timeout_before"))
    await world.ask()
    asked = len(other.asked)

    await world.forward(seconds=119)
    assert len(other.asked) == asked
    await world.forward(seconds=2)

    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 4")
@both
async def test_while_it_is_away_it_is_tried_for_a_day_and_then_the_team_has_it(
    method: str,
) -> None:
    world, other = await a_world(method, ("503",) * 10_000)
    started = world.clock()

    await world.ask()
    end = await until_it_ends(world)

    (command,) = world.handed_over
    assert end.outcome == "fell_back"
    assert command.notice.startswith(f"{method.title()} did not take it: it was tried for a day")
    assert timedelta(days=1) <= world.clock() - started <= timedelta(days=1, minutes=5)
    assert command.transcript
    assert other.tickets == []
    assert world.told == []
    assert 50 < len(other.asked) < 300


@pytest.mark.spec("HND 4")
async def test_a_ticket_that_is_found_on_the_last_day_is_not_made_a_second_time_here() -> None:
    world, other = await a_world("zendesk", ("", "timeout_after", *("401",) * 1_000))

    await world.ask()
    while world.clock() < world.only_party().deadline - timedelta(minutes=1):
        await world.forward(minutes=1)
    other.faults = []
    end = await until_it_ends(world)

    assert (end.outcome, len(other.tickets)) == ("handed_over", 1)
    assert world.handed_over == []


@pytest.mark.spec("HND 4")
@both
async def test_what_is_refused_is_tried_once_more_with_less_and_then_the_team_has_it(
    method: str,
) -> None:
    world, other = await a_world(method, ("", "422", "", "400"))
    contact = {"id": "x", "identities": [a_phone("+393331112222")]}

    await world.ask(contact=contact)
    end = await until_it_ends(world, hours=1)

    assert end.outcome == "fell_back"
    assert "Record validation errors" in world.handed_over[0].notice
    assert [line for line in other.asked if line.startswith("POST")] == [other.asked[1]] * 2
    assert other.tickets == []


@pytest.mark.spec("HND 4")
async def test_with_less_it_may_be_taken() -> None:
    world, _ = await a_world("zendesk", ("", "422"))
    contact = {"id": "x", "identities": [a_phone("+393331112222")]}

    await world.ask(contact=contact)
    end = await until_it_ends(world, hours=1)

    assert end.outcome == "handed_over"
    assert "phone" not in world.zendesk.tickets[0].said["requester"]
    assert "Phone: +393331112222" in world.zendesk.tickets[0].said["comment"]["body"]


@pytest.mark.spec("HND 4")
@both
async def test_credentials_that_the_operator_mends_within_the_day_are_good_enough(
    method: str,
) -> None:
    world, other = await a_world(method)
    good = world.secrets[f"{method}-shop"]
    world.secrets[f"{method}-shop"] = Credentials(good.user, "wrong")
    await world.ask()
    await world.forward(hours=1)
    assert set(world.counts.attempts) == {(method, "denied")}
    assert world.ended == []

    world.secrets[f"{method}-shop"] = good
    end = await until_it_ends(world, hours=1)

    assert (end.outcome, len(other.tickets)) == ("handed_over", 1)


@pytest.mark.spec("HND 4")
async def test_settings_that_are_gone_are_like_wrong_credentials() -> None:
    world, _ = await a_world("zendesk", ("503",))
    await world.ask()

    await world.account(an_account("helpdesk", zendesk=None))
    await world.forward(minutes=5)
    assert ("zendesk", "denied") in world.counts.attempts
    await world.account(an_account("zendesk"))
    end = await until_it_ends(world, hours=2)

    assert (end.method, end.outcome) == ("zendesk", "handed_over")


@pytest.mark.spec("HND 4")
@both
async def test_nothing_becomes_a_dead_letter_and_a_repeat_makes_nothing(method: str) -> None:
    world, other = await a_world(method)
    await world.ask()

    world.bus.rewind()
    await world.forward(days=2)

    assert len(other.tickets) == 1
    assert not world.log.records[DEAD["handoff"].name]
    assert len(world.ended) == 1
