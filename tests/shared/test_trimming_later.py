"""Outboxes are trimmed later: whenever that is, nothing is lost, doubled or published again."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.delivery import Outgoing
from shared.stores.documents import Document, Target
from tests.examples import examples
from tests.shared.broken import Made, Wrapped, made
from tests.shared.test_aggregates import assert_promises
from tests.shared.test_aggregates_properties import apply_until_done, streams, sweep_until_done
from tests.shared.toy import Item, Ticket
from tests.shared.world import World


@dataclass(slots=True)
class Process:
    """A replica that trims when the test lets it sweep."""

    world: World
    aggregates: Made = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget all that was in memory; what was left for later never happens."""
        self.aggregates = replace(made(self.world.store, self.world.publish), trimmed_later=True)

    async def sweep(self) -> None:
        await self.aggregates.finish_left_over()


@given(streams(), st.data())
@settings(max_examples=examples(60), deadline=None)
@pytest.mark.spec("ING 2")
@pytest.mark.spec("TKT 9")
def test_whenever_it_is_trimmed_nothing_is_lost_or_doubled(
    stream: tuple[list[Item], list[Item]], data: st.DataObject
) -> None:
    first, more = stream
    items = first + more
    world = World()
    processes = [Process(world), Process(world)]
    batches = [[item] for item in items]
    refused: set[str] = set()
    for batch in [*batches, items]:
        process = data.draw(st.sampled_from(processes))
        refused |= apply_until_done(process.aggregates, batch)
        match data.draw(st.integers(0, 9)):
            case 0:
                process.begin()
            case 1 | 2 | 3:
                asyncio.run(process.sweep())
    sweep_until_done(made(world.store, world.publish))
    assert_promises(world, batches, refused)


@dataclass(slots=True)
class Overtaken(Wrapped):
    """A store whose answers are on their way while all trims are done."""

    process: Process

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        loaded = await self.store.load(targets)
        await self.process.sweep()
        return loaded


def _counting(world: World) -> tuple[list[bytes | None], Made]:
    published = list[bytes | None]()

    async def publish(records: Sequence[Outgoing]) -> None:
        published.extend(record.value for record in records)
        await world.publish(records)

    return published, replace(made(world.store, publish), trimmed_later=True)


@pytest.mark.parametrize("overtaken", [False, True])
async def test_what_a_process_published_it_does_not_publish_again(*, overtaken: bool) -> None:
    world = World()
    process = Process(world)
    published, sweeper = _counting(world)
    # Both are one process's: what it has published, and what it is to trim.
    process.aggregates = sweeper
    overtaking = Overtaken(world.store, sweeper.publish, process) if overtaken else world.store
    handler = replace(sweeper, store=overtaking)
    for name in ("m0", "m1", "m2"):
        await handler.apply([Item("message", name, "s")])
    assert published == [b"1|opened|m0", b"2|added|m1", b"3|added|m2"]


async def test_nor_does_another_publish_again_what_the_ledger_has() -> None:
    world = World()
    published, ours = _counting(world)
    await ours.apply([Item("message", "m0", "s")])
    told, theirs = _counting(world)
    assert await theirs.finish_left_over() == 1, "its outbox was not trimmed"
    assert await theirs.finish_left_over() == 0
    await ours.apply([Item("message", "m1", "s")])
    await theirs.apply([Item("message", "m2", "s")])
    assert published == [b"1|opened|m0", b"2|added|m1"]
    assert told == [b"3|added|m2"]


async def test_what_an_older_version_recorded_is_published_by_whoever_finds_it() -> None:
    """It recorded first: that the ledger has an entry says nothing."""
    world = World()
    _, older = _counting(world)
    await older.apply([Item("message", "m0", "s")])
    [(name, document)] = world.store.documents.items()
    world.store.documents[name] = replace(document, recorded_last=False)
    told, newer = _counting(world)
    await newer.finish_left_over()
    assert told == [b"1|opened|m0"]
