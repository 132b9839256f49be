"""Which team a ticket belongs to."""

from typing import Any

import pytest

from shared.contracts.commands import RouteTicket
from shared.contracts.tickets import TicketRouted
from tests.assignment.desk import Desk, account
from tests.assignment.ticketing import ANNA

RULES = [
    {"when": "segment", "is": "vip", "team_id": "gold"},
    {"when": "tag", "is": "invoice", "team_id": "money"},
    {"when": "segment", "is": "new", "team_id": "welcome"},
]


def routed(**assignment: Any) -> Any:
    fields = {"round_robin": False, "routing": RULES} | assignment
    teams = [
        {"id": id_, "name": id_, "members": list(members)}
        for id_, members in {"gold": "a", "money": "b", "welcome": "c", "rest": "abc"}.items()
    ]
    return account(teams=teams, assignment=fields)


def routes(desk: Desk) -> list[tuple[str, str, str]]:
    return [(c.ticket_id, c.team_id, c.rule) for c in desk.commands if isinstance(c, RouteTicket)]


@pytest.mark.spec("ASG 5")
async def test_the_first_rule_that_matches_decides_with_round_robin_off_too() -> None:
    desk = Desk()
    desk.has(routed())
    desk.opens("t1", segments=("new", "vip"), tags=("invoice",))
    desk.opens("t2", segments=("new",), tags=("invoice",))
    desk.opens("t3", segments=("new",))
    desk.opens("t4")
    await desk.settle(desk.replica())
    assert routes(desk) == [
        ("t1", "gold", "segment is vip"),
        ("t2", "money", "tag is invoice"),
        ("t3", "welcome", "segment is new"),
    ]
    assert [desk.summary(f"t{n}").team_id for n in (1, 2, 3, 4)] == [
        "gold",
        "money",
        "welcome",
        None,
    ]


@pytest.mark.spec("ASG 5")
async def test_without_a_match_it_is_the_default_team() -> None:
    desk = Desk()
    desk.has(routed(default_team="rest"))
    desk.opens("t1")
    await desk.settle(desk.replica())
    assert routes(desk) == [("t1", "rest", "default team")]


@pytest.mark.spec("ASG 5")
async def test_round_robin_runs_among_the_teams_available_agents_only() -> None:
    desk = Desk()
    desk.has(routed(round_robin=True, default_team="rest"))
    replica = desk.replica()
    await replica.hear([desk.online("b"), desk.online("c")])
    desk.opens("t1", segments=("vip",))
    desk.opens("t2", tags=("invoice",))
    desk.opens("t3")
    await desk.settle(replica)
    assert [desk.assignee(t) for t in ("t1", "t2", "t3")] == [None, "b", "b"]
    await replica.hear([desk.online("a")])
    await desk.settle(replica, len(desk.stream))
    assert desk.assignee("t1") == "a"


@pytest.mark.spec("ASG 5")
async def test_no_assignment_slips_in_between_the_opening_and_the_routing() -> None:
    desk = Desk()
    desk.has(routed(round_robin=True))
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.opens("t1", tags=("invoice",))
    desk.gets_mail("t1")
    for event in list(desk.stream):
        await replica.take([event])
    assert [type(c).__name__ for c in desk.commands] == ["RouteTicket", "AssignTicket"]
    await desk.settle(replica, 2)
    assert desk.assignee("t1") == "b"


@pytest.mark.spec("ASG 9")
async def test_a_tag_that_comes_later_routes_a_ticket_only_while_it_is_unassigned() -> None:
    desk = Desk()
    desk.has(routed())
    replica = desk.replica()
    desk.opens("t1")
    desk.opens("t2")
    desk.is_taken("t2", "c")
    for ticket_id in ("t1", "t2"):
        desk.is_tagged(ticket_id, "invoice")
    await desk.settle(replica)
    assert routes(desk) == [("t1", "money", "tag is invoice")]


@pytest.mark.spec("ASG 5")
async def test_a_later_tag_does_not_overrule_an_earlier_rule_nor_any_tag_an_agents_choice() -> None:
    desk = Desk()
    desk.has(routed())
    replica = desk.replica()
    desk.opens("t1", segments=("vip",))
    desk.opens("t2", segments=("vip",))
    await desk.settle(replica)
    assert len(routes(desk)) == 2
    after = len(desk.stream)
    desk.is_tagged("t1", "invoice")
    # An agent moved it to another team; a tag that no rule knows changes nothing.
    desk.tickets["t2"] = (
        *desk.tickets["t2"][:2],
        desk.summary("t2").model_copy(update={"team_id": "rest"}),
    )
    desk.is_tagged("t2", "hello")
    await desk.settle(replica, after)
    assert len(routes(desk)) == 2


@pytest.mark.spec("SPM 2")
async def test_spam_is_routed_and_shared_out_when_an_agent_says_it_is_none() -> None:
    desk = Desk()
    desk.has(routed(round_robin=True))
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    desk.opens("t1", segments=("vip",), spam=True)
    desk.gets_mail("t1")
    await desk.settle(replica)
    assert desk.commands == []
    desk.is_no_spam("t1")
    await desk.settle(replica, 2)
    assert (desk.summary("t1").team_id, desk.assignee("t1")) == ("gold", "a")


@pytest.mark.spec("ASG 5")
async def test_a_ticket_met_in_the_middle_of_its_life_is_routed_once() -> None:
    desk = Desk()
    desk.has(routed())
    desk.opens("t1", segments=("vip",))
    desk.gets_mail("t1")
    desk.gets_mail("t1")
    await desk.settle(desk.replica(), 1)
    assert routes(desk) == [("t1", "gold", "segment is vip")]


@pytest.mark.spec("ASG 5")
async def test_a_ticket_whose_team_is_no_more_waits_for_the_default_team() -> None:
    desk = Desk()
    desk.has(routed(round_robin=True))
    replica = desk.replica()
    await replica.hear([desk.online("c")])
    desk.opens("t1", segments=("vip",))
    await desk.settle(replica)
    assert desk.assignee("t1") is None
    desk.has(
        account(
            teams=[{"id": "rest", "name": "r", "members": ["c"]}],
            assignment={"default_team": "rest"},
        )
    )
    after = len(desk.stream)
    await replica.sweep()
    await desk.settle(replica, after)
    assert desk.assignee("t1") == "c"


@pytest.mark.spec("ASG 5")
async def test_a_team_that_lost_events_set_counts_more_than_the_route_asked_for() -> None:
    desk = Desk()
    desk.has(routed(round_robin=True))
    replica = desk.replica()
    desk.opens("t1", segments=("vip",))
    await replica.take(desk.stream[:])
    desk.carry_out()
    more = {"author": ANNA, "team_id": "money"}
    desk.happens("t1", TicketRouted, more=more, team_id="money")
    desk.gets_mail("t1")
    await desk.settle(replica, len(desk.stream) - 1)
    await replica.hear([desk.online("a"), desk.online("b")])
    await desk.settle(replica, len(desk.stream))
    assert desk.assignee("t1") == "b"
