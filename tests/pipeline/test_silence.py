"""Silence closes a ticket, and a message in time prevents it."""

import json

import pytest

from shared.bus.delivery import Outgoing
from shared.contracts.commands import ReplyToTicket
from shared.topics import INBOUND
from tests.pipeline.stage import WIDGET, Stage, acme

TWO_DAYS = {"enabled": True, "period": "P2D"}


@pytest.mark.spec("ACL 3")
async def test_silence_closes_a_ticket_with_a_notice(stage: Stage) -> None:
    await stage.account(acme(autoclose=TWO_DAYS))
    await stage.chat("Is it in stock?")
    ticket_id, _ = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="Yes!")

    await stage.forward(days=1, hours=23)
    still_open = stage.board[ticket_id]
    await stage.forward(hours=1, seconds=1)

    assert (still_open.status, stage.board[ticket_id].status) == ("open", "closed")
    closed = stage.facts(ticket_id)[-1]
    assert closed.notice == "Ticket closed due to inactivity"  # type: ignore[attr-defined]


@pytest.mark.spec("ACL 2")
async def test_a_message_in_time_prevents_closing(stage: Stage) -> None:
    await stage.account(acme(autoclose=TWO_DAYS))
    await stage.chat("Is it in stock?")
    ticket_id, _ = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="Yes!")
    await stage.forward(days=1, hours=23)

    await stage.chat("And in red?")
    await stage.forward(days=30)

    assert stage.board[ticket_id].status == "open", "the customer waits for the team"


@pytest.mark.spec("ACL 4")
async def test_typing_puts_closing_off(stage: Stage) -> None:
    await stage.account(acme(autoclose=TWO_DAYS))
    await stage.chat("Is it in stock?")
    ticket_id, _ = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="Yes!")
    await stage.forward(days=1, hours=23, minutes=59, seconds=30)

    await stage.chat_typing()
    await stage.forward(seconds=40)
    put_off = stage.board[ticket_id]
    await stage.forward(minutes=4)

    assert (put_off.status, stage.board[ticket_id].status) == ("open", "closed")


@pytest.mark.spec("ACL 6")
async def test_a_message_received_before_an_automatic_close_annuls_it(stage: Stage) -> None:
    await stage.account(acme(autoclose=TWO_DAYS))
    await stage.chat("Is it in stock?")
    ticket_id, _ = stage.only_ticket()
    await stage.command(ReplyToTicket, ticket_id, text="Yes!")
    await stage.forward(days=1, hours=23)
    received = stage.clock().isoformat().encode()
    await stage.forward(hours=2)
    closed = stage.board[ticket_id]

    event = {
        "type": "message",
        "event_id": "late",
        "client_message_id": "late",
        "widget_id": WIDGET,
        "session_id": "chat-1",
        "visitor_id": "v1",
        "author": "visitor",
        "text": "And in red?",
    }
    headers = (("x-received-at", received),)
    topic = INBOUND["webchat"].name
    await stage.append([Outgoing(topic, b"raw", json.dumps(event).encode(), headers)])

    _, ticket = stage.only_ticket()
    assert (closed.status, ticket.status) == ("closed", "open")
    assert stage.kinds(ticket_id)[-2:] == ["TicketCloseAnnulled", "CustomerWrote"]
