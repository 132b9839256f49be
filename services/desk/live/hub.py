"""Follows the streams of those accounts that are being looked at, and passes on what they say.

An entry's id is the id of the events that it leads to, so that a page goes on where it was, with
whichever replica answers it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from services.desk.live.pages import Event, Page
from services.desk.live.recounting import Counts, Recounting
from services.desk.live.streams import BEGINNING, Entry, Streams, is_later
from services.desk.rules.people import Who
from shared.clock import Clock, system_clock
from shared.running.metrics import DESK_OPEN_PAGES, DESK_UPDATE_DELAY
from shared.running.telling import told

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["BEGINNING", "UNKNOWN", "Board", "Entry", "Event", "Hub", "Page"]

_log = structlog.get_logger()

UNKNOWN: Final = "unknown"
"""The position while Redis is away: a page that goes on from there fetches everything anew."""

_LOOKED_AFTER_EVERY: Final = 1.0
_AWAY_FOR: Final = 1.0


class Board(Counts, Protocol):
    """Makes what pages are told of what the streams say."""

    async def told(
        self, account_id: str, entries: Sequence[Entry], people: Sequence[Who]
    ) -> list[list[Event]]:
        """For each of these people, what these entries are to them."""


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
    _away: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _looked_after: float = 0.0
    _recounting: Recounting = field(init=False)

    def __post_init__(self) -> None:
        self._recounting = Recounting(self.board, self._pages)

    @property
    def _streams(self) -> Streams:
        return Streams(self.redis, self.prefix)

    async def position(self, account_id: str) -> str:
        """The id of the newest entry of the account's stream; BEGINNING where there is none.

        What is read from the read model afterwards has all that the stream says up to it. While
        Redis is away it is UNKNOWN.
        """
        try:
            newest = await self._streams.newest([account_id])
        except Exception as error:  # noqa: BLE001  # pages must open all the same
            _log.info("live updates are away", error=told(error))
            return UNKNOWN
        return newest[account_id]

    def open_by(self, who: Who) -> int:
        """How many pages of theirs are open here."""
        pages = self._pages.get(who.account_id, ())
        return sum(page.who.id == who.id for page in pages)

    @contextlib.asynccontextmanager
    async def opened(self, who: Who, since: str | None) -> AsyncIterator[Page]:
        """A page that is told all that happens, and first what it missed since that position.

        The counts come after what it missed: with them it is current.
        """
        account = who.account_id
        if account not in self._at:
            position = await self.position(account)
            if position == UNKNOWN:
                self._fell_silent()
            else:
                self._at.setdefault(account, position)
        # From here to where it is in the list nothing may be awaited: it would miss what comes.
        at = self._at.get(account)
        page = Page(who, at or BEGINNING)
        if at is not None and since is not None and is_later(since, at):
            # Another replica has told it more than this one knows yet.
            page.after = since
        self._pages.setdefault(account, []).append(page)
        self._wake.set()
        DESK_OPEN_PAGES.inc()
        try:
            # What comes meanwhile is told after what was missed, so that ids only ever grow.
            with page.held():
                await self._begin(page, since, at)
            yield page
        finally:
            DESK_OPEN_PAGES.dec()
            self._pages[account].remove(page)
            self._forget(account)

    async def _begin(self, page: Page, since: str | None, at: str | None) -> None:
        reached = page.after if at else None
        if at is None:
            page.tell_first(Event("poll"))
        else:
            goes_on = since is not None and since != at
            page.tell_first(Event("poll" if self._away else "live", id=None if goes_on else at))
            if since is not None and goes_on:
                for event in await self._missed(page, since, at):
                    page.tell_first(event)
        counts = (await self.board.counted(page.who.account_id, [page.who], None))[page.who.id]
        page.tell_first(Event(counts.type, counts.data, reached))

    async def _missed(self, page: Page, since: str, until: str) -> list[Event]:
        """What the page missed; that it is to fetch all anew where that cannot be told."""
        account = page.who.account_id
        try:
            entries = await self._streams.after(account, since, until)
        except Exception as error:  # noqa: BLE001  # Redis is away
            _log.info("what a page missed cannot be told", error=told(error))
            entries = None
        if entries is None:
            page.after = self._at.get(account, until)
            return [Event("reload", id=until)]
        if not entries:
            return []
        (events,) = await self.board.told(account, entries, [page.who])
        return events

    @contextlib.contextmanager
    def answer_to(self, account_id: str, command_id: str) -> "Iterator[asyncio.Future[Entry]]":
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

    def _followed(self) -> set[str]:
        return {*self._pages, *(account for account, _ in self._waiting)}

    async def run(self) -> None:
        """Follow until cancelled. While Redis is away, pages are told to poll."""
        try:
            while True:
                accounts = self._followed()
                if not accounts:
                    self._wake.clear()
                    await self._wake.wait()
                    continue
                try:
                    await self._follow(accounts)
                except Exception as error:  # noqa: BLE001  # pages poll meanwhile
                    if not self._away:
                        _log.warning("live updates are away", error=told(error), exc_info=error)
                    self._fell_silent()
                    await asyncio.sleep(_AWAY_FOR)
                _end_if_cancelled()
        finally:
            # Pages connect again at once, with a replica that is there.
            for page in self._all():
                page.end()
            self._recounting.stop()

    async def _follow(self, accounts: set[str]) -> None:
        if self._away:
            await self._come_back(accounts)
        unknown = accounts - self._at.keys()
        for account, newest in (await self._streams.newest(sorted(unknown))).items():
            self._at.setdefault(account, newest)
        at = {account: self._at[account] for account in accounts if account in self._at}
        for account, entries in (await self._streams.read(at)).items():
            await self._pass_on(account, entries)
        now = asyncio.get_running_loop().time()
        if now - self._looked_after >= _LOOKED_AFTER_EVERY:
            self._looked_after = now
            await self._look_after(self._followed() & self._at.keys())

    async def _come_back(self, accounts: set[str]) -> None:
        """Redis is there again: nobody knows what was not told meanwhile."""
        newest = await self._streams.newest(sorted(accounts))
        self._away = False
        for account in accounts & self._followed():
            self._at[account] = newest[account]
        for page in self._all():
            page.tell(Event("live"))
            self._tell_to_reload(page)

    async def _look_after(self, accounts: AbstractSet[str]) -> None:
        """Streams that were emptied are seen to be so: what they would have said is not known."""
        at = {account: self._at[account] for account in accounts}
        for account, newest in (await self._streams.lost(at)).items():
            if self._at.get(account) == at[account]:
                self._at[account] = newest
                for page in self._pages.get(account, ()):
                    self._tell_to_reload(page)

    def _tell_to_reload(self, page: Page) -> None:
        page.after = self._at.get(page.who.account_id, BEGINNING)
        page.tell(Event("reload", id=page.after))

    async def _pass_on(self, account: str, entries: Sequence[Entry]) -> None:
        known = self._at.get(account)
        # Nobody looks any more; or somebody came anew since these were asked for.
        entries = [each for each in entries if known is not None and is_later(each.id, known)]
        if not entries:
            return
        last = self._at[account] = entries[-1].id
        pages = list(self._pages.get(account, ()))
        for entry in entries:
            if entry.kind == "command":
                for future in self._waiting.get((account, entry.body["command_id"]), ()):
                    if not future.done():
                        future.set_result(entry)
        if not pages:
            return
        self._recounting.after(account, entries)
        try:
            await self._tell(account, entries, pages)
            DESK_UPDATE_DELAY.observe(_age(entries[0].id, self.clock()))
        except Exception as error:  # noqa: BLE001  # of this account alone
            _log.warning("pages could not be told, they reload", error=told(error), exc_info=error)
            for page in pages:
                page.tell(Event("reload", id=last))

    async def _tell(self, account: str, entries: Sequence[Entry], pages: Sequence[Page]) -> None:
        first, last = entries[0].id, entries[-1].id
        ahead = [page for page in pages if not is_later(first, page.after)]
        groups = [(list(entries), [page for page in pages if page not in ahead])]
        groups += [([e for e in entries if is_later(e.id, p.after)], [p]) for p in ahead]
        for page in pages:
            page.after = last if is_later(last, page.after) else page.after
        for some, group in groups:
            if some and group:
                events = await self.board.told(account, some, [page.who for page in group])
                for page, those in zip(group, events, strict=True):
                    for event in those:
                        page.tell(event)

    def _fell_silent(self) -> None:
        if not self._away:
            self._away = True
            for page in self._all():
                page.tell(Event("poll"))

    def _all(self) -> list[Page]:
        return [page for pages in self._pages.values() for page in pages]


def _end_if_cancelled() -> None:
    """While it connects, the driver keeps it to itself that it was cancelled."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _age(id_: str, now: datetime) -> float:
    """How long ago, in seconds, Redis gave an entry its id; 0 where its clock is ahead of ours."""
    return max(0.0, now.timestamp() - int(id_.partition("-")[0]) / 1_000)
