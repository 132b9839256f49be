"""One mail to a visitor who left the chat before they read the answer, and their answer to it."""

from typing import Any

import pytest

from shared.contracts.commands import CloseTicket, FollowUpByMail, ReplyToTicket
from shared.contracts.outbound import OutboundMessage
from shared.contracts.tickets import CommandRejected
from tests.pipeline.stage import MAILBOX, Stage, acme

GIULIA = "giulia@example.com"


def following_up(**follow_up: Any) -> Any:
    return acme(name="Acme", auto_replies={"follow_up": {"enabled": True, **follow_up}})


def mails(stage: Stage) -> list[OutboundMessage]:
    return [out for out in stage.outbound() if out.channel == "email"]


async def left_unanswered(stage: Stage) -> str:
    """Giulia asks in the chat and goes; then she is answered."""
    await stage.chat_event("session_start")
    await stage.chat("Where is my order?", email=GIULIA)
    ticket_id, _ = stage.only_ticket()
    await stage.forward(seconds=20)
    await stage.chat_event("session_end")
    await stage.forward(minutes=1)
    await stage.command(ReplyToTicket, ticket_id, text="It arrives tomorrow.")
    return ticket_id


@pytest.mark.spec("ARP 3")
async def test_who_left_before_the_answer_gets_one_mail_three_minutes_after_it(
    stage: Stage,
) -> None:
    await stage.account(following_up())
    ticket_id = await left_unanswered(stage)

    await stage.forward(minutes=2, seconds=59)
    assert mails(stage) == []
    await stage.forward(seconds=2)

    (mail,) = mails(stage)
    assert (mail.address, mail.contact.identities[0].value) == (MAILBOX, GIULIA)
    assert (mail.auto_reply, mail.ticket_id) == (True, ticket_id)
    assert mail.subject == "Your chat with Acme"
    assert mail.text.startswith("Hello Giulia,")
    assert "It arrives tomorrow." in mail.text
    assert "{{" not in mail.text

    await stage.command(ReplyToTicket, ticket_id, text="Are you still there?")
    await stage.forward(hours=5)
    assert len(mails(stage)) == 1, "one mail until they are back"


@pytest.mark.spec("ARP 3")
@pytest.mark.parametrize("what", ["session_start", "read"])
async def test_who_comes_back_or_reads_gets_no_mail(in_memory: Stage, what: str) -> None:
    await in_memory.account(following_up())
    await left_unanswered(in_memory)
    await in_memory.forward(minutes=1)

    await in_memory.chat_event(what)
    await in_memory.forward(hours=1)

    assert mails(in_memory) == []


@pytest.mark.spec("ARP 3")
async def test_who_writes_again_gets_no_mail(in_memory: Stage) -> None:
    await in_memory.account(following_up())
    await left_unanswered(in_memory)

    await in_memory.chat("Ah, I see. Thanks!", email=GIULIA)
    await in_memory.forward(hours=1)

    assert mails(in_memory) == []


@pytest.mark.spec("ARP 3")
async def test_who_stays_in_the_chat_or_only_changes_the_page_gets_no_mail(
    in_memory: Stage,
) -> None:
    await in_memory.account(following_up())
    await in_memory.chat("Where is my order?", email=GIULIA)
    ticket_id, _ = in_memory.only_ticket()
    await in_memory.forward(seconds=10)
    await in_memory.command(ReplyToTicket, ticket_id, text="It arrives tomorrow.")

    await in_memory.forward(minutes=10)
    assert mails(in_memory) == [], "nobody knows that they have left"

    await in_memory.chat_event("session_end")
    await in_memory.forward(seconds=5)
    await in_memory.chat_event("session_start")
    await in_memory.forward(hours=1)
    assert mails(in_memory) == []


@pytest.mark.spec("ARP 3")
async def test_who_leaves_long_after_the_answer_without_having_read_it_gets_the_mail(
    in_memory: Stage,
) -> None:
    await in_memory.account(following_up())
    await in_memory.chat("Where is my order?", email=GIULIA)
    ticket_id, _ = in_memory.only_ticket()
    await in_memory.forward(seconds=10)
    await in_memory.command(ReplyToTicket, ticket_id, text="It arrives tomorrow.")
    await in_memory.forward(minutes=30)

    await in_memory.chat_event("session_end")
    await in_memory.forward(minutes=1)

    assert len(mails(in_memory)) == 1


@pytest.mark.spec("ARP 3")
async def test_nobody_is_mailed_whose_address_was_only_claimed_or_is_not_known(
    in_memory: Stage,
) -> None:
    await in_memory.account(following_up())
    await in_memory.chat("Where is my order?")
    ticket_id, _ = in_memory.only_ticket()
    await in_memory.chat_event("session_end")
    await in_memory.command(ReplyToTicket, ticket_id, text="It arrives tomorrow.")

    await in_memory.forward(hours=1)

    assert mails(in_memory) == []


@pytest.mark.spec("ARP 3")
async def test_a_mail_that_was_due_while_nobody_was_there_to_send_it_is_sent_late(
    in_memory: Stage,
) -> None:
    await in_memory.account(following_up())
    await left_unanswered(in_memory)
    in_memory.clock.forward(hours=10)  # nothing runs meanwhile

    await in_memory.settle()

    assert len(mails(in_memory)) == 1


@pytest.mark.spec("ARP 3")
async def test_the_answer_goes_into_the_chats_ticket_and_is_answered_by_mail(stage: Stage) -> None:
    await stage.account(following_up())
    ticket_id = await left_unanswered(stage)
    await stage.forward(minutes=4)
    (mail,) = mails(stage)

    await stage.mail(
        "Great, thank you!",
        sender=f"Giulia <{GIULIA}>",
        answers=[*mail.references, str(mail.message_id)],
    )
    only, ticket = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="You are welcome.")

    assert (only, ticket.channel) == (ticket_id, "webchat")
    assert stage.kinds(ticket_id).count("CustomerWrote") == 2
    out = mails(stage)[-1]
    assert (out.text, out.address) == ("You are welcome.", MAILBOX)
    assert out.contact.identities[0].value == GIULIA
    assert str(mail.message_id) in (*out.references, out.in_reply_to)
    assert (out.subject, out.auto_reply) == ("Re: Your chat with Acme", False)

    await stage.chat("I am back here", email=GIULIA)
    await stage.command(ReplyToTicket, ticket_id, text="Welcome back.")
    assert stage.outbound()[-1].channel == "webchat", (
        "whoever is back in the chat is answered there"
    )


@pytest.mark.spec("ARP 3", "TKT 1")
async def test_the_answer_to_a_chat_that_is_closed_opens_a_linked_ticket(in_memory: Stage) -> None:
    await in_memory.account(following_up())
    ticket_id = await left_unanswered(in_memory)
    await in_memory.forward(minutes=4)
    (mail,) = mails(in_memory)
    await in_memory.command(CloseTicket, ticket_id)
    cited = [*mail.references, str(mail.message_id)]

    first = await in_memory.mail("Thank you!", sender=f"Giulia <{GIULIA}>", answers=cited)
    await in_memory.mail("One more thing", sender=f"Giulia <{GIULIA}>", answers=[*cited, first])

    chat, other = in_memory.board
    assert (chat, in_memory.board[chat].status) == (ticket_id, "closed")
    assert in_memory.board[other].channel == "email"
    assert in_memory.facts(other)[0].related_ticket_id == ticket_id  # type: ignore[attr-defined]
    assert in_memory.kinds(other).count("CustomerWrote") == 2


@pytest.mark.spec("ARP 3", "TKT 2")
async def test_a_stranger_who_answers_the_mail_gets_a_ticket_of_their_own(in_memory: Stage) -> None:
    await in_memory.account(following_up())
    ticket_id = await left_unanswered(in_memory)
    await in_memory.forward(minutes=4)
    (mail,) = mails(in_memory)

    await in_memory.mail(
        "Tell me their address!",
        sender="mallory@evil.example",
        answers=[*mail.references, str(mail.message_id)],
    )

    assert len(in_memory.board) == 2
    assert in_memory.kinds(ticket_id).count("CustomerWrote") == 1


@pytest.mark.spec("ARP 4")
async def test_an_out_of_office_that_answers_the_mail_goes_nowhere(in_memory: Stage) -> None:
    await in_memory.account(following_up())
    await left_unanswered(in_memory)
    await in_memory.forward(minutes=4)
    (mail,) = mails(in_memory)
    before = len(in_memory.outbound())
    lines = [
        f"From: Giulia <{GIULIA}>",
        f"To: {MAILBOX}",
        "Subject: Automatic reply: Your chat",
        "Message-ID: <away@mail.example.com>",
        f"In-Reply-To: <{mail.message_id}>",
        "Auto-Submitted: auto-replied",
    ]

    await in_memory.raw(
        "email",
        "\r\n".join([*lines, "", "I am away.", ""]).encode(),
        content_type="message/rfc822",
        x_rcpt_to=MAILBOX,
    )
    await in_memory.forward(hours=1)

    assert len(in_memory.board) == 1
    assert len(in_memory.outbound()) == before


@pytest.mark.spec("ARP 3")
async def test_a_mail_is_refused_where_the_visitor_has_written_since(in_memory: Stage) -> None:
    """The command and the visitor's message cross: the message was first."""
    await in_memory.account(acme())
    ticket_id = await left_unanswered(in_memory)
    seq = in_memory.facts(ticket_id)[-1].seq
    await in_memory.chat("Thanks!", email=GIULIA)

    await in_memory.command(
        FollowUpByMail,
        ticket_id,
        mailbox=MAILBOX,
        to=GIULIA,
        subject="Your chat",
        text="You missed something",
        missed_seq=seq,
    )

    assert mails(in_memory) == []
    assert [e.code for e in in_memory.events if isinstance(e, CommandRejected)] == ["stale"]
