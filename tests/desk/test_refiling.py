"""Tickets that an older version stored are found, before they are filed anew and after (VWS 9)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from services.desk.refiling import Refiling
from services.desk.rules.facets import is_filed
from services.desk.rules.rows import Row
from services.desk.rules.views import Filters, Query, built_in, custom, matches
from services.desk.store import read
from services.desk.store.documents import row_document
from services.desk.store.read import MongoReadModel
from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.desk.test_views import NOW, a_row, at_once

pytestmark = [pytest.mark.connected, pytest.mark.spec("VWS 2"), pytest.mark.spec("VWS 9")]
EVERY = ("open", "snoozed", "closed")
QUERIES: tuple[Query, ...] = (
    custom("acme", Filters(status=EVERY, tag=("late",)), Filters()),
    custom("acme", Filters(status=EVERY, assignee=("ben",)), Filters()),
    built_in("spam", "acme", "ada", Filters(unread=True)),
)


def as_of_old(row: Row) -> dict[str, Any]:
    """The ticket as version 0.1 stored it: filed by status alone, and spam not at all."""
    document = row_document(row, 1)
    old = [facet for facet in document["facets"] if not facet.startswith(("|", "!"))]
    return document | {"facets": old}


async def found(model: MongoReadModel, rows: list[Row]) -> bool:
    """Whether the lists are what the rules say."""
    for query in QUERIES:
        page = await model.page(query, after=None, limit=200, now=NOW)
        wanted = {row.key for row in rows if matches(query, row, NOW)}
        assert wanted
        if {row.key for row in page} != wanted:
            return False
    return True


async def test_old_tickets_are_found_before_they_are_filed_anew_and_after(
    servers: Servers, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "_AT_ONCE", 50)
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    try:
        model = MongoReadModel(mongo.database, "a")
        await model.ensure_indexes()
        tickets = mongo.database["desk_tickets_a"]
        rows = [a_row(number) for number in range(1, 161)]
        lines_alone = replace(rows[0], ticket_id="T0", summary=None)
        stored = [
            as_of_old(r) if r.summary and r.summary.number % 3 else row_document(r, 1) for r in rows
        ]
        await tickets.insert_many([*stored, row_document(lines_alone, 1)])

        assert await found(model, rows)
        assert await model.file_anew("") is not None
        assert await found(model, rows)

        refiling = Refiling(at_once(model))
        while not model.filed:
            await refiling.sweep()
        assert await found(model, rows)
        filed = [d["facets"] async for d in tickets.find({"facets": {"$exists": True}})]
        assert len(filed) == len(rows)
        assert all(map(is_filed, filed))
        assert await model.rows({rows[1].key, rows[2].key}) == {
            rows[1].key: (rows[1], 2 if as_of_old(rows[1]) == stored[1] else 1),
            rows[2].key: (rows[2], 1),
        }
    finally:
        await mongo.close()


class OtherWins(MongoReadModel):
    """Somebody changes a ticket between it being read and being filed anew, once."""

    won = False

    async def save_rows(self, rows: Any) -> set[str]:
        given = list(rows)
        if given and not self.won:
            self.won = True
            row, revision = given[0]
            await super().save_rows([(replace(row, seq=9), revision)])
            await self._tickets.update_one({"_id": row.key}, {"$set": {"facets": ["open|ai"]}})
        return await super().save_rows(given)


async def test_a_ticket_that_an_older_version_writes_meanwhile_is_looked_at_again(
    servers: Servers, unique: str
) -> None:
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    try:
        model = OtherWins(mongo.database, "a")
        await model.ensure_indexes()
        row = a_row(1, spam=False)
        await mongo.database["desk_tickets_a"].insert_one(as_of_old(row))

        await Refiling(at_once(model)).sweep()

        document: Mapping[str, Any] | None = await mongo.database["desk_tickets_a"].find_one()
        assert document
        assert is_filed(document["facets"])
        assert (await model.rows({row.key}))[row.key][0].seq == 9
        assert model.filed
    finally:
        await mongo.close()


class Side:
    """A read model of so many steps."""

    def __init__(self, steps: int) -> None:
        self.filed = False
        self.asked: list[str] = []
        self.steps = steps

    async def file_anew(self, beyond: str) -> str | None:
        self.asked.append(beyond)
        return str(len(self.asked)) if len(self.asked) < self.steps else None


async def test_a_side_that_serves_again_is_looked_through_again() -> None:
    sides = [Side(3), Side(1)]
    serving = sides[0]

    async def asked() -> Side:
        return serving

    refiling = Refiling(asked)
    await refiling.sweep()
    await refiling.sweep()
    assert sides[0].asked == ["", "1", "2"]
    assert sides[0].filed

    serving = sides[1]
    await refiling.sweep()
    assert sides[1].filed
    serving, sides[0].asked, sides[0].steps = sides[0], [], 1
    await refiling.sweep()
    assert sides[0].asked == [""]
