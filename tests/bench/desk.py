"""What the desk's read model costs, beside bare reads and writes of the same documents.

Lists: a page of each view, through the rules and the store, to the read of the same documents by
their ids, decoded as JSON. They are measured on the wheel's server, which like MongoDB reads a
range of an index by both its bounds. Where an index is over an array, the faster server in Rust
reads it by one bound (0.5.3-beta.196, though its `explain` shows two): there a page in the middle
of a list by a facet pays for all before it. The wheel's needs minutes to store so many tickets.
Taking in: the handlers with batches of events, to a loop that reads and writes as many documents of
the same size by compare-and-set, and builds nothing.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, Final, cast, get_args

from services.desk.handlers import Desk, Telling
from services.desk.keeping import Answers, Around
from services.desk.rules.rows import Last, Reply, Row
from services.desk.rules.views import (
    BUILT_IN,
    STATUSES,
    Filters,
    Order,
    Query,
    built_in,
    custom,
    key,
)
from services.desk.rules.words import words_of
from services.desk.store.documents import row_document
from services.desk.store.read import MongoReadModel
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Record
from shared.clock import EPOCH
from shared.contracts.base import Author, Contact, Identity
from shared.contracts.tickets import AgentReplied, CustomerWrote, TicketFact, TicketSummary
from shared.embedded.stack import SecantusDB
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo, MongoCollection, compare_and_set
from shared.topics import TICKETS
from tests.bench.figures import Figure
from tests.builders import MONDAY

MANY: Final = int(os.environ.get("HELPDESK_BENCH_TICKETS", "300000"))
"""Tickets that are stored."""

PAGE: Final = 50
ROUNDS: Final = 30
EVENTS: Final = 6_000
BATCH: Final = 500
NOW = MONDAY + timedelta(days=365)
WORDS = (
    "where",
    "is",
    "my",
    "parcel",
    "it",
    "has",
    "not",
    "come",
    "please",
    "refund",
    "order",
    "blue",
)


def _all(order: Order = "active", **filters: Any) -> Query:
    """A custom view over all statuses."""
    view = Filters(status=STATUSES, **filters)
    return replace(custom("acme", view, Filters()), order=order)


VIEWS: Final[Mapping[str, Query]] = {
    **{view: built_in(view, "acme", "agent-1", Filters()) for view in BUILT_IN},
    **{f"a tag by {order}": _all(order, tag=("tag-3",)) for order in get_args(Order)},
    "an agent's": _all(assignee=("agent-1",)),
    "a channel": _all(channel=("sms",)),
    "unread": _all(unread=True),
    "a tag of two statuses": replace(_all(tag=("tag-3",)), statuses=("open", "closed")),
    "one of two tags": _all(tag=("tag-3", "tag-4")),
}
FREE: Final[Mapping[str, Query]] = {
    "a tag of an agent's": _all(tag=("tag-3",), assignee=("agent-1",)),
    "a word": _all(q="parcel"),
}
"""What no index holds; of a page it is in milliseconds."""


class _Roomy(SecantusDB):
    """One whose cache holds so many tickets."""

    cache = "16G"


def measure() -> list[Figure]:
    """Ratios of lists and of taking in, all of one run."""
    with _Roomy() as server:
        return asyncio.run(_measured(server.url))


async def _measured(url: str) -> list[Figure]:
    mongo = Mongo(
        MongoSettings.model_validate({"url": url, "database": "bench_desk"}), patience=300
    )
    try:
        model = MongoReadModel(mongo.database, "a")
        await model.ensure_indexes()
        tickets = mongo.database["desk_tickets_a"]
        await _fill(tickets)
        # As the service knows once it has looked through them after its start.
        model.filed = True
        figures = [
            each
            for name, query in {**VIEWS, **FREE}.items()
            for each in await _list(name, query, model, tickets)
        ]
        return [*figures, await _taking_in(mongo, model)]
    finally:
        await mongo.close()


async def _fill(tickets: MongoCollection) -> None:
    began = time.monotonic()
    for start in range(0, MANY, 2_000):
        rows = [a_row(number) for number in range(start + 1, min(start + 2_000, MANY) + 1)]
        await tickets.insert_many([row_document(row, 1) for row in rows], ordered=False)
    took = time.monotonic() - began
    sys.stderr.write(f"desk: {MANY} tickets stored in {took:.0f} s\n")


def a_row(number: int) -> Row:
    """A ticket of a year: one in ten is open, one in fifty is spam."""
    chance = Random(number)
    at = MONDAY + timedelta(seconds=number * 31_536_000 // max(MANY, 1))
    phone = Identity(type="e164", value=f"+39{3_000_000_000 + number}")
    status: Any = "open" if chance.random() < 0.1 else "closed"
    text = " ".join(chance.choices(WORDS, k=20)) + f" {number:07x}"
    summary = TicketSummary(
        number=number,
        channel="sms",
        address="+12025550100",
        contact=Contact(id=phone.key, identities=(phone,), display_name=f"Vera Bianchi {number}"),
        status=status,
        assignee=None if chance.random() < 0.2 else f"agent-{chance.randrange(20)}",
        tags=(f"tag-{chance.randrange(30)}",),
        spam=chance.random() < 0.02,
        unread=status == "open" and chance.random() < 0.5,
        opened_at=at,
        customer_waits_since=at if status == "open" else None,
        message_count=2,
    )
    return Row(
        "acme",
        f"ticket-{number}",
        seq=4,
        summary=summary,
        last=Last(seq=3, writer="customer", text=text[:140], at=at),
        reply=Reply(4, f"r-{number}", "agent-1", "delivered"),
        customer_at=at,
        said=frozenset(words_of(text)),
    )


async def _list(
    name: str, query: Query, model: MongoReadModel, tickets: MongoCollection
) -> list[Figure]:
    after: str | None = None
    figures = []
    middle = min(await model.count(query, cap=5_000, now=NOW) // PAGE // 2, 40)
    for place, pages in (("the first page", 0), ("one in the middle", middle)):
        for _ in range(pages):
            page = await model.page(query, after=after, limit=PAGE, now=NOW)
            after = key(query.order, page[-1])
        at = after

        async def listed(at: str | None = at) -> Sequence[Row]:
            return await model.page(query, after=at, limit=PAGE, now=NOW)

        keys = [row.key for row in await listed()]
        order: Order = query.order

        async def bare(keys: Sequence[str] = keys, field: str = f"by_{order}") -> None:
            found = tickets.find({"_id": {"$in": list(keys)}}, {"body": 1, field: 1})
            for document in await found.to_list(None):
                json.loads(document["body"])

        took, least = await _in_turns(listed, bare)
        named = f"desk: {name}, {place}"
        figures.append(
            Figure(named, took, "ms", None, 100, "less")
            if name in FREE
            else Figure(named, took, "ms", least, 2.5, "less")
        )
    return figures


async def _in_turns(
    one: Callable[[], Awaitable[object]], other: Callable[[], Awaitable[object]]
) -> tuple[float, float]:
    """The medians of both, in milliseconds, measured in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for work in (one, other):
        await work()
    for _ in range(ROUNDS):
        for work, times in zip((one, other), took, strict=True):
            began = time.perf_counter()
            await work()
            times.append((time.perf_counter() - began) * 1_000)
    return sorted(took[0])[ROUNDS // 2], sorted(took[1])[ROUNDS // 2]


class _Nothing:
    """Nobody listens, nobody gave a command, nobody was erased."""

    def __init__(self, model: MongoReadModel) -> None:
        self._model = model

    async def serving(self) -> MongoReadModel:
        return self._model

    async def tell(self, _: object) -> None:
        return

    keep = forget_drafts = publish = tell

    async def following(self, _: object) -> list[str]:
        return []


async def _taking_in(mongo: Mongo, model: MongoReadModel) -> Figure:
    """Events of tickets that are stored: half of them customers' messages, half of them replies."""
    nothing = _Nothing(model)
    desk = Desk(
        nothing,
        cast(Around, nothing),
        cast(Answers, nothing),
        cast(Telling, nothing),
        AccountsTable(),
        lambda: NOW,
        nothing.publish,
    )
    records = [_record(event) for number in range(1, EVENTS // 2 + 1) for event in _events(number)]
    batches = [records[start : start + BATCH] for start in range(0, len(records), BATCH)]
    half = len(batches) // 2
    began = time.perf_counter()
    for batch in batches[:half]:
        parsed: Any = [TICKETS.parse(record) for record in batch]
        await desk.tickets_changed(parsed)
    served = half * BATCH / (time.perf_counter() - began)
    began = time.perf_counter()
    for batch in batches[half:]:
        await _bare(mongo, batch)
    looped = half * BATCH / (time.perf_counter() - began)
    return Figure("desk: events taken in, to a bare loop", served, "events/s", looped, 0.6, "more")


async def _bare(mongo: Mongo, batch: Sequence[Record]) -> None:
    """Read the tickets and lines of the batch, and write what is about as large."""
    tickets, lines = mongo.database["desk_tickets_a"], mongo.database["desk_lines_a"]
    said = [json.loads(record.value or b"") for record in batch]
    ids = sorted({f"acme:{each['ticket_id']}" for each in said})
    named = [f"acme:{each['message_id']}" for each in said]
    fields = {"rev": 1, "body": 1}
    stored = {d["_id"]: d async for d in tickets.find({"_id": {"$in": ids}}, fields)}
    there = {d["_id"] async for d in lines.find({"_id": {"$in": named}}, fields)}
    new = []
    for each in said:
        at = f"{each['occurred_at']}:{each['seq']}"
        row = {
            "_id": f"acme:{each['message_id']}",
            "rev": 1,
            "account_id": "acme",
            "of": f"acme:{each['ticket_id']}",
            "at": at,
            "seq": each["seq"],
            "until": None,
            "from": [],
            "body": json.dumps(each["ticket"]),
        }
        if row["_id"] not in there:
            new.append((row, 0))
    await compare_and_set(lines, new)
    changed = {}
    for each in said:
        id_ = f"acme:{each['ticket_id']}"
        ticket, old = each["ticket"], stored[id_]
        stamp = f"{int(time.time() * 1000):013d}:{each['ticket_id']}"
        row = {
            "_id": id_,
            "rev": old["rev"] + 1,
            "account_id": "acme",
            "body": old["body"],
            "words": sorted(set(each["text"].split())),
            "spam": False,
            "status": ticket["status"],
            "assignee": ticket.get("assignee") or "",
            "unread": ticket["unread"],
            "facets": [f"{ticket['status']}|tag:{tag}" for tag in ticket["tags"]],
            "tags": ticket["tags"],
            **{f"by_{order}": stamp for order in ("active", "waiting")},
        }
        changed[id_] = (row, old["rev"])
    await compare_and_set(tickets, list(changed.values()))


def _events(number: int) -> list[TicketFact]:
    row = a_row(number)
    assert row.summary is not None
    ticket = row.summary.model_copy(update={"status": "open", "spam": False, "unread": True})
    text = " ".join(Random(-number).choices(WORDS, k=20))
    common: dict[str, Any] = {
        "account_id": "acme",
        "occurred_at": NOW,
        "correlation_id": "c",
        "ticket_id": row.ticket_id,
        "ticket": ticket,
        "because": "TKT 3: the contact's only SMS ticket",
    }
    wrote = CustomerWrote(
        id=f"{row.ticket_id}:5",
        seq=5,
        cause_id="m",
        message_id=f"m-{number}",
        text=text,
        sent_at=NOW,
        received_at=NOW,
        **common,
    )
    replied = AgentReplied(
        id=f"{row.ticket_id}:6",
        seq=6,
        cause_id="c",
        message_id=f"o-{number}",
        author=Author(kind="agent", id="agent-1", name="Ann"),
        text=text,
        **{**common, "ticket": ticket.model_copy(update={"unread": False})},
    )
    return [wrote, replied]


def _record(event: TicketFact) -> Record:
    said = TICKETS.record(event)
    return Record(said.topic, 0, 0, said.key, said.value, (), EPOCH)
