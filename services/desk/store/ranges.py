"""Reading the first of long ranges without reading all of them.

MongoDB stops at a limit; other servers of its protocol read a range to its end first. So ranges are
read in windows that are about as long as what was wanted of them before: what is examined is
bounded by what is returned, on either. Short ranges are read at once where they were short before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from typing import Any, Final

from services.desk.rules.views import FIRST, LAST, Order, bound, milliseconds
from shared.stores.mongo import MongoCollection

Equal = Mapping[str, Any]
Document = dict[str, Any]

_AGES: Final = (1, 7, 30, 120, 365, 1500)
_NUMBERS: Final = (100, 1_000, 10_000, 100_000, 1_000_000)
_REMEMBERED: Final = 5_000
_TIMES_THE_PAGE: Final = 4
_LARGEST_STEP: Final = 2_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is read: the first `limit` documents between two keys, in an order, with these fields.

    The documents are those of the ranges, which an index gives in that order, `equal` being the
    fields that the index begins with. What they must be besides is `more`; None: nothing, and at
    most `most` are looked at for it. `what` names the list, wherever in it one begins to read.
    """

    what: Hashable
    equal: Sequence[Equal]
    more: Mapping[str, Any] | None
    order: Order
    descending: bool
    start: str
    end: str
    limit: int
    most: int
    fields: tuple[str, ...]

    @property
    def by(self) -> str:
        """The order's field."""
        return f"by_{self.order}"

    @property
    def sort(self) -> Mapping[str, Any]:
        """The stage that sorts."""
        return {"$sort": {self.by: -1 if self.descending else 1}}

    @property
    def project(self) -> Mapping[str, Any]:
        """The stage that leaves other fields out."""
        return {"$project": {**dict.fromkeys(self.fields, 1), self.by: 1}}

    def within(self, equal: Equal, start: str, end: str) -> Mapping[str, Any]:
        """The stage that finds what is in the range beyond `start`, up to `end` with it."""
        between = {"$gte": end, "$lt": start} if self.descending else {"$lte": end, "$gt": start}
        return {"$match": {**equal, self.by: between}}

    def is_before(self, key: str, end: str) -> bool:
        """Whether that key comes before that end."""
        return key > end if self.descending else key < end


@dataclass(frozen=True, slots=True)
class Found:
    """The documents; and the key beyond which is to be read on, where not all was looked at."""

    documents: list[Document]
    on: str | None = None


@dataclass(slots=True)
class Windows:
    """Reads ranges in windows, and remembers where the last one ended: a guess, never a promise."""

    _ends: "OrderedDict[Hashable, str]" = field(default_factory=OrderedDict)

    async def first(self, collection: MongoCollection, asked: Asked, now: datetime) -> Found:
        """The first documents, each once."""
        memory = (collection.name, asked.what, asked.limit, asked.start)
        found: dict[str, Document] = {}
        start, seen, size = asked.start, 0, _TIMES_THE_PAGE * asked.limit
        for end in self._windows(memory, asked, now):
            left: str | None = start
            while left is not None and len(found) < asked.limit:
                if seen >= asked.most:
                    return self._found(memory, asked, found, left)
                among = (asked.most - seen) // max(len(asked.equal), 1)
                size = min(size, _LARGEST_STEP, max(among, 1))
                step = await _step(collection, asked, left, end, asked.limit - len(found), size)
                for document in step.documents:
                    found.setdefault(document["_id"], document)
                left, seen, size = step.on, seen + step.seen, size * 4
            if len(found) >= asked.limit:
                break
            start = end
        return self._found(memory, asked, found, None)

    def _found(
        self, memory: tuple[Any, ...], asked: Asked, found: Mapping[str, Document], on: str | None
    ) -> Found:
        documents = list(found.values())[: asked.limit]
        if len(documents) == asked.limit and documents:
            on = documents[-1][asked.by]
            length = abs(_place(documents[0][asked.by]) - _place(on))
            self._remember(memory[:-1], bound(length))
            self._remember(memory, on)
            return Found(documents)
        self._remember(memory, on or "")
        return Found(documents, on)

    async def count(self, collection: MongoCollection, asked: Asked, now: datetime) -> int:
        """How many there are in the ranges, `limit` at most; one in two of them counts twice."""
        memory = (collection.name, asked.what, asked.limit, "count")
        counted, start = 0, asked.start
        for end in self._windows(memory, asked, now):
            ends = []
            for equal in asked.equal:
                found = await _documents(
                    collection,
                    asked.within(equal, start, end),
                    asked.sort,
                    {"$limit": asked.limit - counted},
                    _extent(asked),
                )
                counted += int(found[0]["number"]) if found else 0
                ends += [found[0]["end"]] if found else []
                if counted >= asked.limit:
                    self._remember(memory, min(ends) if asked.descending else max(ends))
                    return asked.limit
            start = end
        self._remember(memory, "")
        return counted

    def _remember(self, memory: Hashable, end: str) -> None:
        self._ends[memory] = end
        self._ends.move_to_end(memory)
        while len(self._ends) > _REMEMBERED:
            self._ends.popitem(last=False)

    def _windows(self, memory: tuple[Any, ...], asked: Asked, now: datetime) -> Sequence[str]:
        """Where windows end, in order; the last one is the end of what is asked for."""
        ends = _guesses(asked.order, now, descending=asked.descending)
        known = self._ends.get(memory)
        if known is not None:
            ends.append(known)
        elif (span := self._ends.get(memory[:-1])) and asked.start not in (FIRST, LAST):
            # As long as other pages of the list were; then longer.
            way = -1 if asked.descending else 1
            wide = max(_place(span), 1)
            ends += [bound(_place(asked.start) + way * wide * times) for times in (1, 3, 10, 40)]
        inside = {
            end
            for end in ends
            if asked.is_before(asked.start, end) and asked.is_before(end, asked.end)
        }
        if known is not None:
            # What lies before it is read at once; all, where it was short.
            inside = {end for end in inside if known and not asked.is_before(end, known)}
        return [*sorted(inside, reverse=asked.descending), asked.end]


@dataclass(frozen=True, slots=True)
class _Step:
    """Documents in order; how many were looked at for them, and up to which key if not all."""

    documents: list[Document]
    seen: int = 0
    on: str | None = None


async def _step(  # what a step is
    collection: MongoCollection, asked: Asked, start: str, end: str, wanted: int, size: int
) -> _Step:
    """The first that are wanted in a window; of each range at most `size` are looked at."""
    limit = {"$limit": wanted}
    if asked.more is None:
        read = await asyncio.gather(
            *[
                _documents(
                    collection, asked.within(equal, start, end), asked.sort, limit, asked.project
                )
                for equal in asked.equal
            ]
        )
        return _Step(_merged(asked, read))
    both = {
        "found": [{"$match": dict(asked.more)}, limit, asked.project],
        "seen": [_extent(asked)],
    }
    told = await asyncio.gather(
        *[
            _documents(
                collection,
                asked.within(equal, start, end),
                asked.sort,
                {"$limit": size},
                {"$facet": both},
            )
            for equal in asked.equal
        ]
    )
    extents = [each["seen"][0] for (each,) in told if each["seen"]]
    cut = [extent["end"] for extent in extents if extent["number"] >= size]
    seen = sum(extent["number"] for extent in extents)
    documents = _merged(asked, [each["found"] for (each,) in told])
    if not cut:
        return _Step(documents, seen)
    # Beyond the nearest of these ends not all ranges were looked at.
    on = max(cut) if asked.descending else min(cut)
    return _Step([d for d in documents if not asked.is_before(on, d[asked.by])], seen, on)


def _merged(asked: Asked, read: Sequence[list[Document]]) -> list[Document]:
    if len(read) == 1:
        return read[0]
    return list(merge(*read, key=lambda d: d[asked.by], reverse=asked.descending))


async def counted_up_to(collection: MongoCollection, equal: Equal, most: int) -> int:
    """How many documents are in a range; `most` where there are as many or more."""
    number = {"$group": {"_id": None, "number": {"$sum": 1}}}
    found = await _documents(collection, {"$match": dict(equal)}, {"$limit": most}, number)
    return int(found[0]["number"]) if found else 0


async def sorted_whole(collection: MongoCollection, asked: Asked) -> list[Document]:
    """The first documents of ranges that are short: each is read whole, then sorted."""
    more = [asked.within({}, asked.start, asked.end)]
    more += [{"$match": dict(asked.more)}] if asked.more else []
    of_each = [*more, asked.sort, {"$limit": asked.limit}, asked.project]
    read = await asyncio.gather(
        *[_documents(collection, {"$match": dict(equal)}, *of_each) for equal in asked.equal]
    )
    once = {document["_id"]: document for document in _merged(asked, read)}
    return list(once.values())[: asked.limit]


async def _documents(collection: MongoCollection, *stages: Mapping[str, Any]) -> list[Document]:
    """What a pipeline finds.

    MongoDB takes conditions that follow one another for one. Other servers use an index only where
    it has all fields of a condition: so the first is of an index's fields alone.
    """
    return await collection.aggregate([dict(stage) for stage in stages]).to_list(None)


def _extent(asked: Asked) -> Mapping[str, Any]:
    last = {"$min" if asked.descending else "$max": f"${asked.by}"}
    return {"$group": {"_id": None, "number": {"$sum": 1}, "end": last}}


def _place(key: str) -> int:
    return int(key[:13])


def _guesses(order: Order, now: datetime, *, descending: bool) -> list[str]:
    if order == "number":
        return [bound(number) for number in _NUMBERS]
    ages = [milliseconds(now - timedelta(days=days)) for days in _AGES]
    return [bound(age) for age in ages] + ([] if descending else [bound(milliseconds(now))])
