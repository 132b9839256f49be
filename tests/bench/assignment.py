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
"""Tickets that begin while those that waited are given out; as many begin in another account."""

NEIGHBOUR: Final = "neighbour"


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
    opened = await _office_opens(there, NEW)
    return [
        Figure("assignment: events, to a bare loop", ours, "events/s", bare, 0.7, "more"),
        Figure(
            f"assignment: {WAITING:,} waiting given out, to the bare writes",
            *(WAITING / opened.seconds, "tickets/s", WAITING / alone),
            0.5,
            "more",
        ),
        Figure(
            "assignment: a new ticket of another account meanwhile, p99",
            *(quantile(opened.delays(NEIGHBOUR), 0.99), "s", None),
            2,
            "less",
        ),
        # It waits for those that have waited longer (ASG 6).
        Figure(
            "assignment: a new ticket of that account meanwhile, p99",
            *(quantile(opened.delays(workload.ACCOUNT), 0.99), "s", None),
            2,
            "less",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Opened:
    """How `WAITING` tickets were given out after the agents came; new ones began meanwhile.

    Times are in seconds since 1970; `sent` is when the tickets of an account began, `given` when
    each ticket was first given to an agent.
    """

    came: float
    sent: Mapping[str, Mapping[int, float]]
    given: Mapping[str, float]
    commands: Sequence[Record]

    @property
    def seconds(self) -> float:
        """Until the last of those that waited was given to an agent."""
        waited = (self.given[events.ticket_id(number)] for number in range(WAITING))
        return max(waited) - self.came

    def delays(self, account_id: str) -> list[float]:
        """Seconds from each of the account's new tickets' event until it was given to an agent."""
        begun = self.sent[account_id].items()
        return [self.given[events.ticket_id(number)] - at for number, at in begun]


async def _office_opens(there: Servers, new: int, file: Path | None = None) -> Opened:
    """Let tickets wait for agents, and then the agents come; with a `file`, it is taped."""
    async with places.a_place(there) as (place, producer):
        process = _process(place, file)
        for account_id in (workload.ACCOUNT, NEIGHBOUR):
            await producer.publish(workload.open_office(account_id))
        await producer.publish(workload.come_online(NEIGHBOUR))
        await places.publish(producer, events.openings(range(WAITING)))
        with places.running(process):
            consumed: Consumed = {"assignment": (TICKETS.name, PRESENCE.name)}
            await places.until_taken(place, consumed, process)
            came = time.time()
            sent, given = await asyncio.gather(
                _come(producer, new), _answer(place, producer, process, WAITING + 2 * new)
            )
            await places.until_taken(place, consumed, process)
        return Opened(came, sent, given, await places.all_of(place, COMMANDS.name))


def _process(place: Place, file: Path | None) -> Process:
    if file is None:
        return places.service(place, "assignment")
    return Process(place, "tests.bench.tape", str(file), "assignment", probed=True)


async def _come(producer: Producer, new: int) -> dict[str, dict[int, float]]:
    """The agents come online, and then new tickets begin in both accounts; when each did."""
    await producer.publish(workload.come_online())
    theirs = range(WAITING, WAITING + new)
    others = range(WAITING + new, WAITING + 2 * new)
    begun = await asyncio.gather(
        _begin(producer, theirs, workload.ACCOUNT), _begin(producer, others, NEIGHBOUR)
    )
    return dict(zip((workload.ACCOUNT, NEIGHBOUR), begun, strict=True))


async def _begin(producer: Producer, tickets: range, account_id: str) -> dict[int, float]:
    openings = events.openings(tickets, account_id)
    sent: dict[int, float] = {}

    async def send(place: int) -> None:
        sent[tickets[place]] = time.time()
        await producer.publish([openings[place]])

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
    opened = await _office_opens(there, 0, file)
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
