"""Who has a ticket, and whose team's it is (ASG 1, ASG 4, ASG 5, ASG 9)."""

from typing import Any

import pytest

from services.ticketing.app import wire
from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import Agent, Team
from shared.contracts.commands import (
    UNASSIGNED,
    AssignTicket,
    CloseTicket,
    MarkNotSpam,
    MarkSpam,
    ReopenTicket,
    RouteTicket,
    SnoozeTicket,
    UnassignTicket,
)
from shared.contracts.tickets import (
    TicketAssigned,
    TicketRouted,
    TicketUnassigned,
)
from tests.builders import a_command, an_account, an_agent, minutes, the_system
from tests.ticketing.giving import AI, applied, refusal
from tests.ticketing.world import World, a_ticket


async def test_an_agent_assigns_anyone_at_any_time() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, AssignTicket, assignee="ben")
    (event,) = world.facts(TicketAssigned)
    assert (event.assignee, event.previous) == ("ben", None)
    assert (after.assignee, after.assignee_epoch, after.unassigned_epoch) == ("ben", 3, None)
    after = await applied(world, ticket, AssignTicket, assignee="ada")
    assert world.facts(TicketAssigned)[1].previous == "ben"
    assert after.assignee_epoch == 4


@pytest.mark.parametrize("status", ["closed", "snoozed"])
async def test_a_ticket_of_any_status_can_be_assigned(status: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    if status == "closed":
        await world.happen(a_command(CloseTicket, ticket_id=ticket.id))
    else:
        await world.happen(a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)))
    after = await applied(world, ticket, AssignTicket, assignee="ada")
    assert after.status == status


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"assignee": "mallory"}, "unknown_agent", "mallory"),
        ({"assignee": "ben"}, "nothing_to_change", "ben"),
        ({"assignee": "ada", "seen_assignee": UNASSIGNED}, "taken", "ben"),
        ({"assignee": "ada", "seen_assignee": "cleo"}, "taken", "ben"),
        ({"assignee": "ada", "assignee_epoch": 0}, "stale", ""),
        ({"assignee": "ada", "assignee_epoch": 3}, "stale", ""),
    ],
)
async def test_assigning_is_refused(more: dict[str, Any], code: str, words: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ben")
    rejection = await refusal(world, a_command(AssignTicket, ticket_id=ticket.id, **more))
    assert rejection.code == code
    assert words in rejection.reason


@pytest.mark.spec("TKT 11")
async def test_of_two_agents_who_take_a_ticket_at_once_one_gets_it() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    claims = [
        a_command(
            AssignTicket,
            ticket_id=ticket.id,
            by=an_agent(id=name),
            assignee=name,
            seen_assignee=UNASSIGNED,
        )
        for name in ("ben", "ada")
    ]
    await world.batch(claims)
    assert world.ticket.assignee == "ben"
    (rejection,) = world.rejections
    assert (rejection.code, rejection.author.id) == ("taken", "ada")
    assert "ben" in rejection.reason


async def test_a_claim_that_saw_somebody_who_has_left_is_refused() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    claim = a_command(AssignTicket, ticket_id=ticket.id, assignee="ada", seen_assignee="ben")
    assert (await refusal(world, claim)).code == "taken"


@pytest.mark.spec("ASG 1")
async def test_the_rotation_assigns_only_who_still_waits_as_it_saw() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    rotation = the_system(id="assignment")
    automatic: dict[str, Any] = {"by": rotation, "assignee": "ada", "assignee_epoch": 0}
    after = await applied(world, ticket, AssignTicket, **automatic)
    assert after.assignee == "ada"
    assert world.facts(TicketAssigned)[0].because.startswith("ASG 1")
    # Unassigned by hand: it is in nobody's line, whatever the epoch (ASG 4).
    after = await applied(world, ticket, UnassignTicket)
    epoch = after.assignee_epoch
    stale = a_command(AssignTicket, ticket_id=ticket.id, **(automatic | {"assignee_epoch": epoch}))
    assert (await refusal(world, stale)).code == "stale"


@pytest.mark.spec("SPM 1")
async def test_the_rotation_never_assigns_spam_nor_what_is_closed() -> None:
    world = World()
    rotation = the_system(id="assignment")
    automatic: dict[str, Any] = {"by": rotation, "assignee": "ada", "assignee_epoch": 0}
    spam = await a_ticket(world, "sms", spam=True)
    done = await a_ticket(world, "whatsapp")
    await world.happen(a_command(CloseTicket, ticket_id=done.id))
    for ticket in (spam, done):
        command = a_command(AssignTicket, ticket_id=ticket.id, **automatic)
        assert (await refusal(world, command)).code == "stale"


@pytest.mark.spec("ASG 1")
@pytest.mark.spec("ASG 7")
async def test_a_turn_for_a_need_that_ended_is_refused_though_the_ticket_waits_again() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    first: dict[str, Any] = {
        "by": the_system(id="assignment"),
        "assignee": "ada",
        "assignee_epoch": 0,
    }
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id))
    again = await applied(world, ticket, ReopenTicket)
    assert again.unassigned_epoch not in {None, ticket.unassigned_epoch}

    late = a_command(
        AssignTicket, ticket_id=ticket.id, unassigned_epoch=ticket.unassigned_epoch, **first
    )

    assert (await refusal(world, late)).code == "stale"
    now = {"unassigned_epoch": again.unassigned_epoch, "assignee": "ben"}
    after = await applied(world, ticket, AssignTicket, **(first | now))
    assert after.assignee == "ben"


@pytest.mark.spec("ASG 1")
async def test_the_ai_agent_takes_a_ticket_for_itself_only() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, AssignTicket, by=AI, assignee="helper")
    assert after.ai_handled
    by_agent = a_command(AssignTicket, ticket_id=ticket.id, assignee="helper")
    assert (await refusal(world, by_agent)).code == "unknown_agent"
    after = await applied(world, ticket, AssignTicket, by=AI, assignee="ada")
    assert not after.ai_handled


@pytest.mark.spec("ASG 9")
@pytest.mark.parametrize("again", [True, False])
async def test_unassigning_shares_again_only_where_asked(again: bool) -> None:  # noqa: FBT001
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ada")
    after = await applied(world, ticket, UnassignTicket, share_again=again)
    assert after.assignee is None
    assert after.assignee_epoch == after.seq
    assert after.unassigned_epoch == (after.seq if again else None)
    assert world.facts(TicketUnassigned)[0].previous == "ada"


@pytest.mark.parametrize("state", ["closed", "spam"])
async def test_what_is_closed_or_spam_is_not_shared_again(state: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ada")
    await applied(world, ticket, CloseTicket if state == "closed" else MarkSpam)
    after = await applied(world, ticket, UnassignTicket, share_again=True)
    assert after.unassigned_epoch is None
    if state == "closed":
        after = await applied(world, ticket, ReopenTicket)
    else:
        after = await applied(world, ticket, MarkNotSpam)
    assert after.unassigned_epoch == after.seq


async def test_unassigning_is_refused() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    nobody = a_command(UnassignTicket, ticket_id=ticket.id)
    assert (await refusal(world, nobody)).code == "nothing_to_change"
    await applied(world, ticket, AssignTicket, assignee="ada")
    stale = a_command(UnassignTicket, ticket_id=ticket.id, assignee_epoch=0)
    assert (await refusal(world, stale)).code == "stale"


# Teams


@pytest.mark.spec("ASG 5")
async def test_routing_sets_the_team() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, RouteTicket, team_id="sales", rule="segment is vip")
    assert after.team_id == "sales"
    assert "segment is vip" in world.facts(TicketRouted)[0].because
    again = a_command(RouteTicket, ticket_id=ticket.id, team_id="sales")
    assert (await refusal(world, again)).code == "nothing_to_change"
    unknown = a_command(RouteTicket, ticket_id=ticket.id, team_id="moon")
    assert (await refusal(world, unknown)).code == "unknown_team"


@pytest.mark.spec("ASG 9")
async def test_a_rule_routes_a_ticket_only_while_nobody_has_it() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ada")
    by_rule = a_command(
        RouteTicket, ticket_id=ticket.id, team_id="sales", by=the_system(id="assignment")
    )
    assert (await refusal(world, by_rule)).code == "stale"
    assert (await applied(world, ticket, RouteTicket, team_id="sales")).team_id == "sales"


@pytest.mark.spec("ASG 5")
async def test_whom_the_settings_do_not_have_is_looked_for_in_newer_ones_first() -> None:
    world = World()
    looked: list[str] = []

    async def newer() -> None:
        looked.append("newer")
        team, agent = Team(id="new", name="New"), Agent(id="eve", name="Eve")
        world.accounts.apply(an_account(teams=(team,), agents=(agent,)))

    world.accounts = AccountsTable(newer)
    world.accounts.apply(an_account())
    wire(world, world.wired_store(), world.wired_requests(), world.clock)
    ticket = await a_ticket(world, "sms")
    assert looked == []

    await world.happen(a_command(RouteTicket, ticket_id=ticket.id, team_id="new"))
    await world.happen(a_command(AssignTicket, ticket_id=ticket.id, assignee="eve"))

    assert (world.ticket.team_id, world.ticket.assignee) == ("new", "eve")
    assert world.rejections == []
    assert looked == ["newer"], "what is known is not looked for"
