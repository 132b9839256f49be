"""Builds the read model anew beside the one that serves, then lets it serve (VWS 9)."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from services.desk.handlers import Desk, News, Telling
from services.desk.keeping import Around
from services.desk.rules.answers import Answered
from services.desk.storing import ReadModel
from services.desk.sweep import asked_for, request
from shared.bus.accounts import Accounts
from shared.bus.delivery import Outgoing, Publish, Record
from shared.clock import Clock
from shared.contracts.snapshots import SnapshotsPublished
from shared.errors import HelpdeskError, Poison, Transient
from shared.topics import BY_NAME, COMMANDS, SCREENED, SNAPSHOTS, TICKETS

REBUILT_FROM: Final = (TICKETS, SCREENED, SNAPSHOTS)

HELD: Final = timedelta(seconds=30)
"""So long a rebuild has the word of it, and renews it; whoever died is over after that."""

GOES_ON: Final = timedelta(seconds=60)
"""So long it writes beyond the switch: replicas learn of it within a second or two."""

_AT_ONCE: Final = 500
_AGAIN_AFTER: Final = 0.5


class RebuildRefused(HelpdeskError):
    """Another one is at it, or has taken this one's place."""


class RebuildUnfinished(HelpdeskError):
    """Ticketing has not published all snapshots in time."""


class Side(ReadModel, Protocol):
    """A read model that can be emptied."""

    async def clear(self) -> None:
        """Nothing is in it but the indexes."""


class State(Protocol):
    """Which side serves, and who builds the other one."""

    async def side(self) -> Any:  # noqa: ANN401  # one of two names
        """The side that serves."""

    async def serve(self, side: Any) -> None:  # noqa: ANN401  # one of two names
        """From now on that one serves."""

    async def hold_rebuild(self, token: str, until: Any, now: Any) -> bool:  # noqa: ANN401  # times
        """Take or renew the right to rebuild; False while somebody else has it."""

    async def end_rebuild(self, token: str) -> None:
        """Give it back."""

    async def is_new(self, what: str, now: Any) -> bool:  # noqa: ANN401  # a time
        """Note that something was done."""


class Topics(Protocol):
    """What the read model is built from; see `shared.bus.rereading.Rereading`."""

    async def ends(self) -> Any:  # noqa: ANN401  # as the reader has them
        """Where the topics end now."""

    async def reached(self, ends: Any) -> bool:  # noqa: ANN401  # as the reader has them
        """Whether everything before these ends was given out."""

    async def some(self, most: int) -> list[Record]:
        """The next records."""


@dataclass(frozen=True, slots=True)
class _Silent:
    """Nobody is told what was told long ago."""

    model: ReadModel

    async def serving(self) -> ReadModel:
        """The one that is built."""
        return self.model

    async def keep(self, _: Sequence[Answered]) -> None:
        """See `keeping.Answers`."""

    async def forget_drafts(self, _: Collection[str]) -> None:
        """See `keeping.Answers`."""

    async def following(self, _: Collection[str]) -> list[str]:
        """See `keeping.Answers`."""
        return []

    async def publish(self, _: Sequence[Outgoing]) -> None:
        """See `handlers.Desk`."""

    async def tell(self, _: Sequence[News]) -> None:
        """See `handlers.Telling`."""


@dataclass(slots=True)
class Rebuilding:
    """One rebuild, which `token` names. Whoever dies begins anew: the serving side is untouched."""

    token: str
    state: State
    side_of: Callable[[Any], Side]
    sides: Sequence[Any]
    topics: Topics
    around: Around
    accounts: Accounts
    publish: Publish
    telling: Telling
    clock: Clock
    is_transient: Callable[[Exception], bool]
    wait: timedelta = timedelta(hours=1)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    said: Callable[[str], None] = print
    _published: set[str] = field(default_factory=set)
    _held_until: Any = None
    _taken: int = 0

    async def run(self) -> int:
        """Afterwards the other side serves, with all that the topics and ticketing hold.

        Returns how many records it took. Raises RebuildRefused, RebuildUnfinished.
        """
        await self._hold()
        serving = await self.state.side()
        new = next(side for side in self.sides if side != serving)
        model = self.side_of(new)
        await model.clear()
        silent = _Silent(model)
        desk = Desk(silent, self.around, silent, silent, self.accounts, self.clock, silent.publish)
        accounts = [account.account_id for account in self.accounts]
        wanted = await self._ask(accounts)
        self.said(f"building anew on the side {new!r}, {len(accounts)} accounts")
        await self._until_published(desk, wanted)
        # Who says that all are published speaks on a partition of its own.
        await self._up_to(desk, await self.topics.ends())
        self.said(f"{self._taken} records taken; switching")
        await self._hold()
        for account in accounts:
            await self.state.is_new(asked_for(new, account), self.clock())
        await self.state.serve(new)
        until = self.clock() + GOES_ON
        told = False
        while self.clock() < until:
            await self._take_some(desk)
            if not told and self.clock() > until - GOES_ON + timedelta(seconds=3):
                told = True
                await self.telling.tell([News(account, "reload", {}) for account in accounts])
        await self._up_to(desk, await self.topics.ends())
        # What is erased from now on is erased where pages are read: nothing may be left elsewhere.
        await self.side_of(serving).clear()
        await self.state.end_rebuild(self.token)
        return self._taken

    async def _ask(self, accounts: Collection[str]) -> set[str]:
        """Ask ticketing for the snapshots of each account, by a request of this rebuild's own."""
        now = self.clock()
        asked = [request(account, f"rebuild:{self.token}", now) for account in accounts]
        await self.publish([COMMANDS.record(each) for each in asked])
        return {each.id for each in asked}

    async def _until_published(self, desk: Desk, wanted: set[str]) -> None:
        deadline = self.clock() + self.wait
        while missing := wanted - self._published:
            if self.clock() > deadline:
                text = f"ticketing has not published {len(missing)} accounts' tickets in time"
                raise RebuildUnfinished(text)
            await self._take_some(desk)

    async def _up_to(self, desk: Desk, ends: Any) -> None:  # noqa: ANN401  # as the reader has them
        while not await self.topics.reached(ends):
            await self._take_some(desk)

    async def _take_some(self, desk: Desk) -> None:
        await self._hold()
        records = await self.topics.some(_AT_ONCE)
        by_topic: dict[str, list[Any]] = {}
        for record in records:
            try:
                body = BY_NAME[record.topic].parse(record)
            except Poison:
                # Whoever serves has made it a dead letter.
                continue
            if body is not None:
                by_topic.setdefault(record.topic, []).append(body)
        for topic, handler in (
            (TICKETS, desk.tickets_changed),
            (SCREENED, desk.messages_screened),
            (SNAPSHOTS, desk.snapshots_taken),
        ):
            if bodies := by_topic.get(topic.name):
                await self._until_stored(handler, bodies)
        said = by_topic.get(SNAPSHOTS.name, ())
        self._published |= {s.request_id for s in said if isinstance(s, SnapshotsPublished)}
        self._taken += len(records)

    async def _until_stored(self, handler: Callable[[Any], Awaitable[None]], bodies: Any) -> None:  # noqa: ANN401  # of the topic
        while True:
            try:
                await handler(bodies)
            except Exception as error:
                if not isinstance(error, Transient) and not self.is_transient(error):
                    raise
                await self._hold()
                await self.sleep(_AGAIN_AFTER)
            else:
                return

    async def _hold(self) -> None:
        """Have the word of it for a while longer."""
        now = self.clock()
        if self._held_until is not None and now < self._held_until - HELD / 2:
            return
        if not await self.state.hold_rebuild(self.token, now + HELD, now):
            text = "another rebuild is at work, or died less than half a minute ago"
            raise RebuildRefused(text)
        self._held_until = now + HELD
