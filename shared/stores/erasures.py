"""Which contacts were erased, in MongoDB: known by hashes, until no topic can bring them back."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from pymongo import UpdateOne

from shared.stores.erased import Named
from shared.stores.mongo import Database, insert_new

REMEMBERED = timedelta(days=120)
"""Longer than any topic keeps a record that could come again."""


class MongoErasures:
    """Collection `<service>_erasures`: a hash of account and contact, and the time."""

    def __init__(self, database: Database, service: str) -> None:
        self._erased = database[f"{service}_erasures"]

    async def ensure_indexes(self) -> None:
        """Make the index by which old ones are forgotten."""
        seconds = int(REMEMBERED.total_seconds())
        await self._erased.create_index([("at", 1)], expireAfterSeconds=seconds)

    async def note(self, account_id: str, contacts: Collection[str], at: datetime) -> None:
        """See `Erasures`."""
        ids = sorted({hashed(account_id, contact) for contact in contacts})
        await insert_new(self._erased, [{"_id": each, "at": at} for each in ids])
        later = [UpdateOne({"_id": each}, {"$max": {"at": at}}) for each in ids]
        await self._erased.bulk_write(later, ordered=False)

    async def of(self, contacts: Iterable[Named]) -> Mapping[Named, datetime]:
        """See `Erasures`."""
        wanted = {hashed(*named): named for named in contacts}
        if not wanted:
            return {}
        rows = self._erased.find({"_id": {"$in": sorted(wanted)}})
        return {wanted[row["_id"]]: row["at"] async for row in rows}


def hashed(account_id: str, contact: str) -> str:
    """What stays of an erased contact's name."""
    return hashlib.sha256(f"{account_id}|{contact}".encode()).hexdigest()
