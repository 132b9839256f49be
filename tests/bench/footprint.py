"""What the six services take of a machine: to start, at rest, and after many records."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

from shared.bus.kafka import Producer
from shared.embedded.servers import Servers
from shared.topic import Service
from tests.bench import fleet, places, workload
from tests.bench.figures import FULL, Figure
from tests.bench.fleet import Fleet
from tests.bench.places import Place

R = TypeVar("R")

MANY: Final = 500_000 if FULL else 50_000
"""Records after which memory is looked at again."""

FEW: Final = MANY // 10
REST: Final = 10.0
"""Seconds for which nothing comes in."""

_FIRST: Final = 2_000_000
"""From here on are numbers of messages that nobody else sends."""

_MEGABYTE: Final = 1024 * 1024
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Run(Generic[R]):
    """The figures of the machine, and what else was done with the same six."""

    figures: list[Figure]
    result: R


def measure() -> list[Figure]:
    """What the six take of the machine, with nothing else in between."""

    async def nothing(_place: Place, _producer: Producer, _six: Fleet) -> None:
        return

    async def alone(there: Servers) -> list[Figure]:
        return (await run(there, nothing)).figures

    with places.servers() as there:
        return asyncio.run(alone(there))


async def run(
    there: Servers, meanwhile: Callable[[Place, Producer, Fleet], Awaitable[R]]
) -> Run[R]:
    """Start the six, let them rest, and let them take `FEW` and then `MANY` records in all.

    In between is `meanwhile`, whose records count.
    """
    async with places.a_place(there) as (place, producer):
        await producer.publish(workload.open_office())
        with fleet.serving(fleet.services(place)) as six:
            await producer.publish(workload.come_online())
            await asyncio.sleep(REST / 2)
            busy = {name: _processor(process.pid) for name, process in six.processes.items()}
            await asyncio.sleep(REST)
            shares = {
                name: (_processor(process.pid) - busy[name]) / REST
                for name, process in six.processes.items()
            }
            idle = _memory(six)
            await _take(place, producer, six, FEW)
            few = _memory(six)
            result = await meanwhile(place, producer, six)
            await _take(place, producer, six, MANY)
            return Run(_figures(six.start, idle, shares, few, _memory(six)), result)


async def _take(place: Place, producer: Producer, six: Fleet, until: int) -> None:
    """All that was ever taken is that many records afterwards."""
    taken = sum((await places.ends(place, fleet.SMS)).values())
    await places.publish(producer, workload.inbound_sms(range(_FIRST + taken, _FIRST + until)))
    await fleet.until_all_taken(place, six)


def _figures(
    start: float,
    idle: Mapping[Service, float],
    shares: Mapping[Service, float],
    few: Mapping[Service, float],
    many: Mapping[Service, float],
) -> list[Figure]:
    return [
        Figure("six: start to ready, all at once", start, "s", None, 3, "less"),
        *(
            Figure(f"{name}: memory at rest", each, "MB", None, 100, "less")
            for name, each in idle.items()
        ),
        *(
            Figure(f"{name}: processor at rest", 100 * each, "%", None, 3, "less")
            for name, each in shares.items()
        ),
        *(
            Figure(
                f"{name}: memory after {MANY:,} records, to after {FEW:,}",
                *(each, "MB", few[name]),
                1.15,
                "less",
            )
            for name, each in many.items()
        ),
    ]


def _memory(six: Fleet) -> dict[Service, float]:
    """Megabytes that each process has in memory."""
    return {
        name: resident(Path(f"/proc/{process.pid}/status").read_text())
        for name, process in six.processes.items()
    }


def resident(status: str) -> float:
    """Megabytes in memory, by Linux's words on a process."""
    line = next(each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / _MEGABYTE


def _processor(pid: int | None) -> float:
    """Seconds of processor time that a process has taken."""
    return taken(Path(f"/proc/{pid}/stat").read_text()) / _TICKS


def taken(stat: str) -> int:
    """Ticks of processor time, its own and the kernel's for it, by Linux's line on a process."""
    # A name may have spaces; what follows has none.
    values = stat.rpartition(")")[2].split()
    return int(values[11]) + int(values[12])
