"""`python -m tests.chaos.sabotaged <how> <service>`: a service with one promise's keeper broken.

For trying the judge: whatever is broken here, a run has to show. Between reading and writing all
of them take their time, so that races are wide; `nothing` breaks nothing, and has to pass.
"""

import asyncio
import importlib
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from aiokafka import TopicPartition
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from shared.bus.consuming import Consuming
from shared.running.service import main
from shared.stores.documents import Document, Target
from shared.stores.mongo_aggregates import MongoAggregates

_THINKING = 0.25
_SOON = 0.5


def nothing() -> None:
    """All is as it should be."""


def commit_before_effects() -> None:
    """Offsets are committed before their records are handled."""
    take = Consuming.take

    async def taken(self: Consuming, raws: Sequence[Any]) -> None:
        assigned = self.consumer.assignment()
        places = [(TopicPartition(raw.topic, raw.partition), raw.offset) for raw in raws]
        offsets = {place: offset + 1 for place, offset in places if place in assigned}
        if offsets:
            await self.consumer.commit(offsets)
        await take(self, raws)

    Consuming.take = taken  # type: ignore[method-assign]


def no_ledger() -> None:
    """Nobody looks up what was applied before."""

    async def applied(self: MongoAggregates[Any], ids: Collection[str]) -> dict[str, str]:  # noqa: ARG001  # as the method has them
        return {}

    MongoAggregates.applied = applied  # type: ignore[method-assign]


def no_compare_and_set() -> None:
    """Whoever writes last has written, whatever they had read."""

    async def write(self: MongoAggregates[Any], documents: Sequence[Document[Any]]) -> set[str]:
        for document in documents:
            row = self._row(document)
            if document.revision == 0:
                try:
                    await self._documents.bulk_write([InsertOne(row)])
                except BulkWriteError:
                    return set()
            else:
                key = {"_id": row.pop("_id")}
                await self._documents.bulk_write([UpdateOne(key, {"$set": row})])
        return {document.state.id for document in documents}

    MongoAggregates.write = write  # type: ignore[method-assign]


def outbox_emptied() -> None:
    """Soon after something was published, every outbox is emptied, whatever is still owed."""
    trim = MongoAggregates.trim
    running: set[asyncio.Task[None]] = set()

    async def emptied(store: MongoAggregates[Any]) -> None:
        await asyncio.sleep(_SOON)
        await store._documents.update_many(  # noqa: SLF001  # what is broken is inside
            {"outbox.0": {"$exists": True}}, {"$set": {"outbox": []}}
        )

    async def trimmed(
        self: MongoAggregates[Any], done: Sequence[tuple[str, int, frozenset[str]]]
    ) -> None:
        await trim(self, done)
        running.add(asyncio.create_task(emptied(self)))

    MongoAggregates.trim = trimmed  # type: ignore[method-assign]


WAYS: Final[dict[str, Callable[[], None]]] = {
    "nothing": nothing,
    "commit-before-effects": commit_before_effects,
    "no-ledger": no_ledger,
    "no-compare-and-set": no_compare_and_set,
    "outbox-emptied": outbox_emptied,
}


def _slowed() -> None:
    load = MongoAggregates.load

    async def loaded(
        self: MongoAggregates[Any], targets: Collection[Target]
    ) -> list[Document[Any]]:
        documents = await load(self, targets)
        await asyncio.sleep(_THINKING)
        return documents

    MongoAggregates.load = loaded  # type: ignore[method-assign]


if __name__ == "__main__":
    WAYS[sys.argv[1]]()
    _slowed()
    service = f"services.{sys.argv[2]}"
    build = importlib.import_module(f"{service}.app").build
    sys.exit(main(build, importlib.import_module(f"{service}.settings").Settings))
