"""Batches of any kind, cut and repeated anyhow, on stores that fail and lose anyhow."""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shared.stores.aggregates
from shared.bus.delivery import Outgoing
from shared.errors import Poison, Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Entry, Outcome, Target
from tests.examples import examples
from tests.shared.broken import Wrapped, made
from tests.shared.test_aggregates import assert_promises
from tests.shared.toy import NOON, Item, Kind, Ticket, Tickets, changed, ticket_opened_by
from tests.shared.world import World

SMALL = 200
"""What a write may add in these tests, in bytes: some four items."""

NO_COMMANDS: list[Kind] = [
    "message",
    "message",
    "message",
    "note",
    "mail",
    "mail",
    "invite",
    "ban",
    "broken",
]
KINDS: list[Kind] = [*NO_COMMANDS, "close", "close"]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[Item], list[Item]]:
    """Draw items of two accounts for few slots; and more, closings of their tickets among them.

    A command comes after what it is about was seen; a ticket that is unknown then stays unknown.
    """
    numbers = list(range(draw(st.integers(1, 14))))
    cut = draw(st.integers(0, len(numbers)))
    items: list[Item] = []
    for number in numbers:
        kind = draw(st.sampled_from(KINDS if 0 < cut <= number else NO_COMMANDS))
        account = draw(st.sampled_from(["acme", "other"]))
        size = draw(st.sampled_from([10, 10, 10, 60, 120, SMALL - 5, SMALL + 1]))
        item = Item(kind, f"i{number}", account_id=account, size=size)
        if kind == "close":
            of = draw(st.sampled_from(items[:cut]))
            item = replace(item, ticket=ticket_opened_by(of), account_id=of.account_id)
        else:
            slot = draw(st.sampled_from(["s", "t"]))
            author = draw(st.sampled_from(["ann", "eve"])) if kind in {"mail", "invite"} else ""
            item = replace(item, slot=slot, author="eve" if kind == "ban" else author)
        items.append(item)
    return items[:cut], items[cut:]


@dataclass(slots=True)
class Flaky(Wrapped):
    """Fails before or after any step, and loses writes, now and then."""

    chance: random.Random

    def _maybe_fail(self) -> None:
        if self.chance.random() < 0.05:
            message = "something is away"
            raise Transient(message)

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        self._maybe_fail()
        return await self.store.load(targets)

    async def applied(self, ids: Collection[str]) -> Mapping[str, str]:
        """See `shared.stores.documents.Store`."""
        self._maybe_fail()
        return await self.store.applied(ids)

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """See `shared.stores.documents.Store`."""
        for document in documents:
            owed = [pending.owed for pending in document.outbox]
            records = sum(len(one.value or b"") for one in owed if isinstance(one, Outgoing))
            entries = sum(one.size for one in owed if isinstance(one, Entry))
            assert records + entries <= SMALL
        self._maybe_fail()
        won = await self.store.write([one for one in documents if self.chance.random() < 0.8])
        self._maybe_fail()
        return won

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """See `shared.stores.documents.Store`."""
        for entry in entries:
            self._maybe_fail()
            await self.store.record([entry])
        self._maybe_fail()

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """See `shared.stores.documents.Store`."""
        self._maybe_fail()
        await self.store.trim(done)
        self._maybe_fail()

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """See `shared.stores.documents.Store`."""
        self._maybe_fail()
        await self.store.take_back(openings)
        self._maybe_fail()

    async def unfinished(self, before: datetime, limit: int) -> list[Document[Ticket]]:
        """See `shared.stores.documents.Store`."""
        return await self.store.unfinished(before, min(limit, 1))

    async def publish_some(self, records: Sequence[Outgoing]) -> None:
        """Publish what comes before a failure."""
        for record in records:
            self._maybe_fail()
            await self.publish([record])
        self._maybe_fail()


def apply_until_done(aggregates: Aggregates[Ticket, Item], batch: Sequence[Item]) -> set[str]:
    """Deliver a batch until it is taken; returns the ids of what was refused."""
    while True:
        try:
            refused = asyncio.run(aggregates.apply(batch))
        except Transient:
            continue
        assert all(isinstance(why, Poison) for why in refused.values())
        return {batch[place].id for place in refused}


def sweep_until_done(aggregates: Aggregates[Ticket, Item]) -> None:
    """Sweep until nothing is left over."""
    while True:
        try:
            if not asyncio.run(aggregates.finish_left_over()):
                return
        except Transient:
            continue


@given(streams(), st.data(), st.integers())
@settings(max_examples=examples(100), deadline=None)
@pytest.mark.spec("ING 2")
@pytest.mark.spec("TKT 9")
def test_nothing_is_lost_or_doubled_however_it_is_delivered(
    stream: tuple[list[Item], list[Item]], data: st.DataObject, seed: int
) -> None:
    first, more = stream
    items = first + more
    repeated = st.lists(st.sampled_from(items), min_size=1, max_size=8)
    batches = [first, *data.draw(st.lists(repeated, max_size=4)), items]
    world = World()
    flaky = Flaky(world.store, world.publish, random.Random(seed))  # no secret
    refused: set[str] = set()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shared.stores.aggregates, "LARGEST_WRITE", SMALL)
        for batch in batches:
            refused |= apply_until_done(made(flaky, flaky.publish_some), batch)
        sweep_until_done(made(flaky, flaky.publish_some))
    assert refused >= {item.id for item in items if item.kind == "broken"}
    assert refused <= {item.id for item in items if item.kind == "broken" or item.size > SMALL - 50}
    assert_promises(world, batches, refused)


@given(streams())
@settings(max_examples=examples(100), deadline=None)
@pytest.mark.spec("TKT 8")
def test_a_batch_comes_to_the_same_as_its_items_one_by_one(
    stream: tuple[list[Item], list[Item]],
) -> None:
    # What is sent elsewhere comes a round later than what names its document by id.
    by_slot = [[item for item in batch if item.kind != "close"] for batch in stream]
    together, apart = World(), World()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(shared.stores.aggregates, "LARGEST_WRITE", SMALL)
        for batch in by_slot:
            apply_until_done(made(together.store, together.publish), batch)
            for item in batch:
                apply_until_done(made(apart.store, apart.publish), [item])
    assert {name: document.state for name, document in together.store.documents.items()} == {
        name: document.state for name, document in apart.store.documents.items()
    }
    assert together.log == apart.log
    assert {name: of for name, (of, _) in together.store.ledger.items()} == {
        name: of for name, (of, _) in apart.store.ledger.items()
    }


@given(streams(), st.integers())
@settings(max_examples=examples(50), deadline=None)
def test_what_was_applied_is_not_touched_again(
    stream: tuple[list[Item], list[Item]], seed: int
) -> None:
    world = World()
    for batch in stream:
        apply_until_done(made(world.store, world.publish), batch)
    before = world.frozen()
    shuffled = [item for batch in stream for item in batch] * 2
    random.Random(seed).shuffle(shuffled)  # no secret
    apply_until_done(made(world.store, world.publish), shuffled)
    assert world.frozen() == before


async def test_an_id_twice_in_a_batch_is_one_item() -> None:
    world = World()
    item, other = Item("message", "m", "s"), Item("message", "n", "s")
    assert await made(world.store, world.publish).apply([item, other, item]) == {}
    [document] = world.store.documents.values()
    assert document.state.thread == ("m", "n")


class Singletons(Tickets):
    """Items by slot and items by id that make one and the same document."""

    def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
        """See `shared.stores.documents.Policy`."""
        assert target.account_id == item.account_id
        opened = Ticket(id="the one", account_id=item.account_id, slot="s")
        return changed(state or opened, item, "added" if state else "opened")


async def test_two_groups_that_make_one_document_both_find_a_place_in_it() -> None:
    world = World()
    items = [Item("message", "m", "s"), Item("message", "n", ticket="the one")]
    await made(world.store, world.publish, Singletons()).apply(items)
    assert world.store.documents["the one"].state.thread == ("m", "n")
    assert_promises(world, [items])


@dataclass(slots=True)
class Losing(Wrapped):
    """Loses every write."""

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:  # noqa: ARG002
        """See `shared.stores.documents.Store`."""
        return set()


async def test_who_keeps_losing_raises_and_has_done_nothing() -> None:
    world = World()
    aggregates = made(Losing(world.store, world.publish), world.publish)
    with pytest.raises(Transient, match="lost the race"):
        await aggregates.apply([Item("message", "m", "s")])
    assert world.frozen() == World().frozen()


async def test_a_sweep_leaves_alone_what_is_not_overdue() -> None:
    world = World()
    patient = replace(made(world.store, _never), patience=timedelta(seconds=5))
    with pytest.raises(Transient):
        await patient.apply([Item("message", "m", "s")])
    assert await made(world.store, world.publish).finish_left_over() == 0
    later = replace(patient, publish=world.publish, clock=lambda: NOON + timedelta(seconds=6))
    assert await later.finish_left_over() == 1
    assert await later.finish_left_over() == 0
    assert_promises(world, [[Item("message", "m", "s")]])


async def _never(records: Sequence[Outgoing]) -> None:
    message = f"{len(records)} records are not published"
    raise Transient(message)


async def test_nothing_at_all_is_applied_at_once() -> None:
    world = World()
    assert await made(world.store, world.publish).apply([]) == {}
