"""What becomes of replies: reports of gateways, in whatever order they come (TKT 13)."""

from itertools import permutations
from typing import Any

import pytest

from services.ticketing.rules.ticket import REMEMBERED_REPLIES
from shared.contracts.base import CHANNELS, Author, Channel
from shared.contracts.commands import CloseTicket, ReplyToTicket, ReportDelivery
from shared.contracts.tickets import AgentReplied, DeliveryFailed, DeliveryReported
from tests.builders import a_command, an_inbound_mail, minutes
from tests.ticketing.world import World, a_ticket, summary

GATEWAY = Author(kind="integration", id="gateway")


async def replied(channel: Channel = "email") -> tuple[World, str, str]:
    """A ticket with a reply; its id, and that of what went out."""
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, id="reply", text="Soon."))
    return world, ticket.id, world.sent[0].id


def a_report(ticket_id: str, outbound_id: str, status: str, **more: Any) -> ReportDelivery:
    values = {"ticket_id": ticket_id, "outbound_id": outbound_id, "status": status}
    return a_command(ReportDelivery, by=GATEWAY, **(values | more))


async def reply_line(world: World, ticket_id: str) -> dict[str, Any]:
    lines = await world.store.thread(ticket_id)
    (line,) = [line for line in lines if line["kind"] == "reply"]
    return line


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("status", ["sent", "delivered", "read", "failed"])
async def test_a_report_is_an_event_and_moves_no_timer(channel: Channel, status: str) -> None:
    world, ticket_id, outbound_id = await replied(channel)
    before = summary(world.ticket)
    await world.happen(a_report(ticket_id, outbound_id, status, at=minutes(3), error="no route"))
    (event,) = [e for e in world.events() if isinstance(e, DeliveryReported | DeliveryFailed)]
    assert isinstance(event, DeliveryFailed) is (status == "failed")
    assert event.message_id == world.facts(AgentReplied)[0].message_id == outbound_id
    assert summary(world.ticket) == before
    assert (await reply_line(world, ticket_id))["delivery"] == status


@pytest.mark.spec("TKT 13")
async def test_a_failure_is_a_notice_in_the_thread() -> None:
    world, ticket_id, outbound_id = await replied("sms")
    await world.happen(
        a_report(ticket_id, outbound_id, "sent", at=minutes(1)),
        a_report(ticket_id, outbound_id, "failed", at=minutes(2), error="unreachable handset"),
    )
    newest, *_ = await world.store.thread(ticket_id)
    assert (newest["kind"], newest["text"]) == ("notice", "Not delivered: unreachable handset")
    (failed,) = world.facts(DeliveryFailed)
    assert failed.error == "unreachable handset"


@pytest.mark.spec("TKT 13")
@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "read"])))
async def test_the_most_that_is_known_stands_in_whatever_order_it_comes(order: list[str]) -> None:
    world, ticket_id, outbound_id = await replied("whatsapp")
    await world.happen(*(a_report(ticket_id, outbound_id, status) for status in order))
    assert (await reply_line(world, ticket_id))["delivery"] == "read"
    assert world.facts(DeliveryReported)[-1].status == "read"
    assert {rejected.code for rejected in world.rejections} <= {"nothing_to_change"}


@pytest.mark.spec("TKT 13")
async def test_a_mail_may_bounce_after_a_server_took_it() -> None:
    world, ticket_id, outbound_id = await replied("email")
    await world.happen(
        *(a_report(ticket_id, outbound_id, s) for s in ("delivered", "failed", "delivered"))
    )
    assert (await reply_line(world, ticket_id))["delivery"] == "failed"
    assert [rejected.code for rejected in world.rejections] == ["nothing_to_change"]


@pytest.mark.spec("TKT 13")
async def test_a_reply_can_be_named_by_its_idempotency_key() -> None:
    world, ticket_id, outbound_id = await replied()
    await world.happen(a_report(ticket_id, "reply", "delivered"))
    (event,) = world.facts(DeliveryReported)
    assert event.message_id == outbound_id


@pytest.mark.spec("TKT 11")
async def test_a_report_of_something_else_is_refused() -> None:
    world, ticket_id, _ = await replied()
    await world.happen(a_report(ticket_id, "another", "failed"))
    assert [rejected.code for rejected in world.rejections] == ["nothing_to_change"]
    assert not world.facts(DeliveryFailed)


@pytest.mark.spec("TKT 13")
async def test_a_closed_ticket_learns_of_a_failure_and_stays_closed() -> None:
    world, ticket_id, outbound_id = await replied()
    await world.happen(
        a_command(CloseTicket, ticket_id=ticket_id), a_report(ticket_id, outbound_id, "failed")
    )
    assert world.status == "closed"
    assert world.facts(DeliveryFailed)


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize("said", ["own-1@ses.example", "<own-1@ses.example>", " own-1@ses.example"])
async def test_an_answer_to_the_id_that_the_provider_gave_finds_the_thread(said: str) -> None:
    world, ticket_id, outbound_id = await replied("email")
    await world.happen(a_report(ticket_id, outbound_id, "sent", mail_id=said))
    answer = an_inbound_mail(by="anna", answers="own-1@ses.example")
    await world.happen(answer)
    assert world.ticket_of(answer).id == ticket_id


@pytest.mark.spec("TKT 2")
async def test_a_mail_id_that_comes_late_is_learnt_and_the_status_stays() -> None:
    world, ticket_id, outbound_id = await replied("email")
    await world.happen(
        a_report(ticket_id, outbound_id, "failed"),
        a_report(ticket_id, outbound_id, "sent", mail_id="own-1@ses.example"),
    )
    (event,) = world.facts(DeliveryReported)
    assert (event.status, event.mail_id) == ("failed", "own-1@ses.example")
    assert (await reply_line(world, ticket_id))["delivery"] == "failed"


@pytest.mark.spec("TKT 2")
async def test_a_stranger_who_answers_the_providers_id_gets_a_ticket_of_their_own() -> None:
    world, ticket_id, outbound_id = await replied("email")
    await world.happen(a_report(ticket_id, outbound_id, "sent", mail_id="own-1@ses.example"))
    answer = an_inbound_mail(by="mallory", answers="own-1@ses.example")
    await world.happen(answer)
    assert world.ticket_of(answer).id != ticket_id


async def test_a_ticket_keeps_its_newest_replies_in_mind_only() -> None:
    world, ticket_id, first = await replied("webchat")
    replies = [a_command(ReplyToTicket, ticket_id=ticket_id, text="?")] * REMEMBERED_REPLIES
    await world.batch([reply.model_copy(update={"id": f"r{n}"}) for n, reply in enumerate(replies)])
    assert len(world.ticket.deliveries) == REMEMBERED_REPLIES
    await world.happen(a_report(ticket_id, first, "sent"), a_report(ticket_id, "r0", "sent"))
    assert len(world.rejections) == 1
    assert len(world.facts(DeliveryReported)) == 1
