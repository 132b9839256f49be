"""Sharing tickets out: handlers and sweep over stores in memory."""

import contextlib
from datetime import timedelta

import pytest

from services.assignment.app import SWEEP_INTERVAL
from services.assignment.rules.rotation import LATE
from services.assignment.settings import Settings
from shared.contracts.commands import AssignTicket
from shared.stores.documents import Target
from tests.assignment.desk import Crash, Desk, account
from tests.assignment.ticketing import MONDAY

SECOND = timedelta(seconds=1)


@pytest.mark.spec("ASG 1")
async def test_nothing_is_shared_out_where_round_robin_is_off() -> None:
    desk = Desk()
    desk.has(account(assignment={"round_robin": False}), account("other"))
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("a", "other")])
    desk.opens("t1")
    desk.opens("t2", "other")
    await desk.settle(replica)
    assert (desk.assignee("t1"), desk.assignee("t2")) == (None, "a")


@pytest.mark.spec("ASG 1")
async def test_new_tickets_go_to_the_available_agents_in_rotation() -> None:
    desk = Desk()
    desk.has(account(), account("other", "a"))
    replica = desk.replica()
    await replica.hear([desk.online(agent) for agent in "abc"])
    for number in range(7):
        desk.opens(f"t{number}")
        desk.opens(f"o{number}", "other")
        desk.now += SECOND
    await desk.settle(replica)
    assert [desk.assignee(f"t{n}") for n in range(7)] == list("abcabca")
    assert {desk.assignee(f"o{n}") for n in range(7)} == {None}


@pytest.mark.spec("ASG 6")
async def test_a_ticket_that_ticketing_does_not_know_is_offered_once() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online("a")])
    desk.opens("t1")
    desk.lost.add("t1")

    for _ in range(5):
        await desk.settle(replica)
        await replica.sweep()

    assert len(desk.commands) == 1


@pytest.mark.spec("ASG 1")
async def test_a_ticket_that_the_ai_agent_handles_is_left_to_it_until_it_hands_it_off() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online("a")])
    desk.opens("t1", ai_handled=True)
    desk.opens("t2", ai_handled=True, assignee="the ai agent")
    await desk.settle(replica)
    await replica.sweep()
    assert desk.commands == []
    desk.tickets["t1"] = (
        *desk.tickets["t1"][:2],
        desk.summary("t1").model_copy(update={"ai_handled": False}),
    )
    desk.gets_mail("t1")
    await desk.settle(replica, 2)
    assert desk.assignee("t1") == "a"


@pytest.mark.spec("ASG 3")
async def test_outside_business_hours_tickets_wait_and_then_the_oldest_is_first() -> None:
    desk = Desk(now=MONDAY - timedelta(hours=3))
    desk.has(
        account(
            time_zone="Europe/Rome",
            business_hours={"weekly": [{"day": "mon", "from": "09:00", "until": "18:00"}]},
        ),
        account("other"),
    )
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    for name in ("t1", "t2", "t3"):
        desk.opens(name)
        desk.now += SECOND
    await desk.settle(replica)
    await replica.sweep()
    assert desk.commands == []
    desk.now = MONDAY - timedelta(hours=1, seconds=1)
    await replica.hear([desk.online("a"), desk.online("b")])
    assert desk.commands == []
    desk.now += SECOND
    await replica.sweep()
    assert [(c.ticket_id, c.assignee) for c in desk.commands if isinstance(c, AssignTicket)] == [
        ("t1", "a"),
        ("t2", "b"),
        ("t3", "a"),
    ]


@pytest.mark.spec("ASG 4")
async def test_manual_assignment_disturbs_no_rotation_and_unassigning_sets_nothing_off() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online(agent) for agent in "abc"])
    for name in ("t1", "t2", "t3", "t4"):
        desk.opens(name)
        await desk.settle(replica, len(desk.stream) - 1)
        after = len(desk.stream)
        desk.is_taken(name, "c")
        desk.is_left(name)
        await desk.settle(replica, after)
        await replica.sweep()
    assert [c.assignee for c in desk.commands if isinstance(c, AssignTicket)] == list("abca")
    assert {desk.assignee(f"t{n}") for n in range(1, 5)} == {None}


@pytest.mark.spec("ASG 4")
async def test_an_agent_whose_ticket_was_taken_by_hand_meanwhile_is_next_again() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online(agent) for agent in "abc"])
    desk.opens("t1")
    await replica.take(desk.stream[:])
    desk.is_taken("t1", "c")
    await desk.settle(replica, 1)
    assert desk.assignee("t1") == "c"
    for name in ("t2", "t3", "t4"):
        desk.opens(name)
        await desk.settle(replica, len(desk.stream) - 1)
    assert [desk.assignee(name) for name in ("t2", "t3", "t4")] == list("abc")


@pytest.mark.spec("ASG 4")
@pytest.mark.spec("ASG 7")
@pytest.mark.parametrize("moment", range(30))
@pytest.mark.parametrize("times", [0, 1, 9])
async def test_a_turn_is_not_lost_by_whoever_takes_the_ticket_at_whatever_moment(
    moment: int, times: int
) -> None:
    desk = Desk()
    desk.has(account())
    replica, other = desk.replica(), desk.replica()
    desk.opens("t1")
    for _ in range(times):
        # It was taken before, and nobody was there whom it could have been offered to.
        desk.is_taken("t1", "c")
        desk.is_left("t1")
        desk.is_closed("t1")
        desk.is_reopened("t1")
    told = len(desk.stream)
    await replica.take(desk.stream[: told - 1])
    await replica.hear([desk.online(agent) for agent in "abc"])

    async def somebody_takes_it() -> None:
        desk.is_taken("t1", "c")
        await other.take(desk.stream[told:])
        desk.opens("t2")
        await other.take(desk.stream[told + 1 :])

    desk.meanwhile = [*[None] * moment, somebody_takes_it]
    await replica.take(desk.stream[told - 1 : told])
    if desk.meanwhile:
        desk.meanwhile = []
        await somebody_takes_it()
    await desk.settle(replica, told + 2)
    desk.opens("t3")
    await desk.settle(replica, len(desk.stream) - 1)
    assert desk.assignee("t1") == "c"
    assert {desk.assignee("t2"), desk.assignee("t3")} == {"a", "b"}


@pytest.mark.spec("ASG 7")
async def test_over_the_limit_tickets_wait_until_one_is_closed() -> None:
    desk = Desk()
    teams = [{"id": "x", "name": "x", "members": ["a"]}]
    rules = [{"when": "tag", "is": "x", "team_id": "x"}]
    desk.has(account(teams=teams, assignment={"max_open_tickets": 2, "routing": rules}))
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    for number in range(6):
        desk.opens(f"t{number}", tags=("x",) if number in {0, 4} else ())
        desk.now += SECOND
    await desk.settle(replica)
    assert [desk.assignee(f"t{n}") for n in range(6)] == ["a", "a", "b", "b", None, None]
    after = len(desk.stream)
    desk.is_closed("t2")
    await desk.settle(replica, after)
    after = len(desk.stream)
    await replica.sweep()
    await desk.settle(replica, after)
    # The older one waits for team x; b, who has room, is not of it.
    assert [desk.assignee("t4"), desk.assignee("t5")] == [None, "b"]


@pytest.mark.spec("ASG 7")
async def test_while_ticketing_is_away_nobody_is_given_more_than_the_limit() -> None:
    desk = Desk()
    desk.has(account(assignment={"max_open_tickets": 2}))
    replica = desk.replica()
    for number in range(9):
        desk.opens(f"t{number}")
    await replica.take(desk.stream[:])
    for _ in range(10):
        await replica.hear([desk.online("a")])
        await replica.sweep()
        desk.now += timedelta(hours=1)
    assert len({command.id for command in desk.commands}) == 2
    # They are given again, ever more seldom: nobody knows whether the first ones got through.
    assert 2 < len(desk.commands) <= 2 * 5
    await desk.settle(replica, 9)
    desk.is_closed("t0")
    await desk.settle(replica, len(desk.stream) - 1)
    await replica.hear([desk.online("a")])
    assert len({command.id for command in desk.commands}) == 3


@pytest.mark.spec("ASG 8")
async def test_a_whole_stream_delivered_again_takes_no_second_turn() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online(agent) for agent in "abc"])
    for number in range(4):
        desk.opens(f"t{number}")
    await desk.settle(replica)
    commands = len(desk.commands)
    await desk.settle(desk.replica())
    await desk.settle(replica)
    assert len(desk.commands) == commands
    desk.opens("t4")
    await desk.settle(replica, len(desk.stream) - 1)
    assert desk.assignee("t4") == "b"


@pytest.mark.spec("ASG 6")
async def test_spam_and_closed_tickets_leave_the_line() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    for name in ("t1", "t2", "t3"):
        desk.opens(name)
    desk.is_spam("t1")
    desk.is_closed("t2")
    await desk.settle(replica)
    await replica.hear([desk.online("a")])
    assert [c.ticket_id for c in desk.commands] == ["t3"]


@pytest.mark.spec("TKT 9")
async def test_what_was_lost_of_the_stream_is_made_good_by_the_next_summary() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    desk.opens("t1")
    await replica.take(desk.stream[:])
    desk.is_taken("t1", "c")
    desk.gets_mail("t1")
    await replica.take(desk.stream[2:])
    await replica.take(desk.stream[2:])
    assert desk.gaps == [1]
    # And an old event after newer ones, from a replica that was frozen, changes nothing.
    await replica.take(desk.stream[:1])
    await replica.hear([desk.online("a")])
    assert desk.commands == []


@pytest.mark.spec("ASG 1")
async def test_a_turn_that_a_dying_replica_wrote_is_told_by_another() -> None:
    desk = Desk()
    desk.has(account(), account("other"))
    replica = desk.replica()
    await replica.hear([desk.online("a")])
    desk.opens("t1")
    for crash_at in range(100):
        desk.crash_at = crash_at
        with contextlib.suppress(Crash):
            await desk.replica().take(desk.stream[:])
        rotations = await desk.stores.rotations.load([Target("acme", id="acme")])
        if rotations and rotations[0].state.unanswered:
            break
    assert desk.commands == []
    desk.crash_at = None
    await replica.hear([desk.offline("a")])
    desk.now += LATE
    await replica.sweep()
    await desk.settle(replica)
    assert desk.assignee("t1") == "a"


@pytest.mark.spec("ASG 6")
def test_what_no_event_tells_is_looked_for_more_than_once_a_second() -> None:
    assert Settings.model_fields["sweep_interval"].default == SWEEP_INTERVAL < SECOND
