"""Attribution, wired from top to bottom."""

from datetime import timedelta
from typing import Final

from services.attribution.erasing import Erasing, Histories
from services.attribution.handlers import Attribution, Contacts
from services.attribution.settings import Settings
from services.attribution.store import MongoContacts
from services.attribution.sweep import Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.running.service import Service
from shared.stores.aggregates import Aggregates
from shared.stores.mongo import Mongo, is_transient
from shared.stores.recent import RecentDocuments
from shared.topics import ERASURES, SENDS, TICKETS

SERVICE: Final = "attribution"
SWEEP_INTERVAL = timedelta(seconds=1)
GATHER: Final = timedelta(milliseconds=100)
"""A credit shows on its ticket a moment after the answer."""


def wire(bus: Bus, store: Histories, clock: Clock, *, interval: timedelta = SWEEP_INTERVAL) -> None:
    """Connect topics, handlers and the sweep; `interval` lies between two of its runs."""
    contacts = Aggregates(
        *(store, bus.publish, clock, Contacts(bus.accounts)), ledger=False, recent=RecentDocuments()
    )
    erasing = Erasing(contacts, store, bus.publish)
    attribution = Attribution(contacts, clock, erasing.taken)
    bus.consume(SENDS, attribution.send_reported)
    bus.consume(TICKETS, attribution.ticket_changed)
    bus.consume(ERASURES, erasing.asked)
    bus.every(interval, Sweep(contacts).finish_left_over)


def build(settings: Settings) -> Service:
    """Attribution on Kafka and MongoDB, ready to run."""
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE,
        settings.kafka,
        transient=is_transient,
        stop_timeout=settings.stop_timeout,
        gather=GATHER,
    )
    contacts = MongoContacts(mongo.database)
    wire(bus, contacts, system_clock, interval=settings.sweep_interval)
    return Service(settings, bus, opening=[contacts.ensure_indexes], closing=[mongo.close])
