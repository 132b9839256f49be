"""What is the desk's own, and no topic's: drafts, views, likings, commands given, jobs, changes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ReturnDocument, UpdateOne

from services.desk.rules.answers import Answered
from services.desk.store.files import MongoFiles
from services.desk.store.read import SIDES, MongoReadModel, Side
from shared.stores.mongo import Database, insert_new
from shared.values.ids import attempt_token

COMMANDS_KEPT: Final = timedelta(days=2)
"""For so long the same idempotency key is the same command, and its answer is known."""

CLEARING: Final = timedelta(minutes=10)
"""Longer than it takes to empty a read model."""

DRAFTS_KEPT: Final = timedelta(days=90)


class MongoOwn:
    """What a rebuild leaves alone.

    Collections `desk_commands`, `desk_drafts`, `desk_views`, `desk_likings`, `desk_jobs`,
    `desk_changes` and `desk_state`; and `files`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._commands = database["desk_commands"]
        self._drafts = database["desk_drafts"]
        self._views = database["desk_views"]
        self._likings = database["desk_likings"]
        self._jobs = database["desk_jobs"]
        self._changes = database["desk_changes"]
        self._state = database["desk_state"]
        self.files = MongoFiles(database)

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        for collection, kept in (
            (self._commands, COMMANDS_KEPT),
            (self._drafts, DRAFTS_KEPT),
            (self._jobs, COMMANDS_KEPT),
        ):
            await collection.create_index([("at", 1)], expireAfterSeconds=int(kept.total_seconds()))
        await self._drafts.create_index([("ticket", 1)])
        await self._views.create_index([("account_id", 1)])
        await self._changes.create_index([("account_id", 1), ("at", 1)])
        await self._jobs.create_index([("due_at", 1)])

    # Commands

    async def given(
        self, key: str, digest: str, now: datetime, then: Sequence[str] = ()
    ) -> Mapping[str, Any]:
        """Note a command by `account:id`, unless it is noted; what is noted of it now.

        It has `digest`, and `answer` once it is answered. `then` are commands, as JSON, that are to
        follow it once it is accepted.
        """
        await self.all_given({key: then}, digest, now)
        return await self.command(key) or {"digest": digest}

    async def all_given(
        self, keys: Mapping[str, Sequence[str]], digest: str, now: datetime
    ) -> None:
        """As `given`, of several: each key with what is to follow it."""
        rows = [
            {"_id": key, "digest": digest, "at": now} | ({"then": list(then)} if then else {})
            for key, then in keys.items()
        ]
        if rows:
            await insert_new(self._commands, rows)

    async def command(self, key: str) -> Mapping[str, Any] | None:
        """What is noted of the command; None where it was not given here, or long ago."""
        found: Mapping[str, Any] | None = await self._commands.find_one({"_id": key})
        return found

    async def answers(self, keys: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """The answers of those of these commands that are answered, by `account:id`."""
        found = self._commands.find({"_id": {"$in": list(keys)}}, {"answer": 1})
        return {d["_id"]: d["answer"] async for d in found if d.get("answer")}

    async def following(self, keys: Sequence[str]) -> list[str]:
        """See `keeping.Answers`."""
        if not keys:
            return []
        query = {"_id": {"$in": list(keys)}, "then": {"$exists": True}}
        return [each async for d in self._commands.find(query, {"then": 1}) for each in d["then"]]

    async def keep(self, answers: Sequence[Answered]) -> None:
        """See `keeping.Answers`."""
        writes = [
            UpdateOne(
                {"_id": f"{answer.account_id}:{answer.command_id}", "answer": None},
                {"$set": {"answer": asdict(answer)}},
            )
            for answer in answers
        ]
        if writes:
            await self._commands.bulk_write(writes)

    # Drafts

    async def draft(self, who: str, ticket: str) -> Mapping[str, Any] | None:
        """The draft of `account:agent` for the ticket: `text`, `note`, `at`, `revision`."""
        found: Mapping[str, Any] | None = await self._drafts.find_one({"_id": f"{who}:{ticket}"})
        return found

    async def save_draft(
        self, who: str, ticket: str, draft: Mapping[str, Any], seen: int
    ) -> int | None:
        """Store it if the stored one is at revision `seen` (0: none); the new revision, or None."""
        id_ = f"{who}:{ticket}"
        row = {**draft, "revision": seen + 1, "ticket": f"{who.partition(':')[0]}:{ticket}"}
        if not seen:
            there = await insert_new(self._drafts, [{"_id": id_, **row}])
            return None if there else 1
        query = {"_id": id_, "revision": seen}
        stored = await self._drafts.update_one(query, {"$set": row})
        return seen + 1 if stored.matched_count else None

    async def forget_drafts(self, tickets: Collection[str]) -> None:
        """See `keeping.Answers`."""
        if tickets:
            await self._drafts.delete_many({"ticket": {"$in": sorted(tickets)}})

    async def forget_draft(self, who: str, ticket: str) -> bool:
        """There is none any more; whether there was one."""
        gone = await self._drafts.delete_one({"_id": f"{who}:{ticket}"})
        return bool(gone.deleted_count)

    # Views and likings

    async def views(self, account_id: str) -> list[dict[str, Any]]:
        """All custom views of the account: `id`, `name`, `filters`, `sort`, `owner` (None: all)."""
        found = self._views.find({"account_id": account_id})
        return sorted(
            [view async for view in found], key=lambda v: (v["name"].casefold(), v["_id"])
        )

    async def add_view(self, view: Mapping[str, Any]) -> None:
        """Store it by its `_id`, unless it is there."""
        await insert_new(self._views, [view])

    async def change_view(self, view: Mapping[str, Any]) -> bool:
        """Store it in place of the one with its `_id`; False where there is none (any more)."""
        changed = await self._views.replace_one({"_id": view["_id"]}, dict(view))
        return bool(changed.matched_count)

    async def forget_view(self, id_: str) -> None:
        """There is none any more."""
        await self._views.delete_one({"_id": id_})

    async def likings(self, who: str) -> dict[str, Any]:
        """What `account:agent` has chosen for themself: `language`, `badge`, `metrics`."""
        return await self._likings.find_one({"_id": who}, {"_id": 0}) or {}

    async def likings_of(self, people: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The same of several; who has chosen nothing is left out."""
        found = self._likings.find({"_id": {"$in": list(people)}})
        return {document["_id"]: document async for document in found}

    async def like(self, who: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Store what they chose besides; all that they have chosen now."""
        found = await self._likings.find_one_and_update(
            {"_id": who},
            {"$set": dict(chosen)},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return {name: value for name, value in (found or chosen).items() if name != "_id"}

    # Jobs

    async def add_job(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep it by its `_id`, unless it is there; the one that is."""
        await insert_new(self._jobs, [job])
        return await self.job(job["_id"]) or job

    async def job(self, id_: str) -> dict[str, Any] | None:
        """The job as it is now."""
        return await self._jobs.find_one({"_id": id_})

    async def due_jobs(self, since: datetime, now: datetime, limit: int) -> list[dict[str, Any]]:
        """Jobs that nobody works on and that are not done, those that wait longest first."""
        found = self._jobs.find({"due_at": {"$gte": since, "$lte": now}}, limit=limit)
        found = found.sort("due_at", 1)
        return [job async for job in found]

    async def move_job(self, job: Mapping[str, Any]) -> bool:
        """Store it, if it is still at its `revision`, as the next one; whether that was so."""
        query = {"_id": job["_id"], "revision": job["revision"]}
        row = {**job, "revision": job["revision"] + 1}
        return bool((await self._jobs.replace_one(query, row)).matched_count)

    # Changes of settings

    async def note_change(self, change: Mapping[str, Any]) -> None:
        """Keep who changed what, by its `_id`."""
        await insert_new(self._changes, [change])

    async def changes(self, account_id: str, since: datetime, limit: int) -> list[dict[str, Any]]:
        """The account's changes since then, newest first."""
        query = {"account_id": account_id, "at": {"$gte": since}}
        found = self._changes.find(query, limit=limit).sort("at", -1)
        return [change async for change in found]

    # Which read model serves

    async def side(self) -> Side:
        """The side that serves."""
        found = await self._state.find_one({"_id": "serving"})
        return SIDES[1] if found and found["side"] == SIDES[1] else SIDES[0]

    async def serve(self, side: Side) -> None:
        """From now on that side serves; every replica knows within a second or two."""
        await self._state.replace_one({"_id": "serving"}, {"side": side}, upsert=True)

    async def hold_rebuild(self, token: str, until: datetime, now: datetime) -> bool:
        """Take or renew the right to rebuild, until then; False while somebody else has it."""
        row = {"token": token, "until": until}
        if not await insert_new(self._state, [{"_id": "rebuild", **row}]):
            return True
        free = {"_id": "rebuild", "$or": [{"token": token}, {"until": {"$lt": now}}]}
        return bool((await self._state.update_one(free, {"$set": row})).matched_count)

    async def end_rebuild(self, token: str) -> None:
        """Give it back."""
        await self._state.delete_one({"_id": "rebuild", "token": token})

    async def clear_left_over(self, now: datetime) -> None:
        """Empty what a rebuild has left that died."""
        token = attempt_token()
        left = await self._state.find_one({"_id": "rebuild", "until": {"$lt": now}})
        if left is None or not await self.hold_rebuild(token, now + CLEARING, now):
            return
        serving = await self.side()
        await self.model(next(side for side in SIDES if side != serving)).clear()
        await self.end_rebuild(token)

    async def is_noted(self, what: str) -> bool:
        """Whether it was noted."""
        return await self._state.find_one({"_id": what}) is not None

    async def is_new(self, what: str, now: datetime) -> bool:
        """Note that this was done; whether it was not noted yet."""
        return not await insert_new(self._state, [{"_id": what, "at": now}])

    def model(self, side: Side) -> MongoReadModel:
        """The read model of that side."""
        return MongoReadModel(self._database, side)
