"""`python -m tests.bench.capacity.counted`: what each service asks of its database for a message.

By the driver's command listener, in the services' own processes; as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import bson

from shared.bus.delivery import Record
from shared.topic import Service
from shared.topics import ATTRIBUTIONS, COMMANDS, INBOUND, MESSAGES, SCREENED, TICKETS
from tests.bench import fleet, places, workload
from tests.bench.fleet import SIX
from tests.bench.tape import Asked, between, documents, read

A_SECOND: Final = 50
WARM: Final = range(150)
PACED: Final = range(WARM.stop, WARM.stop + 10 * A_SECOND)
BACKLOG: Final = range(PACED.stop, PACED.stop + 3_000)
TOPICS: Final = (INBOUND["sms"], MESSAGES, SCREENED, TICKETS, COMMANDS, ATTRIBUTIONS)

Json = dict[str, Any]


def asked_for(tape: Sequence[Asked], messages: int) -> Json:
    """Commands, documents and bytes written, each for a message; what sweeps ask is in it."""
    written = [each for each in tape if each.writes]
    return {
        "commands": round(len(tape) / messages, 3),
        "writes": round(len(written) / messages, 3),
        "documents": round(documents(tape) / messages, 3),
        "bytes": round(sum(len(bson.encode(each.command)) for each in written) / messages),
    }


def carried(records: Sequence[Record], messages: int) -> dict[str, Json]:
    """Records and bytes of each topic for a message."""
    found: dict[str, Json] = {}
    for topic in TOPICS:
        sizes = [len(r.value or b"") + len(r.key or b"") for r in records if r.topic == topic.name]
        found[topic.name] = {
            "records": round(len(sizes) / messages, 3),
            "bytes": round(sum(sizes) / messages),
        }
    return found


async def count(folder: Path) -> Json:
    """Let the six take messages at an even pace, then a backlog; count both."""
    with places.servers() as there:
        async with places.a_place(there) as (place, producer):
            await producer.publish(workload.open_office())
            with fleet.serving(fleet.taped(place, folder)) as six:
                await producer.publish(workload.come_online())
                await fleet.watched(place, producer, six, WARM, A_SECOND)
                await fleet.until_all_taken(place, six)
                at = [time.time()]
                await fleet.watched(place, producer, six, PACED, A_SECOND)
                await fleet.until_all_taken(place, six)
                at.append(time.time())
                await places.publish(producer, workload.inbound_sms(BACKLOG))
                await fleet.until_all_taken(place, six)
                at.append(time.time())
            records = await places.all_of(place, *(topic.name for topic in TOPICS))
    tapes = {name: read(folder / name) for name in SIX}
    return _summed(tapes, [r for r in records if r.timestamp.timestamp() >= at[1]], at)


def _summed(
    tapes: Mapping[Service, Sequence[Asked]], last: Sequence[Record], at: list[float]
) -> Json:
    return {
        "services": {
            name: {
                "paced": asked_for(between(tape, at[0], at[1]), len(PACED)),
                "backlog": asked_for(between(tape, at[1], at[2]), len(BACKLOG)),
            }
            for name, tape in tapes.items()
        },
        "topics": carried(last, len(BACKLOG)),
    }


def main() -> None:
    """Count, and print."""
    with TemporaryDirectory() as folder:
        json.dump(asyncio.run(count(Path(folder))), sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
