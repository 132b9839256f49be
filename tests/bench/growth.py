"""Whether ticketing stays as fast with many tickets, and with a ticket of many messages."""

import asyncio
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import bson
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import MongoClient

from shared.embedded.servers import Servers
from shared.topics import SCREENED, TICKETS
from tests.bench import contest, places, workload
from tests.bench.contest import Contest
from tests.bench.figures import FULL, Figure
from tests.bench.places import Consumed, Place
from tests.bench.progress import progress
from tests.bench.replay import Part
from tests.bench.tape import Row

MANY: Final = 1_000_000 if FULL else 300_000
FEW: Final = 10_000
"""Tickets that are there before."""

MESSAGES: Final = 8_000
OF_ONE: Final = 10_000
"""Messages of a single contact."""

SLICE: Final = 1_000
WARM: Final = 2_000
CHUNK: Final = 2_000
_NUMBER: Final = 0x5A5A5A5A5A5A
_NAMED: Final = "tape"
_OWN: Final = re.compile(_NAMED.encode() + rb"-?[0-9]{6}")
"""A message's id, or a contact's name."""

Documents = Mapping[str, Sequence[bytes]]
"""By collection, documents of one ticket with one message, in BSON."""


def measure() -> list[Figure]:
    """Ratios of ticketing's rates."""
    with places.servers() as there, TemporaryDirectory() as folder:
        return asyncio.run(_measured(there, Path(folder)))


async def _measured(there: Servers, folder: Path) -> list[Figure]:
    taped = Contest(
        *(there, "ticketing", (SCREENED.name,)),
        workload.records(MESSAGES, named=_NAMED),
        makes=(TICKETS.name,),
    )
    found: list[Documents] = []

    async def look(place: Place) -> None:
        found.append(one_of(place))

    part, _ = await taped.taped(folder, look)
    few, many = [await _ratio(taped, part, found[0], tickets) for tickets in (FEW, MANY)]
    first, last = await _one_contact(there)
    return [
        Figure(
            f"ticketing: its ratio to a bare loop at {MANY:,} tickets, to the one at {FEW:,}",
            *(many, "times", few),
            0.9,
            "more",
        ),
        Figure(
            f"ticketing: a contact's last {SLICE:,} of {OF_ONE:,} messages, to the first",
            *(last, "messages/s", first),
            0.9,
            "more",
        ),
    ]


async def _ratio(taped: Contest, part: Part, of_one: Documents, tickets: int) -> float:
    """The service's rate to that of the bare loop, both in a database with so many tickets."""
    shared = f"bench_growth_{tickets}"
    await _fill(taped.there, shared, part, of_one, tickets)
    ours = replace(taped, shared=shared, inputs=workload.records(MESSAGES, named="ours"))
    with TemporaryDirectory() as folder:
        file = str(part.save(Path(folder) / "part"))
        bare = await replace(taped, shared=shared).rate(contest.bare(file))
        return await ours.rate(partial(places.service, name="ticketing")) / bare


async def _fill(there: Servers, shared: str, part: Part, of_one: Documents, tickets: int) -> None:
    """Store so many tickets as ticketing stores them, and then make its indexes."""
    client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(there.mongo)
    try:
        database = client[shared]
        ticket_id = bson.decode(of_one["tickets"][0])["_id"]
        for start in range(0, tickets, CHUNK):
            numbers = range(start, min(start + CHUNK, tickets))
            for name, documents in of_one.items():
                rows = [RawBSONDocument(each) for each in copies(documents, ticket_id, numbers)]
                await database[name].insert_many(rows, ordered=False)
        for command in part.prepared:
            await database.command(command)
    finally:
        client.close()


def one_of(place: Place) -> Documents:
    """What is stored of one ticket, as ticketing stored it; only its number is `_NUMBER`."""
    with MongoClient[Row](place.servers.mongo, tz_aware=True) as client:
        database = client[place.database]
        ticket = database["tickets"].find_one() or {}
        entries = list(database["thread"].find({"of": ticket["_id"]}))
    for row in (ticket, ticket["state"]):
        row["number"] = bson.Int64(_NUMBER)
    return {"tickets": [bson.encode(ticket)], "thread": list(map(bson.encode, entries))}


def copies(documents: Sequence[bytes], ticket_id: str, numbers: range) -> Iterator[bytes]:
    """The documents again for tickets of these numbers, each with ids and a contact of its own.

    What takes an id's place is as long as that, so the documents stay what they are.
    """
    marks = {match for each in documents for match in _OWN.findall(each)}
    for number in numbers:
        own = b"%06d" % number
        for document in documents:
            copy = document.replace(ticket_id.encode(), b"%036d" % number)
            for mark in marks:
                copy = copy.replace(mark, mark[:-6].replace(b"tape", b"fill") + own)
            yield copy.replace(struct.pack("<q", _NUMBER), struct.pack("<q", number + 1))


async def _one_contact(there: Servers) -> tuple[float, float]:
    """Messages a second of a contact's first and of their last ones, by batches that are small."""
    consumed: Consumed = {"ticketing": (SCREENED.name,)}
    async with places.a_place(there) as (place, producer):
        await producer.publish([workload.settings()])
        process = places.service(place, "ticketing", HELPDESK_KAFKA__MAX_BATCH="100")
        with places.running(process):
            await places.publish(producer, workload.records(WARM, named="warm"))
            await places.until_taken(place, consumed, process)
            records = workload.records(OF_ONE, of_each=OF_ONE, named="ours")
            await places.publish(producer, records)
            await places.until_taken(place, consumed, process)
        how = (await progress(place, consumed))["ticketing"]
        # The first batch began when its first record came, which no commit tells.
        first = how.between(WARM + SLICE / 10, WARM + SLICE * 11 / 10)
        return first, how.between(WARM + OF_ONE - SLICE, WARM + OF_ONE)
