"""Closing, reopening and snoozing by command (TKT 1 to 6, ACL 3, ACL 6)."""

from typing import Any

import pytest

from shared.contracts.base import CHANNELS, Author, Channel
from shared.contracts.commands import (
    CloseTicket,
    ReopenTicket,
    SnoozeTicket,
    WakeTicket,
)
from shared.contracts.tickets import TicketClosed
from tests.builders import a_command, an_agent, minutes, the_system
from tests.ticketing.giving import AI, applied, applied_reply, refusal
from tests.ticketing.world import World, a_ticket, a_ticket_closed, write


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_agent_closes_a_ticket_once(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    after = await applied(world, ticket, CloseTicket, at=minutes(7))
    assert (after.status, after.closed_at, after.unassigned_epoch, after.waiting_epoch) == (
        "closed",
        minutes(7),
        None,
        None,
    )
    (closed,) = world.facts(TicketClosed)
    assert (closed.reason, closed.notice) == ("done", None)
    twice = a_command(CloseTicket, ticket_id=ticket.id)
    assert (await refusal(world, twice)).code == "already_closed"


@pytest.mark.spec("TKT 6")
async def test_a_snoozed_ticket_that_is_closed_never_wakes() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, SnoozeTicket, until=minutes(60))
    await applied(world, ticket, CloseTicket)
    await world.sweep(minutes(61))
    assert world.ticket.status == "closed"
    assert not world.rejections


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"waiting_epoch": 2},
        {"waiting_epoch": 4},
        {"waiting_epoch": 3, "last_reply_seq": 3},
    ],
)
@pytest.mark.spec("ACL 6")
async def test_a_close_for_inactivity_that_rests_on_what_was_is_refused(
    numbers: dict[str, Any],
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied_reply(world, ticket)
    await applied_reply(world, ticket)
    stale = a_command(
        CloseTicket, ticket_id=ticket.id, by=the_system(), reason="inactivity", **numbers
    )
    assert (await refusal(world, stale)).code == "stale"


@pytest.mark.parametrize("numbers", [{}, {"last_reply_seq": 4}])
@pytest.mark.spec("ACL 3")
async def test_a_close_for_inactivity_applies_while_the_team_waits(
    numbers: dict[str, int],
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied_reply(world, ticket)
    await applied_reply(world, ticket)
    await applied(
        world,
        ticket,
        CloseTicket,
        by=the_system(),
        reason="inactivity",
        waiting_epoch=3,
        **numbers,
    )
    assert world.facts(TicketClosed)[0].reason == "inactivity"


@pytest.mark.spec("ACL 2")
async def test_a_ticket_whose_customer_waits_is_not_closed_for_inactivity() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    early = a_command(CloseTicket, ticket_id=ticket.id, by=the_system(), reason="inactivity")
    assert (await refusal(world, early)).code == "stale"


@pytest.mark.spec("TKT 2")
@pytest.mark.spec("TKT 3")
@pytest.mark.spec("TKT 5")
@pytest.mark.parametrize("how", ["done", "inactivity"])
@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
@pytest.mark.parametrize("by", [an_agent(), AI, the_system(), Author(kind="integration", id="x")])
async def test_mail_sms_and_whatsapp_tickets_can_be_reopened(
    channel: Channel, how: str, by: Author
) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel, how=how)
    after = await applied(world, ticket, ReopenTicket, by=by)
    assert (after.status, after.closed_at, after.close_reason) == ("open", None, None)
    assert after.waiting_epoch is None
    assert after.unassigned_epoch == after.seq


@pytest.mark.spec("TKT 1")
@pytest.mark.spec("TKT 4")
@pytest.mark.parametrize("how", ["done", "inactivity"])
@pytest.mark.parametrize("channel", ["webchat", "instagram"])
@pytest.mark.parametrize("by", [an_agent(), AI, the_system(), Author(kind="integration", id="x")])
async def test_a_closed_web_chat_or_instagram_ticket_is_reopened_by_nobody(
    channel: Channel, how: str, by: Author
) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel, how=how)
    reopen = a_command(ReopenTicket, ticket_id=ticket.id, by=by)
    assert (await refusal(world, reopen)).code == "cannot_reopen"
    await world.happen(write(channel, at=minutes(60)))
    again = a_command(ReopenTicket, ticket_id=ticket.id, by=by)
    assert (await refusal(world, again)).code == "cannot_reopen"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_is_not_closed_is_not_reopened(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    reopen = a_command(ReopenTicket, ticket_id=ticket.id)
    assert (await refusal(world, reopen)).code == "not_closed"


# Snoozing


async def test_snoozing_is_refused() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    past = a_command(SnoozeTicket, ticket_id=ticket.id, at=minutes(5), until=minutes(5))
    assert (await refusal(world, past)).code == "in_the_past"
    await applied(world, ticket, CloseTicket)
    closed = a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60))
    assert (await refusal(world, closed)).code == "not_open"


async def test_waking_is_refused_when_it_sleeps_otherwise() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    awake = a_command(WakeTicket, ticket_id=ticket.id, snoozed_until=minutes(60))
    assert (await refusal(world, awake)).code == "stale"
    await applied(world, ticket, SnoozeTicket, until=minutes(90))
    other = a_command(WakeTicket, ticket_id=ticket.id, snoozed_until=minutes(60))
    assert (await refusal(world, other)).code == "stale"
