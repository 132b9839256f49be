"""What only a server can show of the store of aggregates."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any

import pytest
from bson.timestamp import Timestamp
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)
from pymongo.read_concern import ReadConcern

from shared.bus.delivery import Outgoing, Publish
from shared.embedded.servers import Servers
from shared.errors import Transient
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Document, Entry, Target
from shared.stores.mongo_aggregates import MongoAggregates
from tests.shared.conftest import Connect
from tests.shared.test_aggregates import assert_promises
from tests.shared.toy import NOON, Item, Ticket, Tickets, stored, ticket_opened_by
from tests.shared.world import World

SECOND = timedelta(seconds=1)


@pytest.mark.connected
async def test_what_one_replica_did_another_sees_at_once(connect: Connect) -> None:
    ours, theirs = connect(), connect()
    for revision in range(30):
        await ours.write([Document(stored("a", seq=revision), revision)])
        [found] = await theirs.load([Target("acme", id="a")])
        assert (found.revision, found.state.seq) == (revision + 1, revision)
        await ours.record([("a", Entry(f"{revision}"))])
        assert await theirs.applied([f"{revision}"]) == {f"{revision}": "a"}


@pytest.mark.connected
async def test_what_the_ledger_has_says_nothing_of_a_document_of_an_older_version(
    connect: Connect,
) -> None:
    store = connect()
    await store.write([Document(stored("a"), 0)])
    [document] = await store.load([Target("acme", id="a")])
    assert document.recorded_last
    # An older version counts the revision up, and leaves what it does not know as it is.
    await store._documents.update_one({"_id": "a"}, {"$inc": {"rev": 1}})  # noqa: SLF001
    [document] = await store.load([Target("acme", id="a")])
    assert not document.recorded_last
    await store.write([document])
    [document] = await store.load([Target("acme", id="a")])
    assert document.recorded_last


class Reads(CommandListener):
    """Notes which collection each read asked, as of when, and when the answer was from."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answered: list[Timestamp] = []

    def started(self, event: CommandStartedEvent) -> None:
        """Note what a read asks for."""
        if event.command_name == "find":
            self.asked.append((event.command["find"], event.command["readConcern"]))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Note when the answer is from."""
        if event.command_name == "find":
            self.answered.append(event.reply["operationTime"])

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing is noted."""


@pytest.mark.connected
async def test_the_ledger_is_never_read_as_of_before_the_documents(
    servers: Servers, unique: str, connect: Connect
) -> None:
    await connect().write([Document(stored("a"), 0)])
    reads = Reads()
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(
        servers.mongo, tz_aware=True, event_listeners=[reads]
    )
    database = client.get_database(unique, read_concern=ReadConcern("majority"))
    store = MongoAggregates(database["tickets"], database["thread"], Ticket)
    with closing(client):
        await store.load([Target("acme", id="a")])
        await connect().write([Document(stored("b"), 0)])
        await store.load([Target("acme", id="b")])
        await store.applied(["x"])
    (first, _), (_, second), (ledger, third) = reads.asked
    assert (first, ledger) == ("tickets", "thread")
    assert second == {"level": "majority", "afterClusterTime": reads.answered[0]}
    assert third == {"level": "majority", "afterClusterTime": reads.answered[1]}


@pytest.mark.connected
async def test_of_many_that_race_for_a_revision_one_wins(connect: Connect) -> None:
    stores = [connect() for _ in range(8)]
    for revision in range(10):
        writes = [[Document(stored("a", seq=who), revision)] for who in range(8)]
        won = await asyncio.gather(
            *(store.write(write) for store, write in zip(stores, writes, strict=True))
        )
        assert sum(bool(one) for one in won) == 1
        [found] = await stores[0].load([Target("acme", id="a")])
        assert won[found.state.seq] == {"a"}


def failing(world: World, chance: random.Random) -> Publish:
    """Publish what comes before a failure, which comes at random."""

    async def publish(records: Sequence[Outgoing]) -> None:
        for record in records:
            if chance.random() < 0.2:
                message = "the broker is away"
                raise Transient(message)
            await world.publish([record])

    return publish


@pytest.mark.connected
@pytest.mark.spec("TKT 7")
@pytest.mark.spec("TKT 9")
async def test_replicas_that_race_and_fail_lose_nothing_and_double_nothing(
    connect: Connect,
) -> None:
    world = World()
    slots = ["s", "t"]
    openers = tuple(Item("message", f"first in {slot}", slot) for slot in slots)
    batches = (
        [openers]
        + [
            tuple(
                Item("message", f"{slot} {number} {part}", slot) for slot in slots for part in "ab"
            )
            for number in range(4)
        ]
        + [tuple(Item("close", f"close {one.id}", ticket=ticket_opened_by(one)) for one in openers)]
    )

    async def replica(seed: int) -> None:
        chance = random.Random(seed)  # no secret
        publish = failing(world, chance)
        ours = Aggregates(connect(), publish, lambda: NOON, Tickets(), patience=-SECOND)
        for batch in [openers, *chance.sample(batches, len(batches))]:
            while True:
                try:
                    await ours.apply(batch)
                except Transient:
                    continue
                break
            with suppress(Transient):
                await ours.finish_left_over()

    await asyncio.gather(*(replica(seed) for seed in range(4)))
    store = connect()
    ours = Aggregates(store, world.publish, lambda: NOON, Tickets(), patience=-SECOND)
    while await ours.finish_left_over():
        pass
    for document in await store.find({}, 100):
        world.store.documents[document.state.id] = document
    ids = {item.id for batch in batches for item in batch}
    for entry_id in await store.applied(ids):
        [of] = [
            name
            for name, document in world.store.documents.items()
            if entry_id in document.state.thread
        ]
        world.store.ledger[entry_id] = (of, Entry(entry_id))
    assert_promises(world, batches)
