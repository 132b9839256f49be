"""A contact is erased in the midst of whatever comes, by replicas that take turns and die."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ticketing.rules.ticket import ledger_id
from shared.contracts.base import CHANNELS
from shared.contracts.commands import AddNote, CloseTicket, ReopenTicket, ReplyToTicket
from shared.contracts.erasures import EraseContact
from shared.contracts.messages import InboundMessage, MessageEdited
from shared.contracts.signals import Signal
from shared.contracts.tickets import ContentErased, CustomerWrote, NoticeAdded, TicketFact
from shared.embedded.servers import Servers
from shared.stores.mongo import Database
from tests.builders import MONDAY, a_command, a_contact, a_signal, an_edit, an_sms, minutes
from tests.examples import examples
from tests.ticketing.drawn import deliveries
from tests.ticketing.real import Fate, RealWorld, on_mongo
from tests.ticketing.turns import a_turn, finish, finished, interleaved
from tests.ticketing.world import Item, World, ticket_opened_by

ANNA = frozenset(a_contact(channel=channel, name="anna").id for channel in CHANNELS)


def an_erasure(at: datetime, id_: str = "erasure") -> EraseContact:
    return EraseContact(
        account_id="acme",
        id=id_,
        occurred_at=at,
        correlation_id=id_,
        contacts=tuple(sorted(ANNA)),
    )


def is_annas(item: Item) -> bool:
    contact = getattr(item, "contact", None)
    return contact is not None and contact.id in ANNA


def check_erased(world: World, items: Sequence[Item], at: datetime) -> None:
    """Nothing of what Anna said up to `at` is left, and all that others said, or she since."""
    ledger = world.store.ledger
    newer = {i.id for i in items if is_annas(i) and i.occurred_at > at}
    for item in items:
        entry_id = ledger_id(item)
        of, entry = ledger.get(entry_id, ("", None))
        if is_annas(item) and item.occurred_at <= at:
            if entry is not None:
                assert entry.body["text"] == "", item
                assert "message" not in entry.body, item
                assert "item" not in entry.body, item
        elif isinstance(item, InboundMessage):
            assert entry is not None, item
            ticket = world.store.documents[of].state
            assert (entry.body["text"] == item.text) is (ticket.erased_at is None), item
            assert ticket.erased_at is None or item.id not in newer
    for _, entry in ledger.values():
        contact = (entry.body.get("item") or {}).get("contact") or {}
        assert contact.get("id") not in ANNA or entry.body["sent_at"] > at, "it still waits"
    for document in world.store.documents.values():
        ticket = document.state
        wrote = {i for i, (of, _) in ledger.items() if of == ticket.id}
        if ticket.contact.id in ANNA:
            assert wrote & newer, f"{ticket.id} still has Anna for a contact"
        if ticket.erased_at is not None:
            assert (ticket.status, ticket.participants, ticket.subject) == ("closed", (), None)
            assert not any(ledger[i][1].body["text"] for i in wrote), "an erased thread has text"
    facts = {e.id: e for e in world.events() if isinstance(e, TicketFact)}
    written = [fact.message_id for fact in facts.values() if isinstance(fact, CustomerWrote)]
    assert sorted(written) == sorted(i.id for i in items if isinstance(i, InboundMessage))
    for ticket in world.tickets:
        own = sorted(fact.seq for fact in facts.values() if fact.ticket_id == ticket.id)
        assert own == list(range(1, ticket.seq + 1)), "a gap, or an event twice"


@settings(max_examples=examples(150), deadline=None)
@given(
    delivery=deliveries(),
    seed=st.integers(0, 2**32),
    until=st.integers(-4, 16),
    times=st.integers(1, 2),
)
def test_whenever_a_contact_is_erased_nothing_is_left_and_nothing_else_lost(
    delivery: tuple[list[Item], list[list[Item]]], seed: int, until: int, times: int
) -> None:
    items, batches = delivery
    at = MONDAY + timedelta(minutes=until)
    chance = Random(seed)
    first = World(step=a_turn)
    replicas = [first, World(first, step=a_turn), World(first, step=a_turn)]
    runs: list[list[Any]] = [[], [], []]
    for batch in batches:
        runs[chance.randrange(3)].append(batch)
    for _ in range(times):
        run = chance.choice(runs)
        run.insert(chance.randint(0, len(run)), [an_erasure(at)])
    interleaved(runs, replicas, chance)
    finish(first)
    check_erased(first, items, at)

    # All of it again, and the erasure in front: nothing comes back.
    finished(first.batch([an_erasure(at)]))
    for batch in batches:
        finished(first.batch(batch))
    finish(first)
    check_erased(first, items, at)


@pytest.mark.connected
@pytest.mark.timeout(240)
def test_whoever_dies_at_any_step_on_a_real_store_nothing_is_left(
    servers: Servers, unique: str
) -> None:
    @settings(
        max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(
        delivery=deliveries(),
        lives=st.lists(st.integers(0, 60), max_size=6),
        until=st.integers(-4, 16),
        place=st.integers(0, 20),
    )
    def run(
        delivery: tuple[list[Item], list[list[Item]]], lives: list[int], until: int, place: int
    ) -> None:
        items, batches = delivery
        at = MONDAY + timedelta(minutes=until)
        batches.insert(min(place, len(batches)), [an_erasure(at)])

        async def test(database: Database) -> None:
            world = RealWorld(database, step=Fate(lives))
            for batch in batches:
                await world.until_taken(batch)
            calm = world.calm()
            await calm.batch([an_erasure(at)])
            for batch in batches:
                await calm.batch(batch)
            calm.now += timedelta(minutes=1)
            await calm.sweep()
            await calm.look()
            check_erased(calm, items, at)

        on_mongo(servers, unique, test)

    run()


async def test_an_erased_ticket_is_closed_for_good_and_its_contact_begins_anew() -> None:
    world = World()
    old = an_sms(text="the xylocarp", at=MONDAY)
    await world.happen(old, an_erasure(minutes(5)))
    ticket = world.ticket
    await world.happen(
        a_command(ReopenTicket, ticket_id=ticket.id),
        a_command(ReplyToTicket, ticket_id=ticket.id, text="hm"),
        a_command(CloseTicket, ticket_id=ticket.id),
    )
    note = a_command(AddNote, ticket_id=ticket.id, text="she said xylocarp")
    edit = an_edit(of=old, text="the xylocarp!", occurred_at=minutes(7))
    await world.happen(note, edit)

    assert [rejection.code for rejection in world.rejections] == ["not_open"] * 4
    assert world.ticket == ticket
    assert "xylocarp" not in repr(world.store.documents) + repr(world.store.ledger)
    new = an_sms(text="it is me", at=minutes(9))
    await world.happen(new)
    assert ticket_opened_by(new) != ticket.id
    assert {t.contact.id for t in world.tickets} == {f"erased:{ticket.id}", old.contact.id}


async def test_who_follows_the_stream_is_told_without_any_name() -> None:
    world = World()
    old = an_sms(text="the xylocarp", at=MONDAY)
    await world.happen(old, an_erasure(minutes(5)))

    (told,) = [event for event in world.events() if isinstance(event, ContentErased)]
    assert told.whole
    assert told.ticket.status == "closed"
    number = old.contact.id.partition(":")[2]
    assert number not in told.model_dump_json()
    assert "xylocarp" not in told.model_dump_json()


async def test_another_account_s_contact_of_the_same_number_stays() -> None:
    world = World()
    theirs = an_sms(text="ours", at=MONDAY, account_id="zeta")
    await world.happen(theirs, an_sms(at=MONDAY), an_erasure(minutes(5)))

    (zeta,) = [ticket for ticket in world.tickets if ticket.account_id == "zeta"]
    assert (zeta.contact, zeta.erased_at) == (theirs.contact, None)
    assert world.store.ledger[theirs.id][1].body["text"] == "ours"


@pytest.mark.parametrize("kind", [InboundMessage, MessageEdited, Signal])
def test_what_customers_say_names_a_contact(kind: type[Any]) -> None:
    assert "contact" in kind.model_fields


async def test_a_keyword_is_erased_from_a_ticket_in_which_its_contact_wrote_anew() -> None:
    world = World()
    await world.happen(an_sms(text="the xylocarp", at=MONDAY))
    await world.happen(a_signal(at=minutes(1)))
    (notice,) = world.facts(NoticeAdded)
    await world.happen(an_sms(text="anew", at=minutes(9)))

    await world.happen(an_erasure(minutes(5)))

    (fact,) = world.facts(ContentErased)
    assert (fact.whole, notice.id in fact.message_ids) == (False, True)
    assert [line["text"] for line in await world.store.thread(world.ticket.id)] == ["anew", "", ""]
