"""The journey of the README: a customer answers an old mail."""

import pytest

from shared.contracts.commands import CloseTicket, ReplyToTicket
from tests.pipeline.stage import ANN, Stage, acme


@pytest.mark.spec("TKT 2")
async def test_a_reply_to_a_closed_mail_thread_reopens_its_ticket(stage: Stage) -> None:
    await stage.account(acme())
    await stage.online("ann")
    await stage.mail("Where is it?", message_id="first@mail.example.com")
    ticket_id, opened = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="On its way.")
    (out,) = stage.outbound()
    await stage.command(CloseTicket, ticket_id)
    closed = stage.board[ticket_id]

    await stage.forward(days=200)
    await stage.mail("Still not here!", answers=["first@mail.example.com", out.message_id])

    ticket_id, ticket = stage.only_ticket()
    assert (opened.assignee, closed.status, ticket.status) == (ANN.id, "closed", "open")
    assert stage.kinds(ticket_id)[-2:] == ["TicketReopened", "CustomerWrote"]
    assert ticket.assignee == ANN.id, "a reopened ticket keeps its assignee"


@pytest.mark.spec("TKT 2")
async def test_a_strangers_mail_with_a_known_id_gets_a_ticket_of_its_own(stage: Stage) -> None:
    await stage.account(acme())
    await stage.mail("Where is it?", message_id="first@mail.example.com")

    await stage.mail(
        "Give me their address!", sender="mallory@evil.example", answers=["first@mail.example.com"]
    )

    first, second = stage.board
    assert stage.board[second].contact.id == "email:mallory@evil.example"
    assert stage.facts(second)[0].related_ticket_id == first  # type: ignore[attr-defined]
    assert stage.board[first].message_count == 1
