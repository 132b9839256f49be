"""The AI agent's conversation becomes people's: opened, reopened, woken or taken from it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.base import Author, Contact, Identity
from shared.contracts.commands import (
    AssignTicket,
    CloseTicket,
    HandOver,
    MarkSpam,
    ReplyToTicket,
    SnoozeTicket,
)
from shared.contracts.handoffs import TranscriptLine
from shared.contracts.tickets import CommandRejected, TicketHandedOver
from shared.topics import COMMANDS
from tests.pipeline.stage import ANN, PHONE, WIDGET, Stage, acme

AI = Author(kind="ai", id="helper")
HANDOFF = Author(kind="system", id="handoff")
VISITOR = Contact(
    id="visitor:widget-1:v1", identities=(Identity(type="visitor", value="widget-1:v1"),)
)


async def hand_over(stage: Stage, **fields: Any) -> HandOver:
    at = stage.clock()
    said = {
        "account_id": "acme",
        "id": f"hand-over-{at.isoformat()}",
        "occurred_at": at,
        "correlation_id": "handoff-1",
        "author": HANDOFF,
        "handoff_id": "handoff-1",
        "channel": "webchat",
        "address": WIDGET,
        "conversation_id": "chat-1",
        "contact": VISITOR,
        "reason": "asked_for_person",
        "transcript": (
            TranscriptLine(at=at - timedelta(minutes=2), who="visitor", text="A person, please"),
            TranscriptLine(at=at - timedelta(minutes=1), who="ai", text="Of course."),
        ),
        **fields,
    }
    command = HandOver.model_validate(said)
    await stage.publish(COMMANDS, command)
    return command


@pytest.mark.spec("HND 3")
async def test_a_conversation_without_a_ticket_gets_one_that_is_shared_out(
    in_memory: Stage,
) -> None:
    await in_memory.account(acme())
    await in_memory.online("ann")

    await hand_over(in_memory, email="giulia@example.com", profile_id="p7")

    ticket_id, ticket = in_memory.only_ticket()
    assert in_memory.kinds(ticket_id)[:2] == ["TicketOpened", "TicketHandedOver"]
    assert (ticket.status, ticket.assignee, ticket.ai_handled) == ("open", ANN.id, False)
    assert ticket.contact.profile_id == "p7"
    assert Identity(type="email", value="giulia@example.com") in ticket.contact.identities
    assert ticket.unread
    assert ticket.customer_waits_since == in_memory.clock() - timedelta(minutes=2)
    handed = in_memory.facts(ticket_id)[1]
    assert isinstance(handed, TicketHandedOver)
    assert [line.who for line in handed.transcript] == ["visitor", "ai"]

    await in_memory.chat("Are you a person?")
    assert list(in_memory.board) == [ticket_id], "what the visitor writes then joins it"


@pytest.mark.spec("HND 3")
async def test_a_ticket_that_the_ai_agent_had_is_its_no_more(stage: Stage) -> None:
    await stage.account(acme())
    await stage.chat("Hello")
    ticket_id, _ = stage.only_ticket()
    await stage.command(AssignTicket, ticket_id, author=AI, assignee=AI.id)
    await stage.command(ReplyToTicket, ticket_id, author=AI, text="How can I help?")
    await stage.online("ann")
    assert stage.board[ticket_id].assignee == AI.id

    await hand_over(stage)

    ticket = stage.board[ticket_id]
    assert (ticket.assignee, ticket.ai_handled, ticket.waiting_epoch) == (ANN.id, False, None)


@pytest.mark.spec("HND 3")
async def test_an_agent_who_has_the_ticket_keeps_it(in_memory: Stage) -> None:
    await in_memory.account(acme(assignment={"round_robin": False}))
    await in_memory.chat("Hello")
    ticket_id, _ = in_memory.only_ticket()
    await in_memory.command(AssignTicket, ticket_id, assignee="bob")

    await hand_over(in_memory)

    assert in_memory.board[ticket_id].assignee == "bob"


@pytest.mark.spec("HND 3", "TKT 1")
async def test_a_closed_chat_gets_a_new_ticket_and_a_snoozed_one_wakes(in_memory: Stage) -> None:
    await in_memory.account(acme())
    await in_memory.chat("Hello")
    first, _ = in_memory.only_ticket()
    await in_memory.command(CloseTicket, first)

    await hand_over(in_memory)
    second = list(in_memory.board)[1]
    assert in_memory.board[first].status == "closed"

    await in_memory.command(SnoozeTicket, second, until=in_memory.clock() + timedelta(days=1))
    await in_memory.forward(minutes=1)
    await hand_over(in_memory)
    assert (list(in_memory.board), in_memory.board[second].status) == ([first, second], "open")


@pytest.mark.spec("HND 3", "TKT 3")
async def test_a_closed_sms_ticket_is_reopened(in_memory: Stage) -> None:
    await in_memory.account(acme())
    await in_memory.sms("Hello")
    ticket_id, ticket = in_memory.only_ticket()
    await in_memory.command(CloseTicket, ticket_id)

    await hand_over(
        in_memory, channel="sms", address=PHONE, conversation_id=None, contact=ticket.contact
    )

    assert in_memory.only_ticket()[1].status == "open"


@pytest.mark.spec("HND 3")
async def test_the_same_hand_over_twice_is_one(in_memory: Stage) -> None:
    await in_memory.account(acme())
    command = await hand_over(in_memory)

    await in_memory.publish(COMMANDS, command)
    await in_memory.again()

    ticket_id, _ = in_memory.only_ticket()
    assert in_memory.kinds(ticket_id).count("TicketHandedOver") == 1


@pytest.mark.spec("HND 3", "TKT 11")
async def test_a_mail_is_handed_over_by_its_ticket_and_else_refused(in_memory: Stage) -> None:
    await in_memory.account(acme())
    await in_memory.mail("Where is it?")
    ticket_id, ticket = in_memory.only_ticket()
    mail = {"channel": "email", "conversation_id": None, "contact": ticket.contact}

    await hand_over(in_memory, ticket_id=ticket_id, **mail)
    await in_memory.forward(seconds=1)
    await hand_over(in_memory, **mail)
    await in_memory.forward(seconds=1)
    await hand_over(in_memory, ticket_id="no-such", **mail)

    assert in_memory.kinds(ticket_id).count("TicketHandedOver") == 1
    refused = [e.code for e in in_memory.events if isinstance(e, CommandRejected)]
    assert refused == ["unknown_ticket", "unknown_ticket"]


@pytest.mark.spec("HND 3", "SPM 2")
async def test_what_an_agent_called_spam_stays_spam(in_memory: Stage) -> None:
    await in_memory.account(acme())
    await in_memory.online("ann")
    await in_memory.chat("Hello")
    ticket_id, _ = in_memory.only_ticket()
    await in_memory.command(MarkSpam, ticket_id)

    await hand_over(in_memory)

    assert in_memory.board[ticket_id].spam
