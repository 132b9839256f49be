"""What the database is asked. Nothing is written."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from shared.cli.doctor.facts import Address, MongoFacts, MongoServer, MongoStorage, Skew
from shared.cli.doctor.failures import Failure, asked
from shared.cli.doctor.reaching import reached
from shared.clock import system_clock
from shared.running.settings import MongoSettings
from shared.stores.indexes import Index
from shared.stores.mongo import Mongo, hosts

ANSWER = 5.0
"""Seconds for the database to be found and to answer, user and TLS included."""

NOT_REACHED = Failure("unasked", "MongoDB could not be asked")


async def ask_mongo(settings: MongoSettings, declared: Mapping[str, Sequence[Index]]) -> MongoFacts:
    """Ask everything; what has no answer in time is a Failure, and the rest is there.

    `declared` are the indexes of each service.
    """
    named = hosts(settings)
    addresses = await asyncio.gather(*map(reached, named))
    if addresses and all(address.failure for address in addresses):
        return nothing(addresses, declared)
    mongo = Mongo(settings, patience=ANSWER - 1)
    try:
        server = await asked(_server(mongo), ANSWER)
        if isinstance(server, Failure):
            return nothing(addresses, declared, server)
        storage, journalled, indexes = await asyncio.gather(
            asked(_storage(mongo), ANSWER),
            asked(_journalled(mongo), ANSWER),
            asked(_indexes(mongo, declared), ANSWER),
        )
    finally:
        await mongo.close()
    return MongoFacts(addresses, server, storage, journalled, indexes, declared)


def nothing(
    addresses: Sequence[Address],
    declared: Mapping[str, Sequence[Index]],
    server: Failure = NOT_REACHED,
) -> MongoFacts:
    """What is known where no server takes us."""
    return MongoFacts(addresses, server, NOT_REACHED, NOT_REACHED, NOT_REACHED, declared)


async def _server(mongo: Mongo) -> MongoServer:
    # Whoever may not log in is told so here: `hello` is answered to everybody.
    await mongo.database.command("ping")
    before, started = system_clock(), time.monotonic()
    said = await mongo.database.command("hello")
    took = time.monotonic() - started
    return MongoServer(
        replica_set=said.get("setName"),
        sharded=said.get("msg") == "isdbgrid",
        members=len(said.get("hosts", ())),
        primary=bool(said.get("isWritablePrimary")),
        skew=skew(_aware(said["localTime"]), before, took),
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def skew(theirs: datetime, asked_at: datetime, took: float) -> Skew:
    """How far a clock is ahead that said `theirs` in an answer that took so many seconds."""
    ahead = (theirs - asked_at).total_seconds() - took / 2
    return Skew(seconds=round(ahead, 3), give_or_take=round(took / 2, 3))


async def _storage(mongo: Mongo) -> MongoStorage:
    said = await mongo.database.client.admin.command("serverStatus")
    engine = said.get("storageEngine", {})
    return MongoStorage(engine.get("persistent"), engine.get("supportsCommittedReads"))


async def _journalled(mongo: Mongo) -> bool:
    said = await mongo.database.client.admin.command("replSetGetConfig")
    return bool(said["config"].get("writeConcernMajorityJournalDefault", True))


async def _indexes(mongo: Mongo, declared: Mapping[str, Sequence[Index]]) -> dict[str, list[Index]]:
    """The indexes of our collections; a collection that is not there is not in it."""
    wanted = {index.collection for indexes in declared.values() for index in indexes}
    there = sorted(wanted & set(await mongo.database.list_collection_names()))
    found = await asyncio.gather(*(mongo.database[name].index_information() for name in there))
    return {
        name: [_index(name, one) for one in indexes.values()]
        for name, indexes in zip(there, found, strict=True)
    }


def _index(collection: str, said: Mapping[str, Any]) -> Index:
    expires = said.get("expireAfterSeconds")
    return Index(
        collection,
        tuple((name, int(way) if isinstance(way, int | float) else 0) for name, way in said["key"]),
        unique=bool(said.get("unique")),
        sparse=bool(said.get("sparse")),
        expires_after=None if expires is None else int(expires),
    )
