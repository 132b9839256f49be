"""What the desk keeps of contacts, profiles, sends and agents, in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import DeleteOne, ReplaceOne, UpdateOne

from services.desk.rules.visits import Visit
from services.desk.store.files import MongoFiles
from services.desk.store.links import MongoLinks
from shared.clock import EPOCH
from shared.contracts.base import CHANNELS
from shared.contracts.marketing import SendDelivered, SendOutcome
from shared.contracts.profiles import Profile, ProfileEvent
from shared.stores.attendance import MongoAttendances
from shared.stores.erased import Named
from shared.stores.erasures import MongoErasures
from shared.stores.mongo import Database, MongoCollection, insert_new
from shared.topic import Deleted
from shared.values.attendance import Attendance

KEPT_EVENTS: Final = timedelta(days=400)
"""For so long what profiles did elsewhere is kept."""

KEPT_VISITS: Final = timedelta(days=30)
"""For so long it is kept that a web chat's visitor came or left."""


class MongoAround:
    """Collections `desk_stops`, `desk_visits`, `desk_sends`, and others of profiles and agents.

    Beside them `links` has the short links that went out.
    """

    def __init__(self, database: Database) -> None:
        self._stops = database["desk_stops"]
        self._visits = database["desk_visits"]
        self._sends = database["desk_sends"]
        self._profiles = database["desk_profiles"]
        self._events = database["desk_events"]
        self._agents = database["desk_agents"]
        self._attendances = MongoAttendances(self._agents)
        self._files = MongoFiles(database)
        self._erasures = MongoErasures(database, "desk")
        self.links = MongoLinks(database)

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        await self._erasures.ensure_indexes()
        await self._visits.create_index([("of", 1), ("at", 1)])
        await self._visits.create_index(
            [("at", 1)], expireAfterSeconds=int(KEPT_VISITS.total_seconds())
        )
        await self.links.ensure_indexes()
        await self._sends.create_index([("to", 1), ("at", 1)])
        await self._events.create_index([("of", 1), ("at", 1)])
        await self._events.create_index(
            [("at", 1)], expireAfterSeconds=int(KEPT_EVENTS.total_seconds())
        )
        await self._agents.create_index([("account_id", 1)])
        await self._agents.create_index([("online", 1), ("seen_at", 1)])

    async def stopped(self, said: Sequence[tuple[str, str, str, datetime, bool]]) -> None:
        """See `keeping.Around`. Of two at the same time the STOP counts."""
        for account, channel, contact, at, out in said:
            id_ = f"{account}:{channel}:{contact}"
            await insert_new(self._stops, [{"_id": id_, "at": at, "out": out}])
            older: dict[str, Any] = {"_id": id_, "$or": [{"at": {"$lt": at}}]}
            if out:
                older["$or"].append({"at": at, "out": False})
            await self._stops.update_one(older, {"$set": {"at": at, "out": out}})

    async def is_stopped(self, account_id: str, channel: str, contact: str) -> bool:
        """Whether the contact said STOP, and not START since."""
        found = await self._stops.find_one({"_id": f"{account_id}:{channel}:{contact}"})
        return bool(found and found["out"])

    async def visited(self, visits: Sequence[Visit]) -> None:
        """See `keeping.Around`. Of two at the same time the going counts."""
        for each in visits:
            id_ = f"{each.account_id}:{each.conversation}"
            row = {"of": f"{each.account_id}:{each.contact}", "at": each.at, "here": each.here}
            await insert_new(self._visits, [{"_id": id_, **row}])
            older: dict[str, Any] = {"_id": id_, "$or": [{"at": {"$lt": each.at}}]}
            if not each.here:
                older["$or"].append({"at": each.at, "here": True})
            await self._visits.update_one(older, {"$set": row})

    async def visit(self, account_id: str, conversation: str) -> Visit | None:
        """The conversation's last visit, if there is any."""
        found = await self._visits.find_one({"_id": f"{account_id}:{conversation}"})
        if found is None:
            return None
        contact = found["of"].removeprefix(f"{account_id}:")
        return Visit(account_id, conversation, contact, found["at"], found["here"])

    async def sent(self, sends: Sequence[SendOutcome]) -> None:
        """See `keeping.Around`."""
        writes: list[Any] = []
        for send in sends:
            failed = not isinstance(send, SendDelivered)
            at = send.delivered_at if isinstance(send, SendDelivered) else send.occurred_at
            named: dict[str, Any] = {
                "to": f"{send.account_id}:{send.phone}",
                "source": send.source,
                "source_id": send.source_id,
                "name": send.source_name,
            }
            id_ = f"{send.account_id}:{send.send_id}"
            if failed:
                named |= {"failed": True}
                change = {"$set": named, "$setOnInsert": {"at": at}}
                writes.append(UpdateOne({"_id": id_}, change, upsert=True))
            else:
                writes.append(UpdateOne({"_id": id_}, {"$set": {**named, "at": at}}, upsert=True))
        if writes:
            await self._sends.bulk_write(writes)

    async def sends_to(
        self, account_id: str, phone: str, start: datetime, end: datetime, limit: int
    ) -> list[dict[str, Any]]:
        """What was sent to that number from `start` (included) to `end` (excluded), oldest first.

        Each has `_id`, `at`, `source`, `source_id`, `name`, and `failed` where it failed.
        """
        query = {"to": f"{account_id}:{phone}", "at": {"$gte": start, "$lt": end}}
        found = self._sends.find(query, limit=limit).sort("at", -1)
        return [document async for document in found][::-1]

    async def profiles(self, profiles: Sequence[Profile | Deleted]) -> None:
        """See `keeping.Around`."""
        last: dict[str, Any] = {}
        for each in profiles:
            if isinstance(each, Deleted):
                last[each.key] = DeleteOne({"_id": each.key})
            else:
                id_ = f"{each.account_id}:{each.profile_id}"
                last[id_] = ReplaceOne({"_id": id_}, {"body": each.model_dump_json()}, upsert=True)
        if last:
            await self._profiles.bulk_write(list(last.values()))

    async def profile(self, account_id: str, profile_id: str) -> Profile | None:
        """The profile, if it is known."""
        found = await self._profiles.find_one({"_id": f"{account_id}:{profile_id}"})
        return Profile.model_validate_json(found["body"]) if found else None

    async def profile_events(self, events: Sequence[ProfileEvent]) -> None:
        """See `keeping.Around`."""
        rows = {
            f"{event.account_id}:{event.id}": {
                "of": f"{event.account_id}:{event.profile_id}",
                "at": event.occurred_at,
                "metric": event.metric,
                "body": event.model_dump_json(),
            }
            for event in events
        }
        await insert_new(self._events, [{"_id": id_, **row} for id_, row in rows.items()])

    async def events_of(
        self, account_id: str, profile_id: str, since: datetime, limit: int
    ) -> list[ProfileEvent]:
        """What the profile did since then, newest first; `limit` at most."""
        query = {"of": f"{account_id}:{profile_id}", "at": {"$gte": since}}
        found = self._events.find(query, limit=limit).sort("at", -1)
        return [ProfileEvent.model_validate_json(document["body"]) async for document in found]

    async def erased(self, contacts: Collection[Named]) -> Mapping[Named, datetime]:
        """See `keeping.Around`."""
        return await self._erasures.of(contacts)

    async def note_erased(self, account_id: str, names: Collection[str], at: datetime) -> None:
        """See `erasing.Erasable`."""
        await self._erasures.note(account_id, names, at)

    async def erase(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str], at: datetime
    ) -> Mapping[str, int]:
        """See `erasing.Erasable`. Profiles go by their tombstones."""
        queries = self._of(account_id, contacts, profile_ids, at)
        return {
            kind: (await collection.delete_many(query)).deleted_count
            for kind, (collection, query) in queries.items()
        }

    async def count(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str], at: datetime
    ) -> Mapping[str, int]:
        """See `erasing.Erasable`."""
        queries = self._of(account_id, contacts, profile_ids, at)
        return {
            kind: await collection.count_documents(query)
            for kind, (collection, query) in queries.items()
        }

    def _of(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str], at: datetime
    ) -> dict[str, tuple[MongoCollection, dict[str, Any]]]:
        known = [f"{account_id}:{channel}:{each}" for channel in CHANNELS for each in contacts]
        names = {each.partition(":")[2] for each in contacts} | set(contacts)
        until = {"at": {"$gte": EPOCH, "$lte": at}}
        to = [f"{account_id}:{name}" for name in sorted(names)]
        visitors = [f"{account_id}:{each}" for each in contacts]
        of = [f"{account_id}:{profile_id}" for profile_id in profile_ids]
        return {
            "stops": (self._stops, {"_id": {"$in": known}, **until}),
            "visits": (self._visits, {"of": {"$in": visitors}, **until}),
            "sends": (self._sends, {"to": {"$in": to}, **until}),
            "profile events": (self._events, {"of": {"$in": of}, **until}),
            **self._files.of_contacts(account_id, contacts, at),
        }

    async def attendances(
        self, agents: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], Attendance]:
        """See `keeping.Around`."""
        return await self._attendances.known(agents)

    async def attending(self, account_id: str) -> list[Attendance]:
        """What is known of all agents of the account."""
        return await self._attendances.of(account_id)

    async def online_seen(self, start: datetime, end: datetime) -> list[Attendance]:
        """See `sweep.Attending`."""
        return await self._attendances.online_seen(start, end)

    async def attend(self, attendances: Sequence[Attendance]) -> None:
        """See `keeping.Around`."""
        await self._attendances.attend(attendances)
