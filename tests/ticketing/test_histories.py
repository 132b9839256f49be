"""Histories on a real store: crashes between any two steps, repeats, replicas, late replicas."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ticketing.rules.command_effects import INACTIVITY_NOTICE
from shared.contracts.commands import (
    UNASSIGNED,
    AssignTicket,
    CloseTicket,
    ReopenTicket,
    ReplyToTicket,
)
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited
from shared.contracts.tickets import TicketFact
from shared.embedded.servers import Servers
from shared.stores.documents import LARGEST_WRITE
from shared.stores.mongo import Database
from tests.builders import a_command, a_message, an_agent, an_sms, minutes, the_system
from tests.ticketing.drawn import deliveries
from tests.ticketing.promises import check, final, streams
from tests.ticketing.real import Crash, Fate, RealWorld, emptied, on_mongo
from tests.ticketing.world import Item, World, ticket_opened_by

pytestmark = [pytest.mark.connected, pytest.mark.timeout(240)]

Batches = list[list[Item]]


async def rest(world: RealWorld, items: Sequence[Item]) -> None:
    """Let the sweep finish what is left over, and check everything that is promised."""
    world = world.calm()
    world.now += timedelta(minutes=1)
    await world.sweep()
    await world.look()
    check(world, items)
    for ticket in world.tickets:
        lines = await world.thread(ticket.id, limit=1000)
        order = [(line["sent_at"], line["received_at"], line["seq"]) for line in lines]
        assert order == sorted(order, reverse=True)
        for line in lines:
            if line["kind"] == "message":
                assert (line["text"], line.get("deleted", False)) == as_said(line["_id"], items)


def as_said(message_id: str, items: Sequence[Item]) -> tuple[str, bool]:
    """What is to be shown of a message, whatever came when (ING 4)."""
    text, version = "", -1
    for item in items:
        match item:
            case MessageDeleted(message_id=of) if of == message_id:
                return "", True
            case MessageEdited(message_id=of) if of == message_id and item.version > version:
                text, version = item.text, item.version
            case InboundMessage(id=of) if of == message_id and version < 0:
                text = item.text
    return text, False


async def again(world: RealWorld, batches: Batches, items: Sequence[Item]) -> None:
    """Deliver everything once more: nothing changes, and nothing new is said."""
    before, ledger, events = dict(world.store.documents), dict(world.store.ledger), world.events()
    for batch in batches:
        await world.until_taken(batch)
    await rest(world, items)
    assert world.store.documents == before
    assert world.store.ledger == ledger
    assert world.events() == events


# Anything


@pytest.mark.spec("TKT 7")
@pytest.mark.spec("TKT 9")
@pytest.mark.spec("ING 2")
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    delivery=deliveries(),
    lives=st.lists(st.integers(0, 30), max_size=4),
    where=st.lists(st.sampled_from([(0,), (1,), (0, 1)]), min_size=40, max_size=40),
)
def test_two_replicas_that_die_anywhere_lose_and_double_nothing(
    servers: Servers,
    unique: str,
    delivery: tuple[list[Item], Batches],
    lives: list[int],
    where: list[tuple[int, ...]],
) -> None:
    """They take their shares at once; what both take is as after a rebalance."""
    _, batches = delivery

    async def history(database: Database) -> None:
        fate = Fate(lives)
        one = RealWorld(database, step=fate)
        other = RealWorld(database, beside=one, step=fate)
        shares = [
            [batch for batch, takers in zip(batches, where, strict=False) if number in takers]
            for number in (0, 1)
        ]

        async def take(world: RealWorld, share: Batches) -> None:
            for batch in share:
                await world.until_taken(batch)

        await asyncio.gather(take(one, shares[0]), take(other, shares[1]))
        taken = [item for batch in shares[0] + shares[1] for item in batch]
        await rest(one, taken)
        await again(one.calm(), shares[0] + shares[1], taken)

    on_mongo(servers, unique, history)


# One of each kind


def survive(
    servers: Servers,
    unique: str,
    batches: Batches,
    *,
    dying: int,
    expected: Callable[[RealWorld], bool],
    put_off: bool = False,
    every: int = 2,
) -> None:
    """Whichever step of one batch the replica dies at, what comes of all is as expected.

    The batch that it died over is taken up at once by another, or put off to the end. A step is
    the time before or after a call of the store or a record's publication.
    """
    items = [item for batch in batches for item in batch]

    async def history(database: Database) -> None:
        step, died = 0, True
        while died:
            await emptied(database)
            world = RealWorld(database)
            await taken(world, batches[:dying])
            fate = Fate([step])
            try:
                await RealWorld(database, beside=world, step=fate).batch(batches[dying])
            except Crash:
                if not put_off:
                    await world.batch(batches[dying])
            await taken(world, batches[dying + 1 :])
            if fate.deaths and put_off:
                await world.batch(batches[dying])
            died = fate.deaths > 0
            await rest(world, items)
            assert expected(world), f"died at step {step}"
            step += every
            if not died:
                await again(world, batches, items)

    on_mongo(servers, unique, history)


async def taken(world: RealWorld, batches: Batches) -> None:
    for batch in batches:
        await world.batch(batch)


FIRST = a_message(channel="webchat", id="h1")
TICKET = ticket_opened_by(FIRST)
REPLY = a_command(ReplyToTicket, id="h-reply", ticket_id=TICKET, at=minutes(1), text="Yes?")
AUTOCLOSE = a_command(
    CloseTicket,
    id="h-close",
    ticket_id=TICKET,
    at=minutes(60),
    by=the_system(),
    reason="inactivity",
    waiting_epoch=3,
)


@pytest.mark.spec("TKT 1")
@pytest.mark.parametrize("put_off", [False, True])
def test_a_close_that_frees_a_chat_whose_last_message_is_half_handled(
    servers: Servers, unique: str, *, put_off: bool
) -> None:
    close = a_command(CloseTicket, id="h-done", ticket_id=TICKET, at=minutes(3))
    second = a_message(channel="webchat", id="h2", at=minutes(2))
    third = a_message(channel="webchat", id="h3", at=minutes(4))

    def expected(world: RealWorld) -> bool:
        opened = [t for t in world.tickets if t.status != "closed"]
        return len(opened) <= 1 and sum(t.message_count for t in world.tickets) == 3

    batches: Batches = [[FIRST], [second], [close], [third]]
    survive(servers, unique, batches, dying=1, expected=expected, put_off=put_off)


@pytest.mark.spec("ACL 6")
def test_a_message_received_before_an_automatic_close_and_handled_after_it(
    servers: Servers, unique: str
) -> None:
    late = a_message(channel="webchat", id="h2", at=minutes(59))

    def expected(world: RealWorld) -> bool:
        notices = [e for _, e in world.store.ledger.values() if e.body["text"] == INACTIVITY_NOTICE]
        return (
            world.status == "open" and len(notices) == 1 and "TicketCloseAnnulled" in world.kinds()
        )

    survive(servers, unique, [[FIRST], [REPLY], [AUTOCLOSE], [late]], dying=3, expected=expected)


@pytest.mark.spec("TKT 11")
def test_of_two_claims_of_one_ticket_the_stale_one_is_refused(
    servers: Servers, unique: str
) -> None:
    claims: list[Item] = [
        a_command(
            AssignTicket,
            id=f"h-{agent}",
            ticket_id=TICKET,
            by=an_agent(id=agent),
            assignee=agent,
            seen_assignee=UNASSIGNED,
        )
        for agent in ("ada", "ben")
    ]

    def expected(world: RealWorld) -> bool:
        codes = [rejected.code for rejected in world.rejections]
        return world.ticket.assignee == "ada" and codes == ["taken"]

    survive(servers, unique, [[FIRST], claims], dying=1, expected=expected)


@pytest.mark.spec("TKT 11")
def test_a_refused_command_that_would_apply_by_now_is_not_applied(
    servers: Servers, unique: str
) -> None:
    opening = an_sms(id="h1")
    ticket_id = ticket_opened_by(opening)
    reopen = a_command(ReopenTicket, id="h-reopen", ticket_id=ticket_id)
    close = a_command(CloseTicket, id="h-done", ticket_id=ticket_id)

    def expected(world: RealWorld) -> bool:
        return world.status == "closed" and [r.code for r in world.rejections] == ["not_closed"]

    survive(servers, unique, [[opening], [reopen], [close]], dying=1, expected=expected)


@pytest.mark.spec("TKT 9")
def test_a_frozen_replica_publishes_old_events_late(servers: Servers, unique: str) -> None:
    """It thaws when another has long finished its work, and all that came after."""
    opening = an_sms(id="h1")
    ticket_id = ticket_opened_by(opening)
    reply = a_command(ReplyToTicket, id="h-reply", ticket_id=ticket_id, text="Yes?")
    close = a_command(CloseTicket, id="h-done", ticket_id=ticket_id)
    back = an_sms(id="h2", at=minutes(9))
    items: list[Item] = [opening, reply, close, back]

    async def history(database: Database) -> None:
        plain = World()
        await plain.happen(*items)
        for frozen_at in range(0, 36, 5):
            await emptied(database)
            thaw, left = asyncio.Event(), frozen_at

            async def freeze(thaw: asyncio.Event = thaw) -> None:
                nonlocal left
                left -= 1
                if left < 0:
                    await thaw.wait()

            first = RealWorld(database, step=freeze)
            lively = RealWorld(database, beside=first)
            frozen = asyncio.create_task(first.happen(opening, reply))
            while left >= 0 and not frozen.done():
                await asyncio.sleep(0.001)
            await lively.happen(*items)
            thaw.set()
            await frozen
            await rest(lively, items)
            assert final(lively) == final(plain)
            assert streams(lively) == streams(plain)
            await again(lively, [[item] for item in items], items)

    on_mongo(servers, unique, history)


def test_a_fold_near_the_limits_of_size_is_written_in_parts(servers: Servers, unique: str) -> None:
    text = "x" * (LARGEST_WRITE // 5)
    large = [an_sms(id=f"h{n}", at=minutes(n), text=text) for n in range(5)]

    def expected(world: RealWorld) -> bool:
        facts = [e for e in world.events() if isinstance(e, TicketFact)]
        return world.ticket.message_count == 5 and len(facts) == 6

    survive(servers, unique, [list(large)], dying=0, expected=expected, every=9)


def test_what_no_write_can_hold_is_refused_and_the_rest_is_taken(
    servers: Servers, unique: str
) -> None:
    huge = an_sms(id="h1", text="x" * 4_300_000)
    items: list[Item] = [an_sms(id="h0"), huge, an_sms(id="h2", at=minutes(1))]

    async def history(database: Database) -> None:
        world = RealWorld(database)
        assert await world.batch_with_refusals(items) == {1: "too_large"}
        await rest(world, [items[0], items[2]])

    on_mongo(servers, unique, history)
