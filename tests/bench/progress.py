"""How services get on, by what they commit: exact, and without asking them while they work."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.bus.acls import group_id
from shared.topic import Service
from tests.bench.places import OFFSETS, Consumed, Place, all_of


@dataclass(slots=True)
class Progress:
    """When a group had committed how many records; times are in seconds."""

    at: list[float] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def rate(self, part: float = 0.9) -> float:
        """Records a second of the last `part`: before that a process still warms up."""
        return self.between(self.done[-1] * (1 - part), self.done[-1])

    def between(self, first: float, last: float) -> float:
        """Records a second from when `first` were done to when `last` were."""
        # What is committed comes in batches: only what came later was done in the time since then.
        begun, ended = (
            next(place for place, done in enumerate(self.done) if done >= bound)
            for bound in (first, last)
        )
        return (self.done[ended] - self.done[begun]) / (self.at[ended] - self.at[begun])


async def progress(place: Place, consumed: Consumed) -> dict[Service, Progress]:
    """How services got on with these topics, by what the broker stored of their commits."""
    stored = [
        (record.timestamp.timestamp(), commit)
        for record in await all_of(place, OFFSETS)
        if (commit := committed(record.key or b"", record.value or b""))
    ]
    return {
        name: summed(
            (at, commit[1:])
            for at, commit in stored
            if commit[0] == group_id(name, place.prefix)
            and commit[1].removeprefix(place.prefix) in topics
        )
        for name, topics in consumed.items()
    }


def committed(key: bytes, value: bytes) -> tuple[str, str, int, int] | None:
    """Group, topic, partition and offset that a record of the broker's offsets tells of."""
    if len(key) < 2 or not value or struct.unpack_from(">h", key)[0] > 1:
        return None
    (length,) = struct.unpack_from(">h", key, 2)
    group, place = key[4 : 4 + length].decode(), 4 + length
    (length,) = struct.unpack_from(">h", key, place)
    topic = key[place + 2 : place + 2 + length].decode()
    (partition,) = struct.unpack_from(">i", key, place + 2 + length)
    (offset,) = struct.unpack_from(">q", value, 2)
    return group, topic, partition, offset


def summed(commits: Iterable[tuple[float, tuple[str, int, int]]]) -> Progress:
    """The sums over all partitions, commit by commit; what is committed again adds nothing."""
    known: dict[tuple[str, int], int] = {}
    result = Progress()
    for at, (topic, partition, offset) in sorted(commits):
        known[topic, partition] = max(offset, known.get((topic, partition), 0))
        if result.at and result.at[-1] == at:
            result.done[-1] = sum(known.values())
        else:
            result.at.append(at)
            result.done.append(sum(known.values()))
    return result
