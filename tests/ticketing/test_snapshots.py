"""Tickets are published as they are stored, whole, whoever dies meanwhile (VWS 9)."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ticketing.rules.snapshots import cut
from services.ticketing.rules.ticket import Ticket
from services.ticketing.snapshots import HELD, REMEMBERED
from shared.contracts.base import Author
from shared.contracts.commands import (
    AddNote,
    CloseTicket,
    PublishSnapshots,
    ReplyToTicket,
    ReportDelivery,
)
from shared.contracts.snapshots import SnapshotsPublished, ThreadLine, TicketSnapshot
from shared.contracts.tickets import (
    AgentReplied,
    CustomerWrote,
    DeliveryFailed,
    NoteAdded,
    NoticeAdded,
    TicketClosed,
    TicketFact,
)
from shared.embedded.servers import Servers
from shared.stores.mongo import Database
from tests.builders import (
    MONDAY,
    a_command,
    a_deletion,
    a_message,
    an_account,
    an_edit,
    minutes,
)
from tests.examples import examples
from tests.ticketing.drawn import histories
from tests.ticketing.real import Crash, Fate, RealWorld, on_mongo
from tests.ticketing.turns import finish
from tests.ticketing.world import Item, World, a_ticket, summary


def asking(command_id: str = "all", **more: Any) -> PublishSnapshots:
    return PublishSnapshots(
        account_id=more.pop("account", "acme"),
        id=command_id,
        occurred_at=MONDAY,
        correlation_id=command_id,
        author=Author(kind="integration", id="warehouse"),
        **more,
    )


async def published(world: World, request: PublishSnapshots) -> dict[str, "Told"]:
    """Ask, and let the replica work until the request is done; what was told of each ticket."""
    await world.happen(request)
    for _ in range(50):
        await world.sweep()
        if any(isinstance(said, SnapshotsPublished) for said in world.snapshots()):
            break
    return told(world)


class Told:
    """What snapshots told of a ticket, as a consumer without the stream puts it together."""

    def __init__(self) -> None:
        self.seq = 0
        self.ticket: Any = None
        self.lines: dict[str, ThreadLine] = {}
        self.pages: dict[int, list[tuple[int, bool]]] = {}

    def take(self, said: TicketSnapshot) -> None:
        if said.seq > self.seq:
            self.seq, self.ticket = said.seq, said.ticket
        self.lines |= {line.id: line for line in said.lines}
        self.pages.setdefault(said.seq, []).append((said.page, said.last))


def told(world: World) -> dict[str, Told]:
    found: dict[str, Told] = {}
    for said in world.snapshots():
        if isinstance(said, TicketSnapshot):
            found.setdefault(said.ticket_id, Told()).take(said)
    return found


def lines_of_events(world: World, ticket: Ticket) -> tuple[set[str], set[str]]:
    """What the ticket's lines are called, by its events alone; and all that notices may be."""
    found, notices = set(), set()
    for event in world.events():
        if not isinstance(event, TicketFact) or event.ticket_id != ticket.id:
            continue
        match event:
            case CustomerWrote() | AgentReplied():
                found.add(event.message_id)
            case NoteAdded() | NoticeAdded() | DeliveryFailed() | TicketClosed(notice=str()):
                found.add(event.id)
            case _:
                notices.add(event.id)
    return found, notices


@pytest.mark.spec("VWS 9")
@settings(max_examples=examples(60), deadline=None)
@given(items=histories(), lives=st.lists(st.integers(0, 40), max_size=4))
async def test_each_ticket_is_told_as_it_is_stored_whoever_dies(
    items: list[Item], lives: list[int]
) -> None:
    world = World()
    await world.happen(*items)
    world.now = MONDAY + timedelta(days=1)
    mortal = World(world, step=Fate(lives))
    mortal.now = world.now
    while True:
        try:
            found = await published(mortal, asking())
        except Crash:
            mortal.now += HELD
            continue
        break

    assert found.keys() == {ticket.id for ticket in world.tickets}
    for ticket in world.tickets:
        snapshot = found[ticket.id]
        assert (snapshot.seq, snapshot.ticket) == (ticket.seq, summary(ticket))
        lines, notices = lines_of_events(world, ticket)
        assert lines <= set(snapshot.lines) <= lines | notices
        assert [pages[-1] for pages in snapshot.pages.values()] == [(0, True)]
    done = [said for said in mortal.snapshots() if isinstance(said, SnapshotsPublished)]
    assert {said.tickets for said in done} == {len(found)}


@pytest.mark.spec("VWS 9")
async def test_lines_are_told_as_they_are_shown() -> None:
    world = World()
    ticket = await a_ticket(world, "whatsapp")
    first = a_message(channel="whatsapp", text="one", id="one")
    second = a_message(channel="whatsapp", text="two", id="two", at=minutes(1))
    reply = a_command(ReplyToTicket, ticket_id=ticket.id, text="Hello", at=minutes(2))
    await world.happen(first, second, an_edit(of=first, text="uno", version=2), reply)
    await world.happen(a_deletion(of=second))
    [sent] = world.sent
    await world.happen(
        a_command(ReportDelivery, ticket_id=ticket.id, outbound_id=sent.id, status="delivered"),
        a_command(AddNote, ticket_id=ticket.id, text="a regular"),
    )
    lines = (await published(world, asking()))[ticket.id].lines

    assert (lines["one"].text, lines["one"].version, lines["one"].deleted) == ("uno", 2, False)
    assert (lines["two"].text, lines["two"].message, lines["two"].deleted) == ("", None, True)
    assert (lines[sent.id].kind, lines[sent.id].delivery) == ("reply", "delivered")
    assert lines["one"].message is not None
    assert lines["one"].message.contact.id == ticket.contact.id
    [note] = [line for line in lines.values() if line.kind == "note"]
    assert note.author is not None
    assert (note.text, note.author.id) == ("a regular", "ada")


@pytest.mark.spec("VWS 9")
async def test_what_an_outbox_still_owes_is_told_too() -> None:
    """The ticket was written, and its replica died before the thread had the line."""
    owing = 0
    for steps in range(30):
        world = World()
        ticket = await a_ticket(world, "sms")
        with suppress(Crash):
            await World(world, step=Fate([steps])).happen(a_message(channel="sms", id="more"))
        if world.now_is(ticket).message_count == 2 and "more" not in world.store.ledger:
            owing += 1
            world.now = MONDAY
            assert "more" in (await published(world, asking()))[ticket.id].lines
            assert "more" not in world.store.ledger

    assert owing > 0


@pytest.mark.spec("VWS 9")
async def test_since_a_time_only_what_is_not_closed_or_was_not_before() -> None:
    world = World()
    open_one = await a_ticket(world, "webchat", by="anna")
    old = await a_ticket(world, "webchat", by="bob")
    recent = await a_ticket(world, "webchat", by="cleo")
    await world.happen(a_command(CloseTicket, ticket_id=old.id, at=minutes(1)))
    await world.happen(a_command(CloseTicket, ticket_id=recent.id, at=minutes(9)))
    found = await published(world, asking(since=minutes(5)))

    assert found.keys() == {open_one.id, recent.id}


@pytest.mark.spec("VWS 9")
async def test_a_request_concerns_its_account_alone_and_counts_once_however_often_it_comes() -> (
    None
):
    world = World()
    await a_ticket(world, "sms")
    await published(world, asking(account="zeta"))
    await published(world, asking())
    before = len(world.published)
    world.now += REMEMBERED - timedelta(seconds=1)
    await world.sweep()
    await world.happen(asking(), asking())
    await world.sweep()

    assert len(told(world)) == 1
    assert len(world.published) == before

    world.now += timedelta(seconds=1)
    await world.sweep()
    assert world.requests.kept == {}


@pytest.mark.spec("VWS 9")
async def test_a_request_is_left_to_whoever_works_on_it_for_a_minute() -> None:
    world = World()
    await a_ticket(world, "sms")
    await world.happen(asking())
    mortal = World(world, step=Fate([14]))
    with pytest.raises(Crash):
        await mortal.sweep()
    [request] = world.requests.kept.values()
    assert (request.revision, request.done) == (2, False)

    before = len(world.published)
    await world.sweep(MONDAY + HELD - timedelta(seconds=1))
    assert len(world.published) == before
    await world.sweep(MONDAY + HELD)
    assert any(isinstance(said, SnapshotsPublished) for said in world.snapshots())


@pytest.mark.spec("VWS 9")
async def test_whoever_lost_a_request_to_another_replica_publishes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(_self: object, _request: object) -> bool:
        return False

    world = World()
    await a_ticket(world, "sms")
    await world.happen(asking())
    monkeypatch.setattr(type(world.requests), "move", lost)
    await world.sweep()

    assert world.snapshots() == []


@pytest.mark.spec("VWS 9")
async def test_a_long_thread_comes_in_pages_and_many_tickets_in_several_sweeps() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    more = [a_message(channel="sms", id=f"m{n}", at=minutes(n)) for n in range(250)]
    await world.batch(more)
    people = [a_message(channel="sms", by=f"p{n}", id=f"p{n}") for n in range(230)]
    await world.batch(people)
    await world.happen(asking())
    counts = []
    for _ in range(4):
        await world.sweep()
        counts.append(len(told(world)))
    finish(world)
    long = told(world)[ticket.id]

    assert counts == [100, 200, 231, 231]
    assert len(long.lines) == 251
    assert [*long.pages.values()] == [[(0, False), (1, False), (2, True)]]


@pytest.mark.spec("OUT 1")
@pytest.mark.spec("VWS 9")
async def test_a_snapshot_tells_a_replys_short_links_as_its_event_did() -> None:
    world = World()
    world.accounts.apply(an_account(links={"short_domain": "go.acme.example"}))
    ticket = await a_ticket(world, "sms")
    text = "See https://acme.example/returns"
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text=text))
    await world.happen(asking())
    await world.sweep()

    (replied,) = world.facts(AgentReplied)
    (line,) = [x for x in told(world)[ticket.id].lines.values() if x.kind == "reply"]
    assert line.links == replied.links
    assert (line.id, line.links[0].url) == (replied.message_id, "https://acme.example/returns")


def test_pages_are_cut_where_a_record_would_grow_too_large() -> None:
    line = ThreadLine(id="x", seq=2, kind="note", sent_at=MONDAY, received_at=MONDAY)
    small, large = line, line.model_copy(update={"text": "é" * 700_000})

    assert cut([]) == [[]]
    assert cut([small, small]) == [[small, small]]
    assert cut([large, small, large, large]) == [[large], [small], [large], [large]]


def test_of_an_enormous_message_the_text_is_told_and_what_fits_beside_it() -> None:
    many = "x" * 3_500_000
    html = a_message(channel="email", html=many)
    data = a_message(channel="email", structured={"all": many})
    line = ThreadLine(
        id="x", seq=2, kind="message", sent_at=MONDAY, received_at=MONDAY, text="hi", message=html
    )
    [[light]], [[bare]] = cut([line]), cut([line.model_copy(update={"message": data})])

    assert light.message == html.model_copy(update={"html": None})
    assert (bare.message, bare.text) == (None, "hi")


@pytest.mark.connected
@pytest.mark.spec("VWS 9")
def test_two_replicas_on_the_real_database_tell_everything(servers: Servers, unique: str) -> None:
    async def run(database: Database) -> None:
        first = RealWorld(database)
        people = [a_message(channel="sms", by=f"p{n}", id=f"p{n}") for n in range(120)]
        await first.batch(people)
        other = first.calm()
        await first.happen(asking())
        for _ in range(3):
            await first.sweep()
            await other.sweep()
        await first.look()

        assert told(first).keys() == {ticket.id for ticket in first.tickets}
        assert [len(each.lines) for each in told(first).values()] == [1] * 120
        [done] = [said for said in first.snapshots() if isinstance(said, SnapshotsPublished)]
        assert done.tickets == 120

    on_mongo(servers, unique, run)
