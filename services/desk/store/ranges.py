"""Reading the first of a long range without reading all of it.

MongoDB stops at a limit; other servers of its protocol read a range to its end first. So a range is
read in windows that are about as long as what was wanted of it before: what is examined is bounded
by what is returned, on either. A short range is read at once where it was short before.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from services.desk.rules.views import Order, bound, milliseconds
from shared.stores.mongo import MongoCollection

_END: Final = "~"
_AGES: Final = (1, 7, 30, 120, 365, 1500)
_NUMBERS: Final = (100, 1_000, 10_000, 100_000, 1_000_000)
_REMEMBERED: Final = 5_000


@dataclass(slots=True)
class Windows:
    """Reads ranges in windows, and remembers where the last one ended: a guess, never a promise."""

    _ends: "OrderedDict[tuple[Any, ...], str]" = field(default_factory=OrderedDict)

    async def first(  # noqa: PLR0913  # what a range is
        self,
        collection: MongoCollection,
        equal: Mapping[str, Any],
        more: Mapping[str, Any],
        order: Order,
        *,
        descending: bool,
        after: str | None,
        limit: int,
        now: datetime,
        fields: Mapping[str, int],
        indexed: bool = True,
    ) -> list[dict[str, Any]]:
        """The first `limit` documents of a range in that order, beyond the key `after`.

        `equal` are the fields that the index begins with, `more` is what else must hold. Where it
        is not `indexed` in that order, the range is read whole and sorted: let it be short.
        """
        name = f"by_{order}"
        memory = (collection.name, repr(equal), repr(more), order, descending, after or "", limit)
        ends = self._windows(memory, order, now, descending=descending, after=after)
        if not indexed:
            ends = ["" if descending else _END]
        found: list[dict[str, Any]] = []
        start = after
        for end in ends:
            within = {name: _between(start, end, descending=descending)}
            asked = [{**equal, **within}, more] if indexed else [equal, {"$and": [within, more]}]
            found += await _documents(
                collection,
                asked,
                {"$sort": {name: -1 if descending else 1}},
                {"$limit": limit - len(found)},
                {"$project": dict(fields)},
            )
            if len(found) >= limit:
                break
            start = end
        if len(found) >= limit:
            span = abs(_place(found[0][name]) - _place(found[-1][name]))
            self._remember(memory[:-2], bound(span))
        whole = "" if descending else _END
        self._remember(memory, found[-1][name] if len(found) >= limit else whole)
        return found

    async def count(  # as `first`
        self,
        collection: MongoCollection,
        equal: Mapping[str, Any],
        more: Mapping[str, Any],
        order: Order,
        *,
        after: str | None,
        cap: int,
        now: datetime,
    ) -> int:
        """How many there are from the last one before `after` on; `cap` for as many or more."""
        name = f"by_{order}"
        memory = (collection.name, repr(equal), repr(more), order, True, "count", cap)
        counted, start = 0, after
        for end in self._windows(memory, order, now, descending=True, after=after):
            found = await _documents(
                collection,
                [{**equal, name: _between(start, end, descending=True)}, more],
                {"$sort": {name: -1}},
                {"$limit": cap - counted},
                {"$group": {"_id": None, "number": {"$sum": 1}, "end": {"$min": f"${name}"}}},
            )
            counted += int(found[0]["number"]) if found else 0
            if counted >= cap:
                self._remember(memory, found[0]["end"])
                return cap
            start = end
        self._remember(memory, "")
        return counted

    def _remember(self, memory: tuple[Any, ...], end: str) -> None:
        self._ends[memory] = end
        self._ends.move_to_end(memory)
        while len(self._ends) > _REMEMBERED:
            self._ends.popitem(last=False)

    def _windows(
        self,
        memory: tuple[Any, ...],
        order: Order,
        now: datetime,
        *,
        descending: bool,
        after: str | None,
    ) -> Sequence[str]:
        """Where windows end, in order; the last one is the end of the range."""
        last = "" if descending else _END
        ends = [*_guesses(order, now, descending=descending), last]
        if (known := self._ends.get(memory)) is not None:
            ends.append(known)
        elif after is not None and (span := self._ends.get(memory[:-2])) is not None:
            # As long as other pages of the list were; then longer.
            way = -1 if descending else 1
            wide = max(_place(span), 1)
            ends += [bound(_place(after) + way * wide * times) for times in (1, 3, 10, 40)]
        ends = sorted(set(ends), reverse=descending)
        if after is not None:
            ends = [end for end in ends if (end < after if descending else end > after)]
        if known is not None and known in ends:
            ends = ends[ends.index(known) :]
        return ends or [last]


async def counted_up_to(
    collection: MongoCollection, asked: Sequence[Mapping[str, Any]], most: int
) -> int:
    """How many documents fit all that is asked; `most` where there are as many or more."""
    number = {"$group": {"_id": None, "number": {"$sum": 1}}}
    found = await _documents(collection, asked, {"$limit": most}, number)
    return int(found[0]["number"]) if found else 0


async def _documents(
    collection: MongoCollection, asked: Sequence[Mapping[str, Any]], *stages: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """What a pipeline finds.

    MongoDB takes conditions that follow one another for one. Other servers use an index only where
    it has all fields of a condition: so the first is of an index's fields alone.
    """
    matching = [{"$match": dict(each)} for each in asked if each]
    return await collection.aggregate([*matching, *stages]).to_list(None)


def _place(key: str) -> int:
    return int(key[:13])


def _guesses(order: Order, now: datetime, *, descending: bool) -> list[str]:
    if order == "number":
        return [bound(number) for number in _NUMBERS]
    ages = [milliseconds(now - timedelta(days=days)) for days in _AGES]
    return [bound(age) for age in ages] + ([] if descending else [bound(milliseconds(now))])


def _between(start: str | None, end: str, *, descending: bool) -> dict[str, str]:
    """Beyond `start`, up to `end` with it."""
    if descending:
        return {"$gte": end, "$lt": _END if start is None else start}
    return {"$lte": end, "$gt": "" if start is None else start}
