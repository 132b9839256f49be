"""Hubs on Redis, and what their pages were told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from services.desk.handlers import News
from services.desk.live.hub import Hub
from services.desk.live.pages import Event, Page
from services.desk.live.telling import RedisTelling, stream_of
from services.desk.rules.people import Who
from shared.running.settings import RedisSettings
from shared.stores import redis

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from collections.abc import Set as AbstractSet

    from services.desk.live.streams import Entry

ANN, BOB = Who("acme", "ann", "Ann"), Who("acme", "bob", "Bob")
EVE = Who("zeta", "eve", "Eve")


@dataclass
class Plain:
    """Tells each page the numbers of the entries; fails for the accounts in `broken`."""

    broken: set[str] = field(default_factory=set)
    counted_for: list[tuple[str, AbstractSet[str] | None]] = field(default_factory=list)

    async def told(
        self, account_id: str, entries: Sequence[Entry], people: Sequence[Who]
    ) -> list[list[Event]]:
        await asyncio.sleep(0)
        if account_id in self.broken:
            raise ValueError(account_id)
        numbers = json.dumps([entry.body["n"] for entry in entries])
        return [[Event("tickets", numbers, entries[-1].id)] for _ in people]

    async def counted(
        self, account_id: str, people: Sequence[Who], seats: AbstractSet[str] | None
    ) -> dict[str, Event]:
        await asyncio.sleep(0)
        self.counted_for.append((account_id, seats))
        return {who.id: Event("counts") for who in people}


@dataclass
class Site:
    """Redis, and the replicas that listen to it."""

    cache: Any
    prefix: str
    hubs: list[Hub] = field(default_factory=list)
    running: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    count: int = 0

    def hub(self, *, runs: bool = True, board: Plain | None = None) -> Hub:
        hub = Hub(self.cache, self.prefix, board or Plain())
        self.hubs.append(hub)
        if runs:
            self.run(hub)
        return hub

    def run(self, hub: Hub) -> None:
        self.running[id(hub)] = asyncio.create_task(hub.run())

    async def stop(self, hub: Hub) -> None:
        task = self.running.pop(id(hub), None)
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def happen(self, times: int = 1, account: str = "acme") -> list[int]:
        numbers = list(range(self.count + 1, self.count + times + 1))
        self.count += times
        telling = RedisTelling(self.cache, self.prefix)
        body = [{"n": n, "ticket_id": f"t{n}", "of": [""]} for n in numbers]
        await telling.tell([News(account, "ticket", each) for each in body])
        return numbers

    @property
    def key(self) -> str:
        return stream_of(self.prefix, "acme")


@contextlib.asynccontextmanager
async def a_site(url: str, prefix: str) -> AsyncIterator[Site]:
    cache = redis.connect(RedisSettings(url=SecretStr(url)))
    found = Site(cache, prefix)
    try:
        yield found
    finally:
        for hub in found.hubs:
            await found.stop(hub)
        await cache.aclose()


class Seen:
    """What a page was told so far."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.events: list[Event] = []
        self.ended = False

    async def until(self, holds: Any, patience: float = 15) -> None:
        async with asyncio.timeout(patience):
            while not holds():
                event = await self.page.events.get()
                if event is None:
                    self.ended = True
                else:
                    self.events.append(event)

    async def until_told(self, number: int) -> list[int]:
        """All numbers that it was told, once it was told that one."""
        await self.until(lambda: number in self.numbers)
        return self.numbers

    async def until_type(self, type_: str) -> None:
        await self.until(lambda: type_ in self.types)

    @property
    def numbers(self) -> list[int]:
        return [n for e in self.events if e.type == "tickets" for n in json.loads(e.data)]

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def last_id(self) -> str:
        """As browsers keep it."""
        return next(event.id for event in reversed(self.events) if event.id is not None)
