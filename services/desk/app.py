"""The desk, wired together: read it from top to bottom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.desk.clicks import Clicks
from services.desk.erasing import Erasing
from services.desk.filing import Filing
from services.desk.handlers import Desk
from services.desk.live.here import Here
from services.desk.live.hub import Hub
from services.desk.live.telling import RedisTelling
from services.desk.refiling import Refiling
from services.desk.rules.signing import Lasting
from services.desk.settings import Settings, signing_key
from services.desk.store.around import MongoAround
from services.desk.store.files import MongoFiles
from services.desk.store.models import Models
from services.desk.store.own import MongoOwn
from services.desk.store.people import MongoPeople
from services.desk.store.read import SIDES, MongoReadModel
from services.desk.sweep import Silence, Sweep
from services.desk.web.application import SigningIn, application
from services.desk.web.auth import Client, Passwords, Provider, Sessions, Throttle
from services.desk.web.board import Board
from services.desk.web.counting import Counting
from services.desk.web.jobs import Jobs
from services.desk.web.limits import Limits
from services.desk.web.listening import Listening
from services.desk.web.parts import Parts
from services.desk.web.settings_log import SettingsLog
from services.desk.web.short_links import ShortLinks
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.running.service import Service
from shared.stores import mongo, redis
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database, Mongo
from shared.topics import (
    CLICKS,
    ERASURES,
    FILES,
    PRESENCE,
    PROFILE_EVENTS,
    PROFILES,
    SCREENED,
    SENDS,
    SIGNALS,
    SNAPSHOTS,
    TICKETS,
)

SERVICE: Final = "desk"
SWEEP_INTERVAL = timedelta(seconds=1)


def wire(  # noqa: PLR0913, PLR0917  # one argument a part
    bus: Bus,
    desk: Desk,
    erasing: Erasing,
    filing: Filing,
    sweep: Sweep,
    silence: Silence,
    jobs: Jobs,
    interval: timedelta,
) -> None:
    """Connect topics, handlers and sweeps, whose runs lie `interval` apart."""
    read_along(bus, desk, erasing, filing, sweep, interval)
    bus.every(interval, jobs.sweep)
    bus.every(interval, silence.tell)


def read_along(  # one argument a part
    bus: Bus, desk: Desk, erasing: Erasing, filing: Filing, sweep: Sweep, interval: timedelta
) -> None:
    """Connect what the desk reads, and nothing of what it serves."""
    bus.every(interval, sweep.ask_for_snapshots)
    bus.every(interval, sweep.clear_left_over)
    bus.every(interval, filing.sweep)
    bus.consume(ERASURES, erasing.asked)
    bus.consume(TICKETS, desk.tickets_changed)
    bus.consume(SCREENED, desk.messages_screened)
    bus.consume(FILES, filing.parts_came)
    bus.consume(SNAPSHOTS, desk.snapshots_taken)
    bus.consume(CLICKS, desk.links_followed)
    bus.consume(SIGNALS, desk.signals_seen)
    bus.consume(SENDS, desk.sends_told)
    bus.consume(PROFILES, desk.profiles_changed)
    bus.consume(PROFILE_EVENTS, desk.profile_events_seen)
    bus.consume(PRESENCE, desk.presence_told)


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of the desk's that makes indexes."""
    sides = [MongoReadModel(database, side) for side in SIDES]
    return [
        *sides,
        MongoOwn(database),
        MongoAround(database),
        MongoPeople(database),
        MongoFiles(database),
    ]


def build(settings: Settings) -> Service:
    """The desk on Kafka, MongoDB and Redis, ready to run."""
    database = Mongo(settings.mongo, SERVICE)
    cache = redis.connect(settings.redis, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=_is_transient, stop_timeout=settings.stop_timeout
    )
    own = MongoOwn(database.database)
    around = MongoAround(database.database)
    people = MongoPeople(database.database)
    models = Models(own)
    telling = RedisTelling(cache, settings.redis.prefix)
    clock: Clock = system_clock
    log = SettingsLog(settings.kafka)
    held = _Held()
    parts = Parts(
        models,
        around,
        own,
        held.get,
        Here(cache, settings.redis.prefix),
        telling,
        bus.accounts,
        log,
        bus.publish,
        clock,
        signing_key(settings),
        settings.public_url,
        settings.largest_upload,
    )
    counting = Counting(parts)
    held.hub = hub = Hub(cache, settings.redis.prefix, Board(parts, counting))
    jobs = Jobs(parts)
    desk = Desk(models, around, own, telling, bus.accounts, clock, bus.publish, own.files)
    sweep = Sweep(own, bus.accounts, bus.publish, clock, own.side)
    silence = Silence(around, bus.accounts, telling, clock)
    erasing = Erasing(around, models, telling, bus.publish)
    filing = Filing(own.files, around, clock)
    wire(bus, desk, erasing, filing, sweep, silence, jobs, settings.sweep_interval)
    bus.every(settings.sweep_interval, Refiling(models.serving).sweep)
    lasting = Lasting(settings.session_idle, settings.session_longest)
    sessions = Sessions(
        people,
        bus.accounts,
        clock,
        signing_key(settings),
        lasting,
        settings.secure_cookies,
        settings.public_url,
    )
    oidc = settings.oidc
    provider = None
    if oidc.issuer:
        client = Client(
            oidc.issuer,
            oidc.client_id,
            oidc.secret("client_secret"),
            settings.public_url,
            oidc.scopes,
        )
        provider = Provider(client, people, clock)
    by_password = not oidc.issuer or oidc.passwords_too
    signing = SigningIn(
        sessions,
        Throttle(cache, settings.redis.prefix, clock),
        Passwords(people, bus.accounts, clock) if by_password else None,
        provider,
    )
    limits = Limits(largest_upload=settings.largest_upload)
    clicks = Clicks(bus.publish, clock)
    short = ShortLinks(bus.accounts, around.links, clicks.note, settings.public_url)
    app = application(
        parts, signing, counting, jobs, limits, report_to=settings.csp_report_to, short=short
    )
    stores = with_indexes(database.database)
    return Service(
        settings,
        bus,
        opening=[store.ensure_indexes for store in stores],
        doors=[
            Listening(
                app,
                settings.http_host,
                settings.http_port,
                beside=[hub.run],
                proxies=settings.trusted_proxies,
            ),
            # Behind the other one: what comes in last is published too.
            clicks,
        ],
        closing=[log.close, database.close, cache.aclose],
    )


@dataclass(slots=True)
class _Held:
    """The hub, which is made after what it is made of."""

    hub: Hub | None = None

    def get(self) -> Hub:
        """The hub."""
        assert self.hub is not None  # noqa: S101  # `build` has set it before anybody asks
        return self.hub


def _is_transient(error: BaseException) -> bool:
    return mongo.is_transient(error) or redis.is_transient(error)
