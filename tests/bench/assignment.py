"""What assignment does a second, and how it gives out what waits when the agents come.

Beside a bare loop of the same reads, writes and produces, and beside the writes alone.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import Producer, record_of
from shared.contracts.commands import AssignTicket
from shared.embedded.servers import Servers
from shared.topics import COMMANDS, PRESENCE, TICKETS
from tests.bench import ceiling, events, places, tape, workload
from tests.bench.contest import Contest
from tests.bench.figures import Figure
from tests.bench.places import PATIENCE, Consumed, Place, Process, quantile

TICKETS_MANY: Final = 2_000
WAITING: Final = 10_000
NEW_A_SECOND: Final = 20
NEW: Final = 100
"""Tickets that begin while those that waited are given out."""


def measure() -> list[Figure]:
    """Rates of assignment and delays of new tickets, and how they stand to bare loops."""
    with places.servers() as there, TemporaryDirectory() as folder:
        return asyncio.run(_measured(there, Path(folder)))


async def _measured(there: Servers, folder: Path) -> list[Figure]:
    contest = Contest(
        there,
        "assignment",
        (TICKETS.name,),
        events.lives(range(TICKETS_MANY)),
        makes=(COMMANDS.name,),
        before=[*workload.open_office(), *workload.come_online()],
    )
    part, _ = await contest.taped(folder)
    ours, bare = await contest.against([part])
    alone = await _writes_alone(there, folder / "office.tape")
    opened = await _office_opens(there, range(WAITING, WAITING + NEW))
    return [
        Figure("assignment: events, to a bare loop", ours, "events/s", bare, 0.7, "more"),
        Figure(
            f"assignment: {WAITING:,} waiting given out, to the bare writes",
            *(WAITING / opened.seconds, "tickets/s", WAITING / alone),
            0.5,
            "more",
        ),
        Figure(
            "assignment: a new ticket meanwhile, p99",
            *(quantile(opened.delays, 0.99), "s", None),
            2,
            "less",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Opened:
    """How `WAITING` tickets were given out after the agents came; new ones began meanwhile.

    Times are in seconds since 1970; `given` is when each ticket was first given to an agent.
    """

    came: float
    sent: Mapping[int, float]
    given: Mapping[str, float]
    commands: Sequence[Record]

    @property
    def seconds(self) -> float:
        """Until the last of those that waited was given to an agent."""
        waited = (self.given[events.ticket_id(number)] for number in range(WAITING))
        return max(waited) - self.came

    @property
    def delays(self) -> list[float]:
        """Seconds from each new ticket's event until it was given to an agent."""
        return [self.given[events.ticket_id(number)] - at for number, at in self.sent.items()]


async def _office_opens(there: Servers, new: range, file: Path | None = None) -> Opened:
    """Let tickets wait for agents, and then the agents come; with a `file`, it is taped."""
    async with places.a_place(there) as (place, producer):
        process = _process(place, file)
        await producer.publish(workload.open_office())
        await places.publish(producer, events.openings(range(WAITING)))
        with places.running(process):
            await places.until_taken(place, {"assignment": (TICKETS.name,)}, process)
            came = time.time()
            sent, given = await asyncio.gather(
                _come(producer, new), _answer(place, producer, process, WAITING + len(new))
            )
            consumed: Consumed = {"assignment": (TICKETS.name, PRESENCE.name)}
            await places.until_taken(place, consumed, process)
        return Opened(came, sent, given, await places.all_of(place, COMMANDS.name))


def _process(place: Place, file: Path | None) -> Process:
    if file is None:
        return places.service(place, "assignment")
    return Process(place, "tests.bench.tape", str(file), "assignment", probed=True)


async def _come(producer: Producer, new: range) -> dict[int, float]:
    """The agents come online, and then new tickets begin; when each did."""
    openings = events.openings(new)
    sent: dict[int, float] = {}

    async def send(number: int) -> None:
        sent[new[number]] = time.time()
        await producer.publish([openings[number]])

    await producer.publish(workload.come_online())
    await places.paced(openings, NEW_A_SECOND, send)
    return sent


async def _answer(
    place: Place, producer: Producer, process: Process, tickets: int
) -> dict[str, float]:
    """Do what is asked, in ticketing's place, until so many tickets are given to agents.

    Returns when each was first given to an agent: what is asked again changes nothing.
    """
    deadline = time.monotonic() + PATIENCE
    given: dict[str, float] = {}
    async with places.following(place, COMMANDS.name) as commands:
        while len(given) < tickets:
            process.check()
            assert time.monotonic() < deadline, "not all that waits is given out"
            answers = []
            for raw in chain.from_iterable((await commands.getmany(timeout_ms=100)).values()):
                command = COMMANDS.parse(record_of(raw, place.prefix))
                if isinstance(command, AssignTicket) and command.ticket_id not in given:
                    given[command.ticket_id] = raw.timestamp / 1000
                    answers.append(events.assigned(command))
            await producer.publish(answers)
    return given


async def _writes_alone(there: Servers, file: Path) -> float:
    """Seconds that the servers take for the same writes and commands in bulk, and nothing else."""
    opened = await _office_opens(there, range(0), file)
    asked = tape.read(file)
    before, writes = (
        tape.between(asked, 0, opened.came),
        tape.between(asked, opened.came, time.time()),
    )
    async with ceiling.database(there) as alone, places.a_place(there) as (_, producer):
        await alone.write(before, tape.indexes(asked))
        seconds = await alone.write(writes)
        commands = [Outgoing(r.topic, r.key, r.value, r.headers) for r in opened.commands]
        began = time.monotonic()
        await places.publish(producer, commands)
        return seconds + time.monotonic() - began
