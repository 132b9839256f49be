"""Files in MongoDB: a document a file, and a document a part of it."""

import hashlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import ReplaceOne, UpdateOne

from services.desk.rules.files import UNSENT_KEPT, File
from shared.contracts.files import FilePart
from shared.stores.mongo import Database, MongoCollection

_AT_ONCE: Final = 100
_HELD: Final = 16
"""Parts whose bytes are held while they are written: of half a mebibyte each."""


class MongoFiles:
    """Collections `desk_files` and `desk_parts`, which no rebuild touches.

    The topic forgets files after some days; what is here stays until its contact is erased.
    """

    def __init__(self, database: Database) -> None:
        self._files = database["desk_files"]
        self._parts = database["desk_parts"]

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        for collection in (self._files, self._parts):
            await collection.create_index([("from", 1)], sparse=True)
            await collection.create_index([("of", 1)], sparse=True)
        await self._files.create_index([("until", 1)], sparse=True)
        await self._files.create_index([("by", 1), ("until", 1)], sparse=True)
        await self._files.create_index([("ticket", 1)], sparse=True)
        await self._parts.create_index([("file", 1), ("part", 1)])

    # What came with messages

    async def keep(self, parts: Sequence[FilePart]) -> None:
        """See `filing.Files`. A part is there before its file says so."""
        for start in range(0, len(parts), _HELD):
            await self._keep(parts[start : start + _HELD])

    async def _keep(self, parts: Sequence[FilePart]) -> None:
        pieces, files = [], []
        for part in parts:
            key = f"{part.account_id}:{part.file_id}"
            named = {
                "from": f"{part.account_id}:{part.contact}",
                "of": f"{part.account_id}:{part.message_id}",
                "at": part.occurred_at,
            }
            piece = {"_id": _piece(key, part.part), "file": key, "part": part.part, **named}
            pieces.append(
                ReplaceOne({"_id": piece["_id"]}, {**piece, "bytes": part.data}, upsert=True)
            )
            file = {
                **named,
                "account_id": part.account_id,
                "name": part.name,
                "type": part.content_type,
                "size": part.size,
                "parts": part.parts,
                "message_id": part.message_id,
            }
            change = {"$setOnInsert": file, "$addToSet": {"have": part.part}}
            files.append(UpdateOne({"_id": key}, change, upsert=True))
        await self._parts.bulk_write(pieces, ordered=False)
        await self._files.bulk_write(files)

    async def known(self, account_id: str, ids: Collection[str]) -> dict[str, File]:
        """Those of the account's files of these ids of which something is there."""
        keys = [f"{account_id}:{id_}" for id_ in sorted(set(ids))]
        if not keys:
            return {}
        found = self._files.find({"_id": {"$in": keys}})
        files = [_file(document) async for document in found]
        return {file.id: file for file in files}

    async def content(self, file: File) -> AsyncIterator[bytes]:
        """The file's bytes, part by part."""
        key = f"{file.account_id}:{file.id}"
        for number in range(1, file.parts + 1):
            piece = await self._parts.find_one({"_id": _piece(key, number)}, {"bytes": 1})
            if piece is None:
                return  # it was erased meanwhile
            yield piece["bytes"]

    async def forget_messages(self, account_id: str, message_ids: Collection[str]) -> None:
        """See `filing.Files`."""
        if message_ids:
            query = {"of": {"$in": [f"{account_id}:{each}" for each in sorted(message_ids)]}}
            await self._files.delete_many(query)
            await self._parts.delete_many(query)

    def of_contacts(
        self, account_id: str, contacts: Collection[str], at: datetime
    ) -> dict[str, tuple[MongoCollection, dict[str, Any]]]:
        """What erasing these contacts takes, by its kind: where it is, and what of it."""
        whose = [f"{account_id}:{contact}" for contact in sorted(contacts)]
        query = {"from": {"$in": whose}, "at": {"$lte": at}}
        return {"files": (self._files, query), "parts of files": (self._parts, query)}

    # What was uploaded

    async def begin(self, file: File, limit: int) -> bool:
        """Note that this upload begins; False if whoever it is by has so many unsent ones."""
        by = f"{file.account_id}:{file.by}"
        held = await self._files.count_documents({"by": by, "until": {"$gt": file.at}}, limit=limit)
        if held >= limit:
            return False
        row = {
            "account_id": file.account_id,
            "by": by,
            "name": file.name,
            "type": file.content_type,
            "size": 0,
            "parts": 0,
            "at": file.at,
            "until": file.at + UNSENT_KEPT,
        }
        key = f"{file.account_id}:{file.id}"
        await self._files.update_one({"_id": key}, {"$setOnInsert": row}, upsert=True)
        return True

    async def add(self, file: File, number: int, content: bytes) -> None:
        """Keep a part of an upload that has begun."""
        key = f"{file.account_id}:{file.id}"
        row = {"file": key, "part": number, "bytes": content}
        await self._parts.replace_one({"_id": _piece(key, number)}, row, upsert=True)

    async def end(self, file: File, size: int, parts: int, digest: str) -> None:
        """All of the upload is there."""
        change = {
            "size": size,
            "parts": parts,
            "have": list(range(1, parts + 1)),
            "digest": digest,
            "name": file.name,
            "type": file.content_type,
        }
        await self._files.update_one({"_id": f"{file.account_id}:{file.id}"}, {"$set": change})

    async def digest(self, account_id: str, id_: str) -> str | None:
        """What the upload's bytes and name come to; None where not all of it is there."""
        found = await self._files.find_one({"_id": f"{account_id}:{id_}"}, {"digest": 1})
        return found.get("digest") if found else None

    async def use(self, who: str, ticket_key: str, id_: str, until: datetime) -> File | None:
        """The upload, for a reply in that ticket; kept until then if that reply never goes out.

        None where there is none of that id that is by `account:kind:id`, and of no other ticket.
        """
        account_id = who.partition(":")[0]
        query = {
            "_id": f"{account_id}:{id_}",
            "by": who,
            "digest": {"$exists": True},
            "gone": None,
            "ticket": {"$in": [None, ticket_key]},
        }
        row = await self._files.find_one(query)
        if row is None:
            return None
        change: dict[str, Any] = {"$set": {"ticket": ticket_key}}
        if row.get("until") is not None:
            change["$max"] = {"until": until}
        if not (await self._files.update_one(query, change)).matched_count:
            return None
        return _file({**row, "ticket": ticket_key})

    async def sent(self, keys: Collection[str]) -> None:
        """See `filing.Sent`."""
        if keys:
            query = {"_id": {"$in": sorted(keys)}, "gone": None}
            await self._files.update_many(query, {"$unset": {"until": ""}})

    async def forget_upload(self, who: str, id_: str) -> None:
        """The upload is gone, if it is by `account:kind:id` and for no reply yet."""
        query = {"_id": f"{who.partition(':')[0]}:{id_}", "by": who, "ticket": None}
        await self._forget(query)

    async def forget_tickets(self, tickets: Collection[str]) -> None:
        """See `filing.Sent`."""
        for ticket in sorted(tickets):
            await self._forget({"ticket": ticket})

    async def sweep(self, now: datetime) -> None:
        """See `filing.Files`."""
        await self._forget({"until": {"$lte": now}})

    async def _forget(self, query: Mapping[str, Any]) -> None:
        """Files that the query finds are gone. They are marked first: nobody uses them meanwhile.

        Whoever dies after that is followed by the next sweep, which finds the mark's time.
        """
        while True:
            found = self._files.find(dict(query), {"at": 1}, limit=_AT_ONCE)
            rows = [row async for row in found]
            for row in rows:
                marked = {"$set": {"gone": True, "until": row["at"]}}
                named = {**query, "_id": row["_id"]}
                if (await self._files.update_one(named, marked)).matched_count:
                    await self._parts.delete_many({"file": row["_id"]})
                    await self._files.delete_one({"_id": row["_id"]})
            if len(rows) < _AT_ONCE:
                return


def digest_of(name: str, content: "hashlib._Hash") -> str:
    """What tells an upload from another one: its bytes, hashed, and its name."""
    named = content.copy()
    named.update(b"\0" + name.encode())
    return named.hexdigest()


def _piece(key: str, number: int) -> str:
    return f"{key}:{number:04d}"


def _file(row: Mapping[str, Any]) -> File:
    account_id = row["account_id"]
    own = len(account_id) + 1
    have = set(row.get("have", ()))
    return File(
        account_id=account_id,
        id=row["_id"][own:],
        name=row["name"],
        content_type=row["type"],
        size=row["size"],
        parts=row["parts"],
        at=row["at"],
        here=bool(row["parts"]) and len(have) == row["parts"] and not row.get("gone"),
        message_id=row.get("message_id"),
        by=row.get("by"),
        ticket_id=row["ticket"][own:] if row.get("ticket") else None,
    )
