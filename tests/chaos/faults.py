"""What goes wrong in a run, one fault after another while messages come in all the time."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from redis.asyncio import Redis

from shared.embedded.servers import KafkaServer, MongoServer, RedisServer
from shared.topic import SERVICES, Service
from tests.chaos.fleet import SESSION, Fleet

KILLS_A_FAULT = 8
_BROKER_AWAY = 17
"""Seconds; longer than producers keep a batch for which there is no leader."""

_BATCHES = ("after-handler", "before-commit", "after-commit")
_EFFECTS = ("before-write", "after-write", "after-record", "after-publish", "after-trim")
_WITH_EFFECTS: tuple[Service, ...] = ("ticketing", "assignment", "attribution")
_WITHOUT_OUTBOX = ("before-write", "after-write", "after-publish")
"""Where assignment can be killed: the rotation has neither an outbox nor a ledger."""


@dataclass(frozen=True, slots=True)
class World:
    """What can be broken."""

    fleet: Fleet
    kafka: KafkaServer
    mongo: MongoServer
    redis: RedisServer


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: when `inject` returns, its cause is over."""

    name: str
    about: str
    inject: Callable[[World], Awaitable[None]]


def schedule(seed: int, kills: int) -> list[Fault]:
    """The faults of a run, by the seed alone: every kind, and as many kills as are wanted.

    Every crash point of every service that has one comes up before any comes up again.
    """
    draw = Random(f"faults {seed}")
    points: list[tuple[Service, str]] = [(s, point) for s in SERVICES for point in _BATCHES]
    effects: list[tuple[Service, str]] = [
        (service, point)
        for service in _WITH_EFFECTS
        for point in (_WITHOUT_OUTBOX if service == "assignment" else _EFFECTS)
    ]
    draw.shuffle(points)
    draw.shuffle(effects)
    bursts = -(-kills // KILLS_A_FAULT)
    faults = [_kill(draw, points, effects) for _ in range(bursts)]
    frozen = list(SERVICES)
    draw.shuffle(frozen)
    faults += [_freeze(draw, frozen[:3]), _freeze(draw, frozen[3:])]
    faults += [
        Fault("db-kill", "the database killed, and started again", _db_kill),
        Fault("db-away", "the database away for 8 s", _db_away),
        Fault("redis-away", "Redis away for 5 s", _redis_away),
        Fault("redis-flush", "Redis emptied", _redis_flush),
        _broker_restart(draw),
        _rebalance(draw),
    ]
    draw.shuffle(faults)
    return faults


def _kill(
    draw: Random, points: list[tuple[Service, str]], effects: list[tuple[Service, str]]
) -> Fault:
    """Four replicas of different services, each twice: at random, then at a failpoint."""
    chosen: dict[Service, tuple[str, int]] = {}
    for source, most in ((effects, 6), (effects, 6), (points, 20), (points, 20)):
        place = next(i for i, (service, _) in enumerate(source) if service not in chosen)
        service, point = source.pop(place)
        source.append((service, point))
        chosen[service] = f"{point}:{draw.randint(1, most)}", draw.randrange(2)
    pauses = [draw.uniform(0, 2) for _ in chosen]

    async def inject(world: World) -> None:
        async def one(service: Service, failpoint: str, which: int, pause: float) -> None:
            await asyncio.sleep(pause)
            await world.fleet.kill_armed(world.fleet.of(service)[which], failpoint, 14)

        await asyncio.gather(
            *(
                one(service, failpoint, which, pause)
                for (service, (failpoint, which)), pause in zip(chosen.items(), pauses, strict=True)
            )
        )

    said = ", ".join(f"{service} at {point}" for service, (point, _) in chosen.items())
    return Fault("kill", f"kill -9, then again {said}", inject)


def killing(service: Service, which: int, failpoint: str) -> Fault:
    """One replica is killed, and killed again at a failpoint."""

    async def inject(world: World) -> None:
        await world.fleet.kill_armed(world.fleet.of(service)[which], failpoint, 14)

    return Fault("kill", f"kill -9, then again {service} at {failpoint}", inject)


def _freeze(draw: Random, services: Sequence[Service]) -> Fault:
    which = [draw.randrange(2) for _ in services]

    async def inject(world: World) -> None:
        frozen = [
            world.fleet.of(service)[number] for service, number in zip(services, which, strict=True)
        ]
        for replica in frozen:
            replica.signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(SESSION + 3)
        finally:
            for replica in frozen:
                replica.signal(signal.SIGCONT)

    return Fault("freeze", f"{', '.join(services)} frozen for {SESSION + 3} s", inject)


def _rebalance(draw: Random) -> Fault:
    services = draw.sample(SERVICES, 3)

    async def inject(world: World) -> None:
        came = await asyncio.gather(*(world.fleet.joined(service) for service in services))
        await asyncio.sleep(2)
        await asyncio.gather(*(world.fleet.left(replica) for replica in came))

    return Fault("rebalance", f"a third replica of {', '.join(services)} comes and goes", inject)


async def _db_kill(world: World) -> None:
    await asyncio.to_thread(world.mongo.kill)
    await asyncio.sleep(1)
    await asyncio.to_thread(world.mongo.start)


async def _db_away(world: World) -> None:
    await asyncio.to_thread(world.mongo.stop)
    await asyncio.sleep(8)
    await asyncio.to_thread(world.mongo.start)


async def _redis_away(world: World) -> None:
    await asyncio.to_thread(world.redis.stop)
    await asyncio.sleep(5)
    await asyncio.to_thread(world.redis.start)


async def _redis_flush(world: World) -> None:
    async with Redis.from_url(world.redis.url) as redis:
        await redis.flushall()


def _broker_restart(draw: Random) -> Fault:
    how = draw.choice(("stopped", "killed"))

    async def inject(world: World) -> None:
        await asyncio.to_thread(world.kafka.stop if how == "stopped" else world.kafka.kill)
        await asyncio.sleep(_BROKER_AWAY)
        await asyncio.to_thread(world.kafka.start)

    return Fault("broker-restart", f"the broker {how}, and away for {_BROKER_AWAY} s", inject)
