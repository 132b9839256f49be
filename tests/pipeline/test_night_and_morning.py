"""A ticket waits out the night and is assigned in the morning."""

import pytest

from tests.pipeline.stage import ANN, Stage, acme


@pytest.mark.spec("ASG 3")
async def test_a_ticket_waits_out_the_night_and_is_assigned_in_the_morning(stage: Stage) -> None:
    await stage.account(acme(assignment={"round_robin": True, "heartbeat_limit": "P1D"}))
    await stage.forward(hours=13)  # 22:00 UTC, 23:00 in Rome
    await stage.online("ann")
    await stage.sms("Anybody there?")
    ticket_id, at_night = stage.only_ticket()
    await stage.forward(hours=9, minutes=59)
    before_nine = stage.board[ticket_id]

    await stage.forward(minutes=1)

    assert (at_night.assignee, before_nine.assignee) == (None, None)
    assert stage.board[ticket_id].assignee == ANN.id


@pytest.mark.spec("ASG 6")
async def test_who_comes_online_gets_what_waits_the_oldest_first(stage: Stage) -> None:
    await stage.account(acme(assignment={"round_robin": True, "max_open_tickets": 1}))
    for number in range(3):
        await stage.sms("Hello", sender=f"+39333000000{number}")
        await stage.forward(seconds=1)

    await stage.online("ann")

    assert [ticket.assignee for ticket in stage.board.values()] == [ANN.id, None, None]


@pytest.mark.spec("ASG 7")
async def test_turns_are_even_and_manual_assignment_disturbs_nothing(stage: Stage) -> None:
    await stage.account(acme())
    await stage.online("ann")
    await stage.online("bob")

    for number in range(6):
        await stage.sms("Hello", sender=f"+39333000000{number}")

    assignees = [ticket.assignee for ticket in stage.board.values()]
    assert sorted(assignees) == ["ann"] * 3 + ["bob"] * 3  # type: ignore[type-var]
