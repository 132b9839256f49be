"""The read model in MongoDB: tickets and lines, in one of two sets of collections.

One set serves; a rebuild fills the other one, then they change places (VWS 9).
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final, Literal

from services.desk.rules.facets import MOST_RANGES, Range, is_indexed, ranges
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.rules.views import Query, beginning
from services.desk.store.conditions import conditions
from services.desk.store.documents import ORDERS, line_document, line_of, row_document, row_of
from services.desk.store.ranges import Windows, counted_up_to
from shared.stores.mongo import Database, compare_and_set

Side = Literal["a", "b"]
SIDES: Final[tuple[Side, ...]] = ("a", "b")

_OF_MANY: Final = frozenset({"facets", "words"})
_FEW: Final = 500
_SOME: Final = 20
_LAST_LETTER: Final = "\uffff"


class MongoReadModel:
    """Collections `desk_tickets_<side>` and `desk_lines_<side>`."""

    def __init__(self, database: Database, side: Side) -> None:
        self.side = side
        self._tickets = database[f"desk_tickets_{side}"]
        self._lines = database[f"desk_lines_{side}"]
        self._windows = Windows()

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        for order in ORDERS:
            for equal in (("spam",), ("spam", "status"), ("spam", "status", "assignee")):
                fields = ["account_id", *equal, f"by_{order}"]
                await self._tickets.create_index([(name, 1) for name in fields])
        for order in ("active", "waiting"):
            await self._tickets.create_index([("account_id", 1), ("facets", 1), (f"by_{order}", 1)])
        await self._tickets.create_index([("account_id", 1), ("words", 1), ("by_active", 1)])
        await self._tickets.create_index([("account_id", 1), ("number", 1)])
        await self._tickets.create_index([("account_id", 1), ("contact", 1)])
        await self._tickets.create_index([("account_id", 1), ("profile", 1)])
        await self._tickets.create_index(
            [("account_id", 1), ("spam", 1), ("status", 1), ("unread", 1), ("assignee", 1)]
        )
        await self._lines.create_index([("of", 1), ("at", 1)])
        await self._lines.create_index([("of", 1), ("seq", 1)])
        await self._lines.create_index([("from", 1)])
        await self._lines.create_index([("until", 1)], expireAfterSeconds=0)

    async def clear(self) -> None:
        """Nothing is in it but the indexes."""
        await self._tickets.drop()
        await self._lines.drop()
        await self.ensure_indexes()

    # Taking in

    async def rows(self, keys: Collection[str]) -> dict[str, tuple[Row, int]]:
        """The tickets of these keys that are there, each with its revision."""
        found = self._tickets.find({"_id": {"$in": sorted(keys)}}, {"rev": 1, "body": 1})
        return {d["_id"]: (row_of(d), d["rev"]) async for d in found} if keys else {}

    async def lines(self, keys: Collection[str]) -> dict[str, tuple[Line, int]]:
        """The lines of these keys that are there, each with its revision."""
        found = self._lines.find({"_id": {"$in": sorted(keys)}}, {"rev": 1, "body": 1})
        return {d["_id"]: (line_of(d), d["rev"]) async for d in found} if keys else {}

    async def whole_thread(self, ticket_key: str) -> dict[str, tuple[Line, int]]:
        """All lines of a ticket."""
        found = self._lines.find({"of": ticket_key}, {"rev": 1, "body": 1})
        return {d["_id"]: (line_of(d), d["rev"]) async for d in found}

    async def save_rows(self, rows: Iterable[tuple[Row, int]]) -> set[str]:
        """Store each, if it is at that revision still (0: not there); the keys that were stored."""
        written = [(row_document(row, rev + 1), rev) for row, rev in rows]
        return await compare_and_set(self._tickets, written) if written else set()

    async def save_lines(self, lines: Iterable[tuple[Line, int]]) -> set[str]:
        """Store each, if it is at that revision still (0: not there); the keys that were stored."""
        written = [(line_document(line, rev + 1), rev) for line, rev in lines]
        return await compare_and_set(self._lines, written) if written else set()

    async def erase_waiting(self, account_id: str, contacts: Collection[str]) -> int:
        """See `erasing.ErasableLines`."""
        return (await self._lines.delete_many(_waiting(account_id, contacts))).deleted_count

    async def count_waiting(self, account_id: str, contacts: Collection[str]) -> int:
        """See `erasing.ErasableLines`."""
        return await self._lines.count_documents(_waiting(account_id, contacts))

    # Lists

    async def page(
        self, query: Query, *, after: str | None, limit: int, now: datetime
    ) -> list[Row]:
        """The first `limit` tickets of the query beyond the key `after`, in its order.

        A search that finds nothing by whole words finds what its last word begins (`completed`).
        """
        query = await self.completed(query, now)
        found = await self._first(query, "body", after=after, limit=limit, now=now)
        return [row_of(document) for document in found]

    async def ids(self, query: Query, *, limit: int, now: datetime) -> list[str]:
        """The ids of the first `limit` tickets of the query, as `page` finds them."""
        query = await self.completed(query, now)
        found = await self._first(query, "rev", after=None, limit=limit, now=now)
        return [document["_id"].partition(":")[2] for document in found]

    async def count(self, query: Query, *, cap: int, now: datetime) -> int:
        """How many tickets `page` finds; `cap` where there are as many or more."""
        # By activity there is an index of all that may be filtered by.
        query = replace(await self.completed(query, now), order="active", descending=True)
        read = await self._ranges(query)
        if len(read) > 1 and any(name in _OF_MANY for each in read for name, _ in each.equal):
            # A ticket may be in several.
            return len(await self._first(query, "rev", after=None, limit=cap, now=now))
        more = conditions(query, now)
        counted = 0
        for each in read:
            counted += await self._windows.count(
                self._tickets,
                _equal(each),
                more,
                "active",
                after=beginning(query, None, now),
                cap=cap - counted,
                now=now,
            )
            if counted >= cap:
                return cap
        return counted

    async def completed(self, query: Query, now: datetime) -> Query:
        """The query; one of a search that finds nothing, with words that its last word begins.

        They are `MOST_RANGES` at most.
        """
        if query.begun or not query.words:
            return query
        if await self._first(query, "rev", after=None, limit=1, now=now):
            return query
        begun = await self._begun_by(query.account_id, query.words[-1])
        return replace(query, begun=begun) if begun else query

    async def _begun_by(self, account_id: str, start: str) -> tuple[str, ...]:
        """Words that begin so, the first ones.

        Each read is for the tickets with the first word beyond those that are known; where they are
        few, they are all that there are.
        """
        found: set[str] = set()
        beyond: dict[str, str] = {"$gte": start}
        for _ in range(MOST_RANGES):
            within = {**beyond, "$lt": start + _LAST_LETTER}
            asked = {"account_id": account_id, "words": within}
            pipeline: list[dict[str, Any]] = [
                {"$match": asked},
                # Some word is within, not one beyond its beginning and another one before its end.
                {"$match": {"words": {"$elemMatch": within}}},
                {"$limit": _SOME},
                {"$project": {"words": 1}},
            ]
            documents = await self._tickets.aggregate(pipeline).to_list(None)
            words = {word for document in documents for word in document["words"]}
            new = {w for w in words if w.startswith(start) and w > beyond.get("$gt", "")}
            found |= new
            if not new or len(documents) < _SOME:
                break
            beyond = {"$gt": min(new)}
        return tuple(sorted(found)[:MOST_RANGES])

    async def _ranges(self, query: Query) -> list[Range]:
        """The ranges to read.

        They are those of what is filtered by also where the order is not indexed so, if that leaves
        few enough to be sorted.
        """
        by_order = ranges(query)
        by_facets = ranges(query, by_facets=True)
        if by_order == by_facets:
            return by_order
        left = _FEW
        for each in by_facets:
            left -= await counted_up_to(self._tickets, [_equal(each)], left)
            if left <= 0:
                return by_order
        return by_facets

    async def _first(
        self, query: Query, field: str, *, after: str | None, limit: int, now: datetime
    ) -> list[dict[str, Any]]:
        """The first documents, each with that field."""
        name = f"by_{query.order}"
        more = conditions(query, now)
        after = beginning(query, after, now)
        read = await asyncio.gather(
            *[
                self._windows.first(
                    self._tickets,
                    _equal(each),
                    more,
                    query.order,
                    descending=query.descending,
                    after=after,
                    limit=limit,
                    now=now,
                    fields={field: 1, name: 1},
                    indexed=is_indexed(each, query.order),
                )
                for each in await self._ranges(query)
            ]
        )
        if len(read) == 1:
            return read[0]
        ordered = merge(*read, key=lambda d: d[name], reverse=query.descending)
        once = {document["_id"]: document for document in ordered}
        return list(islice(once.values(), limit))

    async def unread(self, account_id: str, assignee: str | None, cap: int) -> int:
        """How many open tickets of theirs (None: of nobody) are unread; `cap` at most."""
        return await self._tickets.count_documents(
            {
                "account_id": account_id,
                "spam": False,
                "status": "open",
                "unread": True,
                "assignee": assignee or "",
            },
            limit=cap,
        )

    async def named(self, account_id: str, ticket_ids: Collection[str]) -> dict[str, Row]:
        """The account's tickets of these ids."""
        keys = [f"{account_id}:{ticket_id}" for ticket_id in ticket_ids]
        return {row.ticket_id: row for row, _ in (await self.rows(keys)).values() if row.summary}

    async def of_person(
        self, account_id: str, contact: str, profile: str | None, limit: int
    ) -> list[Row]:
        """The tickets of the profile, of the contact where none is known; `limit` at most."""
        field = {"profile": profile} if profile else {"contact": contact}
        found = self._tickets.find({"account_id": account_id, **field}, {"body": 1}, limit=limit)
        return [row_of(document) async for document in found]

    # A thread

    async def thread(
        self, ticket_key: str, *, before: str | None = None, limit: int = 50
    ) -> list[tuple[str, Line]]:
        """The newest `limit` lines before that place, oldest first, each with its place."""
        query = {"of": ticket_key, "at": {"$gt": "", "$lt": before or "~"}}
        found = self._lines.find(query, {"body": 1, "at": 1}, limit=limit).sort("at", -1)
        return [(d["at"], line_of(d)) async for d in found][::-1]

    async def thread_since(self, ticket_key: str, seq: int, limit: int = 200) -> list[Line]:
        """The lines that came after that seq, `limit` at most."""
        query = {"of": ticket_key, "seq": {"$gt": seq, "$lt": 2**53}}
        found = self._lines.find(query, {"body": 1, "at": 1}, limit=limit)
        return [line_of(d) async for d in found.sort("at", 1)]

    async def line(self, account_id: str, line_id: str) -> Line | None:
        """The line of that id, if a thread shows it."""
        found = await self._lines.find_one({"_id": f"{account_id}:{line_id}"}, {"body": 1, "at": 1})
        return line_of(found) if found and found["at"] else None


def _waiting(account_id: str, contacts: Collection[str]) -> dict[str, Any]:
    return {"from": {"$in": [f"{account_id}:{contact}" for contact in contacts]}}


def _equal(each: Range) -> dict[str, Any]:
    return dict(each.equal)
