"""Giving commands, and seeing what came of them."""

from typing import Any

from services.ticketing.rules.ticket import Ticket
from shared.contracts.base import Author
from shared.contracts.commands import Command, ReplyToTicket
from shared.contracts.tickets import CommandRejected
from tests.builders import a_command
from tests.ticketing.world import World, summary

AI = Author(kind="ai", id="helper")


async def refusal(world: World, command: Command) -> CommandRejected:
    """Give a command that is refused; the ticket stays what it was."""
    seen = len(world.events())
    tickets = world.tickets
    await world.happen(command)
    assert world.tickets == tickets
    (rejection,) = world.events()[seen:]
    assert isinstance(rejection, CommandRejected)
    assert rejection.command_id == command.id
    assert rejection.command_type == type(command).__name__
    assert rejection.author == command.author
    assert rejection.ticket_id == command.ticket_id
    assert rejection.correlation_id == command.correlation_id
    assert rejection.reason
    return rejection


async def applied(world: World, ticket: Ticket, kind: type[Command], **more: Any) -> Ticket:
    """Give a command that applies, as one event; returns the ticket as it is then."""
    before, seen = world.now_is(ticket), len(world.events())
    command = a_command(kind, ticket_id=ticket.id, **more)
    await world.happen(command)
    (event,) = world.events()[seen:]
    assert (event.seq, event.cause_id) == (before.seq + 1, command.id)
    assert event.ticket == summary(world.now_is(ticket))
    return world.now_is(ticket)


async def applied_reply(world: World, ticket: Ticket) -> None:
    """Let an agent answer."""
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Anything else?"))
    assert not world.rejections
