"""Snoozed tickets wake by a message or in time (TKT 6)."""

from datetime import timedelta

import pytest

from services.ticketing.sweep import AT_ONCE
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import SnoozeTicket, WakeTicket
from shared.contracts.tickets import TicketWoken
from tests.builders import a_command, an_sms, minutes
from tests.ticketing.world import World, a_ticket, write

REOPENED: tuple[Channel, ...] = ("email", "sms", "whatsapp")
NEVER_REOPENED: tuple[Channel, ...] = ("webchat", "instagram")
YEARS = timedelta(days=4000)


@pytest.mark.spec("TKT 6")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_customers_message_wakes_a_snoozed_ticket(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)))
    assert (world.ticket.status, world.ticket.snoozed_until) == ("snoozed", minutes(60))
    await world.happen(write(channel, at=minutes(5)))
    assert (world.ticket.status, world.ticket.snoozed_until) == ("open", None)
    assert world.kinds()[-2:] == ["TicketWoken", "CustomerWrote"]
    assert world.facts(TicketWoken)[0].by == "customer"
    await world.sweep(minutes(61))
    assert len(world.facts(TicketWoken)) == 1


@pytest.mark.spec("TKT 6")
async def test_a_snoozed_ticket_wakes_by_itself_at_its_time_and_not_before() -> None:
    world = World()
    ticket = await a_ticket(world, "instagram")
    await world.happen(a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)))
    await world.sweep(minutes(60))
    assert world.status == "snoozed"
    await world.sweep(minutes(60) + timedelta(milliseconds=1))
    assert world.status == "open"
    (woken,) = world.facts(TicketWoken)
    assert (woken.by, woken.occurred_at) == ("time", minutes(60))
    await world.sweep(minutes(70))
    assert world.kinds()[-1] == "TicketWoken"
    assert not world.rejections


@pytest.mark.spec("TKT 6")
async def test_a_ticket_can_be_snoozed_and_wake_again_and_again() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    for start in (0, 100, 200):
        snooze = a_command(
            SnoozeTicket, ticket_id=ticket.id, at=minutes(start), until=minutes(start + 10)
        )
        await world.happen(snooze)
        await world.sweep(minutes(start + 11))
    assert [event.by for event in world.facts(TicketWoken)] == ["time"] * 3
    assert not world.rejections


@pytest.mark.spec("TKT 6")
async def test_of_two_snoozes_the_last_one_counts() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    for until in (10, 60):
        await world.happen(a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(until)))
    await world.sweep(minutes(11))
    assert world.status == "snoozed"
    await world.sweep(minutes(61))
    assert world.status == "open"


@pytest.mark.spec("TKT 6")
async def test_however_many_tickets_wake_at_nine_none_is_late() -> None:
    world = World()
    messages = [an_sms(by=f"person-{number}") for number in range(AT_ONCE + 10)]
    await world.batch(messages)
    snoozes = [
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)) for ticket in world.tickets
    ]
    await world.batch(snoozes)
    await world.sweep(minutes(61))
    assert {ticket.status for ticket in world.tickets} == {"open"}


@pytest.mark.spec("TKT 6")
async def test_an_agent_wakes_a_ticket_they_snoozed() -> None:
    world = World()
    ticket = await a_ticket(world, "webchat")
    await world.happen(
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)),
        a_command(WakeTicket, ticket_id=ticket.id, snoozed_until=minutes(60)),
    )
    assert world.facts(TicketWoken)[0].by == "agent"
