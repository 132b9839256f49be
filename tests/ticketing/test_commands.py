"""Every command, and each reason to refuse it (TKT 11)."""

from typing import Any

import pytest

from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    RouteTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
    WakeTicket,
)
from shared.contracts.tickets import NoteAdded
from tests.builders import a_command, minutes
from tests.ticketing.giving import applied, refusal
from tests.ticketing.world import World, a_ticket, a_ticket_closed

EVERY_COMMAND: list[tuple[type[Command], dict[str, Any]]] = [
    (ReplyToTicket, {"text": "Hello!"}),
    (AddNote, {"text": "VIP"}),
    (AssignTicket, {"assignee": "ada"}),
    (UnassignTicket, {}),
    (RouteTicket, {"team_id": "sales"}),
    (CloseTicket, {}),
    (ReopenTicket, {}),
    (SnoozeTicket, {"until": minutes(60)}),
    (WakeTicket, {"snoozed_until": minutes(60)}),
    (TagTicket, {"tags": ("vip",)}),
    (UntagTicket, {"tags": ("vip",)}),
    (MarkSpam, {}),
    (MarkNotSpam, {}),
    (MarkRead, {}),
]


@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_a_command_for_a_ticket_that_is_not_there_is_refused(
    kind: type[Command], more: dict[str, Any]
) -> None:
    world = World()
    command = a_command(kind, ticket_id="no-such-ticket", **more)
    assert (await refusal(world, command)).code == "unknown_ticket"


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_a_command_of_another_account_is_refused_and_tells_nothing(
    kind: type[Command], more: dict[str, Any]
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    command = a_command(kind, ticket_id=ticket.id, account_id="zeta", **more)
    rejection = await refusal(world, command)
    assert (rejection.code, rejection.account_id) == ("wrong_account", "zeta")


@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_the_same_command_sent_twice_is_one_command(
    kind: type[Command], more: dict[str, Any]
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    command = a_command(kind, ticket_id=ticket.id, **more)
    await world.batch([command, command])
    documents, events = dict(world.store.documents), world.events()
    await world.happen(a_command(AddNote, ticket_id=ticket.id, text="in between"))
    await world.happen(command)
    assert world.events()[: len(events)] == events
    assert len(world.events()) == len(events) + 1
    assert documents.keys() == world.store.documents.keys()


async def test_two_accounts_may_number_their_commands_alike() -> None:
    world = World()
    acme = await a_ticket(world, "sms")
    zeta = await a_ticket(world, "sms", account_id="zeta")
    await world.happen(
        a_command(CloseTicket, ticket_id=acme.id, id="1"),
        a_command(CloseTicket, ticket_id=zeta.id, id="1", account_id="zeta"),
    )
    assert [ticket.status for ticket in world.tickets] == ["closed", "closed"]


@pytest.mark.spec("TKT 11")
async def test_a_refused_command_stays_refused_when_it_would_apply() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    reopen = a_command(ReopenTicket, ticket_id=ticket.id)
    assert (await refusal(world, reopen)).code == "not_closed"
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id), reopen)
    assert world.status == "closed"
    assert len(world.rejections) == 1
    await world.happen(a_command(ReopenTicket, ticket_id=ticket.id))
    assert world.status == "open"


@pytest.mark.spec("TKT 12")
@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_no_command_opens_a_ticket(kind: type[Command], more: dict[str, Any]) -> None:
    world = World()
    await world.happen(a_command(kind, ticket_id="to-anna", **more))
    assert not world.tickets
    assert not world.sent


# Notes


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_note_is_kept_and_never_sent(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel)
    sent = list(world.sent)
    await applied(world, ticket, AddNote, text="Do not refund twice")
    (note,) = world.facts(NoteAdded)
    assert note.text == "Do not refund twice"
    assert world.sent == sent
    line, *_ = await world.store.thread(ticket.id)
    assert (line["kind"], line["text"]) == ("note", "Do not refund twice")


@pytest.mark.spec("ACL 2")
async def test_a_note_leaves_the_customer_waiting() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, AddNote, text="?")
    assert after.waiting_epoch is None
    assert after.customer_waits_since == ticket.customer_waits_since
