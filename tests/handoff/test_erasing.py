"""A contact is erased from what the hand-off keeps, and nobody else is."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.erasures import ContactErased, EraseContact
from shared.topics import ERASURES, HANDOFFS
from tests.builders import a_contact
from tests.handoff.world import World, a_request, an_account

ANNA = a_contact(channel="sms")


def ask(at: datetime, *contacts: str, **more: Any) -> EraseContact:
    said: dict[str, Any] = {"id": "erasure-1", "correlation_id": "erasure-1"}
    return EraseContact(
        account_id="acme", occurred_at=at, contacts=contacts or (ANNA.id,), **(said | more)
    )


async def a_world(method: str = "helpdesk") -> World:
    world = World()
    await world.account(an_account(method))
    return world


def answers(world: World) -> list[dict[str, int]]:
    return [
        {count.kind: count.number for count in body.counts}
        for body in world.log.bodies(ERASURES)
        if isinstance(body, ContactErased)
    ]


async def test_an_ended_handoff_and_its_entries_are_gone_and_others_stay() -> None:
    world = await a_world()
    await world.ask()
    await world.ask(id="theirs", contact=a_contact(channel="sms", name="bruno"))
    world.clock.forward(minutes=1)

    world.erase(ask(world.clock()))
    await world.settle()

    assert answers(world) == [{"handoffs": 1}]
    assert [d.state.handoff_id for d in world.parties.documents.values()] == ["theirs"]
    owners = {of for of, _ in world.parties.ledger.values()}
    assert owners == set(world.parties.documents)


@pytest.mark.parametrize("method", ["helpdesk", "zendesk"])
async def test_one_under_way_ends_without_naming_anybody(method: str) -> None:
    world = await a_world(method)
    world.ticketing.handlers.clear()
    world.zendesk.faults = ["503"] * 1_000
    await world.ask()
    world.clock.forward(minutes=1)

    world.erase(ask(world.clock()))
    await world.forward(days=2)

    end = world.only_end()
    assert (end.outcome, end.code) == ("refused", "erased")
    assert ANNA.id not in end.model_dump_json()
    assert not world.parties.documents
    assert not world.zendesk.tickets


async def test_a_web_chat_is_found_by_its_contact_and_by_the_address_that_was_named() -> None:
    world = await a_world()
    await world.ask(channel="webchat", confirmed=True)
    await world.answer("handoff-1", email="anna@example.com")
    world.clock.forward(minutes=1)

    world.erase(ask(world.clock(), "email:anna@example.com"))
    await world.settle()

    assert not world.parties.documents


async def test_a_dry_run_counts_and_keeps() -> None:
    world = await a_world()
    await world.ask()
    world.clock.forward(minutes=1)

    world.erase(ask(world.clock(), dry_run=True))
    await world.settle()

    assert answers(world) == [{"handoffs": 1}]
    assert world.parties.documents


async def test_what_was_asked_before_and_comes_after_is_not_handed_over() -> None:
    world = await a_world()
    request = a_request(world.clock())
    world.clock.forward(minutes=1)
    world.erase(ask(world.clock()))
    await world.settle()

    world.log.put(HANDOFFS, request)
    await world.settle()

    assert not world.handed_over
    assert not world.parties.documents


async def test_the_topic_told_again_brings_nothing_back() -> None:
    world = await a_world()
    await world.ask()
    world.clock.forward(minutes=1)
    world.erase(ask(world.clock()))
    await world.settle()
    commands = len(world.handed_over)

    world.bus.rewind()
    await world.settle()

    assert not world.parties.documents
    assert len(world.handed_over) == commands


async def test_what_began_after_the_erasure_stays() -> None:
    world = await a_world()
    at = world.clock()
    world.clock.forward(minutes=1)
    await world.ask()

    world.erase(ask(at + timedelta(seconds=1)))
    await world.settle()

    assert answers(world) == [{}]
    assert world.parties.documents


async def test_another_accounts_contact_of_the_same_name_stays() -> None:
    world = await a_world()
    await world.account(an_account().model_copy(update={"account_id": "other"}))
    await world.ask(account_id="other")
    world.clock.forward(minutes=1)

    world.erase(ask(world.clock()))
    await world.settle()

    assert len(world.parties.documents) == 1
