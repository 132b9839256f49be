"""Screening, wired from top to bottom."""

from typing import Final

from services.spam.handlers import Contacts, Judged, Screening, uncounted
from services.spam.rules.phrases import Rules
from services.spam.settings import Settings
from services.spam.store import MongoContacts
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.running import metrics
from shared.running.service import Service
from shared.stores.mongo import Mongo, is_transient
from shared.topics import MESSAGES, TICKETS

SERVICE: Final = "spam"


def wire(bus: Bus, contacts: Contacts, judged: Judged = uncounted) -> None:
    """Connect topics and handlers. Nothing depends on time, so there is no sweep."""
    screening = Screening(contacts, bus.accounts, (Rules(),), bus.publish, judged)
    bus.consume(MESSAGES, screening.messages_received)
    bus.consume(TICKETS, screening.tickets_changed)


def build(settings: Settings) -> Service:
    """Screening on Kafka and MongoDB, ready to run."""
    mongo = Mongo(settings.mongo)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    wire(bus, MongoContacts(mongo.database), _count)
    return Service(settings, bus, opening=[mongo.ping], closing=[mongo.close])


def _count(channel: str, spam: bool) -> None:  # noqa: FBT001  # as `Judged` has it
    metrics.SPAM_VERDICTS.labels("spam" if spam else "ham", channel).inc()
