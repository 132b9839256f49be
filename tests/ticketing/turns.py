"""Replicas that take turns at every step, by hand or by chance, and die."""

from collections.abc import Coroutine, Generator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from tests.ticketing.world import World


class Turn:
    """A place where another replica may go on."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def a_turn() -> None:
    await Turn()


def interleaved(runs: Sequence[Sequence[Any]], replicas: Sequence[World], chance: Random) -> None:
    """Let each replica take its batches in order, in turns by chance; some die and start anew.

    A batch whose replica died is taken again, by another one.
    """
    deaths = 3
    queues = [list(run) for run in runs]
    running: dict[int, Coroutine[Any, Any, None]] = {}
    while any(queues) or running:
        place = chance.choice([n for n, queue in enumerate(queues) if queue or n in running])
        if place not in running:
            running[place] = replicas[place].batch(queues[place][0])
        if deaths and chance.random() < 0.02:
            deaths -= 1
            running.pop(place).close()
            queues[place], queues[place - 1] = [], queues[place - 1] + queues[place]
            continue
        try:
            running[place].send(None)
        except StopIteration:
            del running[place]
            queues[place].pop(0)


def finish(world: World) -> None:
    """Let the sweep finish what somebody died over."""
    world.now += timedelta(minutes=1)
    sweep = world.sweep()
    try:
        while True:
            sweep.send(None)
    except StopIteration:
        return


def advanced(run: Coroutine[Any, Any, None], steps: int) -> bool:
    """Let a replica take so many steps; whether it is done by then."""
    try:
        for _ in range(steps):
            run.send(None)
    except StopIteration:
        return True
    return False


def finished(run: Coroutine[Any, Any, None]) -> None:
    """Let a replica go on to its end."""
    while not advanced(run, 1):
        pass
