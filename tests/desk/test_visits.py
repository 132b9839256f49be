"""Whether a web chat's visitor is there (VWS 5)."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desk.rules.shown import ShownVisitor
from services.desk.rules.visits import BELIEVED, Visit, is_newer, visitor, visits
from shared.contracts.signals import Signal
from tests.builders import MONDAY, a_contact
from tests.desk.http import Served

MINUTE = timedelta(minutes=1)


def came(at: datetime = MONDAY, kind: str = "connected", by: str = "anna") -> Signal:
    return Signal(
        account_id="acme", id=f"{kind}-{at}", occurred_at=at, correlation_id="s", kind=kind,
        channel="webchat", address="widget", contact=a_contact(channel="webchat", name=by),
        conversation_id=f"chat-of-{by}",
    )  # fmt: skip


def left(at: datetime = MONDAY, by: str = "anna") -> Signal:
    return came(at, "disconnected", by)


def said(*signals: Signal) -> Visit | None:
    found = visits(signals, MONDAY + timedelta(days=1))
    return found[0] if found else None


@pytest.mark.spec("VWS 5")
def test_whoever_came_is_there_until_they_leave_and_then_it_is_said_since_when_not() -> None:
    now = MONDAY + 5 * MINUTE

    assert visitor(said(came()), MONDAY, now) == ShownVisitor(here=True, since=MONDAY)
    gone = said(came(), left(MONDAY + MINUTE))
    assert visitor(gone, MONDAY, now) == ShownVisitor(here=False, since=MONDAY + MINUTE)
    assert visitor(None, MONDAY, now) is None


@pytest.mark.spec("VWS 5")
def test_who_writes_after_leaving_is_there_again() -> None:
    wrote_at = MONDAY + 3 * MINUTE

    shown = visitor(said(left(MONDAY + MINUTE)), wrote_at, MONDAY + 4 * MINUTE)

    assert shown == ShownVisitor(here=True, since=wrote_at)


@pytest.mark.spec("VWS 5")
def test_a_visitor_whose_end_nobody_told_does_not_stay_for_ever() -> None:
    shown = visitor(said(came()), MONDAY, MONDAY + BELIEVED)

    assert shown == ShownVisitor(here=False, since=MONDAY)


@given(st.permutations([came(), left(), came(MONDAY + MINUTE), left(MONDAY + MINUTE)]))
def test_the_last_word_counts_in_whatever_order_it_comes(signals: list[Signal]) -> None:
    assert said(*signals) == said(left(MONDAY + MINUTE))


def test_what_is_said_of_a_time_to_come_does_not_outlast_what_is_said_later() -> None:
    (early,) = visits([came(MONDAY + timedelta(days=9))], MONDAY)
    (later,) = visits([left(MONDAY + MINUTE)], MONDAY + MINUTE)

    assert is_newer(later, early.at)


@pytest.mark.connected
@pytest.mark.spec("VWS 5")
async def test_the_pages_of_the_chat_are_told_at_once_and_show_it(served: Served) -> None:
    desk, now = served.replica.desk, served.ticketing.clock()
    sue = await served.browser("sue")
    ticket = await served.ticketing.write(channel="webchat")
    other = await served.ticketing.write("bert", channel="webchat")

    async def head(of: Any) -> str:
        return (await sue.get(f"/desk/tickets/{of.id}/head")).text

    async with sue.stream() as stream:
        await stream.next("counts")
        await desk.signals_seen([came(now)])
        told = await stream.next("visitor")
        assert "Customer is in the chat now" in await head(ticket)
        gone_at = served.ticketing.later(minutes=1)
        await desk.signals_seen([left(gone_at), came(now)])
        then = await stream.next("visitor")

    served.ticketing.later(minutes=5)
    assert told.data["ticket_ids"] == then.data["ticket_ids"] == [ticket.id]
    assert (told.data["here"], then.data["here"]) == (True, False)
    shown = (await sue.get(f"/api/v1/tickets/{ticket.id}")).json()["visitor"]
    assert (shown["here"], datetime.fromisoformat(shown["since"])) == (False, gone_at)
    assert "Customer left the chat" in await head(ticket)
    assert "ticket-visitor" not in await head(other)


@pytest.mark.connected
async def test_a_visit_is_erased_with_its_contact_and_an_older_word_changes_nothing(
    served: Served,
) -> None:
    desk, now = served.replica.desk, served.ticketing.clock()
    around = served.replica.parts.around
    await desk.signals_seen([left(now)])
    await desk.signals_seen([came(now - MINUTE)])
    await desk.signals_seen([came(now, by="bert")])

    kept = await around.visit("acme", "chat-of-anna")
    contact = a_contact(channel="webchat", name="anna").id
    counts = await around.erase("acme", [contact], [], now)

    assert kept == Visit("acme", "chat-of-anna", contact, now, here=False)
    assert counts["visits"] == 1
    assert await around.visit("acme", "chat-of-anna") is None
    assert await around.visit("acme", "chat-of-bert") is not None
