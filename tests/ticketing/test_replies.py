"""Replies: what a channel allows, and what goes out (TKT 13)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.accounts import ReplyWindows
from shared.contracts.base import CHANNELS, Author, Channel, Contact
from shared.contracts.commands import AddNote, CloseTicket, ReplyToTicket, SnoozeTicket
from shared.contracts.messages import Attachment
from shared.contracts.tickets import AgentReplied
from tests.builders import (
    MONDAY,
    a_command,
    a_message,
    an_account,
    an_inbound_mail,
    an_sms,
    minutes,
)
from tests.ticketing.giving import refusal
from tests.ticketing.world import World, a_ticket, write

INSTANT = timedelta(milliseconds=1)
WINDOWS = [("whatsapp", timedelta(hours=24)), ("instagram", timedelta(days=7))]
AI = Author(kind="ai", id="helper")


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_reply_goes_out_once_to_whoever_wrote(channel: Channel) -> None:
    world = World()
    message = write(channel)
    await world.happen(message)
    attachment = Attachment(kind="image", filename="label.png", ref="blob-1")
    command = a_command(
        ReplyToTicket, ticket_id=world.ticket.id, text="On its way.", attachments=(attachment,)
    )
    await world.batch([command, command])
    await world.happen(command)
    (out,) = world.sent
    assert (out.idempotency_key, out.text, out.attachments) == (
        command.id,
        "On its way.",
        (attachment,),
    )
    assert (out.channel, out.address, out.contact, out.conversation_id) == (
        channel,
        message.address,
        message.contact,
        message.conversation_id,
    )
    (replied,) = world.facts(AgentReplied)
    assert replied.message_id == out.id
    line, *_ = await world.store.thread(world.ticket.id)
    assert (line["kind"], line["text"]) == ("reply", "On its way.")


@pytest.mark.parametrize("channel", CHANNELS)
async def test_no_reply_goes_out_of_a_closed_ticket(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id))
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Hello?"))
    assert [rejection.code for rejection in world.rejections] == ["not_open"]
    assert not world.sent


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_a_reply_goes_out_from_the_number_that_the_contact_wrote_to_last(
    channel: Channel,
) -> None:
    """On the others of the account the channel's window may be over, or was never open."""
    world = World()
    other = a_message(channel=channel, address="+12025550199", at=minutes(2))
    spam = a_message(channel=channel, address="+12025550155", at=minutes(3), spam=True)
    await world.happen(a_message(channel=channel), other, a_message(channel=channel), spam)
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, text="On its way."))
    assert [out.address for out in world.sent] == ["+12025550199"]


@pytest.mark.parametrize("text", ["", " \n\t"])
async def test_nothing_is_not_sent_and_not_noted(text: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    for kind in (ReplyToTicket, AddNote):
        empty = a_command(kind, ticket_id=ticket.id, text=text)
        assert (await refusal(world, empty)).code == "nothing_to_change"
    photo = (Attachment(kind="image", ref="blob-1"),)
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text=text, attachments=photo))
    assert len(world.sent) == 1


@pytest.mark.spec("TKT 6")
async def test_a_snoozed_ticket_is_answered_and_sleeps_on() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await world.happen(
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)),
        a_command(ReplyToTicket, ticket_id=ticket.id, text="Still looking."),
    )
    assert world.ticket.status == "snoozed"
    assert len(world.sent) == 1


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("channel", ["webchat", "email"])
async def test_web_chat_and_mail_are_always_answered(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    late = a_command(
        ReplyToTicket, ticket_id=ticket.id, at=MONDAY + timedelta(days=400), text="Hello!"
    )
    await world.happen(late)
    assert len(world.sent) == 1


@pytest.mark.spec("TKT 13")
async def test_a_mail_that_named_no_sender_cannot_be_answered() -> None:
    world = World()
    await world.happen(an_inbound_mail(sender="", contact=Contact(id="unknown:1")))
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Hello!"))
    assert [rejection.code for rejection in world.rejections] == ["cannot_receive"]
    assert world.sent == []


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("address", ["ACME", "Acme 24", "+1202ACME"])
async def test_a_sender_name_cannot_be_a_support_number(address: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms", address=address)
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Hello!"))
    assert [rejection.code for rejection in world.rejections] == ["cannot_receive"]


async def test_a_short_code_can_be_a_support_number() -> None:
    world = World()
    ticket = await a_ticket(world, "sms", address="24242")
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Hello!"))
    assert len(world.sent) == 1


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize(("channel", "window"), WINDOWS)
@pytest.mark.parametrize(("over", "allowed"), [(timedelta(0), True), (INSTANT, False)])
async def test_a_window_opens_with_each_message_of_the_customer(
    channel: Channel,
    window: timedelta,
    over: timedelta,
    allowed: bool,  # noqa: FBT001
) -> None:
    world = World()
    await world.happen(write(channel), write(channel, at=minutes(30)))
    at = minutes(30) + window + over
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, at=at, text="Hello!"))
    assert len(world.sent) == allowed
    assert [rejection.code for rejection in world.rejections] == ["window_over"] * (not allowed)


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize(("channel", "window"), WINDOWS)
async def test_windows_are_the_accounts(channel: Channel, window: timedelta) -> None:
    world = World()
    windows = ReplyWindows(whatsapp=2 * WINDOWS[0][1], instagram=2 * WINDOWS[1][1])
    world.accounts.apply(an_account(reply_windows=windows))
    ticket = await a_ticket(world, channel)
    late = a_command(ReplyToTicket, ticket_id=ticket.id, at=MONDAY + 2 * window, text="Hello!")
    await world.happen(late)
    assert len(world.sent) == 1


# What a reply changes


@pytest.mark.spec("ACL 2")
async def test_the_team_waits_from_its_first_reply_on() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    for text in ("Hello!", "And one thing more."):
        await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text=text))
    assert (world.ticket.waiting_epoch, world.ticket.last_reply_seq) == (3, 4)
    await world.happen(an_sms(at=minutes(1)))
    assert (world.ticket.waiting_epoch, world.ticket.last_reply_seq) == (None, None)
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, by=AI, text="Hello!"))
    assert world.ticket.waiting_epoch == world.ticket.seq


@pytest.mark.spec("ACL 2")
@pytest.mark.parametrize("by", [None, AI, Author(kind="system", id="arp")])
async def test_an_auto_reply_starts_nothing(by: Author | None) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await world.happen(
        a_command(ReplyToTicket, ticket_id=ticket.id, by=by, text="We are closed.", auto_reply=True)
    )
    assert len(world.sent) == 1
    assert world.facts(AgentReplied)[0].auto_reply
    assert world.ticket.waiting_epoch is None
    assert world.ticket.customer_waits_since == MONDAY


# Mail


@pytest.mark.spec("TKT 2")
async def test_a_reply_by_mail_has_the_headers_that_lead_the_answer_back() -> None:
    world = World()
    first = an_inbound_mail(mail_id="one@example.com", subject="Refund", at=minutes(1))
    second = an_inbound_mail(mail_id="two@example.com", answers="one@example.com", at=minutes(2))
    await world.happen(first, second)
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Done."))
    (out,) = world.sent
    assert out.subject == "Re: Refund"
    assert out.in_reply_to == "two@example.com"
    assert out.references == ("one@example.com", "two@example.com")
    assert out.message_id
    assert out.message_id.endswith("@acme.example")
    answer = an_inbound_mail(answers=out.message_id, references=(), at=minutes(5))
    await world.happen(answer)
    assert world.ticket.message_count == 4


@pytest.mark.spec("TKT 2")
async def test_a_subject_that_is_an_answer_already_is_left_as_it_is() -> None:
    world = World()
    await world.happen(an_inbound_mail(subject="RE: Refund"))
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Done."))
    assert world.sent[0].subject == "RE: Refund"


async def test_a_mail_without_a_subject_can_be_answered() -> None:
    world = World()
    await world.happen(an_inbound_mail(subject=None))
    await world.happen(a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Done."))
    assert world.sent[0].subject == "Re:"


async def test_only_mail_has_mails_headers() -> None:
    world = World()
    await world.happen(a_message(channel="webchat"))
    command = a_command(ReplyToTicket, ticket_id=world.ticket.id, text="Hi!", cc=("x@y.example",))
    await world.happen(command)
    (out,) = world.sent
    assert (out.message_id, out.subject, out.cc) == (None, None, ())


@pytest.mark.spec("VWS 6")
async def test_of_two_who_answer_at_once_the_second_is_refused_and_their_own_replies_never() -> (
    None
):
    world = World()
    await world.happen(write("webchat"))
    seen = world.ticket.seq
    ada, ben = Author(kind="agent", id="ada", name="Ada"), Author(kind="agent", id="ben")
    given: dict[str, Any] = {"ticket_id": world.ticket.id, "text": "On its way.", "seen_seq": seen}

    await world.happen(a_command(ReplyToTicket, by=ada, **given))
    again = a_command(ReplyToTicket, by=ada, **given)
    late = a_command(ReplyToTicket, by=ben, **given)
    unasked = a_command(ReplyToTicket, by=ben, **{**given, "seen_seq": None})

    refused = await refusal(world, late)
    assert (refused.code, refused.reason) == ("stale", "ada has answered the customer since")
    await world.happen(again, unasked)
    assert len(world.sent) == 3
