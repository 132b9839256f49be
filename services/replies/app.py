"""Replies, wired from top to bottom."""

from datetime import timedelta
from typing import Final, Protocol

from services.replies.erasing import Erasing, Kept
from services.replies.handlers import Contacts, Counted, Replies
from services.replies.rules.correspondent import KINDS
from services.replies.settings import Settings
from services.replies.store import MongoCorrespondents
from services.replies.sweep import DueContacts, Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.running import metrics
from shared.running.service import Service
from shared.stores.aggregates import Aggregates
from shared.stores.mongo import Mongo, is_transient
from shared.topics import ERASURES, HANDOFFS, SIGNALS, TICKETS

SERVICE: Final = "replies"
SWEEP_INTERVAL = timedelta(seconds=1)


class CorrespondentStore(Kept, DueContacts, Protocol):
    """All that replies needs of its store."""


def count(kind: str, outcome: str) -> None:
    """Count a reply of that kind that was sent, or why it was not."""
    metrics.AUTO_REPLIES.labels(kind, outcome).inc()


def wire(
    bus: Bus,
    store: CorrespondentStore,
    clock: Clock,
    *,
    interval: timedelta = SWEEP_INTERVAL,
    counted: Counted = count,
) -> None:
    """Connect topics, handlers and sweeps; `interval` lies between two of their runs."""
    policy = Contacts(bus.accounts, clock)
    contacts = Aggregates(store, bus.publish, clock, policy)
    erasing = Erasing(contacts, store, bus.publish)
    replies = Replies(contacts, policy, bus.accounts, erasing.taken, counted)
    sweep = Sweep(store, contacts, replies.take, clock)
    bus.consume(TICKETS, replies.tickets_changed)
    bus.consume(SIGNALS, replies.signals_seen)
    bus.consume(HANDOFFS, replies.handoffs_told)
    bus.consume(ERASURES, erasing.asked)
    bus.every(interval, sweep.follow_up)
    bus.every(interval, sweep.finish_left_over)


def build(settings: Settings) -> Service:
    """Replies on Kafka and MongoDB, ready to run."""
    for kind in KINDS:
        metrics.AUTO_REPLIES.labels(kind, "sent")
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    contacts = MongoCorrespondents(mongo.database)
    wire(bus, contacts, system_clock, interval=settings.sweep_interval)
    return Service(settings, bus, opening=[contacts.ensure_indexes], closing=[mongo.close])
