"""Autoclose wired as in production, with stores in memory and a clock that the test turns."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.autoclose.app import TimerStore, wire
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Handler, Outgoing, Record
from shared.contracts.accounts import AccountSettings, AutoClose
from shared.contracts.commands import CloseTicket
from shared.contracts.signals import Signal
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.topic import Topic
from shared.topics import COMMANDS, SIGNALS, TICKETS
from tests.autoclose.memory import MemoryTimers, MemoryTyping
from tests.autoclose.story import DAY, MONDAY, Story

ON = AutoClose(enabled=True)
DUE = MONDAY + 2 * DAY
"""When a ticket that was answered on Monday at nine is closed, by the default silence."""

JUST_AFTER = DUE + timedelta(milliseconds=1)


class World:
    """Autoclose and all it touches. `published` is every close it asked for, in order."""

    def __init__(self, timers: TimerStore | None = None) -> None:
        self.accounts = AccountsTable()
        self.timers: Any = timers or MemoryTimers()
        self.typing = MemoryTyping()
        self.now = MONDAY
        self.published: list[CloseTicket] = []
        self.gaps = 0
        self.broker_is_away = False
        self._handlers: dict[str, Handler] = {}
        self._sweeps: list[Callable[[], Awaitable[None]]] = []
        self.restart()

    def restart(self) -> None:
        """Start another replica; what the first kept in memory is gone."""
        self._sweeps.clear()
        wire(self, self.timers, self.typing, self.clock, missed=self._missed)

    def settings(self, settings: AutoClose, account_id: str = "acme") -> None:
        self.accounts.apply(AccountSettings(account_id=account_id, autoclose=settings))

    def clock(self) -> datetime:
        return self.now

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        self._handlers[topic.name] = handler

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        assert interval > timedelta(0)
        self._sweeps.append(sweep)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        if self.broker_is_away:
            raise ConnectionError
        for place, record in enumerate(records):
            as_read = Record(
                record.topic, 0, place, record.key, record.value, record.headers, self.now
            )
            close = COMMANDS.parse(as_read)
            assert isinstance(close, CloseTicket)
            self.published.append(close)

    async def happen(self, events: Sequence[TicketFact | CommandRejected]) -> None:
        assert await self._handlers[TICKETS.name](events) is None

    async def signal(self, *signals: Signal) -> None:
        assert await self._handlers[SIGNALS.name](signals) is None

    async def sweep(self, now: datetime | None = None) -> None:
        self.now = now or self.now
        for sweep in self._sweeps:
            await sweep()

    def _missed(self, gaps: int) -> None:
        self.gaps += gaps


async def replied(world: World, account_id: str = "acme", ticket_id: str = "t1") -> Story:
    """A ticket whose customer was answered, as autoclose has heard of it."""
    story = Story(account_id, ticket_id)
    story.reply()
    await world.happen(story.events)
    return story
