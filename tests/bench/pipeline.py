"""All six services at once: how soon a message is a ticket on an agent's desk, and a backlog.

Beside a chain of bare loops that do the same reads, writes and produces (from tapes of the six),
and beside what the database can take of the documents that the six write.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from shared.bus.delivery import Record
from shared.embedded.servers import Servers
from shared.topic import Service
from tests.bench import ceiling, fleet, footprint, places, workload
from tests.bench.figures import Figure
from tests.bench.fleet import SIX, SMS
from tests.bench.places import Place, quantile
from tests.bench.progress import progress
from tests.bench.sightings import KINDS, Sightings
from tests.bench.tape import Asked, between, indexes, read

A_SECOND: Final = 50
SLOWLY: Final = 5
SECONDS: Final = 10
WARM: Final = range(150)
FAST: Final = range(WARM.stop, WARM.stop + A_SECOND * SECONDS)
SLOW: Final = range(FAST.stop, FAST.stop + SLOWLY * SECONDS)
TAPED: Final = range(SLOW.stop, SLOW.stop + 3_000)
BACKLOG: Final = 20_000

Seen = tuple[Mapping[int, float], Sightings]
Tapes = Mapping[Service, Sequence[Asked]]


class _Taped:
    """What was on the topics and on the tapes of a run, and which part of it was when."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.tapes: dict[Service, list[Asked]] = {}
        self.at: list[float] = []


def measure() -> list[Figure]:
    """Delays and a backlog of the six together, and what they take of the machine."""
    with places.servers() as there, TemporaryDirectory() as folder:
        return asyncio.run(_measured(there, Path(folder)))


async def _measured(there: Servers, folder: Path) -> list[Figure]:
    taped = await _taped(there, folder)
    chain = await _chain(there, taped, folder)
    ceiling = await _database(there, taped)
    taken = await footprint.run(there, _served)
    fast, slow = taken.result[0], taken.result[1]
    return [
        *_delays(fast, chain),
        *_pace(fast, slow),
        Figure(
            f"six: a backlog of {BACKLOG:,}, to the database's writes alone",
            taken.result[2],
            "records/s",
            ceiling,
            0.6,
            "more",
        ),
        *taken.figures,
    ]


async def _taped(there: Servers, folder: Path) -> _Taped:
    """Let the six take some messages at an even pace, and some at once, and tape them."""
    taped = _Taped()
    async with places.a_place(there) as (place, producer):
        await producer.publish(workload.open_office())
        with fleet.serving(fleet.taped(place, folder)) as six:
            await producer.publish(workload.come_online())
            taped.at.append(time.time())
            for numbers in (WARM, FAST):
                await fleet.watched(place, producer, six, numbers, A_SECOND)
            await fleet.until_all_taken(place, six)
            taped.at.append(time.time())
            await fleet.worked_off(place, producer, six, TAPED)
            taped.at.append(time.time())
        topics = {SMS, *(topic for name in SIX for topic in SIX[name]), *fleet.MAKES.values()}
        taped.records = await places.all_of(place, *sorted(topics))
    taped.tapes = {name: read(folder / name) for name in SIX}
    return taped


async def _chain(there: Servers, taped: _Taped, folder: Path) -> Seen:
    """The delays of bare loops with what was taped at an even pace."""
    began, ended = taped.at[0], taped.at[1]
    made = [r for r in taped.records if began <= r.timestamp.timestamp() < ended]
    parts = fleet.parts(taped.tapes, made, began, ended)
    async with places.a_place(there) as (place, producer):
        with fleet.serving(fleet.bare(place, parts, folder)) as loops:
            await fleet.watched(place, producer, loops, WARM, A_SECOND)
            return await fleet.watched(place, producer, loops, FAST, A_SECOND)


async def _database(there: Servers, taped: _Taped) -> float:
    """Records a second whose documents the database takes, from all six at once."""
    before = {name: between(tape, 0, taped.at[1]) for name, tape in taped.tapes.items()}
    writes = {name: between(tape, *taped.at[1:3]) for name, tape in taped.tapes.items()}
    made = {name: indexes(tape) for name, tape in taped.tapes.items()}
    async with ceiling.database(there) as alone:
        await asyncio.gather(*(alone.write(before[name], made[name]) for name in SIX))
        seconds = await asyncio.gather(*(alone.write(writes[name]) for name in SIX))
        return len(TAPED) / max(seconds)


async def _served(place: Place, producer: Any, six: fleet.Fleet) -> tuple[Seen, Seen, float]:
    """Delays at both paces, and the backlog's records a second."""
    await fleet.watched(place, producer, six, WARM, A_SECOND)
    slow = await fleet.watched(place, producer, six, SLOW, SLOWLY)
    fast = await fleet.watched(place, producer, six, FAST, A_SECOND)
    await fleet.until_all_taken(place, six)
    began = time.time()
    await fleet.worked_off(place, producer, six, range(TAPED.start, TAPED.start + BACKLOG))
    done = await progress(place, SIX)
    return fast, slow, BACKLOG / (max(each.at[-1] for each in done.values()) - began)


def _delays(ours: Seen, bare: Seen) -> list[Figure]:
    """How soon, to a bare chain of the same hops and writes."""
    return [
        Figure(
            f"six: inbound to {kind} at {A_SECOND}/s, {name}",
            *(_ms(ours, kind, part), "ms", _ms(bare, kind, part)),
            2,
            "less",
        )
        for kind in KINDS
        for name, part in (("p50", 0.5), ("p99", 0.99))
    ]


def _pace(fast: Seen, slow: Seen) -> list[Figure]:
    """How much later than at a slow pace."""
    return [
        Figure(
            f"six: inbound to {kind} at {A_SECOND}/s, p50, to {SLOWLY}/s",
            *(_ms(fast, kind, 0.5), "ms", _ms(slow, kind, 0.5)),
            2,
            "less",
        )
        for kind in KINDS
    ]


def _ms(seen: Seen, kind: Any, part: float) -> float:
    return 1000 * quantile(seen[1].delays(seen[0], kind), part)
