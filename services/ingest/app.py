"""How ingest is put together."""

from typing import Final

from services.ingest.aliases import Aliases
from services.ingest.handlers import Ingest, Published
from services.ingest.profiles import Profiles
from services.ingest.settings import Settings
from services.ingest.store import MongoAliases, MongoProfiles
from shared.bus import KafkaBus
from shared.contracts.base import Channel
from shared.mongo import Mongo, is_transient
from shared.ports import Bus
from shared.service import Service
from shared.topics import ACCOUNTS, INBOUND, PROFILES

SERVICE: Final = "ingest"


def _ignored(_channel: Channel, _kind: str) -> None:
    return


def wire(
    bus: Bus, profiles: Profiles, aliases: Aliases, *, published: Published = _ignored
) -> None:
    """Connect ingest to the bus: the Kafka one, or the one in memory that tests use.

    `published` is told of everything published, for a metric.
    """
    ingest = Ingest(profiles, aliases, bus.accounts, bus.publish, published)
    for topic in INBOUND.values():
        bus.consume(topic, ingest.records_received)
    bus.consume(PROFILES, ingest.profiles_changed)
    bus.consume(ACCOUNTS, ingest.accounts_changed)


def build(settings: Settings) -> Service:
    """Ingest on Kafka and MongoDB, ready to run."""
    mongo = Mongo(settings.mongo)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    profiles = MongoProfiles(mongo.database)
    wire(bus, profiles, MongoAliases(mongo.database))
    return Service(settings, bus, opening=[profiles.ensure_indexes], closing=[mongo.close])
