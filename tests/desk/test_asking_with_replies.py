"""What goes with a reply: done once it is out, not at all where it is refused (VWS 6, MAC 1)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.commands import CloseTicket, ReplyToTicket, TagTicket
from tests.desk.http import Served, a_key
from tests.desk.test_asking import REPLY, kinds

pytestmark = pytest.mark.connected


async def test_what_comes_after_a_reply_is_done_once_it_is_out(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")

    await sue.command(ticket.id, {**REPLY, "tags": ["returns"], "then": "close"})

    assert kinds(served) == ["ReplyToTicket", "TagTicket", "CloseTicket"]
    now = served.ticketing.world.now_is(ticket)
    assert (now.status, now.tags) == ("closed", ("returns",))


async def test_a_refused_reply_closes_and_tags_nothing(served: Served) -> None:
    contact = {"sms_consent": "none"}
    ticket = await served.ticketing.write(channel="sms")
    opted_out = ticket.contact.model_copy(update=contact)
    ticket = await served.ticketing.write(channel="sms", contact=opted_out)
    sue = await served.browser("sue")

    answer = await sue.command(ticket.id, {**REPLY, "tags": ["returns"], "then": "close"})

    assert (answer.status_code, answer.json()["code"]) == (409, "no_consent")
    assert kinds(served) == ["ReplyToTicket"]
    now = served.ticketing.world.now_is(ticket)
    assert (now.status, now.tags) == ("open", ())


@pytest.mark.spec("MAC 1")
@pytest.mark.parametrize("more", [{"then": "open", "macro": "ask"}, {"reopen": True}])
async def test_a_closed_ticket_is_opened_for_a_reply_that_is_to_leave_it_open(
    served: Served, more: dict[str, Any]
) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    await sue.command(ticket.id, {"type": "close"})
    key = a_key()

    answer = await sue.command(ticket.id, {**REPLY, **more}, key)
    again = await sue.command(ticket.id, {**REPLY, **more}, key)

    assert answer.json()["event"]["type"] == "AgentReplied"
    assert again.json() == answer.json()
    assert kinds(served) == ["CloseTicket", "ReopenTicket", "ReplyToTicket"]
    assert served.ticketing.world.now_is(ticket).status == "open"


@pytest.mark.spec("MAC 1")
async def test_a_status_of_open_is_no_fault_on_an_open_ticket_and_wakes_a_snoozed_one(
    served: Served,
) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    body = {**REPLY, "then": "open"}

    first = await sue.command(ticket.id, body)
    assert (first.status_code, kinds(served)) == (200, ["ReplyToTicket"])

    until = served.ticketing.clock() + timedelta(days=1)
    await sue.command(ticket.id, {"type": "snooze", "until": until.isoformat()})
    second = await sue.command(ticket.id, body)

    assert second.status_code == 200
    assert kinds(served)[2:] == ["ReplyToTicket", "WakeTicket"]
    assert served.ticketing.world.now_is(ticket).status == "open"


@pytest.mark.spec("MAC 1")
@pytest.mark.parametrize("channel", ["webchat", "sms"])
async def test_a_closed_ticket_that_takes_no_reply_stays_closed(
    served: Served, channel: Any
) -> None:
    ticket = await served.ticketing.write(channel=channel)
    silent = ticket.contact.model_copy(update={"sms_consent": "none"})
    await served.ticketing.write(channel=channel, contact=silent)
    sue = await served.browser("sue")
    await sue.command(ticket.id, {"type": "close"})

    answer = await sue.command(ticket.id, {**REPLY, "then": "open"})

    assert (answer.status_code, answer.json()["code"]) == (409, "not_open")
    assert kinds(served) == ["CloseTicket", "ReplyToTicket"]
    assert served.ticketing.world.now_is(ticket).status == "closed"


async def test_what_comes_after_a_reply_is_not_given_twice(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")
    key = a_key()
    body = {**REPLY, "tags": ["returns"], "then": "close"}

    await sue.command(ticket.id, body, key)
    await sue.command(ticket.id, body, key)

    ids = [command.id for command in served.ticketing.given]
    assert len(ids) == len(set(ids)) == 3
    assert {type(c) for c in served.ticketing.given} == {ReplyToTicket, TagTicket, CloseTicket}


async def test_a_placeholder_without_a_value_is_never_sent(served: Served) -> None:
    ticket = await served.ticketing.write()
    sue = await served.browser("sue")

    answer = await sue.command(ticket.id, {"type": "reply", "text": "Hello {{ contact.name }}!"})

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "placeholder")
    assert (problem["field"], problem["missing"]) == ("text", ["contact.name"])
    assert kinds(served) == []
