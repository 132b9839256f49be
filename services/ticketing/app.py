"""Ticketing, wired together: read it from top to bottom."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

from services.ticketing import measure
from services.ticketing.erasing import Erasable, Erasing
from services.ticketing.handlers import Item, Ticketing, TicketPolicy, Tickets
from services.ticketing.measure import Measure
from services.ticketing.numbering import Numbering
from services.ticketing.rules.ticket import Ticket
from services.ticketing.settings import Settings
from services.ticketing.snapshot_store import MongoRequests
from services.ticketing.snapshots import Requests, Snapshots
from services.ticketing.store import MongoTickets
from services.ticketing.sweep import Due, TicketSweep
from shared.bus.delivery import Handler, Refusals
from shared.bus.kafka_bus import KafkaBus
from shared.bus.ports import Bus
from shared.clock import Clock, system_clock
from shared.contracts.base import CHANNELS
from shared.contracts.commands import Command, HandOver, PublishSnapshots
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import TicketStatus
from shared.running import metrics
from shared.running.service import Service
from shared.stores.aggregates import Aggregates
from shared.stores.documents import Store
from shared.stores.mongo import Mongo, is_transient
from shared.stores.recent import RecentDocuments
from shared.topics import ATTRIBUTIONS, COMMANDS, ERASURES, SCREENED, SIGNALS
from shared.values.links import LinkCodes
from shared.values.mail_tokens import NO_TOKENS, MailTokens

SERVICE: Final = "ticketing"


def show_counts(counts: Mapping[TicketStatus, int]) -> None:
    """Set the gauge of how many tickets there are."""
    for status, count in counts.items():
        metrics.TICKETS.labels(status).set(count)


class TicketStore(Store[Ticket], Tickets, Due, measure.Tickets, Erasable, Protocol):
    """All that ticketing needs of its store."""


def wire(
    bus: Bus,
    store: TicketStore,
    requests: Requests,
    clock: Clock,
    sweep_interval: timedelta = timedelta(seconds=1),
    tokens: MailTokens = NO_TOKENS,
    snapshots_at_once: int = 100,
) -> None:
    """Connect the handlers and the sweeps to a bus and a store.

    `snapshots_at_once` are the tickets that a sweep publishes of each request for snapshots.
    """
    numbers = Numbering(store.take_numbers, clock)
    policy = TicketPolicy(store, numbers, bus.accounts, tokens, LinkCodes(tokens.keys))
    tickets: Aggregates[Ticket, Item] = Aggregates(
        store, bus.publish, clock, policy, trimmed_later=True, recent=RecentDocuments()
    )
    erasing = Erasing(tickets, store, bus.publish)
    ticketing = Ticketing(tickets, store, bus.accounts, erasing.taken)
    sweep = TicketSweep(store, tickets, clock)
    snapshots = Snapshots(requests, bus.publish, clock, snapshots_at_once)
    bus.consume(SCREENED, measured(ticketing.messages_screened, clock))
    bus.consume(SIGNALS, ticketing.signals_seen)
    bus.consume(COMMANDS, commands_given(ticketing, snapshots))
    bus.consume(ATTRIBUTIONS, ticketing.messages_attributed)
    bus.consume(ERASURES, erasing.asked)
    bus.every(sweep_interval, sweep.wake)
    bus.every(sweep_interval, sweep.finish)
    bus.every(sweep_interval, snapshots.sweep)
    bus.every(sweep_interval, Measure(store, clock, show_counts).count)


def commands_given(ticketing: Ticketing, snapshots: Snapshots) -> Handler:
    """What takes the commands: those on tickets, and those that ask for snapshots."""

    async def take(given: Sequence[Command | HandOver | PublishSnapshots]) -> Refusals | None:
        if asked := [command for command in given if isinstance(command, PublishSnapshots)]:
            await snapshots.requested(asked)
        on_tickets = {
            at: each for at, each in enumerate(given) if isinstance(each, Command | HandOver)
        }
        refused = await ticketing.commands_given(list(on_tickets.values()))
        places = list(on_tickets)
        return {places[at]: why for at, why in (refused or {}).items()}

    return take


def measured(handler: Handler, clock: Clock) -> Handler:
    """The handler; of each message it has taken, the time since its receipt is noted."""
    series = {channel: metrics.INBOUND_TO_TICKET.labels(channel) for channel in CHANNELS}

    async def take(messages: Sequence[Any]) -> Refusals | None:
        refused = await handler(messages)
        now = clock()
        for place, message in enumerate(messages):
            if isinstance(message, InboundMessage) and place not in (refused or ()):
                took = (now - message.occurred_at).total_seconds()
                series[message.channel].observe(max(took, 0))
        return refused

    return take


def build(settings: Settings) -> Service:
    """Ticketing on Kafka and MongoDB, ready to run."""
    mongo = Mongo(settings.mongo, SERVICE)
    bus = KafkaBus(
        SERVICE, settings.kafka, transient=is_transient, stop_timeout=settings.stop_timeout
    )
    store = MongoTickets(mongo.database)
    requests = MongoRequests(mongo.database, store)
    wire(
        bus,
        store,
        requests,
        system_clock,
        settings.sweep_interval,
        settings.tokens,
        settings.snapshots_at_once,
    )
    return Service(
        settings,
        bus,
        opening=[store.ensure_indexes, requests.ensure_indexes],
        closing=[mongo.close],
    )
