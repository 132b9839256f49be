"""The read model is what the topics say, in whatever order and however often (VWS 9)."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import TicketFact
from tests.builders import MONDAY
from tests.desk.read_models import Kept, MemoryReadModel, a_desk, folded, take, topic_of
from tests.examples import examples
from tests.ticketing.drawn import histories
from tests.ticketing.test_erasing import an_erasure
from tests.ticketing.test_snapshots import asking, published
from tests.ticketing.turns import a_turn
from tests.ticketing.world import Item, World

Stored = tuple[dict[str, Row], dict[str, Line]]


async def told_of(
    items: Sequence[Item], erased_at: int | None, snapshots_at: Sequence[int] = ()
) -> list[Any]:
    """What the topics hold of a history: screened messages, events, snapshots in between."""
    world = World()
    for place, item in enumerate(items):
        if place == erased_at:
            await world.happen(an_erasure(MONDAY + timedelta(minutes=place)))
        await world.happen(item)
        if place in snapshots_at:
            await published(world, asking(f"at-{place}"))
    if erased_at is not None:
        await world.happen(an_erasure(MONDAY + timedelta(minutes=erased_at)))
    screened = [item for item in items if isinstance(item, InboundMessage)]
    return [*screened, *world.events(), *world.snapshots()]


def delivered(records: Sequence[Any], chance: Random) -> list[list[Any]]:
    """The records in batches, each ticket's events in order, and what is repeated after."""
    queues: dict[Any, list[Any]] = {}
    for record in records:
        key = getattr(record, "ticket_id", None) if isinstance(record, TicketFact) else None
        # Snapshots of a ticket come in any order too: replicas may publish them at once.
        queues.setdefault(key or (topic_of(record), chance.randrange(3)), []).append(record)
    order: list[Any] = []
    while queues:
        key = chance.choice(list(queues))
        order.append(queues[key].pop(0))
        if not queues[key]:
            del queues[key]
    for _ in range(chance.randint(0, 6)):
        start = chance.randrange(len(order))
        again = order[start : start + chance.randint(1, 6)]
        order[start:start] = again if chance.random() < 0.3 else []
        order += again
    batches: list[list[Any]] = []
    for record in order:
        same = batches and topic_of(batches[-1][0]) == topic_of(record)
        if same and chance.random() < 0.6:
            batches[-1].append(record)
        else:
            batches.append([record])
    return batches


def run_by_turns(batches: Sequence[Sequence[Any]], kept: Kept, chance: Random) -> None:
    """Two replicas take the batches in turns at every step; some die and the other goes on."""
    replicas = [a_desk(MemoryReadModel(kept, a_turn))[0] for _ in range(2)]
    queues: list[list[Any]] = [[], []]
    for batch in batches:
        queues[chance.randrange(2)].append(batch)
    running: dict[int, Any] = {}
    deaths = 4
    while any(queues) or running:
        place = chance.choice([n for n in (0, 1) if queues[n] or n in running])
        if place not in running:
            running[place] = take(replicas[place], queues[place][0])
        if deaths and chance.random() < 0.04:
            deaths -= 1
            running.pop(place).close()
            other = 1 - place
            # Behind the batch that the other one is at.
            queues[other][1:1] = queues[place]
            queues[place] = []
            continue
        try:
            running[place].send(None)
        except StopIteration:
            del running[place]
            queues[place].pop(0)


@pytest.mark.spec("VWS 9")
@settings(max_examples=examples(60), deadline=None, phases=[Phase.generate])
@given(
    items=histories(),
    erased_at=st.none() | st.integers(0, 12),
    snapshots_at=st.lists(st.integers(0, 13), max_size=2),
    seed=st.integers(0, 2**32),
)
async def test_whatever_comes_when_and_how_often_the_read_model_is_the_same(
    items: list[Item], erased_at: int | None, snapshots_at: list[int], seed: int
) -> None:
    chance = Random(seed)
    records = await told_of(items, erased_at, snapshots_at)
    kept = Kept()

    run_by_turns(delivered(records, chance), kept, chance)

    rows, lines = kept.shown()
    wanted_rows, wanted_lines = folded(records)
    assert lines == wanted_lines
    assert rows == wanted_rows
