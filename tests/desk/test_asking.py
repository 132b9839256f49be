"""Commands over HTTP: given once, answered with what happened or the refusal (TKT 11, VWS 6)."""

import asyncio
from typing import Any

import pytest

from services.desk.web import asking
from shared.errors import Transient
from tests.desk.http import Served, a_key

pytestmark = pytest.mark.connected

REPLY = {"type": "reply", "text": "It is on its way."}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests wait for a moment only."""
    monkeypatch.setattr(asking, "PATIENCE", asking.PATIENCE / 25)


def kinds(served: Served) -> list[str]:
    return [type(command).__name__ for command in served.ticketing.given]


async def test_a_command_is_answered_with_the_event_that_it_became(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")

    answer = await sue.command(ticket.id, REPLY)

    assert answer.status_code == 200
    event = answer.json()["event"]
    assert (event["type"], event["ticket_id"]) == ("AgentReplied", ticket.id)
    shown = (await sue.get(f"/api/v1/tickets/{ticket.id}")).json()
    assert [line["text"] for line in shown["thread"]["lines"]][-1] == REPLY["text"]


@pytest.mark.spec("VWS 6")
async def test_a_refusal_has_the_code_of_its_reason_and_what_it_names(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    await sue.command(ticket.id, {"type": "assign", "assignee": "max"})

    body = {"type": "assign", "assignee": "sue", "seen_assignee": "unassigned"}
    problem = (await sue.command(ticket.id, body)).json()
    asked = (await sue.get(f"/api/v1/commands/{problem['command_id']}")).json()

    assert problem["detail"] == "max has it now"
    for said in (problem, asked):
        assert (said["code"], said["why"], said["named"]) == ("taken", "has_it", {"agent": "max"})


async def test_a_refusal_is_a_problem_with_its_code_and_words(served: Served) -> None:
    ticket = await served.ticketing.write(channel="webchat")
    sue = await served.browser("sue")
    await sue.command(ticket.id, {"type": "close"})

    answer = await sue.command(ticket.id, {"type": "reopen"})

    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["status"]) == ("cannot_reopen", 409)
    assert problem["detail"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "assign", "assignee": "nobody-of-that-name"}, "unknown_agent"),
        ({"type": "assign", "assignee": "max", "seen_assignee": "amy"}, "taken"),
        ({"type": "route", "team": "no-team"}, "unknown_team"),
        ({"type": "reopen"}, "not_closed"),
        ({"type": "snooze", "until": "2020-01-01T00:00:00Z"}, "in_the_past"),
        ({"type": "untag", "tags": ["never"]}, "nothing_to_change"),
        ({"type": "unassign"}, "nothing_to_change"),
        ({"type": "wake"}, "stale"),
    ],
)
async def test_what_ticketing_refuses_is_told_in_its_code(
    served: Served, body: dict[str, Any], code: str
) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")

    answer = await sue.command(ticket.id, body)

    assert (answer.status_code, answer.json()["code"]) == (409, code)


async def test_a_snoozed_ticket_is_woken_without_saying_until_when_it_was_snoozed(
    served: Served,
) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    until = served.ticketing.later(hours=0).replace(year=2031).isoformat()
    await sue.command(ticket.id, {"type": "snooze", "until": until})
    key = a_key()

    first = await sue.command(ticket.id, {"type": "wake"}, key)
    again = await sue.command(ticket.id, {"type": "wake"}, key)

    assert first.json()["event"]["type"] == "TicketWoken"
    assert again.json() == first.json()


async def test_the_same_key_is_the_same_command(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    key = a_key()

    answers = [await sue.command(ticket.id, REPLY, key) for _ in range(3)]

    assert {answer.text for answer in answers} == {answers[0].text}
    assert kinds(served) == ["ReplyToTicket"]


async def test_the_same_key_at_the_same_instant_is_one_command(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    key = a_key()

    answers = await asyncio.gather(*(sue.command(ticket.id, REPLY, key) for _ in range(5)))

    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert len(served.ticketing.world.sent) == 1


async def test_a_key_that_came_with_another_command_is_refused(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    key = a_key()
    await sue.command(ticket.id, REPLY, key)

    answer = await sue.command(ticket.id, {**REPLY, "text": "Something else."}, key)

    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert answer.json()["field"] == "Idempotency-Key"
    assert len(served.ticketing.world.sent) == 1


async def test_the_same_key_of_another_agent_is_another_command(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue, max_ = await served.browser("sue"), await served.browser("max")
    key = a_key()

    one = await sue.command(ticket.id, {"type": "note", "text": "mine"}, key)
    other = await max_.command(ticket.id, {"type": "note", "text": "mine too"}, key)

    assert one.json()["command_id"] != other.json()["command_id"]
    assert (one.status_code, other.status_code) == (200, 200)


@pytest.mark.usefixtures("hasty")
async def test_what_is_not_answered_in_time_is_accepted_and_answered_later(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    served.ticketing.held = True

    answer = await sue.command(ticket.id, REPLY)

    assert answer.status_code == 202
    url = answer.json()["status_url"]
    assert answer.headers["location"] == url
    nothing = (await sue.get(url)).json()
    assert (nothing["event"], nothing["code"]) == (None, None)
    await served.ticketing.go_on()
    assert (await sue.get(url)).json()["event"]["type"] == "AgentReplied"


@pytest.mark.usefixtures("hasty")
async def test_a_command_whose_answer_was_lost_is_answered_when_it_comes_again(
    served: Served,
) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    served.ticketing.held = True
    key = a_key()
    await sue.command(ticket.id, REPLY, key)
    served.ticketing.held = False

    again = await sue.command(ticket.id, REPLY, key)

    assert (again.status_code, again.json()["event"]["type"]) == (200, "AgentReplied")
    assert len(served.ticketing.world.sent) == 1


async def test_a_replica_that_dies_before_it_publishes_loses_nothing(two: Served) -> None:
    ticket = await two.ticketing.write()
    sue = await two.browser("sue")
    key = a_key()
    two.ticketing.failing.append(RuntimeError("killed"))
    first = await sue.command(ticket.id, {**REPLY, "then": "close"}, key)

    sue.replica = two.replicas[1]
    again = await sue.command(ticket.id, {**REPLY, "then": "close"}, key)

    assert (first.status_code, again.status_code) == (500, 200)
    assert "killed" not in first.text
    assert kinds(two) == ["ReplyToTicket", "CloseTicket"]


@pytest.mark.usefixtures("hasty")
async def test_a_replica_that_dies_before_it_answers_has_given_the_command(two: Served) -> None:
    ticket = await two.ticketing.write()
    sue = await two.browser("sue")
    key = a_key()
    two.ticketing.held = True
    asked = asyncio.create_task(sue.command(ticket.id, REPLY, key))
    while not two.ticketing.waiting:
        await asyncio.sleep(0)
    asked.cancel()
    two.ticketing.held = False
    await two.ticketing.go_on()

    sue.replica = two.replicas[1]
    again = await sue.command(ticket.id, REPLY, key)

    assert again.json()["event"]["type"] == "AgentReplied"
    assert len(two.ticketing.world.sent) == 1


async def test_while_the_brokers_are_away_it_says_so_and_the_same_key_may_be_tried(
    served: Served,
) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    key = a_key()
    served.ticketing.failing.append(Transient("no broker"))

    first = await sue.command(ticket.id, REPLY, key)
    again = await sue.command(ticket.id, REPLY, key)

    assert (first.status_code, first.json()["code"]) == (503, "away")
    assert int(first.headers["retry-after"]) > 0
    assert again.status_code == 200


# Two who answer at once


async def test_whoever_has_not_seen_a_colleagues_answer_is_told_before_theirs_goes_out(
    served: Served,
) -> None:
    ticket = await served.ticketing.write()
    sue, max_ = await served.browser("sue"), await served.browser("max")
    seen = served.ticketing.world.now_is(ticket).seq
    await max_.command(ticket.id, REPLY)

    refused = await sue.command(ticket.id, {**REPLY, "seen_seq": seen})
    sent = await sue.command(ticket.id, {**REPLY, "seen_seq": seen, "unseen_ok": True})

    assert (refused.status_code, refused.json()["code"]) == (409, "unseen")
    assert refused.json()["newest_seq"] == served.ticketing.world.now_is(ticket).seq - 1
    assert sent.status_code == 200


async def test_of_two_who_answer_at_the_same_instant_the_second_is_told(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue, max_ = await served.browser("sue"), await served.browser("max")
    body = {**REPLY, "seen_seq": served.ticketing.world.now_is(ticket).seq}
    served.ticketing.held = True
    asked = [
        asyncio.create_task(one.command(ticket.id, body, key))
        for one, key in ((sue, "sues-key"), (max_, "maxs-key"))
    ]
    while len(served.ticketing.waiting) < 2:
        await asyncio.sleep(0.01)
    await served.ticketing.go_on()

    answers = await asyncio.gather(*asked)

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    late, key = (sue, "sues-key") if answers[0].status_code == 409 else (max_, "maxs-key")
    assert next(a for a in answers if a.status_code == 409).json()["code"] == "unseen"
    assert len(served.ticketing.world.sent) == 1
    served.ticketing.held = False
    # Having seen it, they send it with the same key.
    again = await late.command(ticket.id, {**body, "unseen_ok": True}, key)
    assert again.status_code == 200
    assert len(served.ticketing.world.sent) == 2


async def test_the_seen_reply_of_one_self_is_no_news(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    seen = served.ticketing.world.now_is(ticket).seq
    await sue.command(ticket.id, REPLY)

    answer = await sue.command(ticket.id, {**REPLY, "text": "And: sorry.", "seen_seq": seen})

    assert answer.status_code == 200


async def test_of_a_command_that_was_never_given_there_is_no_outcome(served: Served) -> None:
    sue = await served.browser("sue")

    answer = await sue.get("/api/v1/commands/desk-never")

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_command")
