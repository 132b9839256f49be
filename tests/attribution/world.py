"""Attribution wired as in production, with a store in memory and a clock that the test turns."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.attribution.app import wire
from services.attribution.erasing import Histories
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Handler, Outgoing, Record, Refusals
from shared.contracts.accounts import AccountSettings, AttributionSettings
from shared.contracts.marketing import MessageAttributed, SendDelivered, SendFailed
from shared.contracts.tickets import TicketFact
from shared.errors import Transient
from shared.topic import Topic
from shared.topics import ATTRIBUTIONS, SENDS, TICKETS
from tests.attribution.memory import MemoryContacts
from tests.attribution.story import DAY, MONDAY, final_credits


class World:
    """A replica of attribution and all it touches. `facts` is what it published, in order."""

    def __init__(self, store: Histories | None = None) -> None:
        self.accounts = AccountsTable()
        self.accounts.apply(AccountSettings(account_id="acme"))
        self.store: Any = store or MemoryContacts()
        self.now = MONDAY + 10 * DAY
        self.facts: list[MessageAttributed] = []
        self.keys: set[bytes | None] = set()
        self.broker_is_away = False
        self._handlers: dict[str, Handler] = {}
        self._sweeps: list[Callable[[], Awaitable[None]]] = []
        wire(self, self.store, self.clock)

    def settings(self, settings: AttributionSettings) -> None:
        self.accounts.apply(AccountSettings(account_id="acme", attribution=settings))

    def clock(self) -> datetime:
        return self.now

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        self._handlers[topic.name] = handler

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        assert interval > timedelta(0)
        self._sweeps.append(sweep)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.broker_is_away:
            raise Transient("the broker is away")
        for place, record in enumerate(records):
            as_read = Record(
                record.topic, 0, place, record.key, record.value, record.headers, self.now
            )
            fact = ATTRIBUTIONS.parse(as_read)
            assert isinstance(fact, MessageAttributed)
            self.facts.append(fact)
            self.keys.add(record.key)

    async def sent(self, *reports: SendDelivered | SendFailed) -> Refusals:
        return await self._handlers[SENDS.name](reports) or {}

    async def happened(self, *events: TicketFact) -> Refusals:
        return await self._handlers[TICKETS.name](events) or {}

    async def hears(self, facts: Sequence[SendDelivered | SendFailed | TicketFact]) -> None:
        """Hear the facts in this order, as batches of one topic each."""
        batch: list[Any] = []
        for fact in facts:
            if batch and isinstance(fact, TicketFact) != isinstance(batch[0], TicketFact):
                await self._hear(batch)
                batch = []
            batch.append(fact)
        if batch:
            await self._hear(batch)

    async def _hear(self, batch: list[Any]) -> None:
        hear = self.happened if isinstance(batch[0], TicketFact) else self.sent
        assert not await hear(*batch)

    async def sweep(self) -> None:
        for sweep in self._sweeps:
            await sweep()

    @property
    def credits(self) -> dict[str, str]:
        return final_credits(self.facts)
