"""Ticketing wired as in production, with a store in memory and a clock that the test turns."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from services.ticketing.app import TicketStore, wire
from services.ticketing.rules.ticket import Ticket
from services.ticketing.snapshots import Requests
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Handler, Outgoing, Record
from shared.contracts.base import Author, Channel
from shared.contracts.commands import CloseTicket, Command, PublishSnapshots, ReplyToTicket
from shared.contracts.erasures import EraseContact
from shared.contracts.marketing import MessageAttributed
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited
from shared.contracts.outbound import OutboundMessage
from shared.contracts.signals import Signal
from shared.contracts.snapshots import SnapshotsPublished, TicketSnapshot
from shared.contracts.tickets import CommandRejected, TicketFact, TicketSummary
from shared.topic import Topic
from shared.topics import ATTRIBUTIONS, BY_NAME, COMMANDS, ERASURES, SCREENED, SIGNALS
from shared.values.ids import computed_id
from tests.builders import MONDAY, a_command, a_message, an_account, an_inbound_mail, the_system
from tests.ticketing.memory import MemoryRequests, MemoryTickets

Item = (
    InboundMessage
    | MessageEdited
    | MessageDeleted
    | Signal
    | Command
    | PublishSnapshots
    | MessageAttributed
    | EraseContact
)
F = TypeVar("F", bound=TicketFact)


def topic_of(item: Item) -> Topic[Any]:
    """The topic on which ticketing gets an item."""
    match item:
        case Signal():
            return SIGNALS
        case Command() | PublishSnapshots():
            return COMMANDS
        case EraseContact():
            return ERASURES
        case MessageAttributed():
            return ATTRIBUTIONS
        case _:
            return SCREENED


Step = Callable[[], Awaitable[None]]


async def _at_once() -> None:
    return


class Stepwise:
    """A store between whose calls, and around them, something else may happen."""

    def __init__(self, store: Any, step: Step) -> None:
        self._store = store
        self._step = step

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        call = getattr(self._store, name)
        if not callable(call):
            return cast(Callable[..., Awaitable[Any]], Stepwise(call, self._step))

        async def stepwise(*arguments: Any, **more: Any) -> Any:
            await self._step()
            answer = await call(*arguments, **more)
            await self._step()
            return answer

        return stepwise


class World:
    """A replica of ticketing and all it touches. `published` are its records, in order.

    Another replica has the same `store` and `published`. Before and after whatever it does to
    either it takes a `step`.
    """

    def __init__(self, beside: "World | None" = None, step: Step = _at_once) -> None:
        self.accounts = AccountsTable()
        self.accounts.apply(an_account())
        self.accounts.apply(an_account(account_id="zeta"))
        self.store: MemoryTickets = beside.store if beside else MemoryTickets()
        self.requests: MemoryRequests = beside.requests if beside else MemoryRequests(self.store)
        self.published: list[Outgoing] = beside.published if beside else []
        self.now = MONDAY
        self._step = step
        self._handlers: dict[str, Handler] = {}
        self._sweeps: list[Callable[[], Awaitable[None]]] = []
        wire(self, self.wired_store(), self.wired_requests(), self.clock)

    def wired_store(self) -> TicketStore:
        """What the service gets for a store."""
        return cast(TicketStore, Stepwise(self.store, self._step))

    def wired_requests(self) -> Requests:
        """What the service gets for the requests for snapshots."""
        return cast(Requests, Stepwise(self.requests, self._step))

    def clock(self) -> datetime:
        return self.now

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        self._handlers[topic.name] = handler

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        assert interval > timedelta(0)
        self._sweeps.append(sweep)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            await self._step()
            self.published.append(record)
        await self._step()

    # What happens

    async def batch(self, items: Sequence[Item]) -> None:
        """Deliver items of one topic as one batch; all are taken."""
        assert not await self.batch_with_refusals(items)

    async def batch_with_refusals(self, items: Sequence[Item]) -> dict[int, str]:
        """Deliver items of one topic as one batch; returns why some are dead-lettered."""
        (topic,) = {topic_of(item).name for item in items}
        refusals = await self._handlers[topic](items)
        return {place: why.reason for place, why in (refusals or {}).items()}

    async def happen(self, *items: Item) -> None:
        """Deliver items one by one."""
        for item in items:
            await self.batch([item])

    async def sweep(self, now: datetime | None = None) -> None:
        self.now = now or self.now
        for sweep in self._sweeps:
            await sweep()

    # What is there

    @property
    def tickets(self) -> list[Ticket]:
        """All tickets, as they were opened."""
        return self.store.tickets

    @property
    def ticket(self) -> Ticket:
        """The only ticket there is."""
        (ticket,) = self.store.tickets
        return ticket

    @property
    def status(self) -> str:
        """The only ticket's status."""
        return self.ticket.status

    def ticket_of(self, item: Item) -> Ticket:
        """The ticket that has the message."""
        return self.store.documents[self.store.ledger[item.id][0]].state

    def now_is(self, ticket: Ticket) -> Ticket:
        """The ticket as it is now."""
        return self.store.documents[ticket.id].state

    def facts(self, kind: type[F]) -> list[F]:
        """The events of that kind, repeats left out, in the order of their first publication."""
        return [event for event in self.events() if isinstance(event, kind)]

    def kinds(self, ticket: Ticket | None = None) -> list[str]:
        """The names of all events (of one ticket), in order."""
        return [
            type(event).__name__
            for event in self.events()
            if isinstance(event, TicketFact) and (ticket is None or event.ticket_id == ticket.id)
        ]

    @property
    def rejections(self) -> list[CommandRejected]:
        return [event for event in self.events() if isinstance(event, CommandRejected)]

    @property
    def sent(self) -> list[OutboundMessage]:
        """What went out to gateways, repeats left out."""
        return [body for body in self._parsed() if isinstance(body, OutboundMessage)]

    def events(self) -> list[Any]:
        """The ticket stream, repeats left out."""
        others = OutboundMessage | TicketSnapshot | SnapshotsPublished
        return [body for body in self._parsed() if not isinstance(body, others)]

    def snapshots(self) -> list[TicketSnapshot | SnapshotsPublished]:
        """What was published of snapshots, repeats left out."""
        return [b for b in self._parsed() if isinstance(b, TicketSnapshot | SnapshotsPublished)]

    def _parsed(self) -> list[Any]:
        first = dict.fromkeys((r.topic, r.key, r.value) for r in self.published)
        bodies = []
        for topic, key, value in first:
            body = BY_NAME[topic].parse(Record(topic, 0, 0, key, value, (), MONDAY))
            assert key == BY_NAME[topic].key(body).encode()
            bodies.append(body)
        return bodies


async def a_ticket(world: World, channel: Channel, *, by: str = "anna", **more: Any) -> Ticket:
    """Let a customer write, and return their ticket."""
    message = write(channel, by=by, **more)
    await world.happen(message)
    return world.ticket_of(message)


def ticket_opened_by(message: InboundMessage) -> str:
    """Return the id of the ticket that a message opened, if it opened one."""
    return computed_id("ticket", message.account_id, message.id)


def write(channel: Channel, *, by: str = "anna", **more: Any) -> InboundMessage:
    """Build a message; by mail, one of the thread that began with `root@example.com`."""
    if channel == "email":
        return an_inbound_mail(by=by, **({"answers": "root@example.com"} | more))
    return a_message(channel=channel, by=by, **more)


async def a_ticket_closed(
    world: World, channel: Channel, *, how: str = "done", at: datetime = MONDAY
) -> Ticket:
    """Return a ticket that an agent answered and closed, or that autoclose closed."""
    ticket = await a_ticket(world, channel)
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="It is on its way."))
    waiting = world.now_is(ticket).waiting_epoch
    author: Author | None = None if how == "done" else the_system()
    await world.happen(
        a_command(
            CloseTicket, ticket_id=ticket.id, by=author, at=at, reason=how, waiting_epoch=waiting
        )
    )
    return world.now_is(ticket)


def summary(ticket: Ticket) -> TicketSummary:
    """The ticket as events show it."""
    return TicketSummary.model_validate({n: getattr(ticket, n) for n in TicketSummary.model_fields})
