"""The hand-off, wired from top to bottom."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from services.handoff import erasing, handlers, measure, sweep
from services.handoff.clients.others import Others
from services.handoff.clients.secrets import Secrets
from services.handoff.counting import Metrics, show_open
from services.handoff.erasing import Erasing
from services.handoff.handlers import Agents, Counting, Handoff, Rules
from services.handoff.measure import Measure, Show
from services.handoff.settings import Settings
from services.handoff.store import MongoAgents, MongoParties
from services.handoff.sweep import Outside, Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.running.service import Service
from shared.stores.aggregates import Aggregates
from shared.stores.mongo import Mongo, is_transient
from shared.topics import ERASURES, HANDOFFS, PRESENCE, TICKETS

SERVICE: Final = "handoff"
SWEEP_INTERVAL = timedelta(seconds=1)


class Parties(handlers.Parties, sweep.Parties, erasing.Erasable, measure.Parties, Protocol):
    """The parties, as all parts need them."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the hand-off keeps what it knows."""

    parties: Parties
    agents: Agents


def wire(
    bus: Bus,
    stores: Stores,
    outside: Outside,
    clock: Clock,
    counting: Counting,
    *,
    interval: timedelta = SWEEP_INTERVAL,
    show: Show = show_open,
) -> None:
    """Connect topics, handlers and sweeps; `interval` lies between two runs of a sweep.

    `outside` are the helpdesks of others, `counting` and `show` are told what is counted.
    """
    kept = stores.parties
    parties = Aggregates(kept, bus.publish, clock, Rules(bus.accounts))
    handoff = Handoff(parties, kept, stores.agents, bus.accounts, clock, counting)
    sweeper = Sweep(parties, kept, outside, bus.accounts, clock, counting)
    bus.consume(HANDOFFS, handoff.handoffs_told)
    bus.consume(TICKETS, handoff.tickets_changed)
    bus.consume(PRESENCE, handoff.presence_told)
    bus.consume(ERASURES, Erasing(parties, kept, bus.publish, clock).asked)
    bus.every(interval, sweeper.act_on_what_is_due)
    bus.every(interval, sweeper.hand_to_zendesk)
    bus.every(interval, sweeper.hand_to_gorgias)
    bus.every(interval, Measure(kept, clock, show).under_way)


def build(settings: Settings) -> Service:
    """The hand-off on Kafka and MongoDB, ready to run."""
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    parties, agents = MongoParties(mongo.database), MongoAgents(mongo.database)
    outside = Others(Secrets(settings.secrets_dir).of)
    stores = Stores(parties, agents)
    wire(bus, stores, outside, system_clock, Metrics(), interval=settings.sweep_interval)
    return Service(
        settings,
        bus,
        opening=[parties.ensure_indexes, agents.ensure_indexes],
        closing=[mongo.close],
    )
