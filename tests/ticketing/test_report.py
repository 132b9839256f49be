"""What `helpdesk ticket show` tells of a ticket, and why it is as it is."""

from io import StringIO

import pytest
from rich.console import Console

from services.ticketing.report import Report, printed
from services.ticketing.rules.ticket import Ticket
from shared.contracts.commands import (
    UNASSIGNED,
    AssignTicket,
    CloseTicket,
    MarkRead,
    ReplyToTicket,
    SnoozeTicket,
)
from shared.contracts.messages import Attachment, Reason
from shared.values.mail_tokens import marked
from tests.builders import (
    a_command,
    a_message,
    a_signal,
    a_verdict,
    an_agent,
    an_edit,
    an_inbound_mail,
    an_sms,
    minutes,
    the_system,
)
from tests.ticketing.desk import Desk
from tests.ticketing.world import World, a_ticket


async def told(world: World, ticket: Ticket, *, cut: bool = False) -> str:
    """The report as a terminal has it, wide enough for all of it on a line."""
    history = await world.store.history(ticket.id)
    report = Report(world.now_is(ticket), await world.store.tickets_of(ticket), history, cut=cut)
    console = Console(file=StringIO(), width=400, highlight=False)
    for part in printed(report):
        console.print(part)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def line_of(text: str, said: str) -> str:
    """The only line in which that is said."""
    (line,) = [line for line in text.splitlines() if said in line]
    return line


@pytest.mark.spec("TKT 11")
async def test_what_was_refused_says_why_and_loses_no_text() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await world.happen(
        a_signal(at=minutes(1)),
        a_command(ReplyToTicket, ticket_id=ticket.id, at=minutes(2), text="Here is your refund"),
        a_command(AssignTicket, ticket_id=ticket.id, at=minutes(3), assignee="ada"),
        a_command(
            AssignTicket,
            ticket_id=ticket.id,
            at=minutes(4),
            by=an_agent(id="ben"),
            assignee="ben",
            seen_assignee=UNASSIGNED,
        ),
    )
    text = await told(world, ticket)
    assert "no_consent" in line_of(text, "reply to ticket: refused")
    assert "Here is your refund" in text
    assert "ada has it now" in line_of(text, "assign ticket: refused")
    assert "09:01:00" in line_of(text, "said STOP  ")


@pytest.mark.spec("ACL 6")
async def test_each_change_is_said_in_words_with_its_number_and_its_reason() -> None:
    world = World()
    ticket = await a_ticket(world, "webchat", attachments=(Attachment(filename="bill.pdf"),))
    await world.happen(
        a_command(MarkRead, ticket_id=ticket.id),
        a_command(ReplyToTicket, ticket_id=ticket.id, text="Yes?"),
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(90)),
        a_command(
            CloseTicket,
            ticket_id=ticket.id,
            at=minutes(60),
            by=the_system(),
            reason="inactivity",
            waiting_epoch=4,
        ),
        a_message(channel="webchat", at=minutes(59), text="Wait!"),
    )
    text = await told(world, ticket)
    assert "1-2" in line_of(text, "ticket opened, customer wrote")
    assert "bill.pdf" in text
    assert "webchat is always answered" in line_of(text, "agent replied")
    assert "TKT 6: Ada asked for it" in line_of(text, "snoozed until 2026-03-02 10:30 UTC")
    assert "ACL 6" in line_of(text, "ticket close annulled")
    assert "since 2026-03-02 09:59:00" in line_of(text, "waiting")


@pytest.mark.spec("TKT 2")
async def test_a_mail_says_by_which_evidence_it_joined_and_a_stranger_whose_thread_they_cite() -> (
    None
):
    world = World()
    root = an_inbound_mail(mail_id="root@x.example", cc=("dora@example.com",))
    older = an_inbound_mail(references=("root@x.example", "lost@x.example"), at=minutes(2))
    stranger = an_inbound_mail(by="bob", answers="root@x.example", at=minutes(3))
    await world.happen(
        root, an_inbound_mail(by="dora", answers="root@x.example", at=minutes(1)), older, stranger
    )
    ticket = world.ticket_of(root)
    text = await told(world, ticket)
    assert "was addressed in it" in line_of(text, "it answers root@x.example")
    assert "its author is its contact" in line_of(text, "it refers to root@x.example")
    own = await told(world, world.ticket_of(stranger))
    assert ticket.id in line_of(own, "takes no part in the thread")
    assert ticket.id in line_of(own, "linked to")


@pytest.mark.spec("TKT 2")
async def test_a_mail_that_a_token_led_back_says_so(desk: Desk) -> None:
    await desk.happen(an_inbound_mail(at=minutes(2), tokens=(marked("address", desk.token),)))
    assert "signed token" in await told(desk, desk.annas)


@pytest.mark.spec("SPM 3")
async def test_what_was_taken_for_spam_says_for_which_reasons() -> None:
    world = World()
    reasons = (Reason(code="money", words="it promises money", weight=3.0),)
    verdict = a_verdict(spam=True).model_copy(update={"reasons": reasons})
    await world.happen(an_sms(verdict=verdict))
    text = await told(world, world.ticket)
    assert "0.99, spam from 0.90 on: it promises money" in text


async def test_what_is_left_out_and_what_a_customer_changed_is_said() -> None:
    world = World()
    message = an_sms(text="my card is 4111")
    await world.happen(message, an_edit(of=message, text="never mind"))
    text = await told(world, world.ticket, cut=True)
    assert "4111" not in text
    assert "(edited, version 1)" in text
    assert "--last shows more" in text
