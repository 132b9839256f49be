"""How agents have judged contacts, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pymongo import UpdateOne

from services.spam.rules.verdict import ContactRef, Standing
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.lessons import MongoLessons, MongoMemories
from shared.stores.mongo import Database, insert_new


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of screening's that makes indexes, for whoever looks whether they are there."""
    return (
        MongoErasures(database, "spam"),
        MongoLessons(database, "spam"),
        MongoMemories(database, "spam"),
    )


class MongoContacts:
    """Collection `spam_contacts`: one document for each contact, with the id `account|contact`."""

    def __init__(self, database: Database) -> None:
        self._contacts = database["spam_contacts"]
        self.erasures = MongoErasures(database, "spam")

    async def load(self, contacts: Collection[ContactRef]) -> dict[ContactRef, Standing]:
        """See `handlers.Contacts`."""
        if not contacts:
            return {}
        ids = {_id(contact): contact for contact in contacts}
        rows = self._contacts.find({"_id": {"$in": sorted(ids)}})
        return {
            ids[row["_id"]]: Standing(row.get("known_at"), row.get("spam_at")) async for row in rows
        }

    async def add(self, standings: Mapping[ContactRef, Standing]) -> None:
        """See `handlers.Contacts`."""
        rows = {_id(contact): _times(standing) for contact, standing in standings.items()}
        there = await insert_new(self._contacts, [{"_id": key, **at} for key, at in rows.items()])
        # The later time stays, in whatever order replicas write.
        updates = [
            UpdateOne({"_id": key}, {"$max": at})
            for place, (key, at) in enumerate(rows.items())
            if place in there
        ]
        if updates:
            await self._contacts.bulk_write(updates, ordered=False)

    async def erase(self, contacts: Collection[ContactRef], at: datetime) -> None:
        """See `handlers.Contacts`."""
        ids = sorted(map(_id, contacts))
        for name in ("known_at", "spam_at"):
            query = {"_id": {"$in": ids}, name: {"$lte": at}}
            await self._contacts.update_many(query, {"$unset": {name: ""}})
        nothing = {"known_at": {"$exists": False}, "spam_at": {"$exists": False}}
        await self._contacts.delete_many({"_id": {"$in": ids}, **nothing})


def _id(contact: ContactRef) -> str:
    return f"{contact.account_id}|{contact.contact_id}"


def _times(standing: Standing) -> dict[str, datetime]:
    times = {"known_at": standing.known_at, "spam_at": standing.spam_at}
    return {name: at for name, at in times.items() if at is not None}
