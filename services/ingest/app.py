"""How ingest is put together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from services.ingest.emit import files
from services.ingest.erasing import Erasing, Known, Leading, Parts
from services.ingest.fair.gate import INTERVAL, Gate, Keeping, Told
from services.ingest.fair.shares import Shares
from services.ingest.fair.store import MongoKeeping
from services.ingest.handlers import Counted, Ingest, outcome_of
from services.ingest.join.joining import DEFAULT_WAIT, joining
from services.ingest.settings import Settings
from services.ingest.store import MongoAliases, MongoAssemblies, MongoProfiles
from services.ingest.sweep import Sweep, Waiting
from services.ingest.unwrap.large_mail import NO_LARGE_MAIL, LargeMail
from services.ingest.unwrap.mail_folder import Folder
from services.ingest.who.profiles import Profiles
from services.ingest.who.whatsapp_ids import Aliases
from shared.bus.delivery import Publish
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.contracts.base import CHANNELS, Channel
from shared.running import metrics
from shared.running.service import Service
from shared.stores.mongo import Mongo, is_transient
from shared.topics import ACCOUNTS, ERASURES, INBOUND, PROFILES

SERVICE: Final = "ingest"
SWEEP_INTERVAL = timedelta(seconds=1)


class Assemblies(Waiting, Parts, Protocol):
    """Where unfinished long SMS are kept."""


class KnownProfiles(Profiles, Known, Protocol):
    """Where profiles are kept."""


class LeadingAliases(Aliases, Leading, Protocol):
    """Where it is kept which contact each id of WhatsApp leads to."""


@dataclass(frozen=True, slots=True)
class Fair:
    """How messages beyond a lane's `share` a second are kept, and how many are let in a second.

    Without a share none is kept any more, and those that are are let in.
    """

    keeping: Keeping
    share: float | None
    let_in: float
    told: Told


def _uncounted(_channel: Channel, _outcome: str, _reason: str) -> None:
    return


def wire(  # noqa: PLR0913  # its stores, its clock, and what a test may want otherwise
    bus: Bus,
    profiles: KnownProfiles,
    aliases: LeadingAliases,
    assemblies: Assemblies,
    clock: Clock,
    *,
    counted: Counted = _uncounted,
    parts_wait: timedelta = DEFAULT_WAIT,
    interval: timedelta = SWEEP_INTERVAL,
    large_mail: LargeMail = NO_LARGE_MAIL,
    largest_file: int = files.LARGEST,
    fair: Fair | None = None,
) -> None:
    """Connect ingest to the bus: the Kafka one, or the one in memory that tests use.

    `counted` is told of everything, for a metric. `interval` lies between two runs of the sweep.
    """
    publish: Publish = bus.publish
    if fair is not None:
        shares = None if fair.share is None else Shares(fair.share)
        gate = Gate(fair.keeping, bus.publish, clock, shares, fair.let_in, fair.told)
        publish = gate.publish
        bus.every(INTERVAL, gate.let_in)
    long_sms = joining(
        assemblies,
        profiles,
        bus.accounts,
        publish,
        lambda body: counted(*outcome_of(body)),
        clock,
        parts_wait,
    )
    erasing = Erasing(profiles, aliases, assemblies, long_sms.assemblies, bus.publish, clock)
    ingest = Ingest(
        profiles,
        aliases,
        bus.accounts,
        publish,
        long_sms,
        counted,
        large_mail,
        erasing.taken,
        largest_file,
    )
    for topic in INBOUND.values():
        bus.consume(topic, ingest.records_received)
    bus.consume(PROFILES, ingest.profiles_changed)
    bus.consume(ACCOUNTS, ingest.accounts_changed)
    bus.consume(ERASURES, erasing.asked)
    bus.every(interval, Sweep(assemblies, long_sms, clock).end_waits)


def build(settings: Settings) -> Service:
    """Ingest on Kafka and MongoDB, ready to run."""
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    profiles, assemblies = MongoProfiles(mongo.database), MongoAssemblies(mongo.database)
    aliases, keeping = MongoAliases(mongo.database), MongoKeeping(mongo.database)
    wire(
        bus,
        profiles,
        aliases,
        assemblies,
        system_clock,
        counted=_counted,
        parts_wait=settings.parts_wait,
        interval=settings.sweep_interval,
        large_mail=LargeMail(
            Folder(settings.ingest_mail_folder) if settings.ingest_mail_folder else None,
            settings.ingest_max_mail,
        ),
        largest_file=settings.ingest_max_file,
        fair=Fair(keeping, settings.ingest_share, settings.ingest_let_in, _TOLD),
    )
    opening = [
        profiles.ensure_indexes,
        assemblies.ensure_indexes,
        aliases.erasures.ensure_indexes,
        keeping.ensure_indexes,
    ]
    return Service(settings, bus, opening=opening, closing=[mongo.close])


def _counted(channel: Channel, outcome: str, reason: str) -> None:
    metrics.INBOUND_OUTCOMES.labels(channel, outcome, reason).inc()


def _kept(channel: str, count: int) -> None:
    metrics.KEPT_BACK.labels(channel).inc(count)


def _let_in(channel: str, count: int) -> None:
    metrics.LET_IN.labels(channel).inc(count)


def _oldest(since: datetime | None) -> None:
    metrics.OLDEST_KEPT_BACK.set(since.timestamp() if since else 0)


_TOLD = Told(_kept, _let_in, _oldest)
for _channel in CHANNELS:
    # There from the start: a rate needs a value before the first.
    metrics.KEPT_BACK.labels(_channel)
    metrics.LET_IN.labels(_channel)
