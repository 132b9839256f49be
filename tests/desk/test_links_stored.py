"""What is kept of short links, and that nothing is left of an erased ticket's (OUT 1)."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.desk.rules.following import Followed, Lead
from services.desk.store.links import MongoLinks
from shared.contracts.clicks import LinkFollowed
from shared.running.settings import MongoSettings
from shared.stores import mongo
from shared.stores.mongo import Mongo
from tests.builders import MONDAY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from shared.embedded.servers import Servers

pytestmark = [pytest.mark.connected, pytest.mark.spec("OUT 1")]

_ids = itertools.count(1)


def a_lead(code: str = "abc123XYZ0", ticket: str = "t1", account: str = "acme") -> Lead:
    return Lead(code, account, ticket, "m1", "https://acme.example/a")


def a_click(lead: Lead, by: Any = "person", after: int = 0, id_: str = "") -> LinkFollowed:
    id_ = id_ or f"click-{next(_ids)}"
    return LinkFollowed(
        account_id=lead.account_id,
        id=id_,
        occurred_at=MONDAY + timedelta(minutes=after),
        correlation_id=id_,
        ticket_id=lead.ticket_id,
        message_id=lead.message_id,
        code=lead.code,
        url=lead.url,
        by=by,
    )


@pytest.fixture
async def links(servers: Servers, unique: str) -> AsyncIterator[MongoLinks]:
    place = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    found = MongoLinks(place.database)
    await found.ensure_indexes()
    yield found
    await place.close()


async def test_what_a_code_leads_to_never_changes(links: MongoLinks) -> None:
    await links.keep([a_lead()])

    await links.keep([Lead("abc123XYZ0", "zeta", "t9", "m9", "https://evil.example"), a_lead()])

    assert await links.lead("abc123XYZ0") == a_lead()
    assert await links.lead("unknown000") is None


async def test_people_are_counted_once_a_time_and_others_not_among_them(
    links: MongoLinks,
) -> None:
    lead, other = a_lead(), a_lead("other00000")
    once = a_click(lead, id_="once", after=5)

    told = await links.follow([once, a_click(lead, after=9), a_click(other)])
    await links.follow([once, a_click(lead, "robot", 20), a_click(lead, "preview", 20)])

    assert told == {("acme", "t1")}
    assert await links.followed("acme:t1") == {
        lead.code: Followed(2, (MONDAY + timedelta(minutes=9)).isoformat()),
        other.code: Followed(1, MONDAY.isoformat()),
    }
    assert await links.followed("zeta:t1") == {}


async def test_of_an_erased_ticket_nothing_is_left_whatever_comes_late(
    links: MongoLinks,
) -> None:
    lead, other = a_lead(), a_lead("other00000", "t2")
    await links.keep([lead, other])
    await links.follow([a_click(lead), a_click(other)])

    await links.erase(["acme:t1"])
    await links.keep([lead])
    told = await links.follow([a_click(lead), a_click(other)])

    assert await links.lead(lead.code) is None
    assert await links.followed("acme:t1") == {}
    assert told == {("acme", "t2")}
    assert await links.lead(other.code) == other
    assert (await links.followed("acme:t2"))[other.code].times == 2


async def test_what_is_erased_while_it_is_stored_is_not_left_behind(
    links: MongoLinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = mongo.insert_new

    async def erased_meanwhile(collection: Any, rows: Any) -> Any:
        if collection.name == "desk_links":
            await links.erase(["acme:t1"])
        return await insert(collection, rows)

    monkeypatch.setattr("services.desk.store.links.insert_new", erased_meanwhile)
    await links.keep([a_lead()])

    assert await links.lead("abc123XYZ0") is None
