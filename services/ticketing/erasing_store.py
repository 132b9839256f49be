"""What erasing a contact asks of the stored tickets and threads, and takes out of them."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.ticketing.rules.early_records import slot_key
from services.ticketing.rules.erasing import erased_entry
from services.ticketing.rules.signals import KEYWORD
from services.ticketing.rules.ticket import ERASING, Ticket
from shared.stores.erasures import MongoErasures
from shared.stores.mongo import Database
from shared.stores.mongo_aggregates import MongoAggregates


class ErasableTickets(MongoAggregates[Ticket]):
    """Tickets with their threads, from which a contact can be erased: see `erasing.Erasable`."""

    def __init__(self, database: Database) -> None:
        super().__init__(database["tickets"], database["thread"], Ticket)
        self._tickets = database["tickets"]
        self._thread = database["thread"]
        self._destinations = database["mail_destinations"]
        self.erasures = MongoErasures(database, "ticketing")

    async def of_contacts(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str]
    ) -> Sequence[Ticket]:
        """See `Erasable`. It looks at all of the account's tickets."""
        values = sorted({key.partition(":")[2] for key in contacts})
        named: list[dict[str, Any]] = [
            {"contact_id": {"$in": sorted(contacts)}},
            {"profile_id": {"$in": sorted(profile_ids)}},
            {"state.contact.identities.value": {"$in": values}},
            {"state.participants": {"$in": values}},
        ]
        found: dict[str, Ticket] = {}
        for each in named:
            query = {"account_id": account_id, **each}
            found |= {doc.state.id: doc.state for doc in await self.find(query, 0)}
        return list(found.values())

    async def being_erased(self, account_id: str) -> Sequence[str]:
        """See `Erasable`."""
        query = {"account_id": account_id, "contact_id": ERASING}
        return [row["_id"] async for row in self._tickets.find(query, projection={"_id": 1})]

    async def written_by(
        self, ticket_id: str, contacts: Collection[str]
    ) -> Sequence[tuple[str, datetime]]:
        """See `Erasable`."""
        query = {"of": ticket_id, "kind": "message"}
        rows = self._thread.find(query, projection={"message.contact": 1, "received_at": 1})
        return [(r["_id"], r["received_at"]) async for r in rows if _wrote(r, contacts)]

    async def keywords_in(self, ticket_id: str) -> Sequence[tuple[str, int, datetime]]:
        """See `Erasable`."""
        query = {"of": ticket_id, "kind": "notice", "because": KEYWORD}
        rows = self._thread.find(query, projection={"seq": 1, "received_at": 1})
        return [(row["_id"], row["seq"], row["received_at"]) async for row in rows]

    async def count_lines(self, ticket_id: str) -> int:
        """See `Erasable`."""
        return await self._thread.count_documents({"of": ticket_id})

    async def erase_threads(self, ticket_ids: Collection[str]) -> None:
        """See `Erasable`."""
        for ticket_id in ticket_ids:
            rows = [row async for row in self._thread.find({"of": ticket_id})]
            ids = [row["_id"] for row in rows if row["kind"] == "message"]
            await self._erase_rows(rows)
            await self._forget_ways(ticket_id, ids)
            query = {"_id": ticket_id, "contact_id": ERASING}
            await self._tickets.update_one(query, {"$set": {"contact_id": ""}})

    async def erase_entries(self, ids: Collection[str]) -> None:
        """See `Erasable`."""
        wanted = sorted(ids)
        rows = [row async for row in self._thread.find({"_id": {"$in": wanted}})]
        rows += [row async for row in self._thread.find({"message_id": {"$in": wanted}})]
        await self._erase_rows(rows)
        await self._destinations.delete_many({"_id": {"$in": wanted}})

    async def _erase_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            if not row.get("erased"):
                await self._thread.replace_one({"_id": row["_id"]}, erased_entry(row))

    async def _forget_ways(self, ticket_id: str, ids: Sequence[str]) -> None:
        """Forget where a ticket's mails were to go, which names their authors."""
        await self._destinations.delete_many({"_id": {"$in": ids}})
        ticket = await self._tickets.find_one({"_id": ticket_id})
        related = ticket and ticket["state"].get("related_ticket_id")
        while related:
            row = await self._tickets.find_one({"_id": related})
            left = [each for each in row["sent_away"] if each[0] not in ids] if row else []
            if row is None or left == row["sent_away"]:
                return
            # A new revision: whoever has read the old one reads again.
            change = {"$set": {"sent_away": left}, "$inc": {"rev": 1}}
            await self._tickets.update_one({"_id": related, "rev": row["rev"]}, change)

    async def erase_loose(
        self, account_id: str, contacts: Collection[str], slots: Collection[str], at: datetime
    ) -> int:
        """See `Erasable`."""
        keys = [slot_key(account_id, slot) for slot in slots]
        rows = [row async for row in self._thread.find({"message_id": {"$in": keys}})]
        query = {"item.contact.id": {"$in": sorted(contacts)}}
        rows += [row async for row in self._thread.find(query)]
        early = [r["_id"] for r in rows if r["account_id"] == account_id and r["sent_at"] <= at]
        await self._thread.delete_many({"_id": {"$in": early}})
        values = [re.escape(value) for key in contacts if len(value := key.partition(":")[2]) > 5]
        if not values:
            return len(early)
        named = {"of": "", "account_id": account_id, "text": {"$regex": "|".join(values)}}
        naming = [row async for row in self._thread.find(named) if row["sent_at"] <= at]
        await self._erase_rows(naming)
        return len(early) + len(naming)


def _wrote(row: Mapping[str, Any], contacts: Collection[str]) -> bool:
    """Whether a message of a thread, not erased yet, is from one of these contacts."""
    contact = row.get("message", {}).get("contact", {})
    keys = {f"{each['type']}:{each['value']}" for each in contact.get("identities", ())}
    return not {contact.get("id"), *keys}.isdisjoint(contacts)
