"""What customers' messages make of tickets, channel by channel (TKT 1 to 5, TKT 8)."""

from datetime import timedelta

import pytest

from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import (
    AssignTicket,
    CloseTicket,
    ReopenTicket,
    ReplyToTicket,
    UnassignTicket,
)
from shared.contracts.tickets import (
    CustomerWrote,
    TicketOpened,
    TicketReopened,
)
from shared.values.ids import computed_id
from tests.builders import (
    ADDRESSES,
    MONDAY,
    a_command,
    a_contact,
    a_message,
    a_signal,
    an_account,
    an_sms,
    minutes,
)
from tests.ticketing.world import World, a_ticket, a_ticket_closed, summary, write

REOPENED: tuple[Channel, ...] = ("email", "sms", "whatsapp")
NEVER_REOPENED: tuple[Channel, ...] = ("webchat", "instagram")
YEARS = timedelta(days=4000)


@pytest.mark.spec("TKT 9")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_first_message_opens_a_ticket(channel: Channel) -> None:
    world = World()
    message = write(channel)
    await world.happen(message)
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]
    (opened,), (wrote,) = world.facts(TicketOpened), world.facts(CustomerWrote)
    assert [event.id for event in world.events()] == [
        f"{world.ticket.id}:1",
        f"{world.ticket.id}:2",
    ]
    assert (opened.cause_id, opened.correlation_id) == (message.id, message.correlation_id)
    assert wrote.message_id == message.id
    assert wrote.ticket == summary(world.ticket)
    assert (opened.ticket.status, opened.ticket.unread, opened.ticket.unassigned_epoch) == (
        "open",
        True,
        1,
    )


@pytest.mark.spec("TKT 1")
@pytest.mark.spec("TKT 4")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_further_message_joins_a_ticket_that_is_not_closed(channel: Channel) -> None:
    world = World()
    await world.happen(write(channel), write(channel, at=minutes(1)))
    assert world.kinds() == ["TicketOpened", "CustomerWrote", "CustomerWrote"]
    assert world.ticket.message_count == 2


@pytest.mark.spec("TKT 2")
@pytest.mark.spec("TKT 3")
@pytest.mark.spec("TKT 5")
@pytest.mark.parametrize("how", ["done", "inactivity"])
@pytest.mark.parametrize("channel", REOPENED)
async def test_a_customers_message_reopens_a_closed_ticket_however_old(
    channel: Channel, how: str
) -> None:
    world = World()
    await a_ticket_closed(world, channel, how=how)
    await world.happen(write(channel, at=MONDAY + YEARS))
    assert world.ticket.status == "open"
    assert world.kinds()[-2:] == ["TicketReopened", "CustomerWrote"]
    (reopened,) = world.facts(TicketReopened)
    assert reopened.author is None
    assert (reopened.ticket.closed_at, reopened.ticket.waiting_epoch) == (None, None)
    assert world.ticket.unassigned_epoch == reopened.seq


@pytest.mark.spec("TKT 1")
@pytest.mark.spec("TKT 4")
@pytest.mark.parametrize("how", ["done", "inactivity"])
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_a_closed_web_chat_or_instagram_ticket_is_followed_by_a_new_one(
    channel: Channel, how: str
) -> None:
    world = World()
    old = await a_ticket_closed(world, channel, how=how)
    later = [write(channel, at=minutes(5)), write(channel, at=minutes(6))]
    await world.batch(later)
    new = world.ticket_of(later[0])
    assert new.id != old.id
    assert world.ticket_of(later[1]) == new
    assert world.now_is(old).status == "closed"
    assert world.kinds(old) == ["TicketOpened", "CustomerWrote", "AgentReplied", "TicketClosed"]
    assert new.number != old.number


@pytest.mark.spec("ASG 9")
@pytest.mark.parametrize("channel", REOPENED)
async def test_a_reopened_ticket_keeps_its_assignee(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(
        a_command(AssignTicket, ticket_id=ticket.id, assignee="ada"),
        a_command(CloseTicket, ticket_id=ticket.id),
        write(channel, at=minutes(5)),
    )
    assert (world.ticket.assignee, world.ticket.unassigned_epoch) == ("ada", None)


@pytest.mark.spec("ASG 4")
async def test_a_ticket_unassigned_by_hand_waits_for_nobody_until_it_is_reopened() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await world.happen(
        a_command(AssignTicket, ticket_id=ticket.id, assignee="ada"),
        a_command(UnassignTicket, ticket_id=ticket.id),
        an_sms(at=minutes(1)),
    )
    assert world.ticket.unassigned_epoch is None
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id), an_sms(at=minutes(2)))
    assert world.ticket.unassigned_epoch == world.facts(TicketReopened)[0].seq


@pytest.mark.spec("TKT 1")
async def test_each_web_chat_conversation_of_one_person_has_its_ticket() -> None:
    world = World()
    await world.batch(
        [a_message(channel="webchat", conversation_id=chat) for chat in ("one", "two", "one")]
    )
    assert [ticket.conversation_id for ticket in world.tickets] == ["one", "two"]


@pytest.mark.spec("TKT 3")
@pytest.mark.spec("TKT 5")
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_a_person_has_one_ticket_whichever_number_they_write_to(channel: Channel) -> None:
    world = World()
    await world.happen(write(channel), write(channel, address="+12025550199"))
    assert world.ticket.message_count == 2


@pytest.mark.parametrize("channel", CHANNELS)
async def test_accounts_share_nothing(channel: Channel) -> None:
    world = World()
    await world.batch([write(channel), write(channel, account_id="zeta")])
    acme, zeta = world.tickets
    assert (acme.account_id, zeta.account_id) == ("acme", "zeta")
    assert (acme.number, zeta.number) == (1, 1)


@pytest.mark.spec("ING 2")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_message_delivered_again_years_later_changes_nothing(channel: Channel) -> None:
    world = World()
    message = write(channel)
    await world.batch([message, message])
    await world.happen(a_command(CloseTicket, ticket_id=world.ticket.id))
    documents, events = dict(world.store.documents), world.events()
    world.now += YEARS
    await world.batch([message])
    assert (world.store.documents, world.events()) == (documents, events)


# Order and time


@pytest.mark.spec("TKT 8")
async def test_a_thread_is_in_the_order_in_which_the_channel_saw_it() -> None:
    world = World()
    late = a_message(text="first", sent_at=minutes(1), at=minutes(10))
    soon = a_message(text="second", sent_at=minutes(2), at=minutes(3))
    same = a_message(text="third", sent_at=minutes(2), at=minutes(4))
    await world.happen(same, soon, late, same)
    thread = await world.store.thread(world.ticket.id)
    assert [line["text"] for line in reversed(thread)] == ["first", "second", "third"]


@pytest.mark.spec("TKT 8")
async def test_messages_of_one_second_and_one_delivery_stay_in_order() -> None:
    """WhatsApp tells time by the second, and one webhook brings several messages."""
    world = World()
    messages = [
        a_message(channel="whatsapp", text=str(n), id=computed_id("message", str(n)))
        for n in range(20)
    ]
    await world.batch(messages)
    thread = await world.store.thread(world.ticket.id)
    assert [line["text"] for line in reversed(thread)] == [str(n) for n in range(20)]


@pytest.mark.spec("TKT 10")
async def test_a_thread_shows_its_last_fifty_lines_and_older_ones_page_by_page() -> None:
    world = World()
    await world.batch([an_sms(text=str(n), at=minutes(n // 3)) for n in range(120)])
    pages = [await world.store.thread(world.ticket.id)]
    while len(pages[-1]) == 50:
        pages.append(await world.store.thread(world.ticket.id, before=pages[-1][-1]))
    assert [len(page) for page in pages] == [50, 50, 20]
    shown = [line["text"] for page in pages for line in page]
    assert shown == [str(n) for n in reversed(range(120))]


async def test_the_customer_waits_since_the_oldest_message_that_nobody_answered() -> None:
    world = World()
    await world.happen(an_sms(at=minutes(5)), an_sms(at=minutes(9)), an_sms(at=minutes(3)))
    assert world.ticket.customer_waits_since == minutes(3)
    assert world.ticket.last_customer_at == minutes(9)
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Soon!"))
    assert world.ticket.customer_waits_since is None
    await world.happen(an_sms(at=minutes(20)))
    assert world.ticket.customer_waits_since == minutes(20)


async def test_a_ticket_shows_what_is_newest_known_of_its_contact() -> None:
    world = World()
    known = a_contact(profile_id="p-1", segments=("vip",), sms_consent="none")
    await world.happen(an_sms(), an_sms(contact=known))
    assert world.ticket.contact == known


# What may be large


async def test_a_message_too_large_for_the_stream_is_refused_and_the_rest_is_taken() -> None:
    world = World()
    huge = an_sms(text="x" * 5_000_000)
    refused = await world.batch_with_refusals([an_sms(), huge, an_sms()])
    assert refused == {1: "too_large"}
    assert world.ticket.message_count == 2


async def test_a_ticket_has_the_number_its_account_gives_it() -> None:
    world = World()
    await world.batch([an_sms(by=name) for name in ("anna", "bob", "cleo")])
    await world.batch([an_sms(by="dora")])
    numbers = [ticket.number for ticket in world.tickets]
    assert numbers == sorted(set(numbers))
    dora = await world.store.numbered("acme", numbers[-1])
    assert dora == world.tickets[-1]
    assert await world.store.numbered("zeta", numbers[-1]) is None


async def test_a_mail_without_its_headers_is_a_thread_of_its_own() -> None:
    world = World()
    mails = [a_message(channel="email") for _ in range(6)]
    await world.batch(mails[:3])
    for mail in mails[3:]:
        await world.happen(mail)
    assert len({world.ticket_of(mail).id for mail in mails}) == 6
    assert len({ticket.slot for ticket in world.tickets}) == 6


@pytest.mark.spec("ASG 9")
@pytest.mark.parametrize("channel", NEVER_REOPENED)
async def test_a_ticket_that_agents_cannot_reopen_can_still_be_annotated(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel)
    await world.happen(a_command(ReopenTicket, ticket_id=ticket.id))
    assert [rejection.code for rejection in world.rejections] == ["cannot_reopen"]
    assert world.now_is(ticket).status == "closed"


def test_the_account_of_the_builders_has_an_address_on_every_channel() -> None:
    assert {a.channel: a.value for a in an_account().addresses} == ADDRESSES
    assert a_signal().contact == a_contact()
