"""Tickets, their threads and their numbers in MongoDB."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from services.ticketing.erasing_store import ErasableTickets
from services.ticketing.rules.early_records import slot_key
from services.ticketing.rules.slots import slot_of
from services.ticketing.rules.thread_lines import as_shown, in_order, names
from services.ticketing.rules.ticket import Ticket
from shared.clock import EPOCH
from shared.contracts.tickets import TicketStatus
from shared.stores.documents import Document, Target
from shared.stores.mongo import Database, insert_new

MANY, SOME = 1000, 20
"""About how many tickets are read for a batch's mails; how many for each id if more know them."""


class MongoTickets(ErasableTickets):
    """Collections `tickets`, `thread` (the ledger), `mail_destinations` and `ticket_numbers`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.database = database
        self._counters = database["ticket_numbers"]
        self._counted: set[str] = set()

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        await super().ensure_indexes()
        await self._tickets.create_index([("account_id", 1), ("mail_keys", 1)])
        await self._tickets.create_index([("account_id", 1), ("mail_token", 1)])
        await self._tickets.create_index([("account_id", 1), ("number", 1)])
        await self._tickets.create_index([("account_id", 1), ("contact_id", 1)])
        await self._tickets.create_index([("account_id", 1), ("profile_id", 1)])
        # Of the state itself: tickets that an older version stored are in it, too.
        await self._tickets.create_index([("state.status", 1)])
        await self._thread.create_index(
            [("of", 1), ("shown", 1), ("sent_at", -1), ("received_at", -1), ("seq", -1)]
        )
        await self._thread.create_index([("account_id", 1), ("mail_key", 1)])
        await self._thread.create_index([("message_id", 1)], sparse=True)
        await self._thread.create_index([("item.contact.id", 1)], sparse=True)
        await self.erasures.ensure_indexes()

    async def by_mail(self, account_id: str, keys: Collection[str]) -> Sequence[Ticket]:
        """The account's tickets that know one of these `mailbox|mail id` keys.

        Where very many tickets know a mail id (a newsletter's, for example), not all of them. A
        ticket that knows a key only by the ledger is returned with that mail id added.
        """
        found = {doc.state.id: doc.state for doc in await self._knowing(account_id, keys)}
        seen = {f"{t.mails_at}|{mail_id}" for t in found.values() for mail_id in t.mail_ids}
        if older := set(keys) - seen:
            # Of a long thread's ids a ticket keeps only the ends; the ledger has them all.
            query = {"account_id": account_id, "mail_key": {"$in": sorted(older)}}
            most = MANY + 10 * len(older)
            rows = self._thread.find(query, projection={"of": 1, "mail_key": 1}, limit=most)
            cited: dict[str, list[str]] = {}
            async for row in rows:
                cited.setdefault(row["of"], []).append(row["mail_key"].partition("|")[2])
            if missing := sorted(cited.keys() - found.keys()):
                for document in await self.find({"_id": {"$in": missing}}, len(missing)):
                    found[document.state.id] = document.state
            for ticket_id in cited.keys() & found.keys():
                ticket = found[ticket_id]
                mail_ids = (*ticket.mail_ids, *cited[ticket_id])
                found[ticket_id] = ticket.model_copy(update={"mail_ids": mail_ids})
        return list(found.values())

    async def _knowing(self, account_id: str, keys: Collection[str]) -> Sequence[Document[Ticket]]:
        query: dict[str, Any] = {"account_id": account_id, "mail_keys": {"$in": sorted(keys)}}
        most = MANY + len(keys)
        found = await self.find(query, most)
        if len(found) < most:
            return found
        # A mail id that very many tickets know must not crowd out the others' tickets.
        by_key = [{"account_id": account_id, "mail_keys": key} for key in sorted(keys)]
        return [document for query in by_key for document in await self.find(query, SOME)]

    async def by_mail_token(self, account_id: str, named: Collection[str]) -> Sequence[Ticket]:
        """The account's tickets with mails that have one of these short ids."""
        query = {"account_id": account_id, "mail_token": {"$in": sorted(set(named) - {""})}}
        return [document.state for document in await self.find(query, MANY + len(named))]

    async def destined(self, targets: Mapping[str, Target]) -> Mapping[str, Target]:
        """The target of each message: the one that was stored first, by this replica or another."""
        ids = list(targets)
        said = await insert_new(
            self._destinations, [{"_id": i, "target": asdict(targets[i])} for i in ids]
        )
        rows = self._destinations.find({"_id": {"$in": [ids[place] for place in said]}})
        before = {row["_id"]: Target(**row["target"]) async for row in rows} if said else {}
        return {**targets, **before}

    async def early(self, awaited: Collection[str]) -> Sequence[Mapping[str, Any]]:
        """The early entries that wait for one of these keys (see `early_records.awaited`)."""
        # With a second condition in the query, not every server would use the sparse index.
        rows = self._thread.find({"message_id": {"$in": sorted(awaited)}})
        return [row async for row in rows if row["kind"] == "early"]

    async def forget_early(self, ids: Collection[str]) -> None:
        """Delete these early entries, by their own ids."""
        await self._thread.delete_many({"_id": {"$in": sorted(ids)}})

    async def sms_keys(self, ticket_ids: Collection[str]) -> Collection[str]:
        """The keys by which keywords wait for those of these tickets that are SMS tickets."""
        query = {"_id": {"$in": sorted(ticket_ids)}}
        rows = self._tickets.find(query, projection={"account_id": 1, "slot": 1})
        slots = [(row["account_id"], row["slot"]) async for row in rows]
        return {slot_key(*slot) for slot in slots if slot[1].startswith(slot_of("sms", ""))}

    async def take_numbers(self, account_id: str, count: int) -> Sequence[int]:
        """`count` ticket numbers of the account that nobody else gets; gaps are possible."""
        if account_id not in self._counted:
            await insert_new(self._counters, [{"_id": account_id, "next": 1}])
            self._counted.add(account_id)
        row = await self._counters.find_one_and_update(
            {"_id": account_id}, {"$inc": {"next": count}}, return_document=ReturnDocument.AFTER
        )
        end: int = row["next"]
        return range(end - count, end)

    async def due(self, now: datetime, limit: int) -> Sequence[Ticket]:
        """Snoozed tickets whose time came before `now`; `limit` at most."""
        rows = await self.find({"due_at": {"$gte": EPOCH, "$lt": now}}, limit)
        return [document.state for document in rows]

    async def by_status(self) -> Mapping[TicketStatus, int]:
        """See `measure.Tickets`. Closed tickets are the rest of all, as the server keeps count."""
        # MongoDB reads the index alone: a key for each ticket that is not closed. Closed ones are
        # too many to count, and what the server keeps may be wrong by some after a crash.
        cursor = self._tickets.aggregate(
            [
                {"$match": {"state.status": {"$in": ["open", "snoozed"]}}},
                {"$group": {"_id": "$state.status", "count": {"$sum": 1}}},
            ]
        )
        found = {row["_id"]: row["count"] async for row in cursor}
        waiting: dict[TicketStatus, int] = {
            "open": found.get("open", 0),
            "snoozed": found.get("snoozed", 0),
        }
        whole = await self._tickets.estimated_document_count()
        return {**waiting, "closed": max(whole - sum(waiting.values()), 0)}

    async def thread(
        self, ticket_id: str, *, limit: int = 50, before: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """The thread's shown lines, newest first, `limit` at most; older than line `before`.

        Each is shown with its later edits, deletion and delivery (TKT 8, TKT 10).
        """
        sort = [("sent_at", -1), ("received_at", -1), ("seq", -1)]
        lines: list[dict[str, Any]] = []
        for span in [{}] if before is None else _older_than(before):
            if (room := limit - len(lines)) > 0:
                query = {"of": ticket_id, "shown": True, **span}
                lines += [row async for row in self._thread.find(query, limit=room, sort=sort)]
        return await self._shown(lines)

    async def history(self, ticket_id: str, *, limit: int = 1000) -> list[dict[str, Any]]:
        """The ticket's entries in the order of their events, also those that no thread shows.

        At most `limit`, the newest; the oldest of them comes first.
        """
        rows = self._thread.find({"of": ticket_id}, limit=limit, sort=[("seq", -1)])
        return in_order(await self._shown([row async for row in rows]))

    async def entry(self, entry_id: str) -> Mapping[str, Any] | None:
        """The ledger's entry of that id; None where there is none (yet)."""
        row: Mapping[str, Any] | None = await self._thread.find_one({"_id": entry_id})
        return row

    async def _shown(self, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        later = self._thread.find({"message_id": {"$in": names(lines)}})
        return as_shown(lines, [row async for row in later])

    async def tickets_of(self, ticket: Ticket) -> int:
        """How many tickets the profile has over all channels; the contact, without one (TKT 10)."""
        if ticket.contact.profile_id:
            query = {"account_id": ticket.account_id, "profile_id": ticket.contact.profile_id}
        else:
            query = {"account_id": ticket.account_id, "contact_id": ticket.contact.id}
        return await self._tickets.count_documents(query)

    async def named(self, account_id: str, ticket_id: str) -> Ticket | None:
        """The account's ticket of that id."""
        rows = await self.find({"_id": ticket_id}, 1)
        return next((row.state for row in rows if row.state.account_id == account_id), None)

    async def numbered(self, account_id: str, number: int) -> Ticket | None:
        """The account's ticket of that number."""
        rows = await self.find({"account_id": account_id, "number": number}, 1)
        return rows[0].state if rows else None


def _older_than(line: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Queries for the lines older than `line`, those for newer ones first.

    Each is one span of the index, so that a deep page reads no more than the first.
    """
    at, received, seq = line["sent_at"], line["received_at"], line["seq"]
    return [
        {"sent_at": at, "received_at": received, "seq": {"$lt": seq}},
        {"sent_at": at, "received_at": {"$lt": received}},
        {"sent_at": {"$lt": at}},
    ]
