"""What is learned from, in MongoDB: lessons, and first messages that may yet be marked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

import numpy as np
from pymongo import ASCENDING, DESCENDING, UpdateOne

from shared.clock import EPOCH
from shared.contracts.learning import Lesson
from shared.learning.features import Indices
from shared.learning.lessons import MOST_LESSONS, Learned
from shared.learning.teaching import Remembered
from shared.stores.mongo import Database, insert_new


class MongoLessons:
    """Collection `<service>_lessons`: a document for each account and ticket."""

    def __init__(self, database: Database, service: str) -> None:
        self._lessons = database[f"{service}_lessons"]

    async def ensure_indexes(self) -> None:
        """Make the index by account, kind and time, if it is not there."""
        await self._lessons.create_index(
            [("account", ASCENDING), ("mark", DESCENDING), ("at", DESCENDING), ("_id", DESCENDING)]
        )

    async def keep(self, lessons: Sequence[tuple[Lesson, Indices]]) -> None:
        """See `Lessons`."""
        if not lessons:
            return
        rows = [_row(lesson, indices) for lesson, indices in lessons]
        await insert_new(self._lessons, list({row["_id"]: row for row in reversed(rows)}.values()))
        updates = [
            UpdateOne(
                {
                    "_id": row["_id"],
                    "mark": {"$gte": 0},
                    f"ranks.{label}": {"$not": {"$gte": rank}},
                },
                {
                    "$set": {
                        f"labels.{label}": row["labels"][label],
                        f"ranks.{label}": rank,
                        "teacher": row["teacher"],
                        "weight": row["weight"],
                        "at": row["at"],
                    },
                    "$max": {"mark": row["mark"]},
                },
            )
            for row in rows
            for label, rank in row["ranks"].items()
        ]
        await self._lessons.bulk_write(updates, ordered=True)

    async def of_account(self, account_id: str) -> list[Learned]:
        """See `Lessons`."""
        found = []
        for mark in (1, 0):
            rows = self._lessons.find({"account": account_id, "mark": mark})
            newest = rows.sort([("at", DESCENDING), ("_id", DESCENDING)]).limit(2 * MOST_LESSONS)
            found += [_learned(row) async for row in newest]
        return found

    async def erase(self, tickets: Collection[tuple[str, str]]) -> set[str]:
        """See `Lessons`. An empty row stays, so that no lesson on the ticket is kept later."""
        rows = [_erased(*ticket) for ticket in sorted(tickets)]
        await insert_new(self._lessons, rows)
        ids = [row["_id"] for row in rows]
        nothing = {name: rows[0][name] for name in _TAKEN}
        await self._lessons.update_many({"_id": {"$in": ids}}, {"$set": nothing})
        had = self._lessons.find({"_id": {"$in": ids}, "weight": {"$gt": 0}})
        return {row["account"] async for row in had}


class MongoMemories:
    """Collection `<service>_memories`: a document for each ticket, until it is forgotten."""

    def __init__(self, database: Database, service: str) -> None:
        self._memories = database[f"{service}_memories"]

    async def ensure_indexes(self) -> None:
        """Make the indexes: by when silence speaks, and by how old it is."""
        await self._memories.create_index([("silent_from", ASCENDING)], sparse=True)
        await self._memories.create_index([("at", ASCENDING)])

    async def remember(self, found: Sequence[Remembered]) -> None:
        """See `Memories`."""
        rows: dict[str, dict[str, Any]] = {}
        for each in found:
            row = rows.setdefault(_id(each.account_id, each.ticket_id), _beginning(each))
            row["parts"] |= {
                str(seq): part.astype("<u4").tobytes() for seq, part in each.parts.items()
            }
            row["given"] += [tag for tag in each.given if tag not in row["given"]]
        there = await insert_new(self._memories, list(rows.values()))
        updates = [_with_parts(row) for place, row in enumerate(rows.values()) if place in there]
        if updates:
            await self._memories.bulk_write(updates, ordered=False)

    async def recall(
        self, tickets: Collection[tuple[str, str]]
    ) -> Mapping[tuple[str, str], Remembered]:
        """See `Memories`."""
        if not tickets:
            return {}
        ids = sorted(_id(*each) for each in tickets)
        rows = self._memories.find({"_id": {"$in": ids}})
        return {(row["account"], row["ticket"]): _remembered(row) async for row in rows}

    async def await_silence(self, until: Mapping[tuple[str, str], datetime | None]) -> None:
        """See `Memories`."""
        updates = [
            UpdateOne({"_id": _id(*ticket), "marked": {"$ne": True}}, {"$set": {"silent_from": at}})
            if at is not None
            else UpdateOne(
                {"_id": _id(*ticket)}, {"$set": {"marked": True}, "$unset": {"silent_from": ""}}
            )
            for ticket, at in until.items()
        ]
        if updates:
            await self._memories.bulk_write(updates, ordered=False)

    async def silent(self, now: datetime, limit: int) -> list[Remembered]:
        """See `Memories`."""
        rows = self._memories.find({"silent_from": {"$lte": now}}).sort("silent_from", ASCENDING)
        return [_remembered(row) async for row in rows.limit(limit)]

    async def forget(self, before: datetime) -> None:
        """See `Memories`."""
        await self._memories.delete_many({"at": {"$lt": before}})

    async def erase(self, tickets: Collection[tuple[str, str]]) -> None:
        """See `Memories`."""
        ids = sorted(_id(*each) for each in tickets)
        await self._memories.delete_many({"_id": {"$in": ids}})


def _id(account_id: str, ticket_id: str) -> str:
    return f"{account_id}|{ticket_id}"


def _beginning(first: Remembered) -> dict[str, Any]:
    return {
        "_id": _id(first.account_id, first.ticket_id),
        "account": first.account_id,
        "ticket": first.ticket_id,
        "sender": first.sender,
        "at": first.at,
        "parts": {},
        "given": [],
    }


def _with_parts(row: Mapping[str, Any]) -> UpdateOne:
    parts = {f"parts.{number}": part for number, part in row["parts"].items()}
    changed: dict[str, Any] = {"$addToSet": {"given": {"$each": row["given"]}}}
    if parts:
        changed["$set"] = parts
    return UpdateOne({"_id": row["_id"]}, changed)


def _row(lesson: Lesson, indices: Indices) -> dict[str, Any]:
    labels = {_field(label.name): label.fits for label in lesson.labels}
    return {
        "_id": _id(lesson.account_id, lesson.example_id),
        "account": lesson.account_id,
        "example": lesson.example_id,
        "labels": labels,
        "ranks": dict.fromkeys(labels, lesson.rank),
        "mark": int(lesson.rank > 0),
        "indices": indices.astype("<u4").tobytes(),
        "weight": lesson.weight,
        "teacher": lesson.teacher,
        "sender": lesson.sender,
        "at": lesson.occurred_at,
    }


_TAKEN = ("labels", "ranks", "mark", "indices", "teacher", "sender")


def _erased(account_id: str, ticket_id: str) -> dict[str, Any]:
    """The row of an erased ticket: its mark is below all others. Its weight says it had none."""
    return {
        "_id": _id(account_id, ticket_id),
        "account": account_id,
        "example": ticket_id,
        "labels": {},
        "ranks": {},
        "mark": -1,
        "indices": b"",
        "weight": 0.0,
        "teacher": None,
        "sender": None,
        "at": EPOCH,
    }


def _field(label: str) -> str:
    """A label as a name of a field, in which dots and dollars mean something else."""
    return quote(label, safe=" ").replace(".", "%2E")


def _learned(row: Mapping[str, Any]) -> Learned:
    return Learned(
        example_id=row["example"],
        labels={unquote(label): fits for label, fits in row["labels"].items()},
        ranks={unquote(label): rank for label, rank in row["ranks"].items()},
        indices=np.frombuffer(row["indices"], "<u4").astype(np.uint32),
        weight=row["weight"],
        teacher=row["teacher"],
        sender=row["sender"],
        at=row["at"],
    )


def _remembered(row: Mapping[str, Any]) -> Remembered:
    return Remembered(
        account_id=row["account"],
        ticket_id=row["ticket"],
        parts={
            int(seq): np.frombuffer(part, "<u4").astype(np.uint32)
            for seq, part in row["parts"].items()
        },
        sender=row["sender"],
        at=row["at"],
        silent_from=row.get("silent_from"),
        given=tuple(sorted(row["given"])),
    )
