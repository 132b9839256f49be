"""Tagging, wired from top to bottom."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.tagging.handlers import Chosen, Removed, Tagging, settings_of, unnoticed
from services.tagging.rules.own_tags import OwnTags, of_seeds
from services.tagging.settings import Settings
from services.tagging.sweep import Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import FollowingBus
from shared.clock import Clock, system_clock
from shared.contracts.accounts import TAGS
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.learning.model import Model
from shared.learning.models import WHICH_TAGS, begun
from shared.learning.teaching import Forgetting, Ground, Lessons, Memories
from shared.running import metrics
from shared.running.models import learn
from shared.running.service import Service
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Mongo, is_transient
from shared.topics import TICKETS

SERVICE: Final = "tagging"
SWEEP_INTERVAL = timedelta(seconds=1)


def wire(  # noqa: PLR0913, PLR0917  # what it stores, what it learns from, and whom it tells
    bus: FollowingBus,
    lessons: Lessons,
    memories: Memories,
    model: Model,
    clock: Clock,
    sweep_interval: timedelta = SWEEP_INTERVAL,
    chosen: Chosen = unnoticed,
    removed: Removed = unnoticed,
) -> None:
    """Connect topics, handlers and the sweep."""
    own = OwnTags(model, of_seeds, lambda account: settings_of(bus.accounts, account))
    weights, teaching = learn(
        bus,
        SERVICE,
        "tags",
        model,
        lessons,
        sweep_interval,
        lambda account: Ground((own.of(account),), own.examples_of_others()),
    )
    tagging = Tagging(bus.accounts, model, own, weights.of, memories, bus.publish, chosen, removed)
    forgetting = Forgetting(lessons, memories, teaching)

    async def tickets_changed(events: Sequence[TicketFact | CommandRejected]) -> None:
        await tagging.tickets_changed(events)
        await forgetting.tickets_changed(events)

    bus.consume(TICKETS, tickets_changed)
    bus.every(sweep_interval, Sweep(memories, clock).sweep)


def build(settings: Settings) -> Service:
    """Tagging on Kafka and MongoDB, ready to run. Raises SeedsDamaged where it has no model."""
    _begin_counting()
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    lessons = MongoLessons(mongo.database, SERVICE)
    memories = MongoMemories(mongo.database, SERVICE)
    model = begun(WHICH_TAGS)
    wire(
        bus,
        lessons,
        memories,
        model,
        system_clock,
        settings.sweep_interval,
        _count,
        _count_removed,
    )
    return Service(
        settings,
        bus,
        opening=[mongo.ping, lessons.ensure_indexes, memories.ensure_indexes],
        warming=[model.learned],
        closing=[mongo.close],
    )


def _begin_counting() -> None:
    """Series that begin at 0 show their first increase."""
    for tag in (*TAGS, "own"):
        metrics.TAGS_CHOSEN.labels(tag)
        for after in ("a_week", "later"):
            metrics.TAGS_REMOVED.labels(tag, after)


def _count(language: str, tags: Sequence[str]) -> None:
    metrics.TAG_CHOICES.labels("tagged" if tags else "none", language).inc()
    for tag in tags:
        metrics.TAGS_CHOSEN.labels(_label(tag)).inc()


def _count_removed(tag: str, soon: bool) -> None:  # noqa: FBT001  # see `Removed`
    metrics.TAGS_REMOVED.labels(_label(tag), "a_week" if soon else "later").inc()


def _label(tag: str) -> str:
    return tag if tag in TAGS else "own"
