"""What a web chat's visitor is asked before anything is created (HND 2)."""

from datetime import timedelta
from typing import Any

import pytest

from services.handoff.rules.questions import MOST_ASKED
from shared.contracts.base import Contact, Identity
from tests.handoff.world import World, a_line, an_account


async def a_world(method: str = "helpdesk", **handoff: Any) -> World:
    world = World()
    await world.account(an_account(method, **handoff))
    return world


def nothing_was_created(world: World) -> bool:
    return not (world.handed_over or world.told or world.zendesk.asked or world.gorgias.asked)


@pytest.mark.spec("HND 2")
@pytest.mark.parametrize("method", ["helpdesk", "zendesk", "gorgias"])
async def test_until_the_visitor_said_yes_and_named_an_address_nothing_is_created(
    method: str,
) -> None:
    world = await a_world(method)

    await world.ask(channel="webchat")
    assert [(q.question, q.due_at - world.clock()) for q in world.asked] == [
        ("connect", timedelta(minutes=10))
    ]
    assert nothing_was_created(world)
    await world.answer("handoff-1", accepted=True)
    assert [question.question for question in world.asked] == ["connect", "address"]
    assert nothing_was_created(world)
    await world.answer("handoff-1", email="anna@example.com")

    assert world.only_end().outcome == "handed_over"
    commands = [command.email for command in world.handed_over]
    tickets = [*world.zendesk.tickets, *world.gorgias.tickets]
    assert commands == ["anna@example.com"] or "anna@example.com" in str(tickets[0].said)


@pytest.mark.spec("HND 2")
async def test_a_visitor_who_said_yes_and_whose_address_is_known_is_asked_nothing() -> None:
    world = await a_world()

    await world.ask(channel="webchat", confirmed=True, email="anna@example.com")

    assert world.asked == []
    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 2")
async def test_an_address_among_the_contacts_identities_is_known() -> None:
    world = await a_world()
    contact = Contact(
        id="visitor:1", identities=(Identity(type="email", value="anna@example.com"),)
    )

    await world.ask(channel="webchat", contact=contact, confirmed=True)

    assert world.handed_over[0].email == "anna@example.com"


@pytest.mark.spec("HND 2")
async def test_no_other_channel_asks_anything() -> None:
    world = await a_world()

    await world.ask(channel="sms")

    assert world.asked == []
    assert world.only_end().outcome == "handed_over"


@pytest.mark.spec("HND 2")
async def test_who_says_no_is_left_alone() -> None:
    world = await a_world()
    await world.ask(channel="webchat")

    await world.answer("handoff-1", accepted=False)
    await world.answer("handoff-1", accepted=True, email="anna@example.com")

    assert world.only_end().outcome == "declined"
    assert nothing_was_created(world)


@pytest.mark.spec("HND 2")
@pytest.mark.parametrize(("said_yes", "outcome"), [(False, "no_answer"), (True, "no_address")])
async def test_who_does_not_answer_in_time_is_handed_over_to_nobody_and_a_late_answer_is_nothing(
    said_yes: bool,  # noqa: FBT001  # a parameter of the test
    outcome: str,
) -> None:
    world = await a_world(answer_within="PT2M")
    await world.ask(channel="webchat", confirmed=said_yes)

    await world.forward(minutes=1, seconds=59)
    assert world.ended == []
    await world.forward(seconds=1)
    await world.answer("handoff-1", accepted=True, email="anna@example.com")

    assert world.only_end().outcome == outcome
    assert nothing_was_created(world)
    assert world.only_party().request is None


@pytest.mark.spec("HND 2")
async def test_what_is_no_address_is_asked_for_again_without_more_time_and_not_for_ever() -> None:
    world = await a_world()
    await world.ask(channel="webchat", confirmed=True)
    first = world.asked[0].due_at

    for _ in range(MOST_ASKED + 2):
        world.clock.forward(seconds=10)
        await world.answer("handoff-1", email="anna at example")

    assert len(world.asked) == MOST_ASKED
    assert {question.due_at for question in world.asked} == {first}
    await world.answer("handoff-1", email=" anna@example.com ")
    assert world.handed_over[0].email == "anna@example.com"


@pytest.mark.spec("HND 2")
async def test_yes_and_address_may_come_at_once_and_in_either_order() -> None:
    world = await a_world()
    await world.ask(channel="webchat")

    await world.answer("handoff-1", email="anna@example.com")
    assert nothing_was_created(world)
    await world.answer("handoff-1", accepted=True)

    assert world.handed_over[0].email == "anna@example.com"
    assert [question.question for question in world.asked] == ["connect"]


@pytest.mark.spec("HND 2")
async def test_answers_of_another_account_or_to_no_handoff_do_nothing_and_are_counted() -> None:
    world = await a_world()
    await world.ask(channel="webchat")

    await world.answer("handoff-1", account_id="other", accepted=True)
    await world.answer("handoff-2", accepted=True)

    assert [question.question for question in world.asked] == ["connect"]
    assert world.counts.answers_ignored == 2


@pytest.mark.spec("HND 2")
@pytest.mark.parametrize(
    ("language", "text", "start"),
    [
        ("it", "where is my order and when do I get it?", "Vuoi"),
        (None, "Hola, quiero hablar con una persona de la tienda por mi pedido", "¿Quieres"),
        (None, "?", "Would"),
        ("fr", "?", "Would"),
    ],
)
async def test_a_visitor_is_asked_in_their_language_as_far_as_there_are_words(
    language: str | None, text: str, start: str
) -> None:
    world = await a_world()
    line = a_line(text, at=world.clock())

    await world.ask(channel="webchat", language=language, transcript=(line,))

    assert world.asked[0].text.startswith(start)


@pytest.mark.spec("HND 2")
async def test_the_accounts_own_words_come_first_and_what_is_unknown_is_left_out() -> None:
    own = {"en": "A person of {{account.name}} for you, {{contact.name}}?"}
    world = await a_world(connect=own)

    await world.ask(channel="webchat", language="it")

    assert world.asked[0].text == "A person of Acme for you,?"


@pytest.mark.spec("HND 2")
async def test_the_topic_told_again_asks_nothing_again() -> None:
    world = await a_world()
    await world.ask(channel="webchat")
    await world.answer("handoff-1", accepted=True)
    before = dict(world.log.records)
    counted = {name: len(records) for name, records in before.items()}

    world.bus.rewind()
    await world.settle()

    assert {name: len(records) for name, records in world.log.records.items()} == counted
