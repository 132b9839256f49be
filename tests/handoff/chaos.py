"""Replicas that go on one step at a time, in a drawn order, and may die at each of them.

Every call of the store, every publishing and every request to another helpdesk waits for its turn,
before it has its effect and after it.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.handoff.world import World
from tests.memory_bus import MemoryBus

MOVES = (0.2, 1, 5, 16, 45, 61, 121, 245, 300)
"""By how many seconds the clock may move at once."""


@dataclass
class Replica:
    """A process of the service: what it is about to do, and whose turn is waited for."""

    bus: MemoryBus
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    still: int = 0
    """For how many steps it stands still."""

    asking: int = 0
    """How many requests to another helpdesk are on their way."""

    making: bool = False
    """Whether one of these would make a ticket."""

    def works(self, method: str) -> list[Callable[[], Any]]:
        """What it may begin: to deliver, and its sweeps; most often, to talk to that helpdesk."""
        named = {getattr(sweep, "__name__", ""): sweep for sweep in self.bus.sweeps}
        outside = named[f"hand_to_{method}"]
        return [self.bus.deliver, named["act_on_what_is_due"], outside, outside]

    async def turn(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        await future

    async def request(self, method: str) -> None:
        self.asking += 1
        self.making = method == "POST"
        try:
            await self.turn()
        finally:
            self.asking -= 1
            self.making = False


class Gated:
    """A store whose calls wait for their turn."""

    def __init__(self, store: Any, turn: Callable[[], Awaitable[None]]) -> None:
        self._store, self._turn = store, turn

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def call(*arguments: Any) -> Any:
            await self._turn()
            answer = await found(*arguments)
            await self._turn()
            return answer

        return call


@dataclass
class GatedBus(MemoryBus):
    """A bus whose publishing waits for its turn."""

    turn: Callable[[], Awaitable[None]] | None = None

    async def publish(self, records: Any) -> None:
        if self.turn is not None:
            await self.turn()
        await super().publish(records)
        if self.turn is not None:
            await self.turn()


class Chaos:
    """Two replicas and ticketing, driven by chance. `frozen`: processes may stand still anywhere.

    Otherwise the clock moves far only while no request to another helpdesk is on its way, as the
    real one does: whoever waits for an answer gives it up.
    """

    def __init__(self, world: World, method: str, chance: random.Random, *, frozen: bool) -> None:
        self.method = method
        self.world, self.chance, self.frozen = world, chance, frozen
        world.log.buses.remove(world.bus)
        self.replicas = [self._replica(dict(world.bus.positions)) for _ in range(2)]
        self.killed = 0

    def _replica(self, positions: dict[str, int]) -> Replica:
        bus = GatedBus("handoff", self.world.log)
        replica = Replica(bus)
        bus.turn = replica.turn
        bus.positions.update(positions)
        self.world.replica(Gated(self.world.parties, replica.turn), bus, replica.request)
        self.world.log.buses.remove(bus)
        return replica

    async def steps(self, number: int) -> None:
        for _ in range(number):
            await self._rest()
            drawn = self.chance.random()
            self._stand_still()
            if drawn < 0.8:
                self._go_on()
            elif drawn < 0.92:
                self._begin()
            elif drawn < 0.93:
                self.chance.choice(self.replicas).bus.rewind()
            elif drawn < 0.95:
                await self.world.ticketing.deliver()
            elif drawn < 0.955:
                await self._kill(self.chance.choice(self.replicas))
            else:
                self._move()

    async def end(self) -> None:
        """Let go on whoever still does something, or let them die there; then all is calm."""
        for replica in list(self.replicas):
            replica.still = 0
            if self.chance.random() < 0.5:
                await self._kill(replica)
        for _ in range(2_000):
            await self._rest()
            if not any(replica.waiting for replica in self.replicas):
                break
            self._go_on()
        for replica in self.replicas:
            await self._kill(replica)
        self.world.replica()

    def _stand_still(self) -> None:
        """Now and then a request is slow on its way; `frozen`: for minutes."""
        for replica in self.replicas:
            replica.still = max(replica.still - 1, 0)
            if replica.making and not replica.still and self.chance.random() < 0.3:
                replica.still = self.chance.randrange(20, 120)
                if self.frozen:
                    self.world.clock.forward(seconds=300)

    def _go_on(self) -> None:
        able = [each for each in self.replicas if each.waiting and not each.still]
        if able:
            waiting = self.chance.choice(able).waiting
            waiting.pop(self.chance.randrange(len(waiting))).set_result(None)

    def _begin(self) -> None:
        """Something begins in a replica, or the same in both, most often what talks to others."""
        number = self.chance.randrange(len(self.replicas[0].works(self.method)))
        beginning = self.chance.choice([self.replicas, [self.chance.choice(self.replicas)]])
        for replica in beginning:
            if len(replica.tasks) < 2:
                work = replica.works(self.method)[number]
                replica.tasks.append(asyncio.ensure_future(work()))

    async def _kill(self, replica: Replica) -> None:
        self.killed += 1
        for task in replica.tasks:
            task.cancel()
        await asyncio.gather(*replica.tasks, return_exceptions=True)
        self.replicas.remove(replica)
        self.replicas.append(self._replica(dict(replica.bus.positions)))

    def _move(self) -> None:
        on_its_way = any(replica.asking for replica in self.replicas)
        moves = MOVES if self.frozen or not on_its_way else MOVES[:2]
        self.world.clock.forward(seconds=self.chance.choice(moves))

    async def _rest(self) -> None:
        """Return once everybody waits for their turn, or is done."""
        for _ in range(8):
            await asyncio.sleep(0)
        for replica in self.replicas:
            for task in [each for each in replica.tasks if each.done()]:
                replica.tasks.remove(task)
                task.result()
