"""The store of aggregates, in MongoDB and in memory alike."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.bus.delivery import Outgoing
from shared.clock import FAR_FUTURE
from shared.stores.documents import Document, Entry, Pending, Store, Target
from tests.memory import MemoryAggregates
from tests.shared.toy import NOON, Ticket, stored

SECOND = timedelta(seconds=1)


def owing(document: Document[Ticket], *ids: str) -> Document[Ticket]:
    """Add an outbox that has been overdue for a second at noon."""
    outbox = tuple(Pending(one, Entry(f"entry {one}")) for one in ids)
    return replace(document, outbox=outbox, outbox_at=NOON - SECOND)


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
def store(request: pytest.FixtureRequest) -> Store[Ticket]:
    """Either store."""
    if request.param == "memory":
        return MemoryAggregates()
    made: Store[Ticket] = request.getfixturevalue("connect")()
    return made


async def test_a_document_is_inserted_once(store: Store[Ticket]) -> None:
    assert await store.write([Document(stored("a", "s"), 0)]) == {"a"}
    assert await store.write([Document(stored("a", "other"), 0)]) == set()
    assert await store.load([Target("acme", id="a")]) == [Document(stored("a", "s"), 1)]


@pytest.mark.spec("TKT 7")
async def test_a_slot_has_one_document_in_each_account(store: Store[Ticket]) -> None:
    assert await store.write([Document(stored("a", "s"), 0)]) == {"a"}
    assert await store.write([Document(stored("b", "s"), 0)]) == set()
    assert await store.write([Document(stored("c", "s", "other"), 0)]) == {"c"}
    assert [found.state.id for found in await store.load([Target("acme", slot="s")])] == ["a"]
    assert await store.write([Document(stored("a", "given up"), 1)]) == {"a"}
    assert await store.write([Document(stored("b", "s"), 0)]) == {"b"}
    assert await store.write([Document(stored("a", "s"), 2)]) == set()


async def test_only_who_read_the_last_revision_writes(store: Store[Ticket]) -> None:
    await store.write([Document(stored("a", seq=1), 0)])
    assert await store.write([Document(stored("a", seq=2), 1)]) == {"a"}
    assert await store.write([Document(stored("a", seq=3), 1)]) == set()
    assert await store.write([Document(stored("never was"), 1)]) == set()
    assert await store.load([Target("acme", id="a")]) == [Document(stored("a", seq=2), 2)]


async def test_each_of_many_writes_stands_or_falls_alone(store: Store[Ticket]) -> None:
    names = [f"old {number}" for number in range(6)]
    await store.write([Document(stored(name), 0) for name in names])
    await store.write([Document(stored("old 1", seq=9), 1)])
    writes = [
        Document(stored("old 0", seq=1), 1),
        Document(stored("old 1", seq=1), 1),  # stale
        Document(stored("new 0"), 0),
        Document(stored("new 1", "slot of old 2"), 0),  # the slot is taken
        Document(stored("old 3", "slot of old 4", seq=1), 1),  # likewise
        Document(stored("old 5"), 0),  # is there
        Document(stored("old 4", seq=1), 1),
        Document(stored("new 0", "of the twin"), 0),  # a twin, in the same batch
    ]
    assert await store.write(writes) == {"old 0", "new 0", "old 4"}
    found = await store.load([Target("acme", id=name) for name in names])
    seqs = {document.state.id: document.state.seq for document in found}
    assert seqs == {"old 0": 1, "old 1": 9, "old 2": 0, "old 3": 0, "old 4": 1, "old 5": 0}


async def test_documents_are_found_by_id_and_by_slot_each_once(store: Store[Ticket]) -> None:
    await store.write(
        [
            Document(stored("a", "s"), 0),
            Document(stored("b", "t"), 0),
            Document(stored("c", "s", "other"), 0),
            Document(stored("d", "u", "other"), 0),
        ]
    )
    targets = [
        Target("acme", id="a"),
        Target("acme", slot="s"),
        Target("other", slot="u"),
        Target("acme", slot="nobody's"),
        Target("acme", id="nobody"),
    ]
    found = [document.state.id for document in await store.load(targets)]
    assert sorted(found) == ["a", "d"]
    assert await store.load([]) == []


@pytest.mark.spec("ING 2")
async def test_the_first_entry_of_an_id_stays(store: Store[Ticket]) -> None:
    await store.record([("a", Entry("1")), ("a", Entry("2"))])
    await store.record([("b", Entry("2")), ("b", Entry("3")), ("b", Entry("3"))])
    await store.record([])
    assert await store.applied(["1", "2", "3", "4"]) == {"1": "a", "2": "a", "3": "b"}
    assert await store.applied([]) == {}


async def test_an_opening_is_taken_back_only_as_long_as_it_owes_that_entry(
    store: Store[Ticket],
) -> None:
    owed = (Pending("1.0", Entry("x")), Pending("1.1", Entry("y")))
    opened = [Document(stored(name), 0, owed) for name in "abcd"]
    await store.write(opened)
    await store.trim([("c", 1, frozenset({"1.0"}))])
    await store.write([replace(opened[3], revision=1)])
    await store.take_back({"a": "y", "b": "z", "c": "x", "d": "x", "nobody": "x"})
    left = await store.load([Target("acme", id=name) for name in "abcd"])
    assert sorted(document.state.id for document in left) == ["b", "c", "d"]
    await store.take_back({"c": "y"})
    assert not await store.load([Target("acme", id="c")])


async def test_a_trim_takes_exactly_its_own_from_exactly_its_revision(store: Store[Ticket]) -> None:
    await store.write([owing(Document(stored("a"), 0), "x", "y"), owing(Document(stored("b"), 0))])
    await store.trim([("a", 2, frozenset({"x"})), ("nobody", 1, frozenset({"x"}))])
    await store.trim([("a", 0, frozenset({"x"}))])
    [found] = await store.load([Target("acme", id="a")])
    assert [pending.id for pending in found.outbox] == ["x", "y"]
    await store.trim([("a", 1, frozenset({"y", "z"}))])
    [found] = await store.load([Target("acme", id="a")])
    assert [pending.id for pending in found.outbox] == ["x"]
    assert found.revision == 1
    await store.trim([])


async def test_unfinished_are_those_whose_outbox_is_overdue(store: Store[Ticket]) -> None:
    await store.write([owing(Document(stored(name), 0), "x") for name in "abc"])
    await store.write([replace(owing(Document(stored("d"), 0), "x"), outbox_at=NOON)])
    await store.write([Document(stored("e"), 0)])
    found = await store.unfinished(NOON, 10)
    assert sorted(document.state.id for document in found) == ["a", "b", "c"]
    assert len(await store.unfinished(NOON, 2)) == 2
    await store.trim([("a", 1, frozenset({"x"}))])
    await store.write([Document(stored("b"), 1)])
    assert [document.state.id for document in await store.unfinished(NOON, 10)] == ["c"]


async def test_what_is_stored_comes_back_as_it_was(store: Store[Ticket]) -> None:
    headers = (("h", b"\x00\xff"), ("null", None), ("h", b""), ("empty", b""))
    body = {"text": "é\u0000ß", "at": NOON, "none": None, "bytes": b"\xff", "list": [1, {"a": 2.5}]}
    document = Document(
        stored("a", seq=7).model_copy(update={"thread": ("x", "y"), "due_at": NOON}),
        revision=0,
        outbox=(
            Pending("1.0", Entry("e", body, size=4711)),
            Pending("1.1", Outgoing("topic", b"\x80key", b"\xfe" * 1_000_000, headers)),
            Pending("1.2", Outgoing("topic", None, None)),
            Pending("1.3", Outgoing("topic", b"", b"")),
        ),
        outbox_at=NOON,
        sent_away=(("m", Target("acme", slot="t", related="a")), ("n", Target("acme", id="b"))),
    )
    await store.write([document])
    assert await store.load([Target("acme", id="a")]) == [replace(document, revision=1)]
    assert await store.unfinished(FAR_FUTURE, 1) == [replace(document, revision=1)]
    bare = Document(stored("a"), 1)
    await store.write([bare])
    assert await store.load([Target("acme", id="a")]) == [replace(bare, revision=2)]
