"""A service's process against a bare loop with the same records, documents and bytes."""

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from shared.bus.delivery import Outgoing, Record
from shared.embedded.servers import Servers
from shared.topic import Service
from tests.bench import places, tape, workload
from tests.bench.places import Consumed, Place, Process
from tests.bench.progress import progress
from tests.bench.replay import Part, grouped, made_of

ROUNDS: Final = 2

Contender = Callable[[Place], Process]


@dataclass(frozen=True, slots=True)
class Contest:
    """What a service is given: settings and the like `before`, then `inputs` on its `topics`.

    What it makes lies on the topics `makes`.
    """

    there: Servers
    service: Service
    topics: Sequence[str]
    inputs: Sequence[Outgoing]
    makes: Sequence[str] = ()
    before: Sequence[Outgoing] = field(default_factory=workload.open_office)
    shared: str = ""
    """The database, if others use it as well."""

    async def taped(
        self, folder: Path, look: Callable[[Place], Awaitable[None]] | None = None
    ) -> tuple[Part, list[Record]]:
        """The bare loop's part, and what the service made; `look` sees the place afterwards."""
        file = folder / f"{self.service}.tape"

        def recorded(place: Place) -> Process:
            return Process(place, "tests.bench.tape", str(file), self.service, probed=True)

        made: list[Record] = []

        async def afterwards(place: Place) -> None:
            made.extend(await places.all_of(place, *self.makes) if self.makes else ())
            if look:
                await look(place)

        await self.rate(recorded, afterwards)
        asked = tape.read(file)
        work = tape.until_last_write(tape.between(asked, 0, time.time()))
        part = Part(
            service=self.service,
            topics=self.topics,
            records=len(self.inputs),
            prepared=tape.indexes(asked),
            groups=grouped(work),
            made=made_of(made),
        )
        return part, made

    async def rate(
        self, contender: Contender, look: Callable[[Place], Awaitable[None]] | None = None
    ) -> float:
        """Records a second of one who finds all of them there at the start."""
        consumed: Consumed = {self.service: self.topics}
        async with places.a_place(self.there, self.shared) as (place, producer):
            await producer.publish(self.before)
            await places.publish(producer, self.inputs)
            process = contender(place)
            with places.running(process):
                await places.until_taken(place, consumed, process)
            if look:
                await look(place)
            return (await progress(place, consumed))[self.service].rate()

    async def against(self, parts: Sequence[Part]) -> list[float]:
        """The service's rate, and those of bare loops; each the median of some rounds in turns."""
        with TemporaryDirectory() as folder:
            files = [
                str(part.save(Path(folder) / f"{number}.part")) for number, part in enumerate(parts)
            ]
            rates: list[list[float]] = [[] for _ in range(1 + len(parts))]
            for _ in range(ROUNDS):
                rates[0].append(await self.rate(lambda place: places.service(place, self.service)))
                for mine, file in zip(rates[1:], files, strict=True):
                    mine.append(await self.rate(bare(file)))
        return [statistics.median(mine) for mine in rates]


def bare(file: str) -> Contender:
    """The bare loop with the part in a file."""
    return lambda place: Process(place, "tests.bench.replay", file)
