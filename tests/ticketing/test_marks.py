"""Tags, spam, and what was read (SPM 2, TKT 10)."""

import pytest

from shared.contracts.base import Author
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReplyToTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
)
from shared.contracts.tickets import TicketTagged, TicketUntagged
from tests.builders import a_command, a_message, an_sms
from tests.ticketing.giving import AI, applied, refusal
from tests.ticketing.world import World, a_ticket


async def test_tags_are_added_and_removed_once() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, TagTicket, tags=("vip", "late", "vip"))
    assert after.tags == ("vip", "late")
    after = await applied(world, ticket, TagTicket, tags=("late", "gift"))
    assert after.tags == ("vip", "late", "gift")
    assert [event.tags for event in world.facts(TicketTagged)] == [("vip", "late"), ("gift",)]
    after = await applied(world, ticket, UntagTicket, tags=("gift", "vip", "moon"))
    assert after.tags == ("late",)
    assert world.facts(TicketUntagged)[0].tags == ("vip", "gift")


@pytest.mark.parametrize(
    ("kind", "tags"), [(TagTicket, ("vip",)), (TagTicket, ()), (UntagTicket, ("late",))]
)
async def test_tags_that_change_nothing_are_refused(
    kind: type[Command], tags: tuple[str, ...]
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, TagTicket, tags=("vip",))
    command = a_command(kind, ticket_id=ticket.id, tags=tags)
    assert (await refusal(world, command)).code == "nothing_to_change"


@pytest.mark.spec("TAG 2")
async def test_a_tag_that_somebody_removed_is_not_added_again_by_the_system() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    system = Author(kind="system", id="tagging")
    added = ("late", "gift")
    await applied(world, ticket, TagTicket, tags=added, author=system, reason="words")
    await applied(world, ticket, UntagTicket, tags=("late",))
    again = a_command(TagTicket, ticket_id=ticket.id, tags=("late",), author=system)
    assert (await refusal(world, again)).code == "nothing_to_change"

    await applied(world, ticket, TagTicket, tags=("late", "new"), author=system)
    assert world.facts(TicketTagged)[-1].tags == ("new",)
    assert world.facts(TicketTagged)[0].because == "TAG 1: words"


@pytest.mark.spec("TAG 2")
async def test_what_somebody_adds_again_or_the_system_took_away_may_come_back() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    system = Author(kind="system", id="tagging")
    await applied(world, ticket, TagTicket, tags=("late",))
    await applied(world, ticket, UntagTicket, tags=("late",))
    await applied(world, ticket, TagTicket, tags=("late",))
    await applied(world, ticket, UntagTicket, tags=("late",), author=system)
    after = await applied(world, ticket, TagTicket, tags=("late",), author=system)

    assert after.tags == ("late",)


async def test_tags_never_make_a_ticket_too_large_to_be_written_to() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    for start in range(0, 60_000, 20_000):
        tags = tuple(f"{n:0100}" for n in range(start, start + 20_000))
        await world.happen(a_command(TagTicket, ticket_id=ticket.id, tags=tags))
    await world.happen(an_sms())
    assert world.ticket.message_count == 2
    assert {rejection.code for rejection in world.rejections} == {"too_large"}


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize("kind", [ReplyToTicket, AddNote])
async def test_a_command_too_large_is_answered_and_not_dropped(kind: type[Command]) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    huge = a_command(kind, ticket_id=ticket.id, text="x" * 4_190_000)
    assert (await refusal(world, huge)).code == "too_large"
    assert not world.sent


# Spam and unread


@pytest.mark.spec("SPM 2")
async def test_an_agent_marks_a_ticket_as_spam_and_as_none() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, MarkSpam)
    assert (after.spam, after.spam_by_agent, after.unassigned_epoch) == (True, True, None)
    flagged = a_command(MarkSpam, ticket_id=ticket.id)
    assert (await refusal(world, flagged)).code == "nothing_to_change"
    after = await applied(world, ticket, MarkNotSpam)
    assert (after.spam, after.spam_by_agent, after.unassigned_epoch) == (False, False, after.seq)
    unflagged = a_command(MarkNotSpam, ticket_id=ticket.id)
    assert (await refusal(world, unflagged)).code == "nothing_to_change"


@pytest.mark.spec("SPM 2")
async def test_a_ticket_that_has_an_assignee_or_is_closed_waits_for_none_once_it_is_no_spam() -> (
    None
):
    world = World()
    ticket = await a_ticket(world, "sms", spam=True)
    await applied(world, ticket, AssignTicket, assignee="ada")
    assert (await applied(world, ticket, MarkNotSpam)).unassigned_epoch is None
    await applied(world, ticket, MarkSpam)
    await applied(world, ticket, UnassignTicket)
    await applied(world, ticket, CloseTicket)
    assert (await applied(world, ticket, MarkNotSpam)).unassigned_epoch is None


@pytest.mark.spec("SPM 2")
async def test_an_integrations_mark_is_lifted_by_a_legitimate_message() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    integration = Author(kind="integration", id="x")
    await applied(world, ticket, MarkSpam, by=integration)
    again = a_command(MarkSpam, ticket_id=ticket.id, by=integration)
    assert (await refusal(world, again)).code == "nothing_to_change"
    await world.happen(an_sms())
    assert not world.ticket.spam


@pytest.mark.spec("TKT 10")
async def test_a_ticket_is_unread_until_an_agent_saw_or_answered_it() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    assert ticket.unread
    assert not (await applied(world, ticket, MarkRead)).unread
    twice = a_command(MarkRead, ticket_id=ticket.id)
    assert (await refusal(world, twice)).code == "nothing_to_change"
    await world.happen(an_sms())
    assert world.ticket.unread
    by_ai = a_command(ReplyToTicket, ticket_id=ticket.id, by=AI, text="Hello!")
    await world.happen(by_ai)
    assert world.ticket.unread
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Hello!"))
    assert not world.ticket.unread


@pytest.mark.spec("TKT 10")
async def test_how_many_tickets_a_profile_has_is_counted_over_all_channels() -> None:
    world = World()
    message = a_message(channel="webchat", conversation_id="one")
    known = message.contact.model_copy(update={"profile_id": "p-1"})
    await world.happen(
        message.model_copy(update={"contact": known}),
        a_message(channel="webchat", conversation_id="two", contact=known),
        a_message(channel="webchat", conversation_id="three"),
        an_sms(contact=an_sms().contact.model_copy(update={"profile_id": "p-1"})),
        a_message(channel="webchat", conversation_id="four", contact=known, account_id="zeta"),
    )
    assert [await world.store.tickets_of(ticket) for ticket in world.tickets] == [3, 3, 3, 3, 1]
