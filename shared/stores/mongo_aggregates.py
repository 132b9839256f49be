"""Aggregates (`shared.stores.aggregates`) in MongoDB: a collection of them, one of their ledger."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Generic, TypeVar

from bson.binary import Binary
from pydantic import BaseModel
from pymongo import DeleteOne, UpdateMany

from shared.bus.delivery import Outgoing
from shared.clock import EPOCH, FAR_FUTURE
from shared.stores.causal import Causal
from shared.stores.documents import Document, Entry, Pending, State, Target
from shared.stores.mongo import AT_ONCE, MongoCollection, compare_and_set, insert_new

ModelState = TypeVar("ModelState", bound=BaseModel)


class MongoAggregates(Generic[ModelState]):
    """Aggregates (see `shared.stores.aggregates`) in one collection, their ledger in another.

    Without one, nothing may be asked of it, or recorded in it. The state is a pydantic model with
    the properties of `State`. If it has a method `indexed()`, the fields that this returns are
    stored beside the state, so that queries can use them. Entries of the ledger have their
    document's id as `of`.
    """

    def __init__(
        self,
        documents: MongoCollection,
        ledger: MongoCollection | None,
        model: type[ModelState],
        causal: Causal | None = None,
    ) -> None:
        self._documents = documents
        self._entries = ledger
        self._model = model
        # Else the ledger could be read as it was before the documents that were read first.
        self._causal = causal or Causal(documents)

    @property
    def _ledger(self) -> MongoCollection:
        if self._entries is None:
            raise AssertionError("these aggregates have no ledger")
        return self._entries

    async def ensure_indexes(self) -> None:
        """Create the indexes that unique slots and the sweeps need, if they are missing."""
        await self._documents.create_index([("account_id", 1), ("slot", 1)], unique=True)
        await self._documents.create_index([("outbox_at", 1)])
        await self._documents.create_index([("due_at", 1)])

    async def load(self, targets: Collection[Target]) -> list[Document[Any]]:
        """See `shared.stores.documents.Store`."""
        ids = sorted({target.id for target in targets if target.id is not None})
        slots: dict[str, set[str]] = {}
        for target in targets:
            if target.slot is not None:
                slots.setdefault(target.account_id, set()).add(target.slot)
        found: dict[str, dict[str, Any]] = {}
        async with self._causal.reading() as session:
            if ids:
                by_id = {"_id": {"$in": ids}}
                rows = self._documents.find(by_id, session=session, batch_size=AT_ONCE)
                found |= {row["_id"]: row async for row in rows}
            for account_id, wanted in slots.items():
                query = {"account_id": account_id, "slot": {"$in": sorted(wanted)}}
                rows = self._documents.find(query, session=session, batch_size=AT_ONCE)
                found |= {row["_id"]: row async for row in rows}
        return [self._read(row) for row in found.values()]

    async def find(
        self, query: Mapping[str, Any], limit: int, sort: Sequence[tuple[str, int]] = ()
    ) -> list[Document[Any]]:
        """The documents that a query finds, `limit` at most."""
        cursor = self._documents.find(dict(query), limit=limit, sort=list(sort) or None)
        return [self._read(row) async for row in cursor]

    async def applied(self, ids: Collection[str]) -> dict[str, str]:
        """See `shared.stores.documents.Store`."""
        query = {"_id": {"$in": list(ids)}}
        async with self._causal.reading() as session:
            rows = self._ledger.find(
                query, projection={"of": 1}, session=session, batch_size=AT_ONCE
            )
            return {row["_id"]: row["of"] async for row in rows}

    async def write(self, documents: Sequence[Document[Any]]) -> set[str]:
        """See `shared.stores.documents.Store`."""
        return await compare_and_set(
            self._documents, [(self._row(document), document.revision) for document in documents]
        )

    async def record(self, entries: Sequence[tuple[str, Entry]]) -> None:
        """See `shared.stores.documents.Store`."""
        await insert_new(
            self._ledger, [{**entry.body, "_id": entry.id, "of": of} for of, entry in entries]
        )

    async def trim(self, done: Sequence[tuple[str, int, frozenset[str]]]) -> None:
        """See `shared.stores.documents.Store`."""
        # One update trims all documents of one revision: ids in an outbox begin with the revision
        # that wrote them, and outboxes are trimmed whole, so nothing is pulled that is still owed.
        written: dict[int, tuple[list[str], set[str]]] = {}
        for document_id, revision, ids in done:
            documents, pulled = written.setdefault(revision, ([], set()))
            documents.append(document_id)
            pulled |= ids
        if not written:
            return
        await self._documents.bulk_write(
            [
                UpdateMany(
                    {"_id": {"$in": documents}, "rev": revision},
                    {
                        "$pull": {"outbox": {"id": {"$in": sorted(pulled)}}},
                        "$set": {"outbox_at": FAR_FUTURE},
                    },
                )
                for revision, (documents, pulled) in written.items()
            ],
            ordered=False,
        )

    async def take_back(self, openings: Mapping[str, str]) -> None:
        """See `shared.stores.documents.Store`."""
        await self._documents.bulk_write(
            [
                DeleteOne({"_id": document_id, "rev": 1, "outbox.entry.id": entry_id})
                for document_id, entry_id in openings.items()
            ],
            ordered=False,
        )

    async def delete(self, document: Document[Any]) -> bool:
        """Delete a document if it is still at its revision; whether it was.

        That is for those alone whose outbox was carried out.
        """
        query = {"_id": document.state.id, "rev": document.revision}
        return (await self._documents.delete_one(query)).deleted_count > 0

    async def forget_entries(self, of: str, before: datetime) -> None:
        """Delete the ledger's entries of a document whose `at` is not later than `before`."""
        await self._ledger.delete_many({"of": of, "at": {"$lte": before}})

    async def unfinished(self, before: datetime, limit: int) -> list[Document[Any]]:
        """See `shared.stores.documents.Store`."""
        return await self.find({"outbox_at": {"$gte": EPOCH, "$lt": before}}, limit)

    def _row(self, document: Document[Any]) -> dict[str, Any]:
        state: State = document.state
        indexed: Mapping[str, Any] = getattr(state, "indexed", dict)()
        return {
            **indexed,
            "_id": state.id,
            "account_id": state.account_id,
            "slot": state.slot,
            "due_at": state.due_at,
            "rev": document.revision + 1,
            "outbox": [_pending_row(pending) for pending in document.outbox],
            "outbox_at": document.outbox_at,
            "sent_away": [[item, asdict(target)] for item, target in document.sent_away],
            # Of one revision: versions up to 0.1 write none, and record first.
            "recorded_last": document.revision + 1,
            "state": document.state.model_dump(),
        }

    def _read(self, row: Mapping[str, Any]) -> Document[Any]:
        return Document(
            state=self._model.model_validate(row["state"]),
            revision=row["rev"],
            outbox=tuple(_pending(item) for item in row["outbox"]),
            outbox_at=row["outbox_at"],
            sent_away=tuple((item, Target(**target)) for item, target in row["sent_away"]),
            recorded_last=row.get("recorded_last") == row["rev"],
        )


def _pending_row(pending: Pending) -> dict[str, Any]:
    match pending.owed:
        case Entry(entry_id, body, size):
            return {"id": pending.id, "entry": {"id": entry_id, "body": body, "size": size}}
        case Outgoing(topic, key, value, headers):
            record = {"topic": topic, "key": key, "value": value, "headers": headers}
            return {"id": pending.id, "publish": record}


def _pending(row: Mapping[str, Any]) -> Pending:
    if "entry" in row:
        entry = row["entry"]
        return Pending(row["id"], Entry(entry["id"], entry["body"], entry["size"]))
    record = row["publish"]
    headers = tuple((name, _bytes(text)) for name, text in record["headers"])
    owed = Outgoing(record["topic"], _bytes(record["key"]), _bytes(record["value"]), headers)
    return Pending(row["id"], owed)


def _bytes(value: bytes | Binary | None) -> bytes | None:
    return None if value is None else bytes(value)
