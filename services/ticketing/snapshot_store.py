"""Requests for snapshots in MongoDB."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.ticketing.rules.ticket import Ticket
from services.ticketing.snapshots import Request
from services.ticketing.store import MongoTickets
from shared.clock import EPOCH
from shared.contracts.commands import PublishSnapshots
from shared.stores.documents import Document
from shared.stores.indexes import Indexed
from shared.stores.mongo import Database, insert_new


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of ticketing's that makes indexes, for whoever looks whether they are there."""
    tickets = MongoTickets(database)
    return (tickets, MongoRequests(database, tickets))


class MongoRequests:
    """Collection `snapshot_requests`; tickets and threads are those of `MongoTickets`."""

    def __init__(self, database: Database, tickets: MongoTickets) -> None:
        self._requests = database["snapshot_requests"]
        self._numbers = database["ticket_numbers"]
        self._tickets = tickets
        self.thread = tickets.thread

    async def ensure_indexes(self) -> None:
        """Make sure of the index by when a request may be worked on."""
        await self._requests.create_index([("due_at", 1)])

    async def newest_number(self, account_id: str) -> int:
        """See `Requests`."""
        row = await self._numbers.find_one({"_id": account_id})
        return row["next"] if row else 0

    async def ask(self, requests: Sequence[Request]) -> None:
        """See `Requests`."""
        await insert_new(self._requests, list({r.id: _row(r) for r in reversed(requests)}.values()))

    async def asked(self, now: datetime, limit: int) -> list[Request]:
        """See `Requests`."""
        due = self._requests.find({"due_at": {"$gte": EPOCH, "$lte": now}}, limit=limit)
        return [_request(row) async for row in due.sort("due_at", 1)]

    async def move(self, request: Request) -> bool:
        """See `Requests`."""
        found = {"_id": request.id, "revision": request.revision}
        row = {**_row(request), "revision": request.revision + 1}
        return bool((await self._requests.replace_one(found, row)).matched_count)

    async def forget(self, request: Request) -> None:
        """See `Requests`."""
        await self._requests.delete_one({"_id": request.id, "revision": request.revision})

    async def from_number(
        self, account_id: str, after: int, until: int, limit: int
    ) -> list[Document[Ticket]]:
        """See `Requests`."""
        query = {"account_id": account_id, "number": {"$gt": after, "$lte": until}}
        return await self._tickets.find(query, limit, [("number", 1)])

    async def named(self, request_id: str) -> Request | None:
        """The request of that id; None where there is none (yet)."""
        row = await self._requests.find_one({"_id": request_id})
        return _request(row) if row else None


def _row(request: Request) -> dict[str, Any]:
    return {
        **{name: value for name, value in asdict(request).items() if name != "command"},
        "_id": request.id,
        "command": request.command.model_dump_json(),
    }


def _request(row: Mapping[str, Any]) -> Request:
    named = {name: value for name, value in row.items() if name != "_id"}
    command = PublishSnapshots.model_validate_json(row["command"])
    return Request(**{**named, "command": command})
