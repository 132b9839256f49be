"""Ingest's profiles, WhatsApp contacts' ids and unfinished long SMS in MongoDB."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.ingest.fair.store import MongoKeeping
from services.ingest.join.long_sms import Assembly
from services.ingest.who.profiles import Change, by_identity, identities
from services.ingest.who.whatsapp_ids import Alias, Claim
from shared.clock import EPOCH
from shared.contracts.profiles import Profile
from shared.stores.documents import Document
from shared.stores.erasures import MongoErasures
from shared.stores.indexes import Indexed
from shared.stores.mongo import DUPLICATE_KEY, Database
from shared.stores.mongo_aggregates import MongoAggregates

PARTS_REMEMBERED = timedelta(days=120)
"""How long parts are remembered: longer than any topic keeps a record that could come again."""


def with_indexes(database: Database) -> Sequence[Indexed]:
    """Each store of ingest's that makes indexes, for whoever looks whether they are there."""
    return (
        MongoProfiles(database),
        MongoAssemblies(database),
        MongoErasures(database, "ingest"),
        MongoKeeping(database),
    )


class MongoProfiles:
    """See `services.ingest.who.profiles.Profiles`. A profile is a document, `account:profile`."""

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
            _only_duplicates(error)

    async def find(self, identities: Iterable[str]) -> Mapping[str, Profile]:
        """See `Profiles`."""
        wanted = sorted(set(identities))
        if not wanted:
            return {}
        rows = self._documents.find({"identities": {"$in": wanted}}, {"profile": 1})
        return by_identity([Profile.model_validate(row["profile"]) async for row in rows], wanted)

    async def known(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str]
    ) -> Sequence[Profile]:
        """See `services.ingest.erasing.Known`."""
        named = {"identities": {"$in": sorted(f"{account_id}|{key}" for key in contacts)}}
        ids = {"_id": {"$in": sorted(f"{account_id}:{each}" for each in profile_ids)}}
        rows = {row["_id"]: row async for row in self._documents.find(named)}
        rows |= {row["_id"]: row async for row in self._documents.find(ids)}
        return [Profile.model_validate(row["profile"]) for row in rows.values()]


def _only_duplicates(error: BulkWriteError) -> None:
    """Raise the error, unless all that failed were inserts of documents that exist already."""
    failures = error.details.get("writeErrors", [])
    if error.details.get("writeConcernErrors") or any(
        failure["code"] != DUPLICATE_KEY for failure in failures
    ):
        raise error


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


class MongoAliases:
    """See `services.ingest.who.whatsapp_ids`. An id is a document, `account|type:value`."""

    def __init__(self, database: Database) -> None:
        self._documents = database["ingest_aliases"]
        self.erasures = MongoErasures(database, "ingest")

    async def find(self, keys: Iterable[str]) -> Mapping[str, Alias]:
        """See `Aliases`."""
        wanted = sorted(set(keys))
        if not wanted:
            return {}
        rows = self._documents.find({"_id": {"$in": wanted}})
        return {row["_id"]: Alias(row["contact"], row["user"]) async for row in rows}

    async def claim(self, claims: Sequence[Claim]) -> bool:
        """See `Aliases`."""
        if not claims:
            return True
        changed = 0
        try:
            result = await self._documents.bulk_write(
                [_claiming(claim) for claim in claims], ordered=False
            )
            changed = result.matched_count + result.inserted_count
        except BulkWriteError as error:
            _only_duplicates(error)
        if changed == len(claims):
            return True
        # Somebody was faster: it may be that they decided the same.
        found = await self.find([claim.key for claim in claims])
        return all(found.get(claim.key) == claim.after for claim in claims)

    async def leading(self, account_id: str, contacts: Collection[str]) -> Mapping[str, str]:
        """See `services.ingest.erasing.Leading`."""
        ids = {"_id": {"$in": sorted(f"{account_id}|{key}" for key in contacts)}}
        # `}` comes right after `|`: all of the account's, since few accounts are erased from.
        within = {"_id": {"$gt": f"{account_id}|", "$lt": f"{account_id}}}"}}
        to = {**within, "contact": {"$in": sorted(contacts)}}
        found = [row async for row in self._documents.find(ids)]
        found += [row async for row in self._documents.find(to)]
        return {row["_id"].partition("|")[2]: row["contact"] for row in found}

    async def forget(self, account_id: str, ids: Collection[str]) -> None:
        """See `services.ingest.erasing.Leading`."""
        keys = sorted(f"{account_id}|{key}" for key in ids)
        await self._documents.delete_many({"_id": {"$in": keys}})


def _claiming(claim: Claim) -> InsertOne[dict[str, Any]] | UpdateOne:
    after = {"contact": claim.after.contact, "user": claim.after.user}
    if claim.before is None:
        return InsertOne({"_id": claim.key, **after})
    before = {"contact": claim.before.contact, "user": claim.before.user}
    return UpdateOne({"_id": claim.key, **before}, {"$set": after})


class MongoAssemblies(MongoAggregates[Assembly]):
    """Unfinished long SMS in `ingest_parts`; the ids of parts taken in `ingest_parts_seen`."""

    def __init__(self, database: Database) -> None:
        self._seen = database["ingest_parts_seen"]
        super().__init__(database["ingest_parts"], self._seen, Assembly)

    async def ensure_indexes(self) -> None:
        """Make sure of the aggregates' indexes, and that parts are forgotten in time."""
        await super().ensure_indexes()
        await self._seen.create_index(
            [("at", 1)], expireAfterSeconds=int(PARTS_REMEMBERED.total_seconds())
        )
        await self._seen.create_index([("of", 1)])

    async def of_contacts(self, account_id: str, contacts: Collection[str]) -> Sequence[str]:
        """See `services.ingest.erasing.Parts`. It looks at all of the account's."""
        query = {"account_id": account_id, "state.contact": {"$in": sorted(contacts)}}
        return [document.state.id for document in await self.find(query, 0)]

    async def due(self, now: datetime, limit: int) -> list[Document[Assembly]]:
        """See `services.ingest.sweep.Waiting`."""
        return await self.find({"due_at": {"$gte": EPOCH, "$lt": now}}, limit, [("due_at", 1)])
