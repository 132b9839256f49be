"""Ingest's profiles in MongoDB."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import DeleteOne, ReplaceOne
from pymongo.errors import BulkWriteError

from services.ingest.profiles import Change, by_identity, identities
from shared.clock import EPOCH
from shared.contracts.profiles import Profile
from shared.mongo import DUPLICATE_KEY, Database


class MongoProfiles:
    """See `services.ingest.profiles.Profiles`. A document a profile: `_id` is `account:profile`."""

    def __init__(self, database: Database) -> None:
        self._documents = database["ingest_profiles"]

    async def ensure_indexes(self) -> None:
        """Make sure that profiles are found by identity without a scan."""
        await self._documents.create_index("identities")

    async def save(self, changes: Iterable[Change]) -> None:
        """See `Profiles`."""
        operations = [_operation(change) for change in changes]
        if not operations:
            return
        try:
            await self._documents.bulk_write(operations, ordered=False)
        except BulkWriteError as error:
            # A newer version is there: the guarded replacement found nothing and would insert.
            failures = error.details.get("writeErrors", [])
            if error.details.get("writeConcernErrors") or any(
                failure["code"] != DUPLICATE_KEY for failure in failures
            ):
                raise

    async def find(self, identities: Iterable[str]) -> Mapping[str, Profile]:
        """See `Profiles`."""
        wanted = sorted(set(identities))
        if not wanted:
            return {}
        rows = self._documents.find({"identities": {"$in": wanted}}, {"profile": 1})
        return by_identity([Profile.model_validate(row["profile"]) async for row in rows], wanted)


def _operation(change: Change) -> DeleteOne | ReplaceOne[dict[str, Any]]:
    profile = change.profile
    if profile is None:
        return DeleteOne({"_id": change.key})
    updated_at = profile.updated_at or EPOCH
    which: dict[str, Any] = {"_id": change.key}
    if change.only_if_newer:
        which["updated_at"] = {"$lte": updated_at}
    document = {
        "_id": change.key,
        "identities": identities(profile),
        "updated_at": updated_at,
        "profile": profile.model_dump(mode="json"),
    }
    return ReplaceOne(which, document, upsert=True)
