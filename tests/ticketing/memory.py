"""Ticketing's store in memory: the same promises as `MongoTickets`."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, get_args

from services.ticketing.rules.early_records import slot_key
from services.ticketing.rules.erasing import erased_entry
from services.ticketing.rules.signals import KEYWORD
from services.ticketing.rules.thread_lines import as_shown, in_order, names
from services.ticketing.rules.ticket import Ticket
from services.ticketing.snapshots import Request
from shared.contracts.tickets import TicketStatus
from shared.stores.documents import Document, Entry, Target
from tests.memory import MemoryAggregates, MemoryErasures


@dataclass(slots=True)
class MemoryTickets(MemoryAggregates[Ticket]):
    """Tickets, their threads (the ledger) and their numbers in dictionaries."""

    numbers_taken: Counter[str] = field(default_factory=Counter)
    destinations: dict[str, Target] = field(default_factory=dict)
    erasures: MemoryErasures = field(default_factory=MemoryErasures)
    threads_erased: set[str] = field(default_factory=set)

    async def by_mail(self, account_id: str, keys: Collection[str]) -> Sequence[Ticket]:
        """See `services.ticketing.handlers.Tickets`."""
        tickets = [ticket for ticket in self.tickets if ticket.account_id == account_id]
        found = {t.id: t for t in tickets if not set(keys).isdisjoint(t.indexed()["mail_keys"])}
        seen = {key for ticket in found.values() for key in ticket.indexed()["mail_keys"]}
        for of, entry in list(self.ledger.values()):
            key = entry.body.get("mail_key")
            if key in set(keys) - seen and entry.body["account_id"] == account_id:
                ticket = found.get(of) or self.documents[of].state
                mail_ids = (*ticket.mail_ids, key.partition("|")[2])
                found[of] = ticket.model_copy(update={"mail_ids": mail_ids})
        return list(found.values())

    async def by_mail_token(self, account_id: str, named: Collection[str]) -> Sequence[Ticket]:
        """See `services.ticketing.handlers.Tickets`."""
        wanted = set(named) - {""}
        tickets = [ticket for ticket in self.tickets if ticket.account_id == account_id]
        return [ticket for ticket in tickets if ticket.indexed()["mail_token"] in wanted]

    async def destined(self, targets: Mapping[str, Target]) -> Mapping[str, Target]:
        """See `services.ticketing.handlers.Tickets`."""
        return {i: self.destinations.setdefault(i, target) for i, target in targets.items()}

    async def early(self, awaited: Collection[str]) -> Sequence[Mapping[str, Any]]:
        """See `services.ticketing.handlers.Tickets`."""
        return [entry for entry in self._speaking_of(awaited) if entry["kind"] == "early"]

    async def forget_early(self, ids: Collection[str]) -> None:
        """See `services.ticketing.handlers.Tickets`."""
        for entry_id in ids:
            self.ledger.pop(entry_id, None)

    async def sms_keys(self, ticket_ids: Collection[str]) -> Collection[str]:
        """See `services.ticketing.handlers.Tickets`."""
        named = [self.documents[i].state for i in ticket_ids if i in self.documents]
        return {slot_key(t.account_id, t.slot) for t in named if t.channel == "sms"}

    async def take_numbers(self, account_id: str, count: int) -> Sequence[int]:
        """See `services.ticketing.handlers.Tickets`."""
        first = self.numbers_taken[account_id] + 1
        self.numbers_taken[account_id] += count
        return range(first, first + count)

    async def due(  # type: ignore[override]  # tickets, as ticketing's sweep wants them
        self, now: datetime, limit: int
    ) -> Sequence[Ticket]:
        """See `services.ticketing.sweep.Due`."""
        found = await MemoryAggregates.due(self, now, limit)
        return [document.state for document in found]

    async def by_status(self) -> Mapping[TicketStatus, int]:
        """See `services.ticketing.measure.Tickets`."""
        there = Counter(ticket.status for ticket in self.tickets)
        return {status: there[status] for status in get_args(TicketStatus)}

    async def thread(
        self, ticket_id: str, *, limit: int = 50, before: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """See `services.ticketing.store.MongoTickets`."""
        lines = [
            {**entry.body, "_id": entry.id, "of": of}
            for of, entry in self.ledger.values()
            if of == ticket_id and entry.body["shown"]
        ]
        lines.sort(key=_place, reverse=True)
        if before is not None:
            lines = [line for line in lines if _place(line) < _place(before)]
        lines = lines[:limit]
        return as_shown(lines, self._speaking_of(names(lines)))

    async def history(self, ticket_id: str, *, limit: int = 1000) -> list[dict[str, Any]]:
        """See `services.ticketing.store.MongoTickets`."""
        own = [
            {**entry.body, "_id": entry.id, "of": of}
            for of, entry in self.ledger.values()
            if of == ticket_id
        ]
        own = sorted(own, key=lambda entry: entry["seq"])[-limit:]
        return in_order(as_shown(own, self._speaking_of(names(own))))

    def _speaking_of(self, ids: Collection[str]) -> list[dict[str, Any]]:
        return [
            {**entry.body, "_id": entry.id, "of": of}
            for of, entry in self.ledger.values()
            if entry.body.get("message_id") in ids
        ]

    async def tickets_of(self, ticket: Ticket) -> int:
        """See `services.ticketing.store.MongoTickets`."""
        same = [t.contact for t in self.tickets if t.account_id == ticket.account_id]
        if ticket.contact.profile_id:
            return sum(c.profile_id == ticket.contact.profile_id for c in same)
        return sum(c.id == ticket.contact.id for c in same)

    async def numbered(self, account_id: str, number: int) -> Ticket | None:
        """See `services.ticketing.store.MongoTickets`."""
        wanted = (account_id, number)
        return next((t for t in self.tickets if (t.account_id, t.number) == wanted), None)

    async def of_contacts(
        self, account_id: str, contacts: Collection[str], profile_ids: Collection[str]
    ) -> Sequence[Ticket]:
        """See `services.ticketing.erasing.Erasable`."""
        values = {key.partition(":")[2] for key in contacts}
        return [
            t
            for t in self.tickets
            if t.account_id == account_id
            and (
                t.contact.id in contacts
                or t.contact.profile_id in profile_ids
                or any(each.value in values for each in t.contact.identities)
                or not values.isdisjoint(t.participants)
            )
        ]

    async def being_erased(self, account_id: str) -> Sequence[str]:
        """See `services.ticketing.erasing.Erasable`."""
        erased = [t for t in self.tickets if t.erased_at and t.account_id == account_id]
        return [ticket.id for ticket in erased if ticket.id not in self.threads_erased]

    async def written_by(
        self, ticket_id: str, contacts: Collection[str]
    ) -> Sequence[tuple[str, datetime]]:
        """See `services.ticketing.erasing.Erasable`."""
        return [
            (entry.id, entry.body["received_at"])
            for of, entry in self.ledger.values()
            if of == ticket_id and entry.body["kind"] == "message" and _wrote(entry, contacts)
        ]

    async def keywords_in(self, ticket_id: str) -> Sequence[tuple[str, int, datetime]]:
        """See `services.ticketing.erasing.Erasable`."""
        return [
            (entry.id, entry.body["seq"], entry.body["received_at"])
            for of, entry in self.ledger.values()
            if of == ticket_id and entry.body["kind"] == "notice"
            if entry.body["because"] == KEYWORD
        ]

    async def count_lines(self, ticket_id: str) -> int:
        """See `services.ticketing.erasing.Erasable`."""
        return sum(of == ticket_id for of, _ in self.ledger.values())

    async def erase_threads(self, ticket_ids: Collection[str]) -> None:
        """See `services.ticketing.erasing.Erasable`."""
        for ticket_id in ticket_ids:
            own = [entry.id for of, entry in self.ledger.values() if of == ticket_id]
            self._erase(own)
            related = self.documents[ticket_id].state.related_ticket_id
            if related and (there := self.documents.get(related)):
                left = tuple(each for each in there.sent_away if each[0] not in own)
                self.documents[related] = replace(
                    there, sent_away=left, revision=there.revision + 1
                )
            self.threads_erased.add(ticket_id)

    async def erase_entries(self, ids: Collection[str]) -> None:
        """See `services.ticketing.erasing.Erasable`."""
        self._erase([*ids, *(entry["_id"] for entry in self._speaking_of(ids))])

    def _erase(self, ids: Collection[str]) -> None:
        for entry_id in ids:
            if entry_id in self.ledger:
                of, entry = self.ledger[entry_id]
                self.ledger[entry_id] = of, Entry(entry_id, erased_entry(entry.body), entry.size)
            self.destinations.pop(entry_id, None)

    async def erase_loose(
        self, account_id: str, contacts: Collection[str], slots: Collection[str], at: datetime
    ) -> int:
        """See `services.ticketing.erasing.Erasable`."""
        keys = {slot_key(account_id, slot) for slot in slots}
        values = [key.partition(":")[2] for key in contacts]
        count = 0
        for of, entry in list(self.ledger.values()):
            body = entry.body
            if body["account_id"] != account_id or body["sent_at"] > at:
                continue
            contact = body.get("item", {}).get("contact") or {}
            if body.get("message_id") in keys or contact.get("id") in contacts:
                del self.ledger[entry.id]
                count += 1
            elif of == "" and any(value in body["text"] for value in values):
                self._erase([entry.id])
                count += 1
        return count

    @property
    def tickets(self) -> list[Ticket]:
        """All tickets, as they were opened."""
        return [document.state for document in self.documents.values()]


def _place(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return line["sent_at"], line["received_at"], line["seq"]


@dataclass(slots=True)
class MemoryRequests:
    """Requests for snapshots in a dictionary; see `services.ticketing.snapshots.Requests`."""

    tickets: MemoryTickets
    kept: dict[str, Request] = field(default_factory=dict)

    async def newest_number(self, account_id: str) -> int:
        return self.tickets.numbers_taken[account_id]

    async def ask(self, requests: Sequence[Request]) -> None:
        for request in requests:
            self.kept.setdefault(request.id, request)

    async def asked(self, now: datetime, limit: int) -> list[Request]:
        due = [request for request in self.kept.values() if request.due_at <= now]
        return sorted(due, key=lambda request: request.due_at)[:limit]

    async def move(self, request: Request) -> bool:
        there = self.kept.get(request.id)
        if there is None or there.revision != request.revision:
            return False
        self.kept[request.id] = replace(request, revision=request.revision + 1)
        return True

    async def forget(self, request: Request) -> None:
        if self.kept[request.id].revision == request.revision:
            del self.kept[request.id]

    async def from_number(
        self, account_id: str, after: int, until: int, limit: int
    ) -> list[Document[Ticket]]:
        found = await self.tickets.find(
            lambda d: d.state.account_id == account_id and after < d.state.number <= until
        )
        return sorted(found, key=lambda document: document.state.number)[:limit]

    async def thread(self, ticket_id: str, **more: Any) -> list[dict[str, Any]]:
        return await self.tickets.thread(ticket_id, **more)


def _wrote(entry: Entry, contacts: Collection[str]) -> bool:
    contact = entry.body.get("message", {}).get("contact", {})
    keys = {f"{each['type']}:{each['value']}" for each in contact.get("identities", ())}
    return not {contact.get("id"), *keys}.isdisjoint(contacts)
