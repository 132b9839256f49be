"""The read model in MongoDB: tickets and lines, in one of two sets of collections.

One set serves; a rebuild fills the other one, then they change places (VWS 9).
"""

from collections.abc import Collection, Iterable
from typing import Any, Final, Literal

from services.desk.rules.facets import is_filed
from services.desk.rules.lines import Line
from services.desk.rules.rows import Row
from services.desk.store.documents import ORDERS, line_document, line_of, row_document, row_of
from services.desk.store.lists import Lists
from shared.stores.mongo import Database, compare_and_set

Side = Literal["a", "b"]
SIDES: Final[tuple[Side, ...]] = ("a", "b")

_AT_ONCE: Final = 2_000


class MongoReadModel(Lists):
    """Collections `desk_tickets_<side>` and `desk_lines_<side>`."""

    def __init__(self, database: Database, side: Side) -> None:
        super().__init__(database[f"desk_tickets_{side}"])
        self.side = side
        self._lines = database[f"desk_lines_{side}"]

    async def ensure_indexes(self) -> None:
        """Make sure of every index that a query here uses."""
        for order in ORDERS:
            for equal in (
                ("spam",),
                ("spam", "status"),
                ("spam", "status", "assignee"),
                ("facets",),
            ):
                fields = ["account_id", *equal, f"by_{order}"]
                await self._tickets.create_index([(name, 1) for name in fields])
        await self._tickets.create_index([("account_id", 1), ("words", 1), ("by_active", 1)])
        await self._tickets.create_index([("account_id", 1), ("number", 1)])
        await self._tickets.create_index([("account_id", 1), ("contact", 1)])
        await self._tickets.create_index([("account_id", 1), ("profile", 1)])
        await self._tickets.create_index(
            [("account_id", 1), ("spam", 1), ("status", 1), ("unread", 1), ("assignee", 1)]
        )
        await self._lines.create_index([("of", 1), ("at", 1)])
        await self._lines.create_index([("of", 1), ("seq", 1)])
        await self._lines.create_index([("from", 1)])
        await self._lines.create_index([("until", 1)], expireAfterSeconds=0)

    async def clear(self) -> None:
        """Nothing is in it but the indexes."""
        await self._tickets.drop()
        await self._lines.drop()
        await self.ensure_indexes()

    # Taking in

    async def rows(self, keys: Collection[str]) -> dict[str, tuple[Row, int]]:
        """The tickets of these keys that are there, each with its revision."""
        found = self._tickets.find({"_id": {"$in": sorted(keys)}}, {"rev": 1, "body": 1})
        return {d["_id"]: (row_of(d), d["rev"]) async for d in found} if keys else {}

    async def lines(self, keys: Collection[str]) -> dict[str, tuple[Line, int]]:
        """The lines of these keys that are there, each with its revision."""
        found = self._lines.find({"_id": {"$in": sorted(keys)}}, {"rev": 1, "body": 1})
        return {d["_id"]: (line_of(d), d["rev"]) async for d in found} if keys else {}

    async def whole_thread(self, ticket_key: str) -> dict[str, tuple[Line, int]]:
        """All lines of a ticket."""
        found = self._lines.find({"of": ticket_key}, {"rev": 1, "body": 1})
        return {d["_id"]: (line_of(d), d["rev"]) async for d in found}

    async def save_rows(self, rows: Iterable[tuple[Row, int]]) -> set[str]:
        """Store each, if it is at that revision still (0: not there); the keys that were stored."""
        written = [(row_document(row, rev + 1), rev) for row, rev in rows]
        return await compare_and_set(self._tickets, written) if written else set()

    async def save_lines(self, lines: Iterable[tuple[Line, int]]) -> set[str]:
        """Store each, if it is at that revision still (0: not there); the keys that were stored."""
        written = [(line_document(line, rev + 1), rev) for line, rev in lines]
        return await compare_and_set(self._lines, written) if written else set()

    async def file_anew(self, beyond: str) -> str | None:
        """Some tickets that an older version stored are filed as they are to be (`facets`).

        They are the next ones beyond that key; returns how far it came, None once it is through.
        """
        found = self._tickets.find({"_id": {"$gt": beyond}}, {"facets": 1}, limit=_AT_ONCE)
        documents = [document async for document in found.sort("_id", 1)]
        old = [d["_id"] for d in documents if "facets" in d and not is_filed(d["facets"])]
        written = list((await self.rows(old)).values())
        saved = await self.save_rows(written)
        if len(saved) < len(written):
            # Somebody else was quicker, of whichever version: look again.
            return beyond
        return documents[-1]["_id"] if len(documents) == _AT_ONCE else None

    async def erase_waiting(self, account_id: str, contacts: Collection[str]) -> int:
        """See `erasing.ErasableLines`."""
        return (await self._lines.delete_many(_waiting(account_id, contacts))).deleted_count

    async def count_waiting(self, account_id: str, contacts: Collection[str]) -> int:
        """See `erasing.ErasableLines`."""
        return await self._lines.count_documents(_waiting(account_id, contacts))

    # Single tickets, counts of them

    async def unread(self, account_id: str, assignee: str | None, cap: int) -> int:
        """How many open tickets of theirs (None: of nobody) are unread; `cap` at most."""
        return await self._tickets.count_documents(
            {
                "account_id": account_id,
                "spam": False,
                "status": "open",
                "unread": True,
                "assignee": assignee or "",
            },
            limit=cap,
        )

    async def named(self, account_id: str, ticket_ids: Collection[str]) -> dict[str, Row]:
        """The account's tickets of these ids."""
        keys = [f"{account_id}:{ticket_id}" for ticket_id in ticket_ids]
        return {row.ticket_id: row for row, _ in (await self.rows(keys)).values() if row.summary}

    async def of_person(
        self, account_id: str, contact: str, profile: str | None, limit: int
    ) -> list[Row]:
        """The tickets of the profile, of the contact where none is known; `limit` at most."""
        field = {"profile": profile} if profile else {"contact": contact}
        found = self._tickets.find({"account_id": account_id, **field}, {"body": 1}, limit=limit)
        return [row_of(document) async for document in found]

    # A thread

    async def thread(
        self, ticket_key: str, *, before: str | None = None, limit: int = 50
    ) -> list[tuple[str, Line]]:
        """The newest `limit` lines before that place, oldest first, each with its place."""
        query = {"of": ticket_key, "at": {"$gt": "", "$lt": before or "~"}}
        found = self._lines.find(query, {"body": 1, "at": 1}, limit=limit).sort("at", -1)
        return [(d["at"], line_of(d)) async for d in found][::-1]

    async def thread_since(self, ticket_key: str, seq: int, limit: int = 200) -> list[Line]:
        """The lines that came after that seq, `limit` at most."""
        query = {"of": ticket_key, "seq": {"$gt": seq, "$lt": 2**53}}
        found = self._lines.find(query, {"body": 1, "at": 1}, limit=limit)
        return [line_of(d) async for d in found.sort("at", 1)]

    async def line(self, account_id: str, line_id: str) -> Line | None:
        """The line of that id, if a thread shows it."""
        found = await self._lines.find_one({"_id": f"{account_id}:{line_id}"}, {"body": 1, "at": 1})
        return line_of(found) if found and found["at"] else None


def _waiting(account_id: str, contacts: Collection[str]) -> dict[str, Any]:
    return {"from": {"$in": [f"{account_id}:{contact}" for contact in contacts]}}
