"""Autoclose, wired from top to bottom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from services.autoclose.handlers import Autoclose, Timers, Typing
from services.autoclose.settings import Settings
from services.autoclose.store import MongoTimers, RedisTyping
from services.autoclose.sweep import RunningTimers, Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.running import metrics
from shared.running.service import Service
from shared.stores import mongo, redis
from shared.stores.mongo import Mongo
from shared.topics import SIGNALS, TICKETS

SERVICE: Final = "autoclose"
SWEEP_INTERVAL = timedelta(seconds=1)
GATHER: Final = timedelta(milliseconds=200)
"""It closes what has been silent for days."""
COUNT_GAPS = metrics.EVENT_GAPS.labels(SERVICE).inc


class TimerStore(Timers, RunningTimers, Protocol):
    """What the handlers and the sweep need of the store of timers."""


def wire(
    bus: Bus,
    timers: TimerStore,
    typing: Typing,
    clock: Clock,
    sweep_interval: timedelta = SWEEP_INTERVAL,
    missed: Callable[[int], None] = COUNT_GAPS,
) -> None:
    """Connect topics, handlers and sweeps, whose runs lie `sweep_interval` apart.

    `missed` is called with the number of gaps in the `seq` of tickets.
    """
    autoclose = Autoclose(timers, typing, bus.accounts, clock, missed)
    sweep = Sweep(timers, typing, bus.accounts, bus.publish, clock)
    bus.consume(TICKETS, autoclose.tickets_changed)
    bus.consume(SIGNALS, autoclose.signals_seen)
    bus.every(sweep_interval, sweep.follow_settings)
    bus.every(sweep_interval, sweep.close_due)


def build(settings: Settings) -> Service:
    """Autoclose on Kafka, MongoDB and Redis, ready to run."""
    database = Mongo(settings.mongo, SERVICE)
    cache = redis.connect(settings.redis, SERVICE)
    bus = KafkaBus(
        SERVICE,
        settings.kafka,
        transient=_is_transient,
        stop_timeout=settings.stop_timeout,
        gather=GATHER,
    )
    timers = MongoTimers(database.database)
    typing = RedisTyping(cache, settings.redis.prefix)
    wire(bus, timers, typing, system_clock, settings.sweep_interval)
    return Service(
        settings, bus, opening=[timers.ensure_indexes], closing=[database.close, cache.aclose]
    )


def _is_transient(error: BaseException) -> bool:
    return mongo.is_transient(error) or redis.is_transient(error)
