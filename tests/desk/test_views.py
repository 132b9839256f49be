"""Views, filters, orders, search and cursors, as the database finds them (VWS 1, VWS 2)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any, cast, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.desk.refiling import Refiling
from services.desk.rules import cursors
from services.desk.rules.facets import Range, exact, readings
from services.desk.rules.rows import Last, Reply, Row
from services.desk.rules.views import (
    BUILT_IN,
    NOBODY,
    STATUSES,
    BuiltIn,
    Filters,
    Order,
    Query,
    built_in,
    custom,
    key,
    matches,
    narrowed,
    place,
    span,
)
from services.desk.rules.words import words_of
from services.desk.store import lists
from services.desk.store.documents import row_document
from services.desk.store.read import MongoReadModel
from shared.contracts.base import CHANNELS, Channel, Contact, Identity
from shared.contracts.tickets import TicketSummary
from shared.embedded.servers import Servers
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.builders import minutes
from tests.examples import examples

NOW = minutes(1_000)
TEXTS = ("where is my parcel", "parcels to Turin", "the parcel came", "refund 0012345", "")
ORDERS: tuple[Order, ...] = get_args(Order)


def a_row(number: int, **given: Any) -> Row:
    """A ticket as lists have it; what is not given is drawn from its number."""
    chance = Random(given.pop("seed", number))
    channel: Channel = given.pop("channel", chance.choice(CHANNELS))
    at = minutes(chance.randrange(0, 900))
    text = given.pop("text", chance.choice(TEXTS))
    waits = chance.choice([None, at, minutes(3)])
    identity = Identity(type="e164", value=f"+39333{number:07d}")
    if channel == "email":
        identity = Identity(type="email", value=f"Vera.{number}@example.com")
    values: dict[str, Any] = {
        "number": number,
        "channel": channel,
        "address": "a",
        "contact": Contact(
            id=identity.key,
            identities=(identity,),
            display_name=f"Véra {number}",
            segments=tuple(chance.sample(["vip", "new"], chance.randint(0, 2))),
        ),
        "status": chance.choice(["open", "open", "open", "snoozed", "closed"]),
        "subject": chance.choice([None, "Order 77-1234"]),
        "assignee": chance.choice([None, "ada", "ben"]),
        "team_id": chance.choice([None, "sales"]),
        "tags": tuple(chance.sample(["late", "returns", "vip"], chance.randint(0, 3))),
        "spam": chance.random() < 0.15,
        "unread": chance.random() < 0.5,
        "ai_handled": chance.random() < 0.3,
        "opened_at": minutes(chance.randrange(0, 400)),
        "customer_waits_since": waits,
    }
    summary = TicketSummary.model_validate(values | given)
    return Row(
        "acme",
        f"T{number}",
        seq=3,
        summary=summary,
        last=Last(seq=2, text=text, at=at, writer="customer"),
        reply=Reply(3, "r", "ada", chance.choice([None, "sent", "failed"])),
        said=frozenset(words_of(text)),
    )


TIMES = st.none() | st.integers(0, 950).map(minutes)
FILTERS = st.builds(
    Filters,
    status=st.sets(st.sampled_from(["open", "snoozed", "closed"]), max_size=2).map(tuple),
    channel=st.sets(st.sampled_from(CHANNELS), max_size=2).map(tuple),
    assignee=st.sets(st.sampled_from(["ada", "ben", NOBODY]), max_size=2).map(tuple),
    team=st.sets(st.sampled_from(["sales", NOBODY]), max_size=1).map(tuple),
    tag=st.sets(st.sampled_from(["late", "returns"]), max_size=2).map(tuple),
    tag_all=st.sets(st.sampled_from(["late", "vip"]), max_size=2).map(tuple),
    tag_none=st.sets(st.sampled_from(["late", "vip"]), max_size=1).map(tuple),
    segment=st.sets(st.sampled_from(["vip", "new"]), max_size=1).map(tuple),
    unread=st.none() | st.booleans(),
    ai=st.none() | st.booleans(),
    waiting_longer_than=st.none() | st.integers(0, 950).map(lambda m: timedelta(minutes=m)),
    opened_after=TIMES,
    opened_before=TIMES,
    active_after=TIMES,
    active_before=TIMES,
    reply_failed=st.none() | st.booleans(),
    assignee_offline=st.none() | st.booleans(),
    q=st.sampled_from(["", "", "", "parcel", "the parc", "vera", "#7", "3330000007", "12345"]),
)


@st.composite
def few_filters(draw: st.DrawFn) -> Filters:
    """Filters of which most are not set, so that something is found."""
    given = draw(FILTERS).model_dump(exclude_defaults=True)
    kept = draw(st.sets(st.sampled_from(sorted(given)), max_size=3)) if given else set()
    return Filters.model_validate({name: given[name] for name in kept})


@st.composite
def queries(draw: st.DrawFn) -> Query:
    """Whatever the desk may ask for."""
    filters = draw(few_filters())
    view = draw(st.sampled_from([*BUILT_IN, None]))
    if view is None:
        query = custom("acme", draw(few_filters()), filters)
    else:
        query = built_in(view, "acme", "ada", filters)
    query = narrowed(query, ["ben"])
    return replace(query, order=draw(st.sampled_from(ORDERS)), descending=draw(st.booleans()))


@asynccontextmanager
async def stored(servers: Servers, name: str, rows: list[Row]) -> AsyncIterator[MongoReadModel]:
    """A read model of those tickets."""
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": name}))
    try:
        model = MongoReadModel(mongo.database, "a")
        await model.ensure_indexes()
        collection = mongo.database["desk_tickets_a"]
        for start in range(0, len(rows), 5_000):
            part = rows[start : start + 5_000]
            await collection.insert_many([row_document(row, 1) for row in part])
        await Refiling(at_once(model)).sweep()
        yield model
    finally:
        await mongo.close()


def at_once(model: MongoReadModel) -> Callable[[], Awaitable[MongoReadModel]]:
    """It serves."""

    async def serving() -> MongoReadModel:
        return model

    return serving


def wanted(query: Query, rows: list[Row]) -> list[str]:
    """The ids of what the query finds, in its order."""
    found = [row for row in rows if matches(query, row, NOW)]
    found.sort(key=lambda row: key(query.order, row), reverse=query.descending)
    return [row.ticket_id for row in found]


@pytest.mark.spec("VWS 2")
@given(query=queries(), numbers=st.sets(st.integers(1, 300), max_size=40))
def test_the_ranges_that_are_read_hold_all_that_is_found(query: Query, numbers: set[int]) -> None:
    for row in [a_row(number) for number in numbers]:
        document = row_document(row, 1)
        found = matches(query, row, NOW)
        for filed in (True, False):
            for way in readings(query, filed=filed):
                held = sum(is_in(document, each) for each in way.ranges)
                assert held or not found
                assert held <= 1 or not way.once
                if way.exact:
                    start, end = span(query, None, NOW)
                    at = document[f"by_{query.order}"]
                    within = end <= at < start if query.descending else start < at <= end
                    assert bool(held and within) == found
        ways = readings(query)
        assert ways[-1].ordered


ONE_FILTER: tuple[dict[str, Any], ...] = (
    *(
        {},
        {"channel": ("sms",)},
        {"channel": ("sms", "email", "sms")},
        {"assignee": ("ben", NOBODY)},
    ),
    *(
        {"team": (NOBODY,)},
        {"tag": ("late",)},
        {"tag": ("late", "returns")},
        {"tag_all": ("late",)},
    ),
    *({"tag_all": ("late", "vip")}, {"segment": ("vip",)}, {"unread": True}, {"ai": True}),
    *({"reply_failed": True}, {"unread": False}, {"tag_none": ("late",)}),
)


@pytest.mark.spec("VWS 2")
@pytest.mark.parametrize("statuses", [STATUSES, ("open",), ("closed", "open"), ("open",) * 3])
@pytest.mark.parametrize("view", ["all", "spam"])
def test_what_is_read_for_one_filter_is_what_is_found(view: BuiltIn, statuses: Any) -> None:
    rows = [a_row(number) for number in range(1, 301)]
    for one in ONE_FILTER:
        query = built_in(view, "acme", "ada", Filters(status=statuses, **one))
        way = exact(query)
        wanted = [row for row in rows if matches(query, row, NOW)]
        if len(one.get("tag_all", ())) > 1 or "tag_none" in one or one.get("unread") is False:
            assert way is None
            continue
        assert way is not None
        counts = [sum(is_in(row_document(r, 1), each) for each in way.ranges) for r in rows]
        assert [row for row, count in zip(rows, counts, strict=True) if count] == wanted
        assert max(counts) <= 1 or not way.once
        if len(set(statuses)) in (1, 3):
            values = one.get("assignee") or one.get("tag") or one.get("channel") or ("",)
            assert len(way.ranges) == len(set(values))


def is_in(document: Mapping[str, Any], each: Range) -> bool:
    return all(
        value in found if isinstance(found := document[name], list) else value == found
        for name, value in each.equal
    )


@pytest.mark.spec("VWS 1")
@pytest.mark.spec("VWS 2")
@pytest.mark.connected
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("few", "looked_at"), [(500, 4_000), (0, 4_000), (0, 15)])
async def test_lists_pages_and_counts_are_what_the_rules_say(
    servers: Servers, unique: str, monkeypatch: pytest.MonkeyPatch, few: int, looked_at: int
) -> None:
    monkeypatch.setattr(lists, "FEW", few)
    monkeypatch.setattr(lists, "LOOKED_AT", looked_at)
    rows = [a_row(number) for number in range(1, 161)]
    async with stored(servers, unique, rows) as model:
        chance = Random(1)
        some: list[Query] = []

        @settings(
            max_examples=examples(40),
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(queries())
        def draw(query: Query) -> None:
            some.append(query)

        draw()
        for drawn in some:
            query = await model.completed(drawn, NOW)
            expected = wanted(query, rows)
            size = chance.choice([20, 60])
            assert await all_of(model, query, size) == expected, query
            found: list[str] = []
            after = None
            while page := await model.page(query, after=after, limit=size, now=NOW):
                found += [row.ticket_id for row in page]
                after = key(query.order, page[-1])
            assert found == expected, query
            assert await model.ids(query, limit=1_000, now=NOW) == expected
            for cap in (1_000, 5):
                number, whole = await model.counted(query, cap=cap, now=NOW)
                assert number == len(expected) if whole else number <= min(len(expected), cap)
                assert whole or looked_at < len(rows) or number == cap


async def all_of(model: MongoReadModel, query: Query, size: int) -> list[str]:
    """What is found page by page, where a page may end before it is full."""
    found: list[str] = []
    page = await model.look(query, after=None, limit=size, now=NOW)
    found += [row.ticket_id for row in page.rows]
    while page.on is not None:
        page = await model.look(query, after=page.on, limit=size, now=NOW)
        assert len(page.rows) <= size
        found += [row.ticket_id for row in page.rows]
    return found


@pytest.mark.spec("VWS 2")
@pytest.mark.connected
@pytest.mark.parametrize("sort", [f"{way}{order}" for order in ORDERS for way in "+-"])
async def test_paging_repeats_and_skips_nothing_while_rows_move(
    servers: Servers, unique: str, sort: str
) -> None:
    rows = {f"T{n}": a_row(n, status="open", spam=False) for n in range(1, 61)}
    order, descending = cast(Order, sort[1:]), sort[0] == "-"
    query = replace(built_in("all", "acme", "ada", Filters()), order=order, descending=descending)
    chance = Random(7)
    async with stored(servers, unique, list(rows.values())) as model:
        seen: list[str] = []
        moved: set[str] = set()
        after = None
        while page := await model.page(query, after=after, limit=7, now=NOW):
            seen += [row.ticket_id for row in page]
            after = key(order, page[-1])
            for name in chance.sample(sorted(rows), 3):
                row = rows[name]
                assert row.summary is not None
                to = minutes(chance.randrange(0, 990))
                summary = row.summary.model_copy(update={"customer_waits_since": to})
                rows[name] = replace(row, summary=summary, last=replace(row.last, at=to))
                await model.save_rows([(rows[name], chance_revision(moved, name))])
                moved.add(name)
        still = set(rows) - moved
        stayed = [name for name in seen if name in still]

        assert sorted(stayed) == sorted(still)
        assert [place(order, rows[name]) for name in stayed] == sorted(
            (place(order, rows[name]) for name in still), reverse=descending
        )


_revisions: dict[str, int] = {}


def chance_revision(moved: set[str], name: str) -> int:
    """At which revision a ticket is stored: one more each time that it was moved."""
    if not moved:
        _revisions.clear()
    _revisions[name] = _revisions.get(name, 0) + 1
    return _revisions[name]


@pytest.mark.spec("VWS 2")
@pytest.mark.connected
async def test_a_search_finds_by_number_contact_and_words_whole_or_begun(
    servers: Servers, unique: str
) -> None:
    rows = [a_row(n, spam=False, text="", subject=None) for n in range(1, 40)]
    rows[4] = a_row(
        5,
        channel="sms",
        spam=False,
        subject=None,
        text="Order 555-0100, o'clock? Perché: anna_b@mail.example.",
    )
    rows[6] = a_row(7, channel="email", spam=False, subject="Parcels for Zoë", text="parcels")
    async with stored(servers, unique, rows) as model:

        async def found(text: str) -> set[str]:
            query = built_in("all", "acme", "ada", Filters(q=text))
            page = await model.page(query, after=None, limit=50, now=NOW)
            assert await model.count(query, cap=100, now=NOW) == len(page)
            return {row.ticket_id for row in page}

        for text in (
            *("#5", "+39 333 0000005", "0039 (333) 000-0005", "3330000005", "5550100"),
            *("555 0100", "o'clock", "PERCHE", "anna_b@mail.example", "perché: ord"),
        ):
            assert await found(text) == {"T5"}, text
        for text in ("vera.7@example.com", "zoe", "Zoë", "parcels", "parce", "zoe p", "parcels z"):
            assert await found(text) == {"T7"}, text
        for text in ("?", "q", "parcels and more"):
            assert await found(text) == set(), text
        assert len(await found("vera")) == 39
        assert len(await found("ver")) == 39


def test_a_cursor_is_good_for_its_own_list_alone() -> None:
    secret = b"s" * 32
    query = built_in("inbox", "acme", "ada", Filters())
    given = cursors.cursor(secret, query, "0001:T1")

    assert cursors.after(secret, query, given) == "0001:T1"
    for other in (
        built_in("inbox", "acme", "ben", Filters()),
        built_in("inbox", "zeta", "ada", Filters()),
        built_in("inbox", "acme", "ada", Filters(unread=True)),
        replace(query, order="number"),
        replace(query, descending=False),
    ):
        assert cursors.after(secret, other, given) is None
    for broken in ("", "x", "é", given[:-2], "A" + given[1:], given + "A" * 3_000):
        assert cursors.after(secret, query, broken) is None
    assert cursors.after(b"t" * 32, query, given) is None


def test_a_cursor_stays_good_while_agents_come_and_go() -> None:
    secret = b"s" * 32
    query = built_in("all", "acme", "ada", Filters(assignee_offline=True))
    given = cursors.cursor(secret, narrowed(query, ["ben"]), "k")

    assert cursors.after(secret, narrowed(query, ["ada", "ben"]), given) == "k"
