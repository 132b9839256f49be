"""Publishing tickets as they are stored, when somebody asks for it (VWS 9)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from services.ticketing.rules import snapshots as rules
from services.ticketing.rules.thread_lines import as_shown
from services.ticketing.rules.ticket import Ticket
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.commands import PublishSnapshots
from shared.contracts.snapshots import TicketSnapshot
from shared.stores.documents import Document
from shared.topics import COMMANDS, SNAPSHOTS

HELD: Final = timedelta(minutes=1)
"""For so long a request is left to the replica that works on it."""

REMEMBERED: Final = COMMANDS.retention + timedelta(days=1)
"""How long a request that is done is known, so that its command read again is no second one."""

_REQUESTS = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A request, and how far it is: the tickets up to number `after` are published.

    `until` is the newest number when it was asked: later tickets are on the stream. It may be
    worked on from `due_at` on; one that is `done` is forgotten then.
    """

    command: PublishSnapshots
    until: int
    due_at: datetime
    after: int = 0
    published: int = 0
    done: bool = False
    revision: int = 1

    @property
    def id(self) -> str:
        """Commands' ids are chosen by their senders: two accounts may choose the same."""
        return f"{self.command.account_id}:{self.command.id}"


class Requests(Protocol):
    """What snapshots need of the store."""

    async def newest_number(self, account_id: str) -> int:
        """A number that no ticket of the account exceeds now; 0 where it has none."""

    async def ask(self, requests: Sequence[Request]) -> None:
        """Keep those that are not known yet."""

    async def asked(self, now: datetime, limit: int) -> list[Request]:
        """Requests that are due, `limit` at most."""

    async def move(self, request: Request) -> bool:
        """Store how far it is, if nobody has moved it since it was read; whether that was so."""

    async def forget(self, request: Request) -> None:
        """Delete it."""

    async def from_number(
        self, account_id: str, after: int, until: int, limit: int
    ) -> list[Document[Ticket]]:
        """The account's tickets with greater numbers, up to `until`, by number; `limit` at most."""

    async def thread(
        self, ticket_id: str, *, limit: int, before: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """See `services.ticketing.store.MongoTickets`."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Answers requests for snapshots, `at_once` tickets of a request a sweep.

    Several replicas may sweep at the same time: whoever moves a request on works on it. If that one
    dies, another goes on after a minute; the tickets of its last sweep are then published again.
    """

    requests: Requests
    publish: Publish
    clock: Clock
    at_once: int = 100

    async def requested(self, commands: Sequence[PublishSnapshots]) -> None:
        """Each request is kept, and will be answered."""
        now = self.clock()
        newest = {
            account: await self.requests.newest_number(account)
            for account in {command.account_id for command in commands}
        }
        await self.requests.ask(
            [Request(command, newest[command.account_id], now) for command in commands]
        )

    async def sweep(self) -> None:
        """Some more tickets of each request are published."""
        now = self.clock()
        for request in await self.requests.asked(now, _REQUESTS):
            if request.done:
                await self.requests.forget(request)
                continue
            held = replace(request, due_at=now + HELD)
            if await self.requests.move(held):
                await self._go_on(replace(held, revision=held.revision + 1), now)

    async def _go_on(self, request: Request, now: datetime) -> None:
        command = request.command
        found = await self.requests.from_number(
            command.account_id, request.after, request.until, self.at_once
        )
        wanted = [each for each in found if rules.is_wanted(each.state, command.since)]
        for document in wanted:
            async for page in self._pages(command, document, now):
                await self.publish([SNAPSHOTS.record(page)])
        moved = replace(request, published=request.published + len(wanted), due_at=now)
        if found:
            moved = replace(moved, after=found[-1].state.number)
        if len(found) < self.at_once:
            await self.publish([SNAPSHOTS.record(rules.published(command, moved.published, now))])
            moved = replace(moved, done=True, due_at=now + REMEMBERED)
        await self.requests.move(moved)

    async def _pages(
        self, command: PublishSnapshots, document: Document[Ticket], now: datetime
    ) -> AsyncIterator[TicketSnapshot]:
        ticket = document.state
        lines = await self.requests.thread(ticket.id, limit=rules.PAGE)
        owed, later = rules.owed_lines(ticket.id, document.outbox, lines)
        page = 0
        while True:
            ended = len(lines) < rules.PAGE
            parts = rules.cut(rules.lines_of(ticket, as_shown([*owed, *lines], later)))
            for place, part in enumerate(parts, 1):
                last = ended and place == len(parts)
                yield rules.snapshot(command, ticket, part, now, page=page, last=last)
                page += 1
            if ended:
                return
            lines, owed = (
                await self.requests.thread(ticket.id, limit=rules.PAGE, before=lines[-1]),
                [],
            )
