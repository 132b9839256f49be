"""Tickets are found, numbered and shown alike in memory and in MongoDB."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from services.ticketing.rules.early_records import awaited, early_items
from services.ticketing.rules.ticket import Ticket
from services.ticketing.store import MongoTickets
from shared.contracts.commands import (
    AddNote,
    AssignTicket,
    CloseTicket,
    MarkRead,
    ReplyToTicket,
    SnoozeTicket,
    TagTicket,
    WakeTicket,
)
from shared.contracts.messages import Attachment, InboundMessage
from shared.running.settings import MongoSettings
from shared.stores.documents import Target
from shared.stores.mongo import Mongo
from shared.values.mail_tokens import short_id
from tests.builders import (
    MAILBOX,
    a_command,
    a_contact,
    a_message,
    a_signal,
    an_attribution,
    an_inbound_mail,
    an_sms,
    minutes,
)
from tests.ticketing.memory import MemoryTickets
from tests.ticketing.world import Item, World, summary, ticket_opened_by

if TYPE_CHECKING:
    from shared.embedded.servers import Servers

Tickets = MemoryTickets | MongoTickets


@pytest.fixture(params=["memory", pytest.param("mongo", marks=pytest.mark.connected)])
async def store(request: pytest.FixtureRequest, unique: str) -> AsyncIterator[Tickets]:
    if request.param == "memory":
        yield MemoryTickets()
        return
    servers: Servers = request.getfixturevalue("servers")
    async with mongo_tickets(servers, unique) as tickets:
        await tickets.ensure_indexes()
        yield tickets


@asynccontextmanager
async def mongo_tickets(servers: "Servers", database: str) -> AsyncIterator[MongoTickets]:
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=database))
    try:
        yield MongoTickets(mongo.database)
    finally:
        await mongo.close()


class Over(World):
    """Ticketing over a store; what is there is asked of the store itself."""

    def __init__(self, store: Tickets) -> None:
        self._over = store
        super().__init__()

    def wired_store(self) -> Any:
        return self._over


async def stored(store: Tickets, message: InboundMessage) -> Ticket:
    """Return the ticket that a message opened, as it is stored."""
    target = Target(message.account_id, id=ticket_opened_by(message))
    (document,) = await store.load([target])
    ticket: Ticket = document.state
    return ticket


def everything(mail: InboundMessage) -> Iterator[Item]:
    """What leaves nothing of a ticket as it was."""
    ticket_id = ticket_opened_by(mail)
    yield mail
    yield a_command(AssignTicket, ticket_id=ticket_id, assignee="ada")
    yield a_command(TagTicket, ticket_id=ticket_id, tags=("vip", "a.b$c"))
    yield a_command(
        ReplyToTicket,
        ticket_id=ticket_id,
        text="Ciao!",
        cc=("dora@example.com",),
        attachments=(Attachment(kind="image", ref="blob"),),
    )
    yield an_inbound_mail(answers="one@example.com", mail_id="two@example.com", at=minutes(1))
    yield a_command(MarkRead, ticket_id=ticket_id)
    yield an_attribution(message_id=mail.id, ticket_id=ticket_id)
    yield a_command(SnoozeTicket, ticket_id=ticket_id, until=minutes(60.000123))


def a_first_mail() -> InboundMessage:
    return an_inbound_mail(
        mail_id="one@example.com",
        references=("zero@example.com",),
        cc=("cleo@example.com",),
        contact=a_contact(channel="email", profile_id="p-1", segments=("vip", "new")),
    )


async def test_a_ticket_is_read_as_it_was_written(store: Tickets) -> None:
    mail, world = a_first_mail(), Over(store)
    items = list(everything(mail))
    await world.happen(*items)
    assert not world.rejections
    ticket = await stored(store, mail)
    assert summary(ticket) == world.events()[-1].ticket
    plain = World()
    await plain.happen(*items)
    assert ticket == plain.ticket
    assert (await store.load([Target("acme", slot=ticket.slot)]))[0].state == ticket


@pytest.mark.spec("TKT 2")
async def test_tickets_are_found_by_the_mail_ids_they_know(store: Tickets) -> None:
    mail, world = a_first_mail(), Over(store)
    await world.happen(*everything(mail))
    ticket = await stored(store, mail)
    sent = world.sent[0].message_id
    for mail_id in ("zero@example.com", "one@example.com", "two@example.com", sent):
        found = await store.by_mail("acme", {f"{MAILBOX}|{mail_id}", "x|y"})
        assert [each.id for each in found] == [ticket.id]
    assert not await store.by_mail("zeta", {f"{MAILBOX}|one@example.com"})
    assert not await store.by_mail("acme", {"sales@acme.example|one@example.com"})
    assert not await store.by_mail("acme", set())


@pytest.mark.spec("TKT 2")
async def test_a_mail_that_very_many_tickets_know_hides_no_other_thread(
    store: Tickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ticketing.store.MANY", 3)
    monkeypatch.setattr("services.ticketing.store.SOME", 2)
    world = Over(store)
    everybodys = [
        an_inbound_mail(by=name, mail_id=f"{name}@x.example", answers="0newsletter@acme.example")
        for name in ("ada", "ben", "cem", "dan", "eva", "fay")
    ]
    # Only tickets know of an id that was cited: of one that came in, the ledger knows too.
    mine = an_inbound_mail(by="gus", mail_id="gus@x.example", answers="zz@x.example")
    await world.happen(*everybodys, mine)
    keys = {f"{MAILBOX}|0newsletter@acme.example", f"{MAILBOX}|zz@x.example"}
    found = [ticket.id for ticket in await store.by_mail("acme", keys)]
    assert ticket_opened_by(mine) in found
    assert len(found) == len(set(found)) >= 3


@pytest.mark.spec("TKT 2")
async def test_mail_tickets_are_found_by_what_their_tokens_name(store: Tickets) -> None:
    mail, sms, world = a_first_mail(), an_sms(), Over(store)
    await world.happen(mail, sms)
    ticket, other = await stored(store, mail), await stored(store, sms)
    named = short_id(ticket.id)
    found = await store.by_mail_token("acme", {named, short_id(other.id), "0000000000", ""})
    assert [each.id for each in found] == [ticket.id]
    assert not await store.by_mail_token("zeta", {named})
    assert not await store.by_mail_token("acme", set())


@pytest.mark.spec("TKT 2")
async def test_tickets_are_found_by_all_mails_of_a_long_thread(store: Tickets) -> None:
    world = Over(store)
    ids = [f"{n}@long.example" for n in range(130)]
    mails = [
        an_inbound_mail(mail_id=mail_id, answers=ids[n - 1] if n else None)
        for n, mail_id in enumerate(ids)
    ]
    await world.batch(mails)
    ticket = await stored(store, mails[0])
    for cited in ([15], [20, 25], [5, 25]):
        keys = {f"{MAILBOX}|{ids[n]}" for n in cited}
        (found,) = await store.by_mail("acme", keys)
        assert found.id == ticket.id
        assert {ids[n] for n in cited} <= set(found.mail_ids)


async def test_the_ledger_says_which_ticket_has_an_entry(store: Tickets) -> None:
    world, message = Over(store), an_sms()
    loose = an_attribution(message_id="none", ticket_id="none")
    await world.happen(message, loose)
    ids = {message.id, loose.id, "unheard-of"}
    assert await store.applied(ids) == {message.id: ticket_opened_by(message), loose.id: ""}


@pytest.mark.spec("TKT 10")
async def test_no_number_is_given_twice(store: Tickets) -> None:
    taken = await asyncio.gather(*(store.take_numbers("acme", 3) for _ in range(20)))
    numbers = sorted(number for some in taken for number in some)
    assert numbers == list(range(1, 61))
    assert list(await store.take_numbers("zeta", 2)) == [1, 2]


@pytest.mark.spec("TKT 10")
async def test_a_ticket_is_found_by_its_accounts_number(store: Tickets) -> None:
    world = Over(store)
    messages = [an_sms(by=name) for name in ("anna", "bob")]
    await world.batch(messages)
    for message in messages:
        ticket = await stored(store, message)
        assert await store.numbered("acme", ticket.number) == ticket
        assert await store.numbered("zeta", ticket.number) is None
    assert await store.numbered("acme", 10_000) is None


@pytest.mark.spec("TKT 6")
async def test_what_is_due_is_what_sleeps_until_then(store: Tickets) -> None:
    world = Over(store)
    messages = [an_sms(by=f"p{n}") for n in range(5)]
    await world.batch([*messages, an_sms(by="awake")])
    await world.batch(
        [
            a_command(SnoozeTicket, ticket_id=ticket_opened_by(message), until=minutes(10 + n))
            for n, message in enumerate(messages)
        ]
    )
    ids = [ticket_opened_by(message) for message in messages]
    await world.happen(a_command(CloseTicket, ticket_id=ids[1]))
    assert not await store.due(minutes(10), 10)
    assert {ticket.id for ticket in await store.due(minutes(12.1), 10)} == {ids[0], ids[2]}
    assert len(await store.due(minutes(60), 3)) == 3
    await world.sweep(minutes(11))
    assert {ticket.id for ticket in await store.due(minutes(60), 10)} == set(ids[2:])
    wake = a_command(WakeTicket, ticket_id=ids[2], snoozed_until=minutes(12))
    await world.happen(wake)
    assert {ticket.id for ticket in await store.due(minutes(60), 10)} == set(ids[3:])


@pytest.mark.spec("TKT 8")
@pytest.mark.spec("TKT 10")
async def test_a_thread_is_shown_page_by_page_in_order(store: Tickets) -> None:
    world = Over(store)
    at = [(n % 7, n % 3) for n in range(70)]
    messages = [
        an_sms(text=f"{sent}:{received}:{n:02}", sent_at=minutes(sent), at=minutes(received))
        for n, (sent, received) in enumerate(at)
    ]
    await world.batch(messages)
    ticket_id = ticket_opened_by(messages[0])
    await world.happen(
        a_command(AddNote, ticket_id=ticket_id, text="9", at=minutes(9)),
        a_command(MarkRead, ticket_id=ticket_id, at=minutes(10)),
        an_sms(by="bob", text="somebody else's"),
    )
    pages = [await store.thread(ticket_id, limit=20)]
    while len(pages[-1]) == 20:
        pages.append(await store.thread(ticket_id, limit=20, before=pages[-1][-1]))
    shown = [line["text"] for page in pages for line in page][::-1]
    assert shown == [*sorted(message.text for message in messages), "9"]
    assert len(await store.thread(ticket_id)) == 50


@pytest.mark.spec("TKT 13")
async def test_keywords_that_came_early_are_found_by_the_tickets_they_await(store: Tickets) -> None:
    world = Over(store)
    mine, others = a_signal(text=None), [a_signal(by="bob"), a_signal(account_id="zeta")]
    await world.batch([mine, mine, *others])
    (entry,) = early_items(await store.early({awaited(mine)}))
    assert entry == mine.model_copy(update={"text": ""})
    opening = [an_sms(), a_message(channel="whatsapp"), a_message(channel="webchat")]
    await world.batch(opening)
    ids = [*map(ticket_opened_by, opening), "nobody's"]
    assert await store.sms_keys(ids) == {awaited(mine)}
    assert not await store.early({awaited(mine)})
    assert all([await store.early({awaited(other)}) for other in others])
    assert (await stored(store, opening[0])).opted_out


@pytest.mark.spec("TKT 7")
async def test_where_a_mail_goes_is_said_once(store: Tickets) -> None:
    first, other = Target("acme", slot="email:a"), Target("acme", id="t")
    assert await store.destined({"m": first, "n": other}) == {"m": first, "n": other}
    assert await store.destined({"m": other, "o": first}) == {"m": first, "o": first}
    assert await store.destined({}) == {}


@pytest.mark.spec("TKT 10")
async def test_tickets_are_counted_by_profile_else_by_contact(store: Tickets) -> None:
    world = Over(store)
    known = a_contact(profile_id="p-1")
    messages = [
        an_sms(contact=known),
        a_message(channel="webchat", conversation_id="1", contact=known),
        a_message(channel="webchat", conversation_id="2", by="bob"),
        a_message(channel="webchat", conversation_id="3", by="bob"),
        an_sms(contact=known, account_id="zeta"),
    ]
    await world.batch(messages)
    tickets = [await stored(store, message) for message in messages]
    assert [await store.tickets_of(ticket) for ticket in tickets] == [2, 2, 2, 2, 1]


STRANGE: dict[str, Any] = {
    "a key with a dot": {"a.b": 1},
    "a key with a dollar": {"$set": {"$where": "1"}},
    "an empty key": {"": 1},
    "the largest number": {"n": [2**63 - 1, -(2**63), 1e300]},
    "a deep one": json.loads('{"deeper":' * 38 + "{}" + "}" * 38),
}
"""What the contract allows, and a database might not."""


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("name", STRANGE)
async def test_whatever_a_provider_structured_is_kept(store: Tickets, name: str) -> None:
    world = Over(store)
    strange = an_sms(
        structured=STRANGE[name],
        text="a\0b \N{PILE OF POO}",
        attachments=(Attachment(size=2**63 - 1),),
    )
    await world.batch([strange, an_sms(text="plain")])
    ticket = await stored(store, strange)
    assert ticket.message_count == 2
    lines = await store.thread(ticket.id)
    assert {line["text"] for line in lines} == {strange.text, "plain"}


@pytest.mark.connected
@pytest.mark.spec("TKT 7")
async def test_replicas_at_once_make_one_ticket_of_one_contact(
    servers: "Servers", unique: str
) -> None:
    async with mongo_tickets(servers, unique) as one, mongo_tickets(servers, unique) as two:
        await one.ensure_indexes()
        replicas = [Over(one), Over(two)]
        messages = [a_message(channel="instagram", text=str(n), at=minutes(n)) for n in range(16)]
        await asyncio.gather(
            *(replicas[n % 2].batch(messages[n : n + 2]) for n in range(0, 16, 2)),
            *(replicas[1 - n % 2].batch(messages[n : n + 3]) for n in range(0, 16, 3)),
        )
        ids = await one.applied({message.id for message in messages})
        assert len(set(ids.values())) == 1
        (document,) = await one.load([Target("acme", id=next(iter(ids.values())))])
        assert document.state.message_count == 16
        assert document.state.seq == 17
        assert len(await two.thread(document.state.id)) == 16
