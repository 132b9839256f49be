"""Where short links lead, and who followed them, in MongoDB (OUT 1)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from services.desk.rules.following import Followed, Lead
from shared.clock import FAR_FUTURE
from shared.contracts.clicks import LinkFollowed
from shared.stores.mongo import Database, insert_new

ROBOTS_KEPT: Final = timedelta(days=90)
"""For so long it is kept who else than people followed a link: as long as the topic says it."""


class MongoLinks:
    """Collections `desk_links`, `desk_clicks` and `desk_unlinked`; a rebuild leaves them alone.

    Of a ticket that was erased nothing is kept, whatever comes of it again or late.
    """

    def __init__(self, database: Database) -> None:
        self._links = database["desk_links"]
        self._clicks = database["desk_clicks"]
        self._erased = database["desk_unlinked"]

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        await self._links.create_index([("of", 1)])
        await self._clicks.create_index([("of", 1), ("by", 1), ("code", 1), ("at", 1)])
        await self._clicks.create_index([("until", 1)], expireAfterSeconds=0)

    async def keep(self, leads: Sequence[Lead]) -> None:
        """See `links.Links`. What a code leads to never changes."""
        rows = [
            {
                "_id": lead.code,
                "of": lead.of,
                "account_id": lead.account_id,
                "ticket_id": lead.ticket_id,
                "message_id": lead.message_id,
                "url": lead.url,
            }
            for lead in leads
        ]
        await self._insert(self._links, rows)

    async def lead(self, code: str) -> Lead | None:
        """What the code leads to, if it was given out."""
        found = await self._links.find_one({"_id": code})
        if found is None:
            return None
        of = (found[name] for name in ("account_id", "ticket_id", "message_id", "url"))
        return Lead(code, *of)

    async def follow(self, clicks: Sequence[LinkFollowed]) -> set[tuple[str, str]]:
        """See `links.Links`."""
        rows = [
            {
                "_id": f"{click.account_id}:{click.id}",
                "of": f"{click.account_id}:{click.ticket_id}",
                "code": click.code,
                "by": click.by,
                "at": click.occurred_at,
            }
            | ({} if click.by == "person" else {"until": _until(click.occurred_at)})
            for click in clicks
        ]
        kept = await self._insert(self._clicks, rows)
        return {
            (click.account_id, click.ticket_id)
            for click in clicks
            if f"{click.account_id}:{click.ticket_id}" in kept
        }

    async def _insert(self, collection: Any, rows: Sequence[Mapping[str, Any]]) -> set[str]:  # noqa: ANN401  # of links or of clicks
        """Insert what is new and not of an erased ticket; the keys of the tickets that are not.

        What was erased is looked for before and after: whoever erases notes it first.
        """
        gone = await self._gone({row["of"] for row in rows})
        rows = [row for row in rows if row["of"] not in gone]
        await insert_new(collection, rows)
        kept = {row["of"] for row in rows}
        if late := await self._gone(kept):
            await collection.delete_many({"of": {"$in": sorted(late)}})
        return kept - late

    async def _gone(self, tickets: Collection[str]) -> set[str]:
        if not tickets:
            return set()
        found = self._erased.find({"_id": {"$in": sorted(tickets)}})
        return {document["_id"] async for document in found}

    async def erase(self, tickets: Iterable[str]) -> None:
        """See `links.Links`."""
        keys = sorted(set(tickets))
        if not keys:
            return
        await insert_new(self._erased, [{"_id": key} for key in keys])
        for collection in (self._links, self._clicks):
            await collection.delete_many({"of": {"$in": keys}})

    async def followed(self, ticket: str) -> dict[str, Followed]:
        """By code how often people followed the links of `account:ticket`, where any did."""
        stages: list[dict[str, Any]] = [
            {"$match": {"of": ticket, "by": "person"}},
            {"$group": {"_id": "$code", "times": {"$sum": 1}, "last": {"$max": "$at"}}},
        ]
        found = self._clicks.aggregate(stages)
        return {d["_id"]: Followed(d["times"], d["last"].isoformat()) async for d in found}


def _until(at: datetime) -> datetime:
    return min(at, FAR_FUTURE - ROBOTS_KEPT) + ROBOTS_KEPT
