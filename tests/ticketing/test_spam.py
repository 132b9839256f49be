"""What screening and agents take for spam (SPM 1, SPM 2)."""

from datetime import timedelta

import pytest

from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import (
    CloseTicket,
    MarkNotSpam,
    MarkSpam,
    ReplyToTicket,
    SnoozeTicket,
)
from shared.contracts.messages import Verdict
from shared.contracts.tickets import (
    CustomerWrote,
    TicketMarkedNotSpam,
)
from tests.builders import (
    a_command,
    a_message,
    an_sms,
    minutes,
)
from tests.ticketing.world import World, a_ticket, a_ticket_closed, summary, write

REOPENED: tuple[Channel, ...] = ("email", "sms", "whatsapp")
NEVER_REOPENED: tuple[Channel, ...] = ("webchat", "instagram")
YEARS = timedelta(days=4000)


@pytest.mark.spec("SPM 3")
@pytest.mark.parametrize("grey", [True, False])
async def test_what_is_near_spam_is_an_ordinary_message_that_says_so(
    grey: bool,  # noqa: FBT001  # a verdict is one or the other
) -> None:
    world = World()
    near = Verdict(spam=False, grey=grey, score=0.8, threshold=0.9, model="m")
    await world.happen(write("sms").model_copy(update={"verdict": near}))
    [written] = world.facts(CustomerWrote)
    assert (written.grey, written.spam, world.ticket.spam) == (grey, False, False)
    assert world.ticket.waiting_epoch is None


@pytest.mark.spec("SPM 1")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_spam_that_would_open_a_ticket_makes_one_that_waits_for_nobody(
    channel: Channel,
) -> None:
    world = World()
    await world.happen(write(channel, spam=True))
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]
    assert world.ticket.spam
    assert world.ticket.unassigned_epoch is None
    assert all(event.ticket.spam for event in world.events())
    assert all(event.ticket.unassigned_epoch is None for event in world.events())


@pytest.mark.spec("SPM 2")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_legitimate_message_lifts_the_flag_of_screening(channel: Channel) -> None:
    world = World()
    await world.happen(write(channel, spam=True), write(channel, at=minutes(1)))
    (lifted,) = world.facts(TicketMarkedNotSpam)
    assert lifted.author.kind == "system"
    assert not world.ticket.spam
    assert world.ticket.unassigned_epoch == lifted.seq
    assert world.kinds()[-1] == "CustomerWrote"


@pytest.mark.spec("SPM 2")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_legitimate_message_leaves_an_agents_flag(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)),
        a_command(MarkSpam, ticket_id=ticket.id),
        write(channel, at=minutes(1)),
    )
    assert world.ticket.spam
    assert world.ticket.status == "snoozed"
    assert world.ticket.unassigned_epoch is None


@pytest.mark.spec("SPM 2")
async def test_an_agent_confirms_the_flag_of_screening() -> None:
    world = World()
    await world.happen(an_sms(spam=True))
    await world.happen(a_command(MarkSpam, ticket_id=world.ticket.id), an_sms(at=minutes(1)))
    assert world.ticket.spam


@pytest.mark.spec("SPM 2")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_spam_for_a_ticket_that_is_none_joins_it_and_changes_nothing(
    channel: Channel,
) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(
        a_command(ReplyToTicket, ticket_id=ticket.id, text="Here it is."),
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)),
    )
    before = summary(world.ticket)
    await world.happen(write(channel, spam=True, at=minutes(1)))
    (_, wrote) = world.facts(CustomerWrote)
    assert wrote.spam
    wrote_at = {"last_customer_at": minutes(1)}
    assert summary(world.ticket) == before.model_copy(update=wrote_at)
    assert before.waiting_epoch is not None


@pytest.mark.spec("SPM 2")
@pytest.mark.parametrize("channel", REOPENED)
async def test_spam_does_not_reopen(channel: Channel) -> None:
    world = World()
    await a_ticket_closed(world, channel)
    await world.happen(write(channel, spam=True, at=minutes(5)))
    assert world.ticket.status == "closed"
    assert world.kinds()[-1] == "CustomerWrote"


@pytest.mark.spec("SPM 1")
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_spam_after_a_closed_ticket_opens_a_flagged_one(channel: Channel) -> None:
    world = World()
    old = await a_ticket_closed(world, channel)
    spam = write(channel, spam=True, at=minutes(5))
    await world.happen(spam)
    assert world.ticket_of(spam).spam
    assert not world.now_is(old).spam


@pytest.mark.spec("SPM 2")
async def test_a_legitimate_message_reopens_and_unflags_a_closed_spam_ticket() -> None:
    world = World()
    await world.happen(an_sms(spam=True))
    await world.happen(a_command(CloseTicket, ticket_id=world.ticket.id), an_sms(at=minutes(1)))
    assert world.kinds()[-3:] == ["TicketReopened", "TicketMarkedNotSpam", "CustomerWrote"]
    assert not world.ticket.spam
    assert world.ticket.status == "open"
    assert world.ticket.unassigned_epoch == world.facts(TicketMarkedNotSpam)[0].seq


@pytest.mark.spec("SPM 2")
async def test_a_ticket_marked_not_spam_stands_as_if_it_never_had_been() -> None:
    world = World()
    await world.happen(
        a_message(channel="whatsapp", spam=True, at=minutes(1)),
        a_message(channel="whatsapp", spam=True, at=minutes(2)),
    )
    await world.happen(a_command(MarkNotSpam, ticket_id=world.ticket.id, at=minutes(3)))
    ticket = world.ticket
    assert (ticket.spam, ticket.unassigned_epoch) == (False, ticket.seq)
    assert ticket.customer_waits_since == minutes(1)
    assert ticket.last_customer_at == minutes(2)
    await world.happen(
        a_command(ReplyToTicket, ticket_id=ticket.id, at=minutes(4), text="Sorry for that!")
    )
    assert len(world.sent) == 1
