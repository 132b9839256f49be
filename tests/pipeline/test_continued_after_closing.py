"""What becomes of a closed ticket when its customer writes again, channel by channel."""

import pytest

from shared.contracts.commands import CloseTicket, ReopenTicket
from shared.contracts.tickets import CommandRejected
from tests.pipeline.stage import Stage, acme


@pytest.mark.spec("TKT 1")
async def test_a_web_chat_that_goes_on_after_closing_is_a_second_ticket(stage: Stage) -> None:
    await stage.account(acme())
    await stage.chat("Hello?")
    first, _ = stage.only_ticket()
    await stage.command(CloseTicket, first)

    await stage.command(ReopenTicket, first)
    await stage.chat("Are you there?")
    await stage.chat("I am waiting")

    board = stage.board
    assert [ticket.status for ticket in board.values()] == ["closed", "open"]
    assert [ticket.message_count for ticket in board.values()] == [1, 2]
    (refused,) = [event for event in stage.events if isinstance(event, CommandRejected)]
    assert refused.code == "cannot_reopen"


@pytest.mark.spec("TKT 3")
async def test_an_sms_after_closing_reopens_the_one_ticket_of_its_person(stage: Stage) -> None:
    await stage.account(acme())
    await stage.sms("Hello")
    ticket_id, _ = stage.only_ticket()
    await stage.command(CloseTicket, ticket_id)
    await stage.forward(days=150)

    await stage.sms("Hello again")

    _, ticket = stage.only_ticket()
    assert (ticket.status, ticket.message_count) == ("open", 2)


@pytest.mark.spec("TKT 5")
async def test_a_whatsapp_message_after_closing_reopens_the_ticket(stage: Stage) -> None:
    await stage.account(acme())
    await stage.whatsapp("Hello")
    ticket_id, _ = stage.only_ticket()
    await stage.command(CloseTicket, ticket_id)

    await stage.whatsapp("Hello again")

    _, ticket = stage.only_ticket()
    assert (ticket.status, ticket.message_count) == ("open", 2)


@pytest.mark.spec("TKT 4")
async def test_an_instagram_message_after_closing_opens_a_new_ticket(stage: Stage) -> None:
    await stage.account(acme())
    await stage.instagram("Hello")
    first, _ = stage.only_ticket()
    await stage.instagram("More")
    await stage.command(CloseTicket, first)

    await stage.instagram("Hello again")

    assert [(t.status, t.message_count) for t in stage.board.values()] == [
        ("closed", 2),
        ("open", 1),
    ]
