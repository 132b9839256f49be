"""The six services between a customer's message and its agent, a process of each."""

import asyncio
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final

from shared.bus.delivery import Record
from shared.bus.kafka import Producer
from shared.topic import Service
from shared.topics import ATTRIBUTIONS, COMMANDS, INBOUND, MESSAGES, SCREENED, TICKETS
from tests.bench import places, workload
from tests.bench.places import PATIENCE, Place, Process
from tests.bench.replay import Made, Part, correlation, grouped, made_of
from tests.bench.sightings import Sightings
from tests.bench.tape import Asked, between, indexes

SMS: Final = INBOUND["sms"].name
SIX: Final[Mapping[Service, Sequence[str]]] = {
    "ingest": (SMS,),
    "spam": (MESSAGES.name,),
    "ticketing": (SCREENED.name, COMMANDS.name),
    "assignment": (TICKETS.name,),
    "autoclose": (TICKETS.name,),
    "attribution": (TICKETS.name,),
}
"""Each, and the topics by which a message comes to it."""

MAKES: Final[Mapping[Service, str]] = {
    "ingest": MESSAGES.name,
    "spam": SCREENED.name,
    "ticketing": TICKETS.name,
    "assignment": COMMANDS.name,
    "attribution": ATTRIBUTIONS.name,
}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Their processes, by name, and how many seconds all took to be ready."""

    processes: Mapping[Service, Process]
    start: float = 0.0

    def check(self) -> None:
        """Raise if one has ended."""
        for process in self.processes.values():
            process.check()


@contextmanager
def serving(processes: Mapping[Service, Process]) -> Iterator[Fleet]:
    """All six run inside."""
    began = time.monotonic()
    with places.running(*processes.values()):
        yield Fleet(processes, time.monotonic() - began)


def services(place: Place) -> dict[Service, Process]:
    """As operators run them."""
    return {name: places.service(place, name) for name in SIX}


def taped(place: Place, folder: Path) -> dict[Service, Process]:
    """The same with what they ask of their database on tape, in the folder."""
    return {
        name: Process(place, "tests.bench.tape", str(folder / name), name, probed=True)
        for name in SIX
    }


def bare(place: Place, parts: Mapping[Service, Part], folder: Path) -> dict[Service, Process]:
    """Bare loops in the services' places."""
    return {
        name: Process(place, "tests.bench.replay", str(part.save(folder / f"{name}.part")))
        for name, part in parts.items()
    }


async def until_all_taken(place: Place, fleet: Fleet) -> None:
    """Return once each has committed all that came to it."""
    await places.until_taken(place, SIX, *fleet.processes.values())


async def watched(
    place: Place, producer: Producer, fleet: Fleet, numbers: range, a_second: float
) -> tuple[dict[int, float], Sightings]:
    """When each message was sent, at an even pace, and when what followed was seen."""
    sent: dict[int, float] = {}
    records = workload.inbound_sms(numbers)

    async def send(place: int) -> None:
        sent[numbers[place]] = time.monotonic()
        await producer.publish([records[place]])

    seen = await _on_desks(place, fleet, numbers, places.paced(records, a_second, send))
    return sent, seen


async def worked_off(place: Place, producer: Producer, fleet: Fleet, numbers: range) -> None:
    """Publish these messages at once; return once each is on an agent's desk, and all is taken.

    That all is taken is not enough: tickets may wait until turns that are out are answered.
    """
    records = workload.inbound_sms(numbers)
    await _on_desks(place, fleet, numbers, places.publish(producer, records))
    await until_all_taken(place, fleet)


async def _on_desks(
    place: Place, fleet: Fleet, numbers: range, sending: Coroutine[Any, Any, None]
) -> Sightings:
    """Send; what is seen until each message is on an agent's desk."""
    async with places.following(place, TICKETS.name) as consumer:
        await consumer.seek_to_end()
        await asyncio.gather(*(consumer.position(p) for p in consumer.assignment()))
        seen, sent = Sightings(), asyncio.create_task(sending)
        left, deadline = set(numbers), time.monotonic() + PATIENCE
        while left:
            polled = await consumer.getmany(timeout_ms=200)
            now = time.monotonic()
            for raw in chain.from_iterable(polled.values()):
                seen.note(raw.value, now)
            if polled:
                left -= {number for number in left if seen.has(number)}
            fleet.check()
            assert now < deadline, f"{len(left)} messages are on no agent's desk"
        await sent
    return seen


def parts(
    tapes: Mapping[Service, Sequence[Asked]], records: Sequence[Record], began: float, ended: float
) -> dict[Service, Part]:
    """What bare loops have to do for what was done in that time, when `records` were made."""
    return {
        name: Part(
            service=name,
            topics=SIX[name],
            records=sum(record.topic in SIX[name] for record in records),
            prepared=indexes(tapes[name]),
            groups=grouped(between(tapes[name], began, ended)),
            answers=_answers(name, records),
        )
        for name in SIX
    }


def _answers(name: Service, records: Sequence[Record]) -> dict[tuple[str, str], list[Made]]:
    """What the service made of each record, by the record's topic and its message."""
    answers: dict[tuple[str, str], list[Made]] = {}
    for record in records:
        if record.topic == MAKES.get(name):
            message = correlation(record.headers)
            cause = SIX[name][0]
            if name == "ingest":
                # Inbound records know of no correlation yet; their keys are the phones.
                message = (record.key or b"").decode().rpartition(":")[2]
            elif name == "ticketing" and b'"TicketAssigned"' in (record.value or b""):
                cause = COMMANDS.name
            answers.setdefault((cause, message), []).extend(made_of([record]))
    return answers
