"""Two replicas before the topic of messages, each of which may die or stand still at any step."""

from collections import Counter, defaultdict
from collections.abc import Collection, Coroutine, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.ingest.fair.gate import Gate, Kept, Told
from services.ingest.fair.shares import Shares
from shared.bus.delivery import Outgoing
from shared.topics import MESSAGES
from tests.ingest.memory import MemoryKeeping
from tests.memory_bus import FakeClock

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
"""A smaller seed is no smaller history."""


def message(contact: str, number: int) -> Outgoing:
    """A record of the topic of messages; what it says is not looked at."""
    return Outgoing(MESSAGES.name, f"acme:sms:{contact}".encode(), f"{number}".encode())


class _Step:
    def __await__(self) -> Generator[None, None, None]:
        yield


class Stepped(MemoryKeeping):
    """What is kept, with a step before each command that a database gets."""

    async def waiting(self, lanes: Collection[str] | None = None) -> Mapping[str, int]:
        await _Step()
        return await super().waiting(lanes)

    async def keep(self, records: Mapping[str, Sequence[Outgoing]], now: datetime) -> None:
        rows: list[Kept] = []
        for lane, held in records.items():
            await _Step()
            rows += self.reserve(lane, held, now)
        await _Step()
        self.insert(rows)
        await _Step()
        for lane in records:
            self.confirm(lane)

    async def first(self, lane: str, count: int) -> Sequence[Kept]:
        await _Step()
        return await super().first(lane, count)

    async def forget(self, kept: Sequence[Kept]) -> None:
        await _Step()
        await super().forget(kept)

    async def woken(self) -> None:
        await _Step()
        await super().woken()

    async def settled(self, lane: str, revision: int) -> None:
        await _Step()
        await super().settled(lane, revision)

    async def leased(self, holder: str, now: datetime, until: datetime) -> bool:
        await _Step()
        return await super().leased(holder, now, until)


@dataclass
class Partition:
    """Records of some contacts, each contact's in order, and how far they are committed."""

    records: list[Outgoing]
    done: int = 0
    owner: int = 0


@dataclass
class Pipeline:
    """Two replicas that read partitions and let in, one step at a time."""

    random: Random
    partitions: list[Partition]
    keeping: Stepped = field(default_factory=Stepped)
    clock: FakeClock = field(default_factory=FakeClock)
    published: list[Outgoing] = field(default_factory=list)
    running: dict[int, Coroutine[Any, Any, None]] = field(default_factory=dict)
    zombies: list[Coroutine[Any, Any, None]] = field(default_factory=list)

    async def _publish(self, records: Sequence[Outgoing]) -> None:
        await _Step()
        self.published += records

    def _gate(self) -> Gate:
        told = Told(lambda *_: None, lambda *_: None, lambda _: None)
        return Gate(self.keeping, self._publish, self.clock, Shares(0.2), 12, told)

    async def _read(self, gate: Gate, partition: Partition, owner: int) -> None:
        await _Step()
        while partition.done < len(partition.records) and partition.owner == owner:
            end = partition.done + self.random.randint(1, 4)
            await gate.publish(partition.records[partition.done : end])
            if partition.owner == owner:
                partition.done = min(end, len(partition.records))

    async def _let_in(self, gate: Gate) -> None:
        await _Step()
        while True:
            await gate.let_in()
            await _Step()

    def run(self, deaths: int) -> None:
        """Until everything is read and let in."""
        sweepers = range(len(self.partitions), len(self.partitions) + 2)
        gates = [self._gate(), self._gate()]
        for _ in range(20_000):
            for at, partition in enumerate(self.partitions):
                if at not in self.running and partition.done < len(partition.records):
                    gate = gates[self.random.randrange(2)]
                    self.running[at] = _started(self._read(gate, partition, partition.owner))
            for at in sweepers:
                if at not in self.running:
                    self.running[at] = _started(self._let_in(gates[at - sweepers[0]]))
            if all(p.done == len(p.records) for p in self.partitions) and not any(
                lane.waits for lane in self.keeping.lanes.values()
            ):
                for left in (*self.running.values(), *self.zombies):
                    left.close()
                return
            self.clock.forward(seconds=self.random.choice([0, 0, 0.5, 6]))
            at = self.random.choice(sorted(self.running))
            if deaths and self.random.random() < 0.1:
                deaths -= 1
                self._end(at)
            else:
                self._go_on(self.running[at], at)
            if self.zombies and self.random.random() < 0.2:
                self._go_on(self.random.choice(self.zombies), None)
        raise AssertionError("it comes to no end")

    def _end(self, at: int) -> None:
        """It dies, or stands still until others have its work."""
        ended = self.running.pop(at)
        if at < len(self.partitions):
            self.partitions[at].owner += 1
        if self.random.random() < 0.5:
            self.zombies.append(ended)
        else:
            ended.close()

    def _go_on(self, actor: Coroutine[Any, Any, None], at: int | None) -> None:
        try:
            actor.send(None)
        except StopIteration:
            if at is None:
                self.zombies.remove(actor)
            else:
                del self.running[at]


def _started(actor: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None]:
    actor.send(None)
    return actor


def _pipeline(random: Random) -> Pipeline:
    partitions = []
    for number in range(3):
        turns_of = [f"{number}-{random.randrange(3)}" for _ in range(random.randint(4, 12))]
        so_far: Counter[str] = Counter()
        records = []
        for contact in turns_of:
            records.append(message(contact, so_far[contact]))
            so_far[contact] += 1
        partitions.append(Partition(records))
    return Pipeline(random, partitions)


def _seen(pipeline: Pipeline) -> dict[bytes | None, list[bytes | None]]:
    """What was published of each contact, each message where it came first."""
    seen: dict[bytes | None, list[bytes | None]] = defaultdict(list)
    for record in pipeline.published:
        if record.value not in seen[record.key]:
            seen[record.key].append(record.value)
    return seen


def _sent(pipeline: Pipeline) -> dict[bytes | None, list[bytes | None]]:
    sent: dict[bytes | None, list[bytes | None]] = defaultdict(list)
    for partition in pipeline.partitions:
        for record in partition.records:
            sent[record.key].append(record.value)
    return sent


@pytest.mark.spec("ING 9")
@settings(max_examples=1500, deadline=None, phases=NO_SHRINKING)
@given(st.integers(0, 2**32), st.integers(0, 6))
def test_whoever_dies_or_stands_still_nothing_is_lost_and_each_contact_s_order_is_kept(
    seed: int, deaths: int
) -> None:
    pipeline = _pipeline(Random(seed))
    pipeline.run(deaths)
    assert _seen(pipeline) == _sent(pipeline)


@pytest.mark.spec("ING 9")
@settings(max_examples=200, deadline=None, phases=NO_SHRINKING)
@given(st.integers(0, 2**32))
def test_nothing_is_published_twice_while_nobody_dies_and_the_clock_stands(seed: int) -> None:
    pipeline = _pipeline(Random(seed))
    pipeline.clock.forward = lambda **_: None  # type: ignore[method-assign]  # no lease ends
    pipeline.run(0)
    assert len(pipeline.published) == sum(len(p.records) for p in pipeline.partitions)
