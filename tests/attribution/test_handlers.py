"""Attribution as wired: batches, repeats, crashes, replicas, accounts."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.attribution.app import wire
from shared.contracts.accounts import AccountSettings, AttributionSettings
from shared.errors import Transient
from tests.attribution.histories import Story, stories, told_anyhow
from tests.attribution.story import (
    DAY,
    HOUR,
    MOMENT,
    MONDAY,
    PHONE,
    Ticket,
    delivered,
    failed,
    final_credits,
)
from tests.attribution.world import World
from tests.examples import examples


@pytest.mark.spec("ATT 5")
@given(data=st.data(), story=stories())
@settings(max_examples=examples(40))
async def test_batches_in_any_order_and_again_give_the_right_credits(
    data: st.DataObject, story: Story
) -> None:
    world = World()

    await world.hears(data.draw(told_anyhow(story)))
    heard = len(world.facts)
    await world.hears(data.draw(told_anyhow(story)))

    assert world.credits == story.truth()
    assert len(world.facts) == heard


@pytest.mark.spec("ATT 5")
@given(data=st.data(), story=stories())
@settings(max_examples=examples(40))
async def test_two_replicas_at_once_give_the_right_credits(
    data: st.DataObject, story: Story
) -> None:
    one = World()
    other = World(one.store)
    halves = data.draw(told_anyhow(story)), data.draw(told_anyhow(story))

    await asyncio.gather(one.hears(halves[0]), other.hears(halves[1]))

    facts = [*one.facts, *other.facts]
    assert final_credits(facts) == story.truth()
    said = {fact.id: fact.model_dump() for fact in facts}
    assert all(said[fact.id] == fact.model_dump() for fact in facts)


@pytest.mark.spec("ATT 7")
async def test_what_could_not_be_published_is_published_by_the_repeat() -> None:
    world = World()
    wrote = Ticket().wrote(MONDAY + HOUR)
    await world.sent(delivered("s1", MONDAY))
    world.broker_is_away = True
    with pytest.raises(Transient):
        await world.happened(wrote)
    world.broker_is_away = False

    await world.happened(wrote)

    assert [fact.revision for fact in world.facts] == [1]
    assert world.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 7")
async def test_what_a_replica_left_unpublished_is_published_by_the_sweep_of_another() -> None:
    dead = World()
    await dead.sent(delivered("s1", MONDAY))
    dead.broker_is_away = True
    with pytest.raises(Transient):
        await dead.happened(Ticket().wrote(MONDAY + HOUR))
    other = World(dead.store)
    await other.sweep()
    assert other.facts == []

    other.now += timedelta(minutes=1)
    await other.sweep()
    await other.sweep()

    assert [fact.revision for fact in other.facts] == [1]


@pytest.mark.spec("ATT 1")
async def test_accounts_and_phones_never_mix() -> None:
    world = World()
    world.accounts.apply(AccountSettings(account_id="other"))
    theirs = Ticket("t1", account_id="other")
    neighbour = Ticket("t2", phone="+393330000000")

    refused = await world.sent(
        delivered("s1", MONDAY),
        delivered("s1", MONDAY + HOUR, account_id="other"),
        delivered("s1", MONDAY + 3 * HOUR, phone="+393330000000"),
    )
    await world.happened(
        Ticket("t1").wrote(MONDAY + 2 * HOUR),
        theirs.wrote(MONDAY + 30 * MOMENT),
        neighbour.wrote(MONDAY + 4 * HOUR),
    )

    assert not refused
    credited = {(fact.account_id, fact.ticket_id, fact.phone) for fact in world.facts}
    assert credited == {("acme", "t1", PHONE), ("acme", "t2", "+393330000000")}
    assert world.keys == {f"acme:{PHONE}".encode(), b"acme:+393330000000"}
    assert len({fact.id for fact in world.facts}) == len(world.facts)


@pytest.mark.spec("ATT 1")
async def test_the_accounts_window_is_read_when_a_message_is_heard_of() -> None:
    world, ticket = World(), Ticket()
    world.settings(AttributionSettings(window=2 * HOUR))
    await world.sent(delivered("s1", MONDAY), delivered("s2", MONDAY + DAY))
    await world.happened(ticket.wrote(MONDAY + 2 * HOUR + MOMENT))

    world.settings(AttributionSettings(window=3 * HOUR))
    await world.happened(ticket.wrote(MONDAY + DAY + 3 * HOUR))

    assert world.credits == {"t1-m2": "s2"}


async def test_a_report_that_cannot_be_true_is_refused_and_the_others_are_taken() -> None:
    world = World()
    never = world.now + 30 * DAY

    refused = await world.sent(
        delivered("s0", MONDAY, phone="Shop"),
        delivered("s1", MONDAY, phone="0039 333 1234567"),
        delivered("s2", never),
        failed("s3", never),
    )
    await world.happened(Ticket().wrote(MONDAY + HOUR))

    assert {place: why.reason for place, why in refused.items()} == {
        0: "malformed",
        2: "malformed",
        3: "malformed",
    }
    assert world.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 1")
async def test_messages_of_other_channels_and_agents_work_attribute_nothing() -> None:
    world, sms = World(), Ticket()

    await world.sent(delivered("s1", MONDAY))
    await world.happened(Ticket("t9", channel="whatsapp").wrote(MONDAY + HOUR))
    await world.happened(sms.noted(MONDAY + HOUR))
    assert not world.facts
    await world.happened(sms.wrote(MONDAY + 2 * HOUR))

    assert world.credits == {"t1-m1": "s1"}


async def test_an_empty_batch_is_fine() -> None:
    world = World()

    assert not await world.sent()
    assert not await world.happened()


async def test_it_is_wired_to_its_topics_and_a_sweep() -> None:
    world = World()
    consumed: list[str] = []
    swept: list[timedelta] = []

    class Ears(World):
        def consume(self, topic: Any, handler: Any) -> None:
            consumed.append(topic.name)
            super().consume(topic, handler)

        def every(self, interval: timedelta, sweep: Any) -> None:
            swept.append(interval)
            super().every(interval, sweep)

    wire(Ears(world.store), world.store, world.clock, interval=timedelta(seconds=2))

    assert set(consumed) == {"helpdesk.sends", "helpdesk.tickets", "helpdesk.erasures"}
    assert swept[-1] == timedelta(seconds=2)
