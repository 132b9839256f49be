"""Whatever comes, in whatever batches, however often and to however many replicas at once."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.base import Channel
from tests.builders import a_message
from tests.examples import examples
from tests.ticketing.drawn import deliveries, histories
from tests.ticketing.promises import check, final, streams
from tests.ticketing.turns import a_turn, finish, finished, interleaved
from tests.ticketing.world import Item, World, topic_of


@pytest.mark.spec("TKT 8")
@pytest.mark.spec("TKT 9")
@pytest.mark.spec("ING 2")
@settings(max_examples=examples(80), deadline=None)
@given(delivery=deliveries())
async def test_batches_and_repeats_make_no_difference(
    delivery: tuple[list[Item], list[list[Item]]],
) -> None:
    items, batches = delivery
    world, plain = World(), World()
    await plain.happen(*items)
    for batch in batches:
        await world.batch(batch)
    check(world, items)
    check(plain, items)
    assert final(world) == final(plain)
    assert streams(world) == streams(plain)


@pytest.mark.spec("TKT 9")
@settings(max_examples=examples(40), deadline=None)
@given(items=histories())
async def test_delivering_everything_again_changes_nothing(items: list[Item]) -> None:
    world = World()
    await world.happen(*items)
    documents, ledger = dict(world.store.documents), dict(world.store.ledger)
    events = world.events()
    await world.happen(*items)
    for topic in ("helpdesk.messages.screened", "helpdesk.commands"):
        if batch := [item for item in reversed(items) if topic_of(item).name == topic]:
            await world.batch(batch)
    states = {key: (doc.state, doc.revision) for key, doc in world.store.documents.items()}
    assert states == {key: (doc.state, doc.revision) for key, doc in documents.items()}
    assert world.store.ledger == ledger
    assert world.events() == events


# Replicas


@pytest.mark.spec("TKT 7")
@pytest.mark.spec("TKT 9")
@settings(max_examples=examples(80), deadline=None)
@given(delivery=deliveries(), seed=st.integers(0, 2**32), zombies=st.integers(0, 3))
def test_replicas_that_take_turns_and_die_lose_and_double_nothing(
    delivery: tuple[list[Item], list[list[Item]]], seed: int, zombies: int
) -> None:
    """The batches are shared out, and some are taken by two at once, as in a rebalance."""
    items, batches = delivery
    chance = Random(seed)
    first = World(step=a_turn)
    replicas = [first, World(first, step=a_turn), World(first, step=a_turn)]
    runs: list[list[Any]] = [[], [], []]
    for batch in batches:
        runs[chance.randrange(3)].append(batch)
    for _ in range(zombies):
        runs[chance.randrange(3)].append(chance.choice(batches))
    interleaved(runs, replicas, chance)
    finish(first)
    check(first, items)

    stored, events = final(first), first.events()
    for batch in batches:
        finished(first.batch(batch))
    assert (final(first), first.events()) == (stored, events)


@pytest.mark.spec("TKT 7")
@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 2**32), channel=st.sampled_from(["sms", "instagram", "whatsapp"]))
def test_two_messages_of_one_contact_at_one_instant_make_one_ticket(
    seed: int, channel: Channel
) -> None:
    first = World(step=a_turn)
    replicas = [first, World(first, step=a_turn)]
    messages = [a_message(channel=channel, id=f"m{n}") for n in range(2)]
    interleaved([[[message]] for message in messages], replicas, Random(seed))
    finish(first)
    check(first, messages)
    assert first.ticket.message_count == 2
