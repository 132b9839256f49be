"""Outboxes are trimmed later: whenever that is, nothing is lost, doubled or published again."""

import asyncio
from collections.abc import Collection, Coroutine, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.delivery import Outgoing
from shared.running.tasks import Background
from shared.stores.documents import Document, Target
from tests.shared.broken import Made, Wrapped, made
from tests.shared.test_aggregates import assert_promises
from tests.shared.test_aggregates_properties import apply_until_done, streams, sweep_until_done
from tests.shared.toy import Item, Ticket
from tests.shared.world import World

Work = Coroutine[object, object, None]


@dataclass(slots=True)
class Process:
    """A replica whose trims wait until the test lets them run."""

    world: World
    waiting: list[Work] = field(default_factory=list)
    aggregates: Made = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget all that was in memory; what was left for later never happens."""
        self.forget()
        self.aggregates = replace(made(self.world.store, self.world.publish), later=self.later)

    async def later(self, work: Work) -> None:
        self.waiting.append(work)

    async def trim(self, count: int) -> None:
        """Let the first of the trims that wait run."""
        running, self.waiting = self.waiting[:count], self.waiting[count:]
        for work in running:
            await work

    def forget(self) -> None:
        for work in self.waiting:
            work.close()
        self.waiting.clear()


@given(streams(), st.data())
@settings(max_examples=60, deadline=None)
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
    try:
        for batch in [*batches, items]:
            process = data.draw(st.sampled_from(processes))
            refused |= apply_until_done(process.aggregates, batch)
            asyncio.run(process.trim(data.draw(st.integers(0, 2))))
            if data.draw(st.integers(0, 9)) == 0:
                process.begin()
        for process in processes:
            asyncio.run(process.trim(len(process.waiting)))
    finally:
        for process in processes:
            process.forget()
    sweep_until_done(made(world.store, world.publish))
    assert_promises(world, batches, refused)


@dataclass(slots=True)
class Overtaken(Wrapped):
    """A store whose answers are on their way while all trims are done."""

    process: Process

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        loaded = await self.store.load(targets)
        await self.process.trim(len(self.process.waiting))
        return loaded


@pytest.mark.parametrize("overtaken", [False, True])
async def test_what_a_process_published_it_does_not_publish_again(*, overtaken: bool) -> None:
    world, published = World(), list[bytes | None]()

    async def publish(records: Sequence[Outgoing]) -> None:
        published.extend(record.value for record in records)
        await world.publish(records)

    process = Process(world)
    store = Overtaken(world.store, publish, process) if overtaken else world.store
    process.aggregates = replace(process.aggregates, store=store, publish=publish)
    for name in ("m0", "m1", "m2"):
        await process.aggregates.apply([Item("message", name, "s")])
        left_over = await process.aggregates.finish_left_over()
        assert left_over == 1, "it is there to be finished, were it not known"
    assert published == [b"1|opened|m0", b"2|added|m1", b"3|added|m2"]
    process.forget()


async def test_what_is_done_in_the_background_is_waited_for_in_the_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    background, done = Background(), list[int]()

    async def work(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)
        if number == 1:
            raise ZeroDivisionError

    for number in range(3):
        await background.start(work(number))
    assert not done
    await background.ended()
    assert done == [0, 1, 2]
    assert not caplog.records, "a task's error that nobody asked for"
