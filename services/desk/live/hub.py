"""Follows the streams of those accounts that are being looked at, and passes on what they say.

An entry's id is the id of the events that it leads to, so that a page goes on where it was, with
whichever replica answers it.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from services.desk.live.telling import stream_of
from services.desk.rules.people import Who
from shared.clock import Clock, system_clock
from shared.running.metrics import DESK_OPEN_PAGES, DESK_UPDATE_DELAY
from shared.running.telling import told

if TYPE_CHECKING:
    from redis.asyncio import Redis

_log = structlog.get_logger()

BEGINNING: Final = "0-0"
"""The position in a stream that says nothing yet."""

_COUNTED_EVERY: Final = 0.4
"""In seconds: changes that come faster are counted together."""

_BLOCK_MS: Final = 200
_AT_ONCE: Final = 1_000
_QUEUED: Final = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What a stream says at one position."""

    id: str
    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """What a page is told; `data` is JSON. Without an id it is of the moment alone."""

    type: str
    data: str = "{}"
    id: str | None = None


@dataclass(slots=True, eq=False)
class Page:
    """An open page's end: what it is told waits in `events` until it is sent."""

    who: Who
    events: "asyncio.Queue[Event]" = field(default_factory=lambda: asyncio.Queue(_QUEUED))

    def tell(self, event: Event) -> None:
        """Tell it; a page that takes nothing for long is told to reload instead."""
        try:
            self.events.put_nowait(event)
        except asyncio.QueueFull:
            while not self.events.empty():
                self.events.get_nowait()
            self.events.put_nowait(Event("reload", id=event.id))


class Board(Protocol):
    """Makes what pages are told of what the streams say."""

    async def told(
        self, account_id: str, entries: Sequence[Entry], people: Sequence[Who]
    ) -> list[list[Event]]:
        """For each of these people, what these entries are to them."""

    async def counted(
        self, account_id: str, people: Sequence[Who], seats: AbstractSet[str] | None
    ) -> dict[str, Event]:
        """The counts by agent; `seats` are those whose own may have changed, None: everybody's."""


@dataclass(slots=True)
class Hub:
    """One replica's ear: `run` it beside the pages."""

    redis: "Redis"
    prefix: str
    board: Board
    clock: Clock = system_clock
    _pages: dict[str, list[Page]] = field(default_factory=dict)
    _at: dict[str, str] = field(default_factory=dict)
    _waiting: dict[tuple[str, str], list["asyncio.Future[Entry]"]] = field(default_factory=dict)
    _uncounted: dict[str, set[str] | None] = field(default_factory=dict)
    _counting: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _away: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def position(self, account_id: str) -> str:
        """The id of the newest entry of the account's stream; BEGINNING where there is none.

        What is read from the read model afterwards has all that the stream says up to it. While
        Redis is away it is BEGINNING too.
        """
        try:
            newest = await self.redis.xrevrange(stream_of(self.prefix, account_id), count=1)
        except Exception as error:  # noqa: BLE001  # pages must open all the same
            _log.warning("live updates are away", error=told(error))
            return BEGINNING
        return _text(newest[0][0]) if newest else BEGINNING

    @contextlib.asynccontextmanager
    async def opened(self, who: Who, since: str | None) -> AsyncIterator[Page]:
        """A page that is told all that happens, and first what it missed since that position."""
        page = Page(who)
        account = who.account_id
        if account not in self._at:
            position = await self.position(account)
            self._at.setdefault(account, position)
        # From here to where it is in the list nothing may be awaited: it would miss what comes.
        at = self._at[account]
        self._pages.setdefault(account, []).append(page)
        self._wake.set()
        DESK_OPEN_PAGES.inc()
        try:
            page.tell(Event("poll" if self._away else "live", id=at))
            if since is not None and since != at:
                await self._tell_missed(page, since, at)
            page.tell((await self.board.counted(account, [who], None))[who.id])
            yield page
        finally:
            DESK_OPEN_PAGES.dec()
            self._pages[account].remove(page)
            self._forget(account)

    async def _tell_missed(self, page: Page, since: str, until: str) -> None:
        account = page.who.account_id
        key = stream_of(self.prefix, account)
        try:
            found: Any = await self.redis.xrange(key, since, until, count=_AT_ONCE)
        except Exception as error:  # noqa: BLE001  # an id that is none, or Redis is away
            _log.info("what a page missed cannot be told", error=told(error))
            found = None
        entries = [_entry(*each) for each in found or ()]
        # The entry that it saw last must be there: else what came between may be forgotten.
        if not entries or entries[0].id != since or len(entries) >= _AT_ONCE:
            page.tell(Event("reload", id=until))
            return
        for events in await self.board.told(account, entries[1:], [page.who]):
            for event in events:
                page.tell(event)

    @contextlib.contextmanager
    def answer_to(self, account_id: str, command_id: str) -> Any:  # noqa: ANN401  # an iterator's
        """A future of the entry that tells what became of the command."""
        future: asyncio.Future[Entry] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((account_id, command_id), []).append(future)
        self._wake.set()
        try:
            yield future
        finally:
            waiting = self._waiting[account_id, command_id]
            waiting.remove(future)
            if not waiting:
                del self._waiting[account_id, command_id]
            self._forget(account_id)

    def _forget(self, account_id: str) -> None:
        if not self._pages.get(account_id):
            self._pages.pop(account_id, None)
            if not any(account == account_id for account, _ in self._waiting):
                self._at.pop(account_id, None)

    async def run(self) -> None:
        """Follow until cancelled. While Redis is away, pages are told to poll."""
        while True:
            accounts = {*self._pages, *(account for account, _ in self._waiting)}
            if not accounts:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                await self._follow(accounts)
            except Exception as error:  # noqa: BLE001  # pages poll meanwhile
                self._fell_silent()
                _log.warning("live updates are away", error=told(error), exc_info=error)
                await asyncio.sleep(1)

    async def _follow(self, accounts: set[str]) -> None:
        for account in accounts:
            if account not in self._at:
                position = await self.redis.xrevrange(stream_of(self.prefix, account), count=1)
                self._at.setdefault(account, _text(position[0][0]) if position else BEGINNING)
        streams: dict[Any, Any] = {
            stream_of(self.prefix, account): self._at[account]
            for account in accounts
            if account in self._at
        }
        named = {stream_of(self.prefix, account): account for account in accounts}
        if not streams:
            return
        answered = await self.redis.xread(streams, count=_AT_ONCE, block=_BLOCK_MS)
        if self._away:
            self._away = False
            for page in self._all():
                page.tell(Event("live"))
                page.tell(Event("reload"))
        pairs: Any = answered.items() if isinstance(answered, dict) else answered or ()
        for key, found in pairs:
            entries = _flat(found)
            if entries:
                await self._pass_on(named[_text(key)], entries)

    async def _pass_on(self, account: str, entries: Sequence[Entry]) -> None:
        if account not in self._at:
            return
        self._at[account] = entries[-1].id
        pages = list(self._pages.get(account, ()))
        for entry in entries:
            if entry.kind == "command":
                for future in self._waiting.get((account, entry.body["command_id"]), ()):
                    if not future.done():
                        future.set_result(entry)
        if not pages:
            return
        if (seats := _seats(entries)) is None or seats:
            self._count_soon(account, seats)
        told_to = await self.board.told(account, entries, [page.who for page in pages])
        for page, events in zip(pages, told_to, strict=True):
            for event in events:
                page.tell(event)
        DESK_UPDATE_DELAY.observe(_age(entries[0].id, self.clock()))

    def _count_soon(self, account: str, seats: set[str] | None) -> None:
        """Count at once, or once the last counting is some time ago."""
        before = self._uncounted.get(account, set())
        self._uncounted[account] = None if seats is None or before is None else seats | before
        if account not in self._counting:
            self._counting[account] = asyncio.create_task(self._count(account))

    async def _count(self, account: str) -> None:
        try:
            while account in self._uncounted:
                seats = self._uncounted.pop(account)
                pages = list(self._pages.get(account, ()))
                if not pages:
                    return
                people = [page.who for page in pages]
                counted = await self.board.counted(account, people, seats)
                for page in pages:
                    page.tell(counted[page.who.id])
                await asyncio.sleep(_COUNTED_EVERY)
        except Exception as error:  # noqa: BLE001  # pages fetch for themselves then
            _log.warning("views could not be counted", error=told(error), exc_info=error)
            self._uncounted.pop(account, None)
            for page in self._pages.get(account, ()):
                page.tell(Event("reload"))
        finally:
            del self._counting[account]

    def _fell_silent(self) -> None:
        if not self._away:
            self._away = True
            for page in self._all():
                page.tell(Event("poll"))

    def _all(self) -> list[Page]:
        return [page for pages in self._pages.values() for page in pages]


def _seats(entries: Sequence[Entry]) -> set[str] | None:
    """Whose tickets these entries say that changed; None where any may have."""
    found: set[str] = set()
    for entry in entries:
        if entry.kind in ("reload", "settings"):
            return None
        if entry.kind == "ticket":
            if (of := entry.body.get("of")) is None:
                return None
            found |= set(of) or {""}
    return found


def _age(id_: str, now: datetime) -> float:
    """How long ago, in seconds, Redis gave an entry its id; 0 where its clock is ahead of ours."""
    return max(0.0, now.timestamp() - int(id_.partition("-")[0]) / 1_000)


def _flat(found: Any) -> list[Entry]:  # noqa: ANN401  # the driver's answer differs by protocol
    pairs = found[0] if found and isinstance(found[0], list) else found
    return [_entry(*each) for each in pairs]


def _entry(id_: Any, fields: Mapping[Any, Any]) -> Entry:  # noqa: ANN401  # text or bytes
    said = {_text(name): _text(value) for name, value in fields.items()}
    return Entry(_text(id_), said["kind"], json.loads(said["body"]))


def _text(value: Any) -> str:  # noqa: ANN401  # text or bytes
    return value.decode() if isinstance(value, bytes) else str(value)
