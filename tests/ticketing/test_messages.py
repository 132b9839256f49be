"""What customers' messages make of tickets, channel by channel (TKT 1 to 8, SPM, ACL 6)."""

from datetime import timedelta

import pytest

from services.ticketing.rules.changes import INACTIVITY_NOTICE
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import (
    AssignTicket,
    CloseTicket,
    MarkNotSpam,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    SnoozeTicket,
    UnassignTicket,
    WakeTicket,
)
from shared.contracts.tickets import (
    CustomerDeleted,
    CustomerEdited,
    CustomerWrote,
    TicketCloseAnnulled,
    TicketMarkedNotSpam,
    TicketOpened,
    TicketReopened,
    TicketWoken,
)
from shared.ids import computed_id
from tests.builders import (
    ADDRESSES,
    MONDAY,
    a_command,
    a_contact,
    a_deletion,
    a_message,
    a_signal,
    an_account,
    an_edit,
    an_sms,
    minutes,
    the_system,
)
from tests.ticketing.world import World, a_ticket, a_ticket_closed, write

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
        f"{world.ticket.id}:1", f"{world.ticket.id}:2"
    ]
    assert (opened.cause_id, opened.correlation_id) == (message.id, message.correlation_id)
    assert wrote.message_id == message.id
    assert wrote.ticket == world.ticket.summary()
    assert (opened.ticket.status, opened.ticket.unread, opened.ticket.unassigned_epoch) == (
        "open", True, 1
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


# Snoozed tickets


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
        await world.happen(
            a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(until))
        )
    await world.sweep(minutes(11))
    assert world.status == "snoozed"
    await world.sweep(minutes(61))
    assert world.status == "open"


@pytest.mark.spec("TKT 6")
async def test_however_many_tickets_wake_at_nine_none_is_late() -> None:
    world = World()
    messages = [an_sms(by=f"person-{number}") for number in range(450)]
    await world.batch(messages)
    snoozes = [
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60))
        for ticket in world.tickets
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
    await world.happen(an_sms(at=minutes(5)), an_sms(at=minutes(3)), an_sms(at=minutes(9)))
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


# Spam


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
    before = world.ticket.summary()
    await world.happen(write(channel, spam=True, at=minutes(1)))
    (_, wrote) = world.facts(CustomerWrote)
    assert wrote.spam
    assert world.ticket.summary() == before
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
    await world.happen(
        a_command(CloseTicket, ticket_id=world.ticket.id), an_sms(at=minutes(1))
    )
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


# Automatic closing


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
            CloseTicket, ticket_id=ticket.id, by=the_system(), at=minutes(2),
            reason="inactivity", waiting_epoch=waiting,
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
    assert world.tickets[0].status == "closed"


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
    before = world.ticket.summary()
    await world.batch([an_edit(of=message, text="Where is my order?"), a_deletion(of=message)])
    (edited,), (deleted,) = world.facts(CustomerEdited), world.facts(CustomerDeleted)
    assert (edited.message_id, edited.text) == (message.id, "Where is my order?")
    assert deleted.message_id == message.id
    assert world.ticket.summary() == before


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
