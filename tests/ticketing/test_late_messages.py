"""Messages that race with an automatic close, edits and deletions (ACL 6, ING 4)."""

from datetime import timedelta

import pytest

from services.ticketing.rules.command_effects import INACTIVITY_NOTICE
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import (
    CloseTicket,
    ReplyToTicket,
    SnoozeTicket,
)
from shared.contracts.tickets import (
    CustomerDeleted,
    CustomerEdited,
    TicketCloseAnnulled,
    TicketReopened,
)
from tests.builders import (
    a_command,
    a_deletion,
    a_message,
    an_edit,
    an_sms,
    minutes,
    the_system,
)
from tests.ticketing.world import World, a_ticket, a_ticket_closed, summary, write

REOPENED: tuple[Channel, ...] = ("email", "sms", "whatsapp")
NEVER_REOPENED: tuple[Channel, ...] = ("webchat", "instagram")
YEARS = timedelta(days=4000)


@pytest.mark.spec("ACL 6")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_close_that_comes_after_the_customers_message_is_refused(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Anything else?"))
    waiting = world.ticket.waiting_epoch
    assert waiting == 3
    await world.happen(
        write(channel, at=minutes(1)),
        a_command(
            CloseTicket,
            ticket_id=ticket.id,
            by=the_system(),
            at=minutes(2),
            reason="inactivity",
            waiting_epoch=waiting,
        ),
    )
    assert world.ticket.status == "open"
    assert [rejection.code for rejection in world.rejections] == ["stale"]


@pytest.mark.spec("ACL 6")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_message_received_before_an_automatic_close_annuls_it(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel, how="inactivity", at=minutes(30))
    assert ticket.status == "closed"
    late = write(channel, at=minutes(30) - timedelta(milliseconds=1))
    await world.happen(late)
    assert world.ticket.status == "open"
    assert world.ticket.closed_at is None
    (annulled,) = world.facts(TicketCloseAnnulled)
    assert annulled.message_id == late.id
    assert world.kinds()[-2:] == ["TicketCloseAnnulled", "CustomerWrote"]
    assert not world.facts(TicketReopened)


@pytest.mark.spec("ACL 6")
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_a_message_received_as_an_automatic_close_happens_comes_after_it(
    channel: Channel,
) -> None:
    world = World()
    await a_ticket_closed(world, channel, how="inactivity", at=minutes(30))
    await world.happen(write(channel, at=minutes(30)))
    assert len(world.tickets) == 2


@pytest.mark.spec("ACL 6")
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_an_agents_close_is_not_annulled(channel: Channel) -> None:
    world = World()
    await a_ticket_closed(world, channel, how="done", at=minutes(30))
    await world.happen(write(channel, at=minutes(1)))
    assert not world.facts(TicketCloseAnnulled)
    assert len(world.tickets) == 2


@pytest.mark.spec("ACL 6")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_spam_received_before_an_automatic_close_does_not_annul_it(channel: Channel) -> None:
    world = World()
    await a_ticket_closed(world, channel, how="inactivity", at=minutes(30))
    await world.happen(write(channel, spam=True, at=minutes(1)))
    assert world.status == "closed"
    await world.happen(write(channel, at=minutes(2)))
    assert world.status == "open"


@pytest.mark.spec("ACL 6")
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_a_late_message_whose_ticket_was_followed_by_another_goes_there(
    channel: Channel,
) -> None:
    world = World()
    await a_ticket_closed(world, channel, how="inactivity", at=minutes(30))
    after, before = write(channel, at=minutes(31)), write(channel, at=minutes(29))
    await world.batch([after, before])
    assert world.ticket_of(before) == world.ticket_of(after)
    assert [ticket.status for ticket in world.tickets] == ["closed", "open"]
    assert not world.facts(TicketCloseAnnulled)
    assert "received before this ticket was opened" in world.events()[-1].because


@pytest.mark.spec("TKT 8")
async def test_a_message_that_is_put_back_after_newer_ones_takes_its_place_and_says_so() -> None:
    world = World()
    first, lost, newest = (an_sms(at=minutes(n), text=f"{n}") for n in range(3))
    await world.happen(first, newest, lost)
    assert [line["text"] for line in await world.store.thread(world.ticket.id)] == ["2", "1", "0"]
    assert world.events()[-1].because.endswith("it came late, after newer messages")
    assert world.ticket.last_customer_at == newest.occurred_at


@pytest.mark.spec("ACL 3")
async def test_an_automatic_close_leaves_its_notice() -> None:
    world = World()
    ticket = await a_ticket_closed(world, "webchat", how="inactivity", at=minutes(30))
    newest, *_ = await world.store.thread(ticket.id)
    assert (newest["kind"], newest["text"]) == ("notice", INACTIVITY_NOTICE)


# Edits and deletions


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("channel", ["webchat", "sms", "instagram", "whatsapp"])
async def test_edits_and_deletions_reach_the_ticket_and_wake_nothing(channel: Channel) -> None:
    world = World()
    message = write(channel)
    await world.happen(message)
    ticket = world.ticket
    await world.happen(a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)))
    before = summary(world.ticket)
    await world.batch([an_edit(of=message, text="Where is my order?"), a_deletion(of=message)])
    (edited,), (deleted,) = world.facts(CustomerEdited), world.facts(CustomerDeleted)
    assert (edited.message_id, edited.text) == (message.id, "Where is my order?")
    assert deleted.message_id == message.id
    assert summary(world.ticket) == before


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_an_edit_reaches_the_ticket_of_its_message_not_the_newest(channel: Channel) -> None:
    world = World()
    message = write(channel)
    await world.happen(message)
    old = world.ticket
    await world.happen(a_command(CloseTicket, ticket_id=old.id), write(channel, at=minutes(1)))
    await world.happen(an_edit(of=message), a_deletion(of=message))
    assert world.kinds(old)[-2:] == ["CustomerEdited", "CustomerDeleted"]
    assert world.now_is(old).status == "closed"


@pytest.mark.spec("ING 4")
async def test_an_edit_in_one_batch_with_its_message_finds_it() -> None:
    world = World()
    message = a_message(channel="instagram")
    await world.batch([message, an_edit(of=message), a_deletion(of=message)])
    assert world.kinds() == ["TicketOpened", "CustomerWrote", "CustomerEdited", "CustomerDeleted"]


@pytest.mark.spec("ING 4")
async def test_an_edit_of_what_no_ticket_has_opens_none() -> None:
    world = World()
    unseen = a_message(channel="instagram")
    await world.happen(an_edit(of=unseen), a_deletion(of=unseen))
    assert not world.tickets
    assert not world.published


@pytest.mark.spec("ING 4")
async def test_an_edit_never_reaches_another_accounts_ticket() -> None:
    world = World()
    message = an_sms()
    await world.happen(message)
    await world.happen(an_edit(of=message, account_id="zeta"))
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]
