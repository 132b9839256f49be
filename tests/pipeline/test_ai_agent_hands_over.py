"""The AI agent asks for people: the visitor is asked, the team has it, and answers (HND 1 to 3)."""

from typing import Any

import pytest

from shared.contracts.base import Contact, Identity
from shared.contracts.handoffs import (
    HandoffEnded,
    HandoffRequested,
    TranscriptLine,
    VisitorAnswered,
    VisitorAsked,
)
from shared.topics import HANDOFFS
from tests.pipeline.stage import WIDGET, Stage, acme

VISITOR = Contact(
    id="visitor:widget-1:v1", identities=(Identity(type="visitor", value="widget-1:v1"),)
)


async def ask(stage: Stage, **fields: Any) -> None:
    at = stage.clock()
    said = {
        "account_id": "acme",
        "id": "handoff-1",
        "occurred_at": at,
        "correlation_id": "chat-1",
        "channel": "webchat",
        "address": WIDGET,
        "contact": VISITOR,
        "conversation_id": "chat-1",
        "reason": "asked_for_person",
        "transcript": (
            TranscriptLine(at=at, who="visitor", text="Vorrei parlare con voi, grazie"),
        ),
        **fields,
    }
    await stage.publish(HANDOFFS, HandoffRequested.model_validate(said))


async def answer(stage: Stage, **fields: Any) -> None:
    await stage.publish(
        HANDOFFS,
        VisitorAnswered(
            account_id="acme",
            id=f"answer-{len(stage.records(HANDOFFS))}",
            occurred_at=stage.clock(),
            correlation_id="chat-1",
            handoff_id="handoff-1",
            **fields,
        ),
    )


def said(stage: Stage, kind: Any) -> list[Any]:
    found = {body.id: body for body in stage.bodies(HANDOFFS) if isinstance(body, kind)}
    return list(found.values())


@pytest.mark.spec("HND 2", "HND 3")
async def test_a_visitor_who_says_yes_gets_an_agent_and_is_told_so(stage: Stage) -> None:
    await stage.account(acme())
    await stage.online("ann")

    await ask(stage)
    assert stage.board == {}
    await answer(stage, accepted=True)
    assert stage.board == {}
    await answer(stage, email="giulia@example.com")

    ticket_id, ticket = stage.only_ticket()
    (end,) = said(stage, HandoffEnded)
    assert ticket.assignee == "ann"
    assert [question.question for question in said(stage, VisitorAsked)] == ["connect", "address"]
    assert (end.outcome, end.ticket_id, end.available) == ("handed_over", ticket_id, True)
    assert [sent.text[:7] for sent in stage.outbound()] == ["Grazie."]


@pytest.mark.spec("HND 3", "ARP 2")
async def test_with_nobody_there_the_visitor_gets_the_accounts_message_for_that(
    stage: Stage,
) -> None:
    await stage.account(acme(auto_replies={"webchat": {"closed": {"en": "We are away."}}}))

    await ask(stage, confirmed=True, email="giulia@example.com")

    (end,) = said(stage, HandoffEnded)
    assert (end.outcome, end.available) == ("handed_over", False)
    assert [sent.text for sent in stage.outbound()] == ["We are away."]
