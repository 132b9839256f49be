"""What is kept before the topic of messages, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.ingest.fair.gate import Kept
from shared.bus.delivery import Outgoing
from shared.clock import EPOCH
from shared.stores.mongo import Database, insert_new
from shared.topics import MESSAGES

_LETTING_IN = "letting in"
_DIGITS = 12


class MongoKeeping:
    """See `services.ingest.fair.gate.Keeping`.

    A lane is a document of `ingest_lanes`, and stays; who lets in is noted there, too. What is kept
    is in `ingest_kept`: an id is `lane:place`, so that a lane's first are found by it alone.
    """

    def __init__(self, database: Database) -> None:
        self._lanes = database["ingest_lanes"]
        self._kept = database["ingest_kept"]
        self._known: set[str] = set()

    async def ensure_indexes(self) -> None:
        """Make sure that the lanes that wait are found among all."""
        await self._lanes.create_index([("waits", 1)])

    async def waiting(self, lanes: Collection[str] | None = None) -> Mapping[str, int]:
        """See `Keeping`."""
        query = {"waits": True} if lanes is None else {"_id": {"$in": sorted(lanes)}}
        rows = self._lanes.find(query)
        return {row["_id"]: row["rev"] async for row in rows if row["waits"]}

    async def keep(self, records: Mapping[str, Sequence[Outgoing]], now: datetime) -> None:
        """See `Keeping`."""
        if new := records.keys() - self._known:
            made = [{"_id": lane, "last": 0, "rev": 0, "waits": False} for lane in sorted(new)]
            await insert_new(self._lanes, made)
            self._known |= new
        rows: list[dict[str, Any]] = []
        for lane, held in records.items():
            change = {"$inc": {"last": len(held), "rev": 1}, "$set": {"waits": True}}
            before = await self._lanes.find_one_and_update({"_id": lane}, change)
            rows += [
                _row(lane, before["last"] + 1 + place, record, now)
                for place, record in enumerate(held)
            ]
        await self._kept.insert_many(rows, ordered=False)
        # Before they were there, whoever lets in may have found nothing: the lane waits anew, at
        # another revision than they have seen.
        again = {"$inc": {"rev": 1}, "$set": {"waits": True}}
        await self._lanes.update_many({"_id": {"$in": sorted(records)}}, again)

    async def first(self, lane: str, count: int) -> Sequence[Kept]:
        """See `Keeping`."""
        # `;` comes right after `:`.
        within = {"_id": {"$gt": f"{lane}:", "$lt": f"{lane};"}}
        rows = self._kept.find(within, limit=count, sort=[("_id", 1)])
        return [_kept(row) async for row in rows]

    async def forget(self, kept: Sequence[Kept]) -> None:
        """See `Keeping`."""
        ids = [_id(each.lane, each.place) for each in kept]
        await self._kept.delete_many({"_id": {"$in": ids}})

    async def settled(self, lane: str, revision: int) -> None:
        """See `Keeping`."""
        await self._lanes.update_one({"_id": lane, "rev": revision}, {"$set": {"waits": False}})

    async def woken(self) -> None:
        """See `Keeping`."""
        if row := await self._kept.find_one({}, {"_id": 1}):
            lane = row["_id"].rpartition(":")[0]
            await self._lanes.update_one({"_id": lane, "waits": False}, {"$set": {"waits": True}})

    async def leased(self, holder: str, now: datetime, until: datetime) -> bool:
        """See `Keeping`."""
        if _LETTING_IN not in self._known:
            row = {"_id": _LETTING_IN, "holder": "", "until": EPOCH, "waits": False}
            await insert_new(self._lanes, [row])
            self._known.add(_LETTING_IN)
        free = {"_id": _LETTING_IN, "$or": [{"holder": holder}, {"until": {"$lt": now}}]}
        change = {"$set": {"holder": holder, "until": until}}
        return bool((await self._lanes.update_one(free, change)).matched_count)


def _id(lane: str, place: int) -> str:
    return f"{lane}:{place:0{_DIGITS}}"


def _row(lane: str, place: int, record: Outgoing, now: datetime) -> dict[str, Any]:
    return {
        "_id": _id(lane, place),
        "key": record.key,
        "value": record.value,
        "headers": [list(header) for header in record.headers],
        "since": now,
    }


def _kept(row: Mapping[str, Any]) -> Kept:
    lane, _, place = row["_id"].rpartition(":")
    headers = tuple((name, value) for name, value in row["headers"])
    record = Outgoing(MESSAGES.name, row["key"], row["value"], headers)
    return Kept(lane, int(place), record, row["since"])
