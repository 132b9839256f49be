"""The AI agent hands a conversation over, from its request to the agent who has it (HND)."""

from typing import Any

import pytest

from shared.contracts.base import Contact, Identity
from shared.contracts.handoffs import (
    HandoffEnded,
    HandoffRequested,
    TranscriptLine,
    VisitorAnswered,
    VisitorAsked,
    VisitorTold,
)
from shared.topics import HANDOFFS
from tests.pipeline.stage import ANN, WIDGET, Stage, acme

VISITOR = Identity(type="visitor", value=f"{WIDGET}:v1")
AWAY = {"webchat": {"closed": {"en": "Nobody is here before {{hours.opens_at}}."}}}


async def request(stage: Stage, unique: str = "handoff-1", **fields: Any) -> None:
    at = stage.clock()
    said = {
        "account_id": "acme",
        "id": unique,
        "occurred_at": at,
        "correlation_id": unique,
        "channel": "webchat",
        "address": WIDGET,
        "contact": Contact(id=VISITOR.key, identities=(VISITOR,)),
        "conversation_id": "chat-1",
        "reason": "asked_for_person",
        "transcript": (
            TranscriptLine(at=at, who="visitor", text="I want to talk to a person, please"),
            TranscriptLine(at=at, who="ai", text="Of course."),
        ),
        **fields,
    }
    await stage.publish(HANDOFFS, HandoffRequested.model_validate(said))


async def answer(stage: Stage, **fields: Any) -> None:
    unique = f"answer-{stage.clock().isoformat()}-{len(fields)}"
    said = {
        "account_id": "acme",
        "id": unique,
        "occurred_at": stage.clock(),
        "correlation_id": "handoff-1",
        "handoff_id": "handoff-1",
        **fields,
    }
    await stage.publish(HANDOFFS, VisitorAnswered.model_validate(said))


def said(stage: Stage, kind: type[Any]) -> list[Any]:
    found = {body.id: body for body in stage.bodies(HANDOFFS) if isinstance(body, kind)}
    return list(found.values())


@pytest.mark.spec("HND 2", "HND 3")
async def test_a_visitor_says_yes_names_an_address_and_gets_an_agent(stage: Stage) -> None:
    await stage.account(acme())
    await stage.online("ann")

    await request(stage)
    assert [asked.question for asked in said(stage, VisitorAsked)] == ["connect"]
    await answer(stage, accepted=True)
    assert [asked.question for asked in said(stage, VisitorAsked)] == ["connect", "address"]
    assert stage.board == {}, "until then nothing is made"
    await stage.forward(seconds=5)
    await answer(stage, email="giulia@example.com")

    ticket_id, ticket = stage.only_ticket()
    (ended,) = said(stage, HandoffEnded)
    assert (ended.outcome, ended.method, ended.ticket_id) == ("handed_over", "helpdesk", ticket_id)
    assert ended.available
    assert ticket.assignee == ANN.id
    assert Identity(type="email", value="giulia@example.com") in ticket.contact.identities
    assert [out.auto_reply for out in stage.outbound()] == [True], (
        "they are told that the team has it"
    )


@pytest.mark.spec("HND 2")
async def test_a_visitor_who_says_no_or_nothing_is_left_to_the_ai_agent(in_memory: Stage) -> None:
    await in_memory.account(acme())

    await request(in_memory)
    await answer(in_memory, accepted=False)
    await in_memory.forward(days=2)
    other = {"conversation_id": "chat-2", "contact": Contact(id="visitor:w:2")}
    await request(in_memory, "handoff-2", **other)
    await in_memory.forward(hours=1)

    assert [ended.outcome for ended in said(in_memory, HandoffEnded)] == ["declined", "no_answer"]
    assert in_memory.board == {}


@pytest.mark.spec("HND 3", "ARP 2")
async def test_with_nobody_there_the_visitor_is_told_when_the_account_opens(stage: Stage) -> None:
    await stage.account(acme(auto_replies=AWAY))
    await stage.forward(hours=11)  # 21:00 in Rome

    await request(stage, confirmed=True, email="giulia@example.com")

    (ended,) = said(stage, HandoffEnded)
    assert ended.available is False
    assert [out.text for out in stage.outbound()] == ["Nobody is here before Thursday 09:00."]
    ticket_id, ticket = stage.only_ticket()
    assert (ticket.assignee, ticket.unassigned_epoch is not None) == (None, True)
    assert "TicketHandedOver" in stage.kinds(ticket_id)


@pytest.mark.spec("HND 5")
async def test_by_the_method_message_the_visitor_is_shown_it_and_there_is_no_ticket(
    in_memory: Stage,
) -> None:
    text = {"en": "Write to us at https://acme.example/contact."}
    await in_memory.account(acme(handoff={"method": "message", "message": text}))

    await request(in_memory, confirmed=True)

    assert [told.text for told in said(in_memory, VisitorTold)] == [text["en"]]
    assert [ended.outcome for ended in said(in_memory, HandoffEnded)] == ["message_shown"]
    assert in_memory.board == {}


@pytest.mark.spec("HND 1", "HND 3")
async def test_asked_twice_and_read_twice_it_is_one_hand_off(in_memory: Stage) -> None:
    await in_memory.account(acme())
    for _ in range(2):
        await request(in_memory, confirmed=True, email="giulia@example.com")
    await request(in_memory, "handoff-2", confirmed=True, email="giulia@example.com")

    ended = {one.handoff_id: one for one in said(in_memory, HandoffEnded)}
    assert {of: one.outcome for of, one in ended.items()} == {
        "handoff-1": "handed_over",
        "handoff-2": "refused",
    }
    ticket_id, _ = in_memory.only_ticket()
    assert in_memory.kinds(ticket_id).count("TicketHandedOver") == 1
    assert ended["handoff-2"].ticket_id == ticket_id
