"""What a process stored last need not be read, and is believed only as far as nobody else wrote."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.clock import FAR_FUTURE
from shared.errors import Poison, Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Outcome, Refused, Target
from shared.stores.recent import Recent, RecentDocuments
from tests.memory import MemoryAggregates
from tests.shared.broken import made
from tests.shared.toy import Item, Ticket, Tickets, stored
from tests.shared.world import World

OPENING = Item("message", "m0", "s")
FURTHER = Item("message", "m1", "s")
THEIRS = Item("note", "n", "s")
CLOSING = Item("close", "c", ticket="acme/ticket-of-m0")


@dataclass
class Read(MemoryAggregates[Ticket]):
    """Notes which documents are read."""

    read: list[Target] = field(default_factory=list)

    async def load(self, targets: Collection[Target]) -> list[Document[Ticket]]:
        self.read += targets
        return await super().load(targets)


@dataclass
class Place:
    """A store, and two replicas on it."""

    store: Read = field(default_factory=Read)
    world: World = field(default_factory=World)

    def __post_init__(self) -> None:
        self.ours = self.replica()
        self.theirs = self.replica()

    def replica(self) -> Aggregates[Ticket, Item]:
        return made(self.store, self.world.publish)

    @property
    def thread(self) -> tuple[str, ...]:
        return self.store.documents["acme/ticket-of-m0"].state.thread


async def test_a_document_that_was_written_here_is_not_read_again() -> None:
    place = Place()
    await place.ours.apply([OPENING])
    place.store.read.clear()

    await place.ours.apply([FURTHER])
    await place.ours.apply([CLOSING])

    assert place.store.read == []
    assert place.thread == ("m0", "m1", "c")


async def test_what_is_remembered_owes_nothing_since_it_was_carried_out() -> None:
    place = Place()
    await place.ours.apply([OPENING])

    (document,) = place.ours.recent.of({Target("acme", slot="s")}).values()
    assert (document.outbox, document.outbox_at) == ((), FAR_FUTURE)


@pytest.mark.spec("TKT 9")
async def test_whoever_is_overtaken_by_another_replica_reads_and_decides_anew() -> None:
    place = Place()
    await place.ours.apply([OPENING])
    await place.theirs.apply([THEIRS])
    place.store.read.clear()

    await place.ours.apply([FURTHER])

    assert place.store.read == [Target("acme", slot="s")]
    assert place.thread == ("m0", "n", "m1")


@pytest.mark.spec("TKT 7")
async def test_a_slot_that_another_replica_gave_away_is_asked_for() -> None:
    place = Place()
    await place.ours.apply([OPENING])
    await place.theirs.apply([CLOSING])
    await place.theirs.apply([Item("message", "m2", "s")])

    await place.ours.apply([FURTHER])

    assert place.thread == ("m0", "c")
    assert place.store.documents["acme/ticket-of-m2"].state.thread == ("m2", "m1")


async def test_whoever_would_not_forget_would_never_get_on() -> None:
    class Believing(RecentDocuments[Ticket]):
        def forget(self, id_: str) -> None:
            """Believe what was written here, whatever anybody else writes."""

    place = Place()
    place.ours = made(place.store, place.world.publish, recent=Believing())
    await place.ours.apply([OPENING])
    await place.theirs.apply([THEIRS])

    with pytest.raises(Transient):
        await place.ours.apply([FURTHER])


@pytest.mark.parametrize("beside", [(), (Item("invite", "i", "s", author="ann"),)])
async def test_what_is_refused_by_what_is_remembered_is_decided_again_by_what_is_stored(
    beside: tuple[Item, ...],
) -> None:
    class Bounded(Tickets):
        """A ticket takes notes once it is closed."""

        def decide(self, target: Target, state: Ticket | None, item: Item) -> Outcome[Ticket]:
            if item.kind == "note" and state and not state.closed:
                return Refused(Poison("too_early", "it is not closed"))
            return super().decide(target, state, item)

    place = Place()
    place.ours = made(place.store, place.world.publish, Bounded())
    await place.ours.apply([OPENING])
    await place.theirs.apply([CLOSING])

    assert await place.ours.apply([THEIRS, *beside]) == {}
    assert place.thread == ("m0", "c", "n", *(item.id for item in beside))


async def test_what_was_stored_but_not_published_is_not_remembered() -> None:
    place = Place()

    async def away(_: object) -> None:
        raise Transient("no broker")

    place.ours = made(place.store, away)
    with pytest.raises(Transient):
        await place.ours.apply([OPENING])
    place.store.read.clear()
    with pytest.raises(Transient):
        await place.ours.apply([FURTHER])

    assert place.store.read == [Target("acme", slot="s")]


kept = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from(["keep", "forget"])))


@given(kept, st.integers(1, 5))
@example([("a", "keep"), ("b", "keep"), ("a", "keep"), ("c", "keep")], 2)
def test_those_kept_last_are_remembered_and_no_others(
    steps: list[tuple[str, str]], most: int
) -> None:
    recent: Recent[str, int] = Recent(most)
    expected: list[tuple[str, int]] = []
    for number, (id_, what) in enumerate(steps):
        expected = [each for each in expected if each[0] != id_]
        if what == "keep":
            recent.keep(id_, number)
            expected = [*expected, (id_, number)][-most:]
        else:
            recent.forget(id_)

    found = {id_: recent.get(id_) for id_ in "abcde"}
    assert {id_: number for id_, number in found.items() if number is not None} == dict(expected)


def test_a_document_is_found_by_its_slot_as_long_as_it_has_it() -> None:
    recent: RecentDocuments[Ticket] = RecentDocuments(2)
    by_id, by_slot = Target("acme", id="a"), Target("acme", slot="s")
    held = Document(stored("a", "s"), 1)
    recent.keep(held)
    assert recent.of({by_id, by_slot}) == {by_id: held, by_slot: held}
    assert recent.of({Target("other", slot="s"), Target("acme", slot="t")}) == {}

    given_up = Document(stored("a", "given up"), 2)
    recent.keep(given_up)
    assert recent.of({by_id, by_slot}) == {by_id: given_up}

    recent.forget("a")
    assert recent.of({by_id, by_slot}) == {}
