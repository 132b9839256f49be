"""What attribution does a second: its two streams to a bare loop, sends to a bulk insert."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pymongo import MongoClient

from shared.embedded.servers import Servers
from shared.topics import ATTRIBUTIONS, SENDS, TICKETS
from tests.bench import events, places
from tests.bench.contest import Contest
from tests.bench.figures import Figure
from tests.bench.places import Place
from tests.bench.replay import Part
from tests.bench.tape import Row

TICKETS_MANY: Final = 1_500
SENDS_MANY: Final = 8_000
BULK: Final = 1_000
COLLECTIONS: Final = ("attribution_contacts", "attribution_seen")


def measure() -> list[Figure]:
    """Rates of attribution, and how they stand to those of bare loops."""
    with places.servers() as there, TemporaryDirectory() as folder:
        return asyncio.run(_measured(there, Path(folder)))


async def _measured(there: Servers, folder: Path) -> list[Figure]:
    answers = range(TICKETS_MANY)
    both = Contest(
        there,
        "attribution",
        (TICKETS.name, SENDS.name),
        [*events.sends(answers), *events.lives(answers)],
        makes=(ATTRIBUTIONS.name,),
    )
    part, _ = await both.taped(folder)
    ours, bare = await both.against([part])
    alone = Contest(there, "attribution", (SENDS.name,), events.sends(range(SENDS_MANY)))
    groups: list[list[Row]] = []

    async def look(place: Place) -> None:
        groups.extend(_stored(place))

    taped, _ = await alone.taped(folder, look)
    bulk = Part("attribution", alone.topics, SENDS_MANY, taped.prepared, groups)
    taken, inserted = await alone.against([bulk])
    return [
        Figure("attribution: events, to a bare loop", ours, "events/s", bare, 0.7, "more"),
        Figure(
            "attribution: sends, to a bare bulk insert", taken, "sends/s", inserted, 0.7, "more"
        ),
    ]


def _stored(place: Place) -> list[list[Row]]:
    """Inserts of the documents that are there in the end, some of each collection in turn."""
    with MongoClient[Row](place.servers.mongo, tz_aware=True) as client:
        found = [list(client[place.database][name].find()) for name in COLLECTIONS]
    return [
        [{"insert": name, "ordered": False, "documents": rows[start : start + BULK]}]
        for start in range(0, max(map(len, found)), BULK)
        for name, rows in zip(COLLECTIONS, found, strict=True)
        if rows[start : start + BULK]
    ]
