"""Lists of tickets: pages, counts and searches, each by an index (VWS 1, VWS 2).

What is looked at for a page does not grow with the tickets that there are. Where no index holds
just what is asked for, a page ends after so many that were looked at, and says where to go on.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.desk.rules.facets import MOST_RANGES, Range, Reading, exact, readings
from services.desk.rules.rows import Row
from services.desk.rules.views import Order, Query, key, span
from services.desk.store.conditions import conditions
from services.desk.store.documents import row_of
from services.desk.store.ranges import Asked, Found, Windows, counted_up_to, sorted_whole
from shared.stores.mongo import MongoCollection

LOOKED_AT: Final = 4_000
"""Tickets that are looked at for a page or a count, at most."""

FEW: Final = 500
"""Of several filters that narrow a list, one that leaves fewer tickets is read whole."""

_COUNTED_IN: Final[tuple[Order, ...]] = ("active", "waiting", "opened")
_ALL: Final = 1_000_000_000
_SOME: Final = 20
_REMEMBERED: Final = 10_000
_LAST_LETTER: Final = "\uffff"


@dataclass(frozen=True, slots=True)
class Page:
    """Tickets in a list's order; beyond the key `on` there may be more, None: there are none."""

    rows: list[Row]
    on: str | None


class Lists:
    """Reads what queries find in a collection of tickets.

    `filed`: whether each ticket there is known to be filed under all of its facets.
    """

    def __init__(self, tickets: MongoCollection) -> None:
        self.filed = False
        self._tickets = tickets
        self._windows = Windows()
        self._wide: set[Range] = set()

    async def page(
        self, query: Query, *, after: str | None, limit: int, now: datetime
    ) -> list[Row]:
        """The first `limit` tickets of the query beyond the key `after`, in its order.

        A search that finds nothing by whole words finds what its last word begins (`completed`).
        """
        found = await self._found(query, "body", after=after, limit=limit, now=now, most=_ALL)
        return [row_of(document) for document in found.documents]

    async def look(self, query: Query, *, after: str | None, limit: int, now: datetime) -> Page:
        """As `page`; what it finds among LOOKED_AT tickets, perhaps nothing, and where to go on."""
        wanted = limit + 1
        found = await self._found(query, "body", after=after, limit=wanted, now=now, most=LOOKED_AT)
        rows = [row_of(document) for document in found.documents]
        if len(rows) == wanted:
            return Page(rows[:limit], key(query.order, rows[limit - 1]))
        return Page(rows, found.on)

    async def ids(self, query: Query, *, limit: int, now: datetime) -> list[str]:
        """The ids of the first `limit` tickets of the query, as `page` finds them."""
        found = await self._found(query, "rev", after=None, limit=limit, now=now, most=_ALL)
        return [document["_id"].partition(":")[2] for document in found.documents]

    async def count(self, query: Query, *, cap: int, now: datetime) -> int:
        """How many tickets `page` finds, or more than so many: see `counted`."""
        return (await self.counted(query, cap=cap, now=now))[0]

    async def counted(self, query: Query, *, cap: int, now: datetime) -> tuple[int, bool]:
        """How many tickets `page` finds, and whether these are all.

        They are not where `cap` or more were found, nor where LOOKED_AT were looked at before.
        """
        for order in _COUNTED_IN:
            # What is asked of a time is held by the index of its own order.
            ordered = replace(query, order=order, descending=True)
            reading = exact(ordered, filed=self.filed)
            if reading is not None and reading.once:
                asked = _asked(ordered, reading, "rev", after=None, limit=cap, now=now, most=_ALL)
                number = await self._windows.count(self._tickets, asked, now)
                return number, number < cap
        query = replace(query, order="active", descending=True)
        found = await self._found(query, "rev", after=None, limit=cap, now=now, most=LOOKED_AT)
        number = len(found.documents)
        return number, number < cap and found.on is None

    async def completed(self, query: Query, now: datetime) -> Query:
        """The query; one of a search that finds nothing, with words that its last word begins.

        They are `MOST_RANGES` at most.
        """
        if query.begun or not query.words:
            return query
        found = await self._first(query, "rev", after=None, limit=1, now=now, most=LOOKED_AT)
        if found.documents or found.on is not None:
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

    async def _found(
        self,
        query: Query,
        field: str,
        *,
        after: str | None,
        limit: int,
        now: datetime,
        most: int,
    ) -> Found:
        """As `_first`, of the query as it is `completed`."""
        found = await self._first(query, field, after=after, limit=limit, now=now, most=most)
        if found.documents or found.on is not None:
            return found
        completed = await self.completed(query, now)
        if completed is query:
            return found
        return await self._first(completed, field, after=after, limit=limit, now=now, most=most)

    async def _first(  # of a query: from where, how many, among how many
        self,
        query: Query,
        field: str,
        *,
        after: str | None,
        limit: int,
        now: datetime,
        most: int,
    ) -> Found:
        """The first documents, each with that field."""
        reading, short = await self._reading(query)
        asked = _asked(query, reading, field, after=after, limit=limit, now=now, most=most)
        if short:
            return Found(await sorted_whole(self._tickets, asked))
        return await self._windows.first(self._tickets, asked, now)

    async def _reading(self, query: Query) -> tuple[Reading, bool]:
        """How to read what the query finds; whether that is short enough to be read whole."""
        if (way := exact(query, filed=self.filed)) is not None:
            return way, False
        ways = readings(query, filed=self.filed)
        for way in ways[:-1]:
            if await self._is_short(way):
                return way, True
        return next(way for way in ways if way.ordered), False

    async def _is_short(self, reading: Reading) -> bool:
        left = FEW
        for each in reading.ranges:
            if each in self._wide or left <= 0:
                return False
            counted = await counted_up_to(self._tickets, dict(each.equal), left)
            if counted >= FEW:
                self._note_wide(each)
            left -= counted
        return left > 0

    def _note_wide(self, each: Range) -> None:
        """It stays so, most likely; where it does not, it is read in order as well."""
        if len(self._wide) >= _REMEMBERED:
            self._wide.clear()
        self._wide.add(each)


def _asked(  # as `_first`
    query: Query,
    reading: Reading,
    field: str,
    *,
    after: str | None,
    limit: int,
    now: datetime,
    most: int,
) -> Asked:
    start, end = span(query, after, now)
    return Asked(
        what=query,
        equal=[dict(each.equal) for each in reading.ranges],
        more=None if reading.exact else conditions(query, now),
        order=query.order,
        descending=query.descending,
        start=start,
        end=end,
        limit=limit,
        most=most,
        fields=(field,),
    )
