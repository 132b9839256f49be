"""Which requests are taken, and which end at once and why (HND 1)."""

from datetime import timedelta
from typing import Any

import pytest

from services.handoff.rules.requests import LARGEST
from shared.contracts.commands import HandOver
from shared.contracts.handoffs import ConversationResolved
from shared.stores.documents import ROOM_FOR_HEADERS
from shared.topics import COMMANDS, DEAD, HANDOFFS, TICKETS
from tests.handoff.world import World, a_line, a_request, an_account


async def a_world(method: str = "helpdesk", **handoff: Any) -> World:
    world = World()
    await world.account(an_account(method, **handoff))
    return world


@pytest.mark.spec("HND 1")
async def test_what_is_known_of_the_conversation_goes_along() -> None:
    world = await a_world()

    request = await world.ask(
        channel="email", reason="complaint", email="anna@example.com", profile_id="profile-7"
    )

    (command,) = world.handed_over
    assert command.transcript == request.transcript
    assert (command.ticket_id, command.reason) == ("ticket-1", "complaint")
    assert (command.email, command.profile_id) == ("anna@example.com", "profile-7")
    assert command.author.model_dump(exclude_none=True) == {"kind": "system", "id": "handoff"}


@pytest.mark.spec("HND 1")
@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("no_ticket", {"channel": "email", "ticket_id": None}),
        ("no_conversation", {"channel": "webchat", "conversation_id": None}),
        ("bad_address", {"channel": "sms", "email": "anna at example"}),
        ("unknown_account", {"account_id": "nobody"}),
    ],
)
async def test_what_cannot_be_ends_at_once_with_its_reason(
    code: str, fields: dict[str, Any]
) -> None:
    world = await a_world()

    await world.ask(**fields)

    end = world.only_end()
    assert (end.outcome, end.code) == ("refused", code)
    assert end.words
    assert world.handed_over == []


@pytest.mark.spec("HND 1")
async def test_a_channel_that_is_off_hands_nothing_over() -> None:
    world = World()
    await world.account(an_account().model_copy(update={"channels": ("email",)}))

    await world.ask(channel="sms")

    assert world.only_end().code == "channel_off"


@pytest.mark.spec("HND 1")
async def test_a_request_that_is_a_day_old_when_it_is_first_seen_comes_too_late() -> None:
    world = await a_world()
    at = world.clock()

    await world.ask(id="old", occurred_at=at - timedelta(days=1, milliseconds=1))
    await world.ask(id="just", occurred_at=at - timedelta(days=1))

    outcomes = {end.handoff_id: end.code or end.outcome for end in world.ended}
    assert outcomes == {"old": "too_old", "just": "handed_over"}


@pytest.mark.spec("HND 1")
async def test_a_transcript_that_fits_on_no_topic_ends_at_once_and_the_largest_one_goes() -> None:
    world = await a_world()
    at = world.clock()
    lines = tuple(a_line("è" * 1_000, at=at) for _ in range(2_000))
    wide = tuple(a_line("語" * 1_000, at=at) for _ in range(2_000))

    await world.ask(transcript=wide)
    await world.ask(id="handoff-2", transcript=lines[:1_800])

    assert {end.handoff_id: end.code for end in world.ended} == {
        "handoff-1": "too_large",
        "handoff-2": "",
    }
    assert len(world.handed_over[0].transcript) == 1_800
    assert min(COMMANDS.max_bytes, TICKETS.max_bytes) - ROOM_FOR_HEADERS > LARGEST


@pytest.mark.spec("HND 1")
async def test_the_same_request_again_is_one() -> None:
    world = await a_world()
    request = await world.ask()

    world.log.put(HANDOFFS, request, request)
    await world.forward(days=2)

    assert len(world.ended) == len(world.handed_over) == 1
    assert len(world.log.records[COMMANDS.name]) == 1


@pytest.mark.spec("HND 1")
async def test_another_request_while_one_is_under_way_is_refused_and_the_first_goes_on() -> None:
    world = await a_world()
    await world.ask(channel="webchat")

    await world.ask(channel="webchat", id="handoff-2", confirmed=True, email="a@example.com")
    assert (world.only_end().handoff_id, world.only_end().code) == ("handoff-2", "already")
    await world.answer("handoff-2", accepted=True)
    assert len(world.asked) == 1
    await world.answer("handoff-1", accepted=True, email="a@example.com")

    assert world.ended[1].outcome == "handed_over"
    assert len(world.handed_over) == 1


@pytest.mark.spec("HND 1")
async def test_a_web_chat_is_handed_over_once_and_whoever_asks_again_is_told_the_ticket() -> None:
    world = await a_world()
    chat = {"channel": "webchat", "confirmed": True, "email": "a@example.com"}
    await world.ask(**chat)

    await world.forward(days=3)
    await world.ask(id="handoff-2", **chat)

    first, second = world.ended
    assert second.code == "already"
    assert first.ticket_id is not None
    assert second.ticket_id == first.ticket_id


@pytest.mark.spec("HND 1")
@pytest.mark.parametrize(("hours", "taken"), [(24, 1), (24.001, 2)])
async def test_on_other_channels_a_day_after_the_end_it_may_be_handed_over_again(
    hours: float, taken: int
) -> None:
    world = await a_world()
    await world.ask()

    await world.forward(hours=hours)
    await world.ask(id="handoff-2")

    assert len(world.handed_over) == taken


@pytest.mark.spec("HND 1")
async def test_who_said_no_may_be_asked_again() -> None:
    world = await a_world()
    await world.ask(channel="webchat")
    await world.answer("handoff-1", accepted=False)

    await world.ask(channel="webchat", id="handoff-2")

    assert [question.handoff_id for question in world.asked] == ["handoff-1", "handoff-2"]


@pytest.mark.spec("HND 1")
async def test_what_cannot_be_read_is_a_dead_letter() -> None:
    world = await a_world()
    record = HANDOFFS.record(a_request(world.clock()))
    broken = (record.value or b"").replace(b'"sms"', b'"fax"')

    world.log.append(type(record)(record.topic, record.key, broken))
    await world.settle()

    assert len(world.log.records[DEAD["handoff"].name]) == 1
    assert not world.parties.documents


@pytest.mark.spec("HND 5")
@pytest.mark.parametrize("channel", ["webchat", "sms"])
async def test_by_message_the_visitor_gets_the_accounts_text_and_there_is_no_ticket(
    channel: str,
) -> None:
    world = await a_world("message")

    await world.ask(channel=channel)

    assert [told.text for told in world.told] == ["Write to help@acme.example,."]
    assert world.only_end().outcome == "message_shown"
    assert not world.handed_over
    assert not world.asked


@pytest.mark.spec("HND 5")
async def test_the_accounts_text_is_in_the_visitors_language() -> None:
    world = await a_world("message", message={"en": "Call us.", "es": "Llámanos."})

    await world.ask(language="es")

    assert world.told[0].text == "Llámanos."


@pytest.mark.spec("HND 6")
async def test_what_was_resolved_and_what_was_handed_over_is_counted_once() -> None:
    world = await a_world()
    request = await world.ask(reason="policy")
    world.log.put(
        HANDOFFS,
        request,
        ConversationResolved(
            account_id="acme",
            id="resolved-1",
            occurred_at=world.clock(),
            correlation_id="message-9",
            channel="sms",
            conversation_id="c-9",
        ),
    )

    await world.settle()

    counted = [(end.method, end.reason, end.outcome) for end in world.counts.endings]
    assert counted == [("helpdesk", "policy", "handed_over")]
    assert world.counts.conversations_resolved == 1


async def test_a_transcript_leaves_the_state_with_the_end() -> None:
    world = await a_world()

    await world.ask(channel="webchat", confirmed=True)
    assert "Where is my order" in str(world.only_party())
    await world.answer("handoff-1", email="anna@example.com")

    assert "Where is my order" not in str(world.only_party())
    assert world.said(HandOver)


async def test_a_handoff_is_forgotten_once_no_topic_can_bring_it_again() -> None:
    world = await a_world()
    await world.ask()

    await world.forward(days=119)
    assert world.parties.documents
    await world.forward(days=2)

    assert not world.parties.documents
