"""Messages beyond an account's share are kept, and let in by and by, in their order."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from services.ingest.fair.shares import Shares, turns
from shared.bus.delivery import Outgoing, Publish
from shared.clock import Clock
from shared.topics import MESSAGES
from shared.values.ids import attempt_token

INTERVAL = timedelta(milliseconds=250)
"""How often some of what is kept is let in."""

_SELDOM = 20
"""In which of the runs it is looked for what waits, where nothing is kept any more."""

_LEASE = timedelta(seconds=5)
_IDLE_RUNS = 240
"""How often nothing waits before it is looked whether something is kept nevertheless."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that is kept: its lane, its place there, and the record that it is to become."""

    lane: str
    place: int
    record: Outgoing
    since: datetime


class Keeping(Protocol):
    """Where messages are kept. A lane waits from its first kept message until it is `settled`."""

    async def waiting(self, lanes: Collection[str] | None = None) -> Mapping[str, int]:
        """The lanes (of these, or of all) that wait, each with its revision: `keep` changes it."""

    async def keep(self, records: Mapping[str, Sequence[Outgoing]], now: datetime) -> None:
        """Keep these of each lane behind what is kept there; afterwards the lane waits."""

    async def first(self, lane: str, count: int) -> Sequence[Kept]:
        """Those of the lane that are kept in the first places, in their order."""

    async def forget(self, kept: Sequence[Kept]) -> None:
        """Keep these no longer."""

    async def settled(self, lane: str, revision: int) -> None:
        """The lane waits no longer, unless something was kept since that revision."""

    async def woken(self) -> None:
        """A lane with something kept waits, though whoever kept it died before it could say so."""

    async def leased(self, holder: str, now: datetime, until: datetime) -> bool:
        """Whether `holder` alone may let in until then: nobody else may, or their time is over."""


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the gate tells what it does, for metrics: by channel, and since when the oldest waits.

    `oldest` gets None where nothing is kept, or another replica lets it in.
    """

    kept: Callable[[str, int], None]
    let_in: Callable[[str, int], None]
    oldest: Callable[[datetime | None], None]


@dataclass(slots=True)
class Gate:
    """Stands before the topic of messages.

    `shares` is None where every message may pass; what was kept before is still let in.
    `a_second` is how many of all that are kept are let in a second, at most.
    """

    keeping: Keeping
    onward: Publish
    clock: Clock
    shares: Shares | None
    a_second: float
    told: Told
    _holder: str = field(default_factory=attempt_token)
    _runs: int = 0
    _idle: int = 0

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """Afterwards all are published in order, but for messages beyond their lane's share.

        Those are kept, and so is each message of a lane that waits: in a lane nothing overtakes.
        """
        lanes = [lane_of(record) for record in records]
        wanted = Counter(lane for lane in lanes if lane is not None)
        if self.shares is None or not wanted:
            await self.onward(records)
            return
        waiting, now = await self.keeping.waiting(wanted), self.clock()
        free = self.shares.take({k: n for k, n in wanted.items() if k not in waiting}, now)
        passing: list[Outgoing] = []
        kept: dict[str, list[Outgoing]] = {}
        for record, lane in zip(records, lanes, strict=True):
            if lane is None:
                passing.append(record)
            elif free.get(lane):
                free[lane] -= 1
                passing.append(record)
            else:
                kept.setdefault(lane, []).append(record)
        # What is kept may be let in at once, by another replica; what passes was before it.
        if passing:
            await self.onward(passing)
        if kept:
            await self.keeping.keep(kept, now)
            for lane, held in kept.items():
                self.told.kept(channel_of(lane), len(held))

    async def let_in(self) -> None:
        """Publish some of what is kept, the lanes in turn; one replica does so at a time.

        Whoever dies after publishing has not forgotten it: it is published again.
        """
        if self.shares is None and self._idle % _SELDOM:
            self._idle += 1
            return
        lanes = await self.keeping.waiting()
        self._idle = 0 if lanes else self._idle + 1
        if self._idle % _IDLE_RUNS == 1:
            await self.keeping.woken()
        now = self.clock()
        if not lanes or not await self.keeping.leased(self._holder, now, now + _LEASE):
            self.told.oldest(None)
            return
        self._runs += 1
        places = ceil(self.a_second * INTERVAL.total_seconds())
        found: list[Kept] = []
        for lane, count in turns(lanes, places, self._runs).items():
            if not (first := await self.keeping.first(lane, count)):
                await self.keeping.settled(lane, lanes[lane])
            found += first
        if not found:
            return
        self.told.oldest(min(each.since for each in found))
        await self.onward([each.record for each in found])
        await self.keeping.forget(found)
        for channel, count in Counter(channel_of(each.lane) for each in found).items():
            self.told.let_in(channel, count)


def lane_of(record: Outgoing) -> str | None:
    """The lane of a record of the topic of messages, by its key; None for any other record."""
    if record.topic != MESSAGES.name:
        return None
    account, channel, _ = (record.key or b"").decode().split(":", 2)
    return f"{account}:{channel}"


def channel_of(lane: str) -> str:
    """The channel of a lane."""
    return lane.rpartition(":")[2]
