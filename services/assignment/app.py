"""Assignment, wired together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.assignment import handlers, looking, measure, sweep
from services.assignment.handlers import Assignment
from services.assignment.looking import Looking
from services.assignment.measure import Measure, Show
from services.assignment.rules.rotation import Rotation
from services.assignment.settings import Settings
from services.assignment.sharing import Sharing
from services.assignment.store import MongoAgents, MongoTickets, RedisHeartbeats, mongo_rotations
from services.assignment.sweep import Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.running import metrics
from shared.running.service import Service
from shared.stores import mongo, redis
from shared.stores.causal import Causal
from shared.stores.documents import Store
from shared.stores.mongo import Mongo
from shared.topics import PRESENCE, TICKETS

SERVICE: Final = "assignment"
SWEEP_INTERVAL = timedelta(milliseconds=500)
COUNT_GAPS = metrics.EVENT_GAPS.labels(SERVICE).inc


def show_waiting(since: datetime | None, agents: int) -> None:
    """Set the gauges of what waits and who is there."""
    metrics.OLDEST_WAITING.set(since.timestamp() if since else 0)
    metrics.AGENTS_AVAILABLE.set(agents)


class Tickets(handlers.Tickets, looking.Tickets, sweep.Tickets, measure.Tickets, Protocol):
    """The followed tickets, as all parts need them."""


class Agents(handlers.Agents, looking.Agents, sweep.Agents, measure.Agents, Protocol):
    """The agents' choices, as all parts need them."""


class Heartbeats(handlers.Heartbeats, sweep.Heartbeats, Protocol):
    """The agents' heartbeats, as all parts need them."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where assignment keeps what it knows."""

    tickets: Tickets
    agents: Agents
    heartbeats: Heartbeats
    rotations: Store[Rotation]


def wire(
    bus: Bus,
    stores: Stores,
    clock: Clock,
    sweep_interval: timedelta = SWEEP_INTERVAL,
    missed: Callable[[int], None] = COUNT_GAPS,
    show: Show = show_waiting,
) -> None:
    """Connect the handlers and the sweeps to a bus and the stores.

    `missed` is told of gaps in tickets' sequences, `show` of what waits for whom.
    """
    tickets, agents, heartbeats = stores.tickets, stores.agents, stores.heartbeats
    outside = (bus.accounts, bus.publish, clock)
    look = Looking(tickets, agents, bus.accounts, clock)
    turns = Sharing(look, stores.rotations, bus.publish)
    assignment = Assignment(tickets, agents, heartbeats, turns, *outside, missed)
    sweeper = Sweep(tickets, agents, heartbeats, turns, *outside, sweep_interval)
    bus.consume(TICKETS, assignment.tickets_changed)
    bus.consume(PRESENCE, assignment.presence_changed)
    bus.every(sweep_interval, sweeper.follow_settings)
    bus.every(sweep_interval, sweeper.share_out)
    bus.every(sweep_interval, sweeper.end_silent_presence)
    bus.every(sweep_interval, Measure(tickets, agents, clock, show).waiting)


def build(settings: Settings) -> Service:
    """Assignment on Kafka, MongoDB and Redis, ready to run."""
    database = Mongo(settings.mongo, SERVICE)
    cache = redis.connect(settings.redis, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=_is_transient, stop_timeout=settings.stop_timeout
    )
    causal = Causal(database.database["assignment_tickets"])
    tickets = MongoTickets(database.database, causal)
    agents = MongoAgents(database.database)
    rotations = mongo_rotations(database.database, causal)
    heartbeats = RedisHeartbeats(cache, settings.redis.prefix)
    stores = Stores(tickets, agents, heartbeats, rotations)
    wire(bus, stores, system_clock, settings.sweep_interval)
    return Service(
        settings,
        bus,
        opening=[tickets.ensure_indexes, agents.ensure_indexes, rotations.ensure_indexes],
        closing=[database.close, cache.aclose],
    )


def _is_transient(error: BaseException) -> bool:
    return mongo.is_transient(error) or redis.is_transient(error)
