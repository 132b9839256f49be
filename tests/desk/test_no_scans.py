"""What is looked at for a list, a count or a search does not grow with the tickets (VWS 1, VWS 2).

Each is asked of an account, and of one with four times as many tickets in four times as long.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from services.desk.refiling import Refiling
from services.desk.rules.facets import MOST_RANGES, readings
from services.desk.rules.views import BUILT_IN, STATUSES, Filters, Query, built_in, custom, key
from services.desk.store import lists
from services.desk.store.documents import row_document
from services.desk.store.read import MongoReadModel
from shared.contracts.base import CHANNELS
from shared.embedded.servers import Servers
from tests.builders import MONDAY
from tests.desk.test_views import ORDERS, a_row, at_once
from tests.ticketing.test_pages import Heard, stages_in

pytestmark = [pytest.mark.connected, pytest.mark.timeout(600)]
FEWER, MORE = 600, 2_400
PAGE = 20
MOST = 2 * PAGE
"""Documents that a page may look at where an index holds just what is asked for."""

EACH = timedelta(minutes=30)


def now_of(tickets: int) -> datetime:
    """When the last of so many has just been opened."""
    return MONDAY + EACH * tickets


def rows(tickets: int) -> list[Any]:
    """As many tickets, one in half an hour; of most agents have long had the last word."""
    found = []
    for number in range(1, tickets + 1):
        spam = number % 5 == 0
        row = a_row(number, seed=number % 997, spam=spam)
        assert row.summary is not None
        at = MONDAY + EACH * number
        changes: dict[str, Any] = {
            "opened_at": at,
            "status": "open" if number % 4 == 0 or spam else "closed",
            "customer_waits_since": at if number % 8 == 0 else None,
            "unread": number % 6 == 0,
            "tags": ("rare",) if number % 200 == 1 else ("often",) if number % 7 == 1 else (),
            "team_id": "sales" if number % 7 == 0 else None,
        }
        summary = row.summary.model_copy(update=changes)
        said = row.said | {"everywhere"} | ({"somewhere"} if number % 200 == 1 else set())
        found.append(replace(row, summary=summary, last=replace(row.last, at=at), said=said))
    return found


@asynccontextmanager
async def many(
    servers: Servers, name: str, tickets: int
) -> AsyncIterator[tuple[MongoReadModel, Any, Heard]]:
    heard = Heard()
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True, event_listeners=[heard])
    database = client[f"{name}{tickets}"]
    try:
        model = MongoReadModel(database, "a")
        await model.ensure_indexes()
        every = rows(tickets)
        for start in range(0, tickets, 1_000):
            part = [row_document(row, 1) for row in every[start : start + 1_000]]
            await database["desk_tickets_a"].insert_many(part)
        refiling = Refiling(at_once(model))
        while not model.filed:
            await refiling.sweep()
        heard.clear()
        yield model, database, heard
    finally:
        client.close()


def as_find(command: Mapping[str, Any]) -> dict[str, Any]:
    """A query that reads the same; its limit is what is read before anything is left out."""
    if "aggregate" not in command:
        return {k: v for k, v in command.items() if k in ("find", "filter", "sort", "limit")}
    match, *more = command["pipeline"]
    find = {"find": command["aggregate"], "filter": match["$match"]}
    if more and "$sort" in more[0]:
        find["sort"] = more.pop(0)["$sort"]
    if more and "$limit" in more[0]:
        find["limit"] = more[0]["$limit"]
    return find


async def examined(database: Any, heard: Heard) -> int:
    """How many documents were looked at; for nothing all of a collection was.

    A server that stops at a limit looks at no more; one that reads a window to its end says so,
    where that is all that is read in it.
    """
    found = 0
    for command in [command for command in heard.asked if "getMore" not in command]:
        find = as_find(command)
        told = await database.command({"explain": find, "verbosity": "executionStats"})
        stages = list(stages_in(told["queryPlanner"]["winningPlan"]))
        assert "COLLSCAN" not in stages, (find, stages)
        looked_at = told["executionStats"]["totalDocsExamined"]
        goes_on = any("$facet" in stage for stage in command.get("pipeline", ()))
        found += min(looked_at, find["limit"]) if goes_on else looked_at
    return found


MAIL, PHONE = (
    next(n for n in range(1, 50) if n % 5 and (Random(n).choice(CHANNELS) == "email") is by_mail)
    for by_mail in (True, False)
)


def every(**filters: Any) -> Query:
    """A custom view over all statuses."""
    return custom("acme", Filters(status=STATUSES, **filters), Filters())


FILTERS: dict[str, Query] = {
    **{view: built_in(view, "acme", "ada", Filters()) for view in BUILT_IN},
    "open": built_in("all", "acme", "ada", Filters(status=("open",))),
    "channel": every(channel=("sms",)),
    "assignee": every(assignee=("ben",)),
    "nobody's": every(assignee=("none",)),
    "team": every(team=("sales",)),
    "tag": every(tag=("rare",)),
    "a tag of many": every(tag=("often",)),
    "tags": every(tag=("rare", "often")),
    "tag.all": every(tag_all=("rare",)),
    "segment": every(segment=("vip",)),
    "unread": every(unread=True),
    "ai": every(ai=True),
    "failed": every(reply_failed=True),
    "open of a channel": custom("acme", Filters(channel=("sms",)), Filters()),
    "two statuses of a tag": custom(
        "acme", Filters(status=("open", "closed"), tag=("often",)), Filters()
    ),
    "spam of a channel": built_in("spam", "acme", "ada", Filters(channel=("sms",))),
    "spam of all statuses": built_in("spam", "acme", "ada", Filters(status=STATUSES, ai=True)),
}
EXACT: dict[str, Query] = {
    **{
        f"{name} by {'-' if down else '+'}{order}": replace(query, order=order, descending=down)
        for name, query in FILTERS.items()
        for order in ORDERS
        for down in (True, False)
    },
    "waiting": replace(
        custom("acme", Filters(waiting_longer_than=timedelta(hours=20)), Filters()),
        order="waiting",
    ),
    "active before": every(active_before=MONDAY + timedelta(hours=250)),
    "active after": every(active_after=MONDAY + timedelta(hours=50)),
    "opened after": replace(every(opened_after=MONDAY + timedelta(hours=50)), order="opened"),
}
FREE: dict[str, Query] = {
    "a tag of an agent's": every(tag=("often",), assignee=("ben",)),
    "tags that nothing has both of": every(tag_all=("rare", "often")),
    "without a tag": every(tag_none=("often",)),
    "read ones": every(unread=False),
    "a channel, opened before": every(channel=("sms",), opened_before=MONDAY + timedelta(hours=50)),
    "open, waiting": custom("acme", Filters(waiting_longer_than=timedelta(hours=20)), Filters()),
    **{
        f"search {q}": every(q=q)
        for q in (
            *("#77", "somewhere", "somewh", "everywhere"),
            *(f"vera.{MAIL}@example.com", f"+39333{PHONE:07d}"),
        )
    },
    "a search of a channel by number": replace(
        every(q="everywhere", channel=("sms",)), order="number"
    ),
}


@pytest.mark.spec("VWS 1")
@pytest.mark.spec("VWS 2")
async def test_a_page_of_a_view_or_a_filter_looks_at_no_more_than_it_shows_however_many_there_are(
    servers: Servers, unique: str
) -> None:
    too_much = {}
    for tickets in (FEWER, MORE):
        async with many(servers, unique, tickets) as (model, database, heard):
            now = now_of(tickets)
            for name, query in EXACT.items():
                after, looked_at = None, {}
                for place in ("first", "second", "third"):
                    await model.look(query, after=after, limit=PAGE, now=now)
                    heard.clear()
                    # Once more: what a range's length is, is known then.
                    page = await model.look(query, after=after, limit=PAGE, now=now)
                    looked_at[place] = await examined(database, heard)
                    assert page.rows, name
                    if page.on is None:
                        break
                    after = page.on
                    assert after == key(query.order, page.rows[-1])
                await model.count(query, cap=PAGE, now=now)
                heard.clear()
                await model.count(query, cap=PAGE, now=now)
                looked_at["count"] = await examined(database, heard)
                if max(looked_at.values()) > MOST:
                    too_much[f"{name} of {tickets}"] = looked_at

    assert too_much == {}


@pytest.mark.spec("VWS 2")
async def test_what_no_index_holds_is_looked_for_among_so_many_tickets_at_a_time(
    servers: Servers, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "LOOKED_AT", 100)
    monkeypatch.setattr(lists, "FEW", 30)
    for tickets in (FEWER, MORE):
        now = now_of(tickets)
        async with many(servers, unique, tickets) as (model, database, heard):
            for name, query in FREE.items():
                completed = await model.completed(query, now)
                whole = await model.page(query, after=None, limit=tickets, now=now)
                found: list[str] = []
                after = None
                while True:
                    await model.look(completed, after=after, limit=PAGE, now=now)
                    heard.clear()
                    page = await model.look(completed, after=after, limit=PAGE, now=now)
                    found += [row.ticket_id for row in page.rows]
                    # What narrows it is counted, what leaves a few is read; else so many.
                    ways = len(readings(completed)) * 30 + MOST_RANGES
                    most = 100 + 2 * PAGE + ways
                    assert await examined(database, heard) <= most, name
                    if page.on is None:
                        break
                    after = page.on
                heard.clear()
                await model.counted(completed, cap=PAGE, now=now)
                assert await examined(database, heard) <= most, name
                assert found == [row.ticket_id for row in whole], name
