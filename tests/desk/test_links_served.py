"""From an agent's reply to a link that was followed, with the desk's own stores (OUT 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.desk.web.short_links import ShortLinks
from shared.contracts.clicks import LinkFollowed
from shared.contracts.tickets import AgentReplied, ContentErased
from shared.topics import TICKETS
from tests.builders import MONDAY
from tests.desk.ticketing import an_account_with_roles

if TYPE_CHECKING:
    from services.desk.rules.following import By, Lead
    from tests.desk.http import Served

URL = "https://acme.example/help/returns?lang=en"


def with_short_links() -> Any:
    links = {"short_domain": "go.acme.example"}
    return an_account_with_roles().model_validate(
        {**an_account_with_roles().model_dump(by_alias=True), "links": links}
    )


def followed(lead: Lead, id_: str, by: By = "person") -> LinkFollowed:
    return LinkFollowed(
        account_id=lead.account_id,
        id=id_,
        occurred_at=MONDAY,
        correlation_id=id_,
        ticket_id=lead.ticket_id,
        message_id=lead.message_id,
        code=lead.code,
        url=lead.url,
        by=by,
    )


async def replied(served: Served) -> tuple[Any, str, str]:
    """An agent has answered an SMS with a link: their browser, the ticket, the link's code."""
    served.ticketing.accounts.apply(with_short_links())
    ticket = await served.ticketing.write()
    asks = await served.browser()
    answer = await asks.command(ticket.id, {"type": "reply", "text": f"See {URL}."})
    assert answer.status_code == 200, answer.text
    (link,) = await links_of(asks, ticket.id)
    return asks, ticket.id, link["short"].removeprefix("https://go.acme.example/")


async def links_of(asks: Any, ticket_id: str) -> list[Any]:
    lines = (await asks.get(f"/api/v1/tickets/{ticket_id}/thread")).json()["lines"]
    return [link for line in lines for link in line["links"]]


@pytest.mark.connected
@pytest.mark.spec("OUT 1")
async def test_a_link_of_a_reply_leads_on_and_the_thread_says_how_often(served: Served) -> None:
    asks, ticket_id, code = await replied(served)
    around, told = served.replica.parts.around, list[Any]()
    short = ShortLinks(served.ticketing.accounts, around.links, lambda *each: told.append(each))
    assert await links_of(asks, ticket_id) == [
        {"url": URL, "short": f"https://go.acme.example/{code}", "times": 0, "last_at": None}
    ]

    asks.replica = type("Before", (), {"app": staticmethod(short.before(asks.app))})()
    headers = {"host": "go.acme.example", "user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}
    answer = await asks.ask("GET", f"/{code}", headers=headers)
    asks.replica = None

    assert (answer.status_code, answer.headers["location"]) == (302, URL)
    ((lead, by),) = told
    assert (lead.of, by) == (f"acme:{ticket_id}", "person")
    async with asks.stream() as stream:
        await stream.next("counts")
        clicks = [followed(lead, "one"), followed(lead, "two"), followed(lead, "r", "robot")]
        await served.replica.desk.links_followed(clicks)
        await served.replica.desk.links_followed(clicks[:1])
        event = await stream.next("followed")
    assert event.data == {"ticket_id": ticket_id}
    (shown,) = await links_of(asks, ticket_id)
    assert (shown["times"], shown["last_at"]) == (2, "2026-03-02T09:00:00Z")


@pytest.mark.connected
@pytest.mark.spec("OUT 1")
async def test_an_erased_tickets_links_lead_nowhere_whatever_comes_again(served: Served) -> None:
    _, ticket_id, code = await replied(served)
    links = served.replica.parts.around.links
    lead = await links.lead(code)
    assert lead is not None
    assert TICKETS.contract is not None
    told = [
        TICKETS.contract.validate_json(record.value or b"")
        for record in served.ticketing.world.published
        if record.topic == TICKETS.name
    ]
    events = [event for event in told if isinstance(event, AgentReplied)]
    last = events[-1]
    erased = ContentErased(
        account_id="acme",
        id=f"{ticket_id}:99",
        occurred_at=MONDAY,
        correlation_id="e",
        ticket_id=ticket_id,
        seq=99,
        cause_id="e",
        ticket=last.ticket,
        whole=True,
    )

    await served.replica.desk.tickets_changed([erased])
    await served.replica.desk.tickets_changed(events)
    await served.replica.desk.links_followed([followed(lead, "late")])

    assert await links.lead(code) is None
    assert await links.followed(f"acme:{ticket_id}") == {}


@pytest.mark.connected
@pytest.mark.spec("OUT 1")
async def test_the_composer_is_told_which_links_will_be_short(served: Served) -> None:
    asks, ticket_id, _ = await replied(served)
    text = f"See {URL}, www.acme.example and https://go.acme.example/abc."

    found = (await asks.post("/api/v1/links/found", {"text": text})).json()
    pane = (await asks.get(f"/desk/tickets/{ticket_id}")).text

    assert found == {"links": [URL, "www.acme.example"]}
    assert 'data-short="https://go.acme.example/0000000000"' in pane
    served.ticketing.accounts.apply(an_account_with_roles())
    assert (await asks.post("/api/v1/links/found", {"text": text})).json() == {"links": []}
