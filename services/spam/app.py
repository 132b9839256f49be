"""Screening, wired from top to bottom."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from services.spam import optional
from services.spam.advice import Adviser
from services.spam.handlers import (
    Contacts,
    Judged,
    Marked,
    Marks,
    Screening,
    uncounted,
    unnoticed,
)
from services.spam.phrasebook import shipped
from services.spam.rules.engine import Engine
from services.spam.rules.learned import Learned
from services.spam.rules.lexicon import Lexicon, PhrasesDamaged
from services.spam.rules.phrases import Rules
from services.spam.settings import Settings
from services.spam.store import MongoContacts
from services.spam.sweep import Sweep
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import FollowingBus
from shared.clock import Clock, system_clock
from shared.contracts.messages import Verdict
from shared.contracts.tickets import (
    CommandRejected,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
)
from shared.learning.model import Model
from shared.learning.models import WHETHER_SPAM, begun
from shared.learning.seeds import SeedsDamaged
from shared.learning.teaching import Forgetting, Lessons, Memories, Teaching
from shared.running import metrics
from shared.running.models import learn
from shared.running.service import Service
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Mongo, is_transient
from shared.topics import ERASURES, MESSAGES, TICKETS

SERVICE: Final = "spam"
SWEEP_INTERVAL = timedelta(seconds=1)
_A_WEEK = timedelta(days=7)

_log = structlog.get_logger()


def wire(  # noqa: PLR0913, PLR0917  # what it stores, what it learns from, and whom it tells
    bus: FollowingBus,
    contacts: Contacts,
    lessons: Lessons,
    memories: Memories,
    phrases: Lexicon | None,
    model: Model | None,
    clock: Clock,
    sweep_interval: timedelta = SWEEP_INTERVAL,
    judged: Judged = uncounted,
    marked: Marked = unnoticed,
    *,
    only_tried: bool = False,
    advisers: Sequence[Adviser] = (),
) -> None:
    """Connect topics, handlers and the sweep.

    Without a model the rules screen alone, without phrases the model does; without either no
    message is spam. `only_tried`: the model's opinion stands in verdicts as `shadow`, and does not
    count. `advisers` are the optional engines.
    """
    learned, teaching = _learned(bus, lessons, model, sweep_interval)
    shadow = learned if only_tried else None
    rules = Rules(phrases, alone=learned is shadow) if phrases else None
    counting = [each for each in (rules, learned) if each is not None and each is not shadow]
    if not counting:
        _log.error("nothing judges messages: none will be spam")
    screening = Screening(contacts, bus.accounts, counting, bus.publish, judged, shadow, advisers)
    marks = Marks(memories, bus.publish, marked)
    forgetting = Forgetting(lessons, memories, teaching)

    async def tickets_changed(events: Sequence[TicketFact | CommandRejected]) -> None:
        await screening.tickets_changed(events)
        await marks.tickets_changed(events)
        await forgetting.tickets_changed(events)

    bus.consume(MESSAGES, screening.messages_received)
    bus.consume(TICKETS, tickets_changed)
    bus.consume(ERASURES, screening.erasures_asked)
    bus.every(sweep_interval, Sweep(memories, bus.publish, clock).sweep)


def _learned(
    bus: FollowingBus, lessons: Lessons, model: Model | None, interval: timedelta
) -> tuple[Engine | None, Teaching | None]:
    """The model with what accounts taught, and what teaches; without one its lessons wait."""
    if model is None:
        return None, None
    weights, teaching = learn(bus, SERVICE, "spam", model, lessons, interval)
    return Learned(model, weights.of), teaching


def build(settings: Settings) -> Service:
    """Screening on Kafka and MongoDB, ready to run."""
    _begin_counting()
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    contacts = MongoContacts(mongo.database)
    lessons = MongoLessons(mongo.database, SERVICE)
    memories = MongoMemories(mongo.database, SERVICE)
    advisers = optional.advisers(settings, _count_advice)
    model = load_model()
    wire(
        bus,
        contacts,
        lessons,
        memories,
        load_phrases(),
        model,
        system_clock,
        settings.sweep_interval,
        _count,
        _count_mark,
        only_tried=settings.spam_model == "shadow",
        advisers=advisers,
    )
    return Service(
        settings,
        bus,
        opening=[
            *(adviser.open for adviser in advisers),
            mongo.ping,
            contacts.erasures.ensure_indexes,
            lessons.ensure_indexes,
            memories.ensure_indexes,
        ],
        warming=[model.learned] if model else [],
        closing=[*(adviser.close for adviser in advisers), mongo.close],
    )


def load_phrases() -> Lexicon | None:
    """The shipped phrases; None, with a line in the log and in the metrics, if damaged."""
    try:
        return shipped()
    except PhrasesDamaged as error:
        _log.error("screening goes on without rules: their phrases are damaged", error=str(error))
        metrics.LEARNING_DAMAGED.labels(SERVICE, "rules").inc()
        return None


def load_model() -> Model | None:
    """The model of the seeds, begun; None, with a line in log and metrics, if these are damaged."""
    try:
        return begun(WHETHER_SPAM)
    except SeedsDamaged as error:
        _log.error("screening goes on without a model: its seeds are damaged", error=str(error))
        metrics.LEARNING_DAMAGED.labels(SERVICE, "seeds").inc()
        return None


def _begin_counting() -> None:
    """Series that begin at 0 show their first increase."""
    for mark in ("spam", "not_spam"):
        for after in ("a_week", "later"):
            metrics.SPAM_MARKS.labels(mark, after)


def _count(channel: str, verdict: Verdict) -> None:
    said = "spam" if verdict.spam else "grey" if verdict.grey else "ham"
    metrics.SPAM_VERDICTS.labels(said, channel, verdict.language or "other").inc()
    metrics.SPAM_SCORES.labels(channel).observe(verdict.score)


def _count_advice(engine: str, outcome: str, questions: int) -> None:
    metrics.SPAM_ADVICE.labels(engine, outcome).inc(questions)


def _count_mark(mark: TicketMarkedSpam | TicketMarkedNotSpam) -> None:
    said = "spam" if isinstance(mark, TicketMarkedSpam) else "not_spam"
    soon = mark.occurred_at - mark.ticket.opened_at <= _A_WEEK
    metrics.SPAM_MARKS.labels(said, "a_week" if soon else "later").inc()
