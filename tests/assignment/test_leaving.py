"""Agents who go, and tickets that come back."""

from collections import Counter
from datetime import timedelta

import pytest

from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import UnassignTicket
from tests.assignment.desk import Desk, account

SECOND = timedelta(seconds=1)


@pytest.mark.spec("ASG 9")
async def test_who_goes_offline_keeps_their_tickets_and_so_does_a_reopened_one_its_agent() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online("a")])
    desk.opens("t1")
    await desk.settle(replica)
    desk.now += SECOND
    await replica.hear([desk.offline("a"), desk.online("b")])
    after = len(desk.stream)
    desk.is_closed("t1")
    desk.is_reopened("t1")
    await desk.settle(replica, after)
    await replica.sweep()
    assert desk.assignee("t1") == "a"
    assert len(desk.commands) == 1


@pytest.mark.spec("ASG 9")
async def test_a_ticket_reopened_without_an_assignee_is_shared_out_like_a_new_one() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.opens("t1")
    await desk.settle(replica)
    after = len(desk.stream)
    desk.is_left("t1")
    desk.is_closed("t1")
    await desk.settle(replica, after)
    assert desk.assignee("t1") is None
    after = len(desk.stream)
    desk.is_reopened("t1")
    await desk.settle(replica, after)
    assert desk.assignee("t1") == "b"


@pytest.mark.spec("ASG 6")
async def test_a_ticket_reopened_by_a_clock_that_is_ahead_waits_no_longer_than_others() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    desk.opens("t1")
    desk.is_closed("t1")
    desk.now += timedelta(days=400)
    desk.is_reopened("t1")
    desk.now -= timedelta(days=400)
    await desk.settle(replica)
    desk.now += SECOND
    desk.opens("t2")
    await desk.settle(replica, len(desk.stream) - 1)
    await replica.hear([desk.online("a")])
    assert [command.ticket_id for command in desk.commands] == ["t1", "t2"]


async def removed(desk: Desk, settings: AccountSettings) -> None:
    """Seven tickets of agent a, one closed; then a leaves the account."""
    replica = desk.replica()
    await replica.hear([desk.online("a")])
    for number in range(7):
        desk.opens(f"t{number}")
        desk.opens(f"o{number}", "other")
    await desk.settle(replica)
    after = len(desk.stream)
    for number in range(7):
        desk.is_taken(f"o{number}", "a")
    desk.is_closed("t6")
    await desk.settle(replica, after)
    desk.has(settings)


@pytest.mark.spec("ASG 9")
async def test_an_agent_removed_from_the_account_loses_theirs_and_they_are_shared_again() -> None:
    desk = Desk()
    desk.has(account(), account("other"))
    await removed(desk, account(agents="b c"))
    # Nobody was running when the settings changed: a new process compares.
    replica = desk.replica()
    await replica.hear([desk.online("b"), desk.online("c")])
    after = len(desk.stream)
    await replica.sweep()
    await replica.sweep()
    assert sum(isinstance(c, UnassignTicket) for c in desk.commands) == 6
    await desk.settle(replica, after)
    assert Counter(desk.assignee(f"t{n}") for n in range(7)) == {"b": 3, "c": 3, "a": 1}
    assert {desk.assignee(f"o{n}") for n in range(7)} == {"a"}


@pytest.mark.spec("ASG 9")
async def test_a_closed_ticket_of_a_removed_agent_is_shared_out_when_it_is_reopened() -> None:
    desk = Desk()
    desk.has(account(), account("other"))
    await removed(desk, account(agents="b c"))
    replica = desk.replica()
    await replica.hear([desk.online("b")])
    after = len(desk.stream)
    desk.is_reopened("t6")
    await desk.settle(replica, after)
    assert desk.assignee("t6") == "b"


@pytest.mark.spec("ASG 6")
async def test_an_offer_refused_since_the_agent_had_left_is_made_to_another() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.opens("t1")
    await replica.take(desk.stream[:])
    # Ticketing knows already that a has left; assignment learns it with the refusal.
    desk.has(account(agents="b c"))
    await desk.settle(replica, 1)
    await replica.sweep()
    await desk.settle(replica, len(desk.stream))
    assert desk.assignee("t1") == "b"


@pytest.mark.spec("ASG 6")
async def test_an_agent_of_whom_only_ticketing_knows_that_they_left_blocks_nobody() -> None:
    desk = Desk()
    desk.has(account())
    desk.gone.add("a")
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.opens("t1")
    await desk.settle(replica)
    assert desk.assignee("t1") == "b"


@pytest.mark.spec("ASG 6")
async def test_an_agent_who_ticketing_says_has_left_is_offered_the_ticket_once() -> None:
    desk = Desk()

    async def refresh() -> None:
        desk.has(account(agents="b c"))

    desk.accounts = AccountsTable(refresh)
    desk.has(account())
    desk.gone.add("a")
    replica = desk.replica()
    await replica.hear([desk.online("a")])
    desk.opens("t1")
    for _ in range(5):
        place = len(desk.stream) - 1
        await replica.take(desk.stream[place:])
        desk.carry_out()
    assert len(desk.commands) == 1
    await replica.hear([desk.online("b")])
    desk.carry_out()
    assert desk.assignee("t1") == "b"


@pytest.mark.spec("ASG 9")
async def test_an_agent_who_joined_just_now_keeps_what_they_took() -> None:
    desk = Desk()

    async def refresh() -> None:
        desk.has(account(agents="a b c new"))

    desk.accounts = AccountsTable(refresh)
    desk.has(account())
    replica = desk.replica()
    desk.opens("t1")
    desk.is_taken("t1", "new")
    await desk.settle(replica)
    await replica.sweep()
    assert desk.commands == []


@pytest.mark.spec("ASG 9")
@pytest.mark.parametrize("moment", range(12))
async def test_settings_that_change_at_any_moment_of_a_batch_leave_nothing_behind(
    moment: int,
) -> None:
    desk = Desk()
    team = [{"id": "x", "name": "x", "members": ["a"]}]
    rules = {"routing": [{"when": "tag", "is": "x", "team_id": "x"}]}
    desk.has(account(teams=team, assignment=rules))
    replica = desk.replica()
    await replica.sweep()

    async def agent_and_team_go() -> None:
        desk.has(account(agents="b c"))
        await replica.sweep()

    desk.opens("t1", tags=("x",))
    desk.opens("t2")
    desk.is_taken("t2", "a")
    desk.meanwhile = [None] * moment + [agent_and_team_go]
    await replica.take(desk.stream[:])
    if desk.meanwhile:
        await agent_and_team_go()
    desk.meanwhile = []
    known = await desk.stores.tickets.load(["acme:t1"])
    assert known["acme:t1"].line == "acme:all"
    assert "t2" in {c.ticket_id for c in desk.commands if isinstance(c, UnassignTicket)}
