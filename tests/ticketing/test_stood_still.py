"""A replica that stood still at the worst of moments, on a real store."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

import pytest

from services.ticketing.app import TicketStore
from services.ticketing.rules.ticket import Ticket
from services.ticketing.store import MongoTickets
from shared.contracts.commands import CloseTicket
from shared.embedded.servers import Servers
from shared.stores.documents import Document
from shared.stores.mongo import Database
from tests.builders import a_command, a_message, minutes
from tests.ticketing.promises import check, final, streams
from tests.ticketing.real import RealWorld, on_mongo
from tests.ticketing.world import Item, World, ticket_opened_by

pytestmark = [pytest.mark.connected, pytest.mark.timeout(120)]

FIRST, SECOND, THIRD = (a_message(channel="webchat", id=f"w{n}", at=minutes(n)) for n in (1, 2, 4))
CLOSE = a_command(CloseTicket, id="w-done", ticket_id=ticket_opened_by(FIRST), at=minutes(3))

Meanwhile = Callable[[], Awaitable[None]]


class Held:
    """A store before and after whose calls something else happens, each only once."""

    def __init__(self, store: MongoTickets, before: dict[str, Meanwhile], after: Meanwhile) -> None:
        self._store, self._before, self._after = store, before, after

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Forward all calls but those that are held."""
        return getattr(self._store, name)  # type: ignore[no-any-return]

    async def applied(self, ids: Sequence[str]) -> Any:
        """See `shared.stores.documents.Store`."""
        await self._once("applied")
        return await self._store.applied(ids)

    async def write(self, documents: Sequence[Document[Ticket]]) -> set[str]:
        """See `shared.stores.documents.Store`."""
        if any(document.state.id == ticket_opened_by(THIRD) for document in documents):
            await self._once("opening")
        await self._once("write")
        won = await self._store.write(documents)
        await self._after()
        return won

    async def _once(self, name: str) -> None:
        if meanwhile := self._before.pop(name, None):
            await meanwhile()


class HeldWorld(RealWorld):
    """A replica whose store is held."""

    def __init__(
        self,
        database: Database,
        beside: World | None = None,
        after: Meanwhile | None = None,
        **before: Meanwhile,
    ) -> None:
        self._before, self._after = before, after or _nothing
        super().__init__(database, beside)

    def wired_store(self) -> TicketStore:
        """See `World`."""
        return cast(TicketStore, Held(self._tickets, self._before, self._after))


async def _nothing() -> None:
    return


@pytest.mark.spec("TKT 1")
@pytest.mark.spec("TKT 7")
def test_a_replica_that_saw_a_slot_empty_opens_nothing_for_what_another_ticket_has(
    servers: Servers, unique: str
) -> None:
    """While it stood still, a ticket was opened, filled, closed, and has just left the slot."""
    items: list[Item] = [FIRST, SECOND, CLOSE, THIRD]

    async def history(database: Database) -> None:
        left, written = asyncio.Event(), asyncio.Event()

        async def wait_for_the_other() -> None:
            left.set()
            await written.wait()

        async def another_takes_the_first() -> None:
            await lively.happen(FIRST)

        async def another_does_all_the_rest() -> None:
            await lively.happen(SECOND, CLOSE)
            rest.append(asyncio.create_task(lively.happen(THIRD)))
            await asyncio.wait_for(left.wait(), timeout=20)

        async def seen() -> None:
            if not written.is_set():
                await standing_still.look()
                opened.update(ticket.id for ticket in standing_still.tickets)
                written.set()

        rest: list[asyncio.Task[None]] = []
        opened: set[str] = set()
        lively = HeldWorld(database, opening=wait_for_the_other)
        standing_still = HeldWorld(
            database,
            lively,
            seen,
            applied=another_takes_the_first,
            write=another_does_all_the_rest,
        )
        await standing_still.batch([FIRST, SECOND])
        await asyncio.gather(*rest)
        assert ticket_opened_by(SECOND) in opened, "it was not late enough to go wrong"
        plain = World()
        await plain.happen(*items)
        await lively.look()
        check(lively, items)
        assert final(lively) == final(plain)
        assert streams(lively) == streams(plain)

    on_mongo(servers, unique, history)
