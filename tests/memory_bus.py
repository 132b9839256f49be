"""The bus in memory: the log is a list, and time stands still until a test moves it."""

import itertools
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Handler, Outgoing, Record, dead_letter
from shared.contracts.accounts import AccountSettings
from shared.errors import Poison
from shared.topic import Service, Topic, UnknownType
from shared.topics import ACCOUNTS, BY_NAME

MORNING = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
"""A Wednesday, in business hours."""


@dataclass
class FakeClock:
    """A clock that a test moves."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        """Move on, by so many `days`, `hours`, `minutes`, `seconds`."""
        self.now += timedelta(**by)


@dataclass
class MemoryLog:
    """All topics of one pipeline: records in the order in which they were published."""

    clock: FakeClock = field(default_factory=FakeClock)
    records: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    published: set[tuple[Service, str]] = field(default_factory=set)
    consumed: set[tuple[Service, str]] = field(default_factory=set)
    buses: list["MemoryBus"] = field(default_factory=list)

    def append(self, outgoing: Outgoing) -> None:
        """Put a record on its topic, at the present moment."""
        topic = self.records[outgoing.topic]
        topic.append(
            Record(
                outgoing.topic,
                0,
                len(topic),
                outgoing.key,
                outgoing.value,
                outgoing.headers,
                self.clock(),
            )
        )

    def put(self, topic: Topic[Any], *bodies: Any) -> None:
        """Publish bodies, as another system does."""
        for body in bodies:
            self.append(topic.record(body))

    def bodies(self, topic: Topic[Any]) -> list[Any]:
        """What a topic says, as its consumers understand it."""
        return [topic.parse(record) for record in self.records[topic.name]]

    async def settle(self) -> None:
        """Deliver and sweep until nothing is left to be delivered."""
        for _ in range(50):
            moved = [await bus.deliver() for bus in self.buses]
            for bus in self.buses:
                for sweep in bus.sweeps:
                    await sweep()
            moved += [await bus.deliver() for bus in self.buses]
            if not any(moved):
                return
        raise AssertionError("the pipeline does not come to rest")


@dataclass
class MemoryBus:
    """One service's end of the log (see `shared.bus.ports.Bus`)."""

    service: Service
    log: MemoryLog
    accounts: AccountsTable = field(default_factory=AccountsTable)
    handlers: dict[str, Handler] = field(default_factory=dict)
    followed: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    sweeps: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    batch: Callable[[], int] = field(default_factory=lambda: itertools.repeat(500).__next__)

    def __post_init__(self) -> None:
        self.log.buses.append(self)

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        assert self.service in topic.consumers
        self.log.consumed.add((self.service, topic.name))
        self.handlers[topic.name] = handler

    def follow(self, topic: Topic[Any], apply: Callable[[Any], None]) -> None:
        assert self.service in topic.consumers
        self.log.consumed.add((self.service, topic.name))
        self.followed[topic.name] = apply

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        assert interval > timedelta(0)
        self.sweeps.append(sweep)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        for record in records:
            assert self.service in BY_NAME[record.topic].producers
            self.log.published.add((self.service, record.topic))
            self.log.append(record)

    async def deliver(self) -> bool:
        """Hand over what is new, a batch a topic; whether there was any."""
        self._read_accounts()
        for name, apply in self.followed.items():
            for record in self.log.records[name]:
                apply(BY_NAME[name].parse(record))
        moved = False
        for name, handler in self.handlers.items():
            start = self.positions[name]
            records = self.log.records[name][start : start + self.batch()]
            if records:
                await self._handle(BY_NAME[name], handler, records)
                self.positions[name] = start + len(records)
                moved = True
        return moved

    def rewind(self) -> None:
        """Deliver everything again, from the start."""
        self.positions.clear()

    def _read_accounts(self) -> None:
        for record in self.log.records[ACCOUNTS.name]:
            try:
                self.accounts.apply(ACCOUNTS.parse(record))  # type: ignore[arg-type]
            except Poison:
                continue

    async def _handle(self, topic: Topic[Any], handler: Handler, records: Sequence[Record]) -> None:
        good: list[tuple[Record, Any]] = []
        dead: list[tuple[Record, Exception]] = []
        for record in records:
            try:
                good.append((record, topic.heard(record)))
            except UnknownType:
                continue
            except Poison as error:
                dead.append((record, error))
        refusals = await handler([body for _, body in good]) if good else None
        dead += [(good[place][0], refusal) for place, refusal in (refusals or {}).items()]
        for record, why in dead:
            letter = dead_letter(record, why, service=self.service, tries=1, now=self.log.clock())
            await self.publish([letter])


def settings(**fields: Any) -> AccountSettings:
    """Settings of the account `acme`, as JSON would say them."""
    return AccountSettings.model_validate({"account_id": "acme", **fields})
