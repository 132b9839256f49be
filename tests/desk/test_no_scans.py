"""No list, count or search of the desk reads much more than it returns (VWS 1, VWS 2)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from services.desk.rules.views import BUILT_IN, Filters, Query, built_in, key
from services.desk.store.documents import row_document
from services.desk.store.read import MongoReadModel
from shared.contracts.base import CHANNELS
from shared.embedded.servers import Servers
from tests.builders import MONDAY
from tests.desk.test_views import ORDERS, a_row
from tests.ticketing.test_pages import Heard, stages_in

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]
TICKETS = 2_000
PAGE = 50
NOW = MONDAY + timedelta(minutes=30 * TICKETS)
MOST = 25 * PAGE
"""Documents that a page may look at: those of a few ranges, and of what a filter leaves out."""


def rows() -> list[Any]:
    """Two thousand tickets, one in half an hour; of most agents have long had the last word."""
    found = []
    for number in range(1, TICKETS + 1):
        row = a_row(number, seed=number % 997, spam=number % 50 == 0)
        assert row.summary is not None
        at = MONDAY + timedelta(minutes=30 * number)
        changes: dict[str, Any] = {
            "opened_at": at,
            "status": "open" if number % 20 == 0 or number % 50 == 0 else "closed",
            "customer_waits_since": at if number % 40 == 0 else None,
            "unread": number % 60 == 0,
            "tags": ("rare",) if number % 200 == 1 else (),
            "team_id": "sales" if number % 7 == 0 else None,
        }
        summary = row.summary.model_copy(update=changes)
        said = row.said | {"everywhere"} | ({"somewhere"} if number % 200 == 1 else set())
        found.append(replace(row, summary=summary, last=replace(row.last, at=at), said=said))
    return found


@asynccontextmanager
async def many(servers: Servers, name: str) -> AsyncIterator[tuple[MongoReadModel, Any, Heard]]:
    heard = Heard()
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True, event_listeners=[heard])
    database = client[name]
    try:
        model = MongoReadModel(database, "a")
        await model.ensure_indexes()
        every = rows()
        for start in range(0, TICKETS, 1_000):
            part = [row_document(row, 1) for row in every[start : start + 1_000]]
            await database["desk_tickets_a"].insert_many(part)
        heard.clear()
        yield model, database, heard
    finally:
        client.close()


def as_find(command: Mapping[str, Any]) -> dict[str, Any]:
    """A query that reads the same; empty where a cursor is only read on."""
    if "aggregate" not in command:
        return {k: v for k, v in command.items() if k in ("find", "filter", "sort", "limit")}
    match, *more = command["pipeline"]
    limit = {"limit": more[0]["$limit"]} if more and "$limit" in more[0] else {}
    return {"find": command["aggregate"], "filter": match["$match"], **limit}


async def examined(database: Any, asked: list[Mapping[str, Any]]) -> int:
    """How many documents these commands looked at; none of them all of a collection."""
    found = 0
    for find in [
        find for command in asked if "getMore" not in command and (find := as_find(command))
    ]:
        told = await database.command({"explain": find, "verbosity": "executionStats"})
        stages = list(stages_in(told["queryPlanner"]["winningPlan"]))
        assert "COLLSCAN" not in stages, (find, stages)
        found += told["executionStats"]["totalDocsExamined"]
    return found


MAIL, PHONE = (
    next(n for n in range(1, 50) if (Random(n).choice(CHANNELS) == "email") is by_mail)
    for by_mail in (True, False)
)

QUERIES: dict[str, Query] = {
    **{view: built_in(view, "acme", "ada", Filters()) for view in BUILT_IN},
    **{
        f"{'-' if down else '+'}{order}": replace(
            built_in("all", "acme", "ada", Filters()), order=order, descending=down
        )
        for order in ORDERS
        for down in (True, False)
    },
    **{
        f"{name} by {order}": replace(built_in("all", "acme", "ada", filters), order=order)
        for order in ("active", "number")
        for name, filters in {
            "open": Filters(status=("open",)),
            "channel": Filters(channel=("sms",)),
            "assignee": Filters(assignee=("ben",)),
            "team": Filters(team=("sales",)),
            "tag": Filters(tag=("rare",)),
            "tag.all": Filters(tag_all=("rare",)),
            "segment": Filters(segment=("vip",)),
            "unread": Filters(unread=True),
            "ai": Filters(ai=True),
            "failed": Filters(reply_failed=True),
            "waiting": Filters(waiting_longer_than=timedelta(hours=20), status=("open",)),
        }.items()
    },
    **{
        f"search {q}": built_in("all", "acme", "ada", Filters(q=q))
        for q in (
            *("#777", "somewhere", "somewh"),
            *(f"vera.{MAIL}@example.com", f"+39333{PHONE:07d}"),
        )
    },
    "a common word": built_in("all", "acme", "ada", Filters(q="everywhere")),
    "active before": built_in(
        "all", "acme", "ada", Filters(active_before=MONDAY + timedelta(hours=250))
    ),
    "opened after": built_in(
        "all", "acme", "ada", Filters(opened_after=NOW - timedelta(hours=250))
    ),
}


@pytest.mark.spec("VWS 1")
@pytest.mark.spec("VWS 2")
async def test_whatever_is_asked_for_is_read_by_an_index_that_gives_its_order(
    servers: Servers, unique: str
) -> None:
    async with many(servers, unique) as (model, database, heard):
        seen: dict[str, dict[str, int]] = {}
        for name, query in QUERIES.items():
            after = None
            first = await model.page(query, after=None, limit=PAGE, now=NOW)
            heard.clear()
            # Once more: what a range's length is, is known then.
            page = first = await model.page(query, after=None, limit=PAGE, now=NOW)
            seen[name] = {"first": await examined(database, list(heard.asked))}
            assert first, name
            for _ in range(3):
                after = key(query.order, page[-1])
                await model.page(query, after=after, limit=PAGE, now=NOW)
                heard.clear()
                page = await model.page(query, after=after, limit=PAGE, now=NOW)
                if not page:
                    break
                seen[name]["later"] = await examined(database, list(heard.asked))
            await model.count(query, cap=200, now=NOW)
            heard.clear()
            await model.count(query, cap=200, now=NOW)
            seen[name]["count"] = await examined(database, list(heard.asked))
        too_much = {name: each for name, each in seen.items() if max(each.values()) > MOST}

        assert too_much == {}
