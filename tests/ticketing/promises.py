"""Everything that is promised of the ticket stream and of what is stored."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.ticketing.rules.ticket import ledger_id
from shared.contracts.commands import Command
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import CustomerWrote, TicketFact, TicketOpened
from shared.stores.documents import Entry
from tests.ticketing.folding import Seen, after
from tests.ticketing.world import Item, World, summary


def check(world: World, items: Sequence[Item]) -> None:
    """Everything that is promised of the stream and of what is stored."""
    facts = [event for event in world.events() if isinstance(event, TicketFact)]
    assert len({fact.id for fact in facts}) == len(facts), "two different events of one number"
    for ticket in world.tickets:
        own = [fact for fact in facts if fact.ticket_id == ticket.id]
        assert [fact.seq for fact in own] == list(range(1, ticket.seq + 1))
        assert all(fact.id == f"{ticket.id}:{fact.seq}" for fact in own)
        assert own[-1].ticket == summary(ticket)
        assert isinstance(own[0], TicketOpened)
        seen = Seen()
        for fact in own:
            seen = after(seen, fact)
            assert Seen.of(fact.ticket) == seen, fact
    assert {fact.ticket_id for fact in facts} == {ticket.id for ticket in world.tickets}

    written = Counter(fact.message_id for fact in facts if isinstance(fact, CustomerWrote))
    messages = {item.id for item in items if isinstance(item, InboundMessage)}
    assert written == Counter(messages)
    check_the_ledger(world, facts, items)
    assert owed(world) == []
    given_commands = {item.id for item in items if isinstance(item, Command)}
    answered = {rejection.command_id for rejection in world.rejections}
    answered |= {fact.cause_id for fact in facts}
    assert given_commands <= answered
    assert len({out.idempotency_key for out in world.sent}) == len(world.sent)
    check_that_one_is_one(world)


def owed(world: World) -> list[str]:
    """The tickets whose outboxes are not carried out: the ledger has not all that they hold."""
    return [
        name
        for name, document in world.store.documents.items()
        if any(
            isinstance(each.owed, Entry) and each.owed.id not in world.store.ledger
            for each in document.outbox
        )
    ]


def check_the_ledger(world: World, facts: Sequence[TicketFact], items: Sequence[Item]) -> None:
    """Each message and each command has one entry, where the stream says; each line its place."""
    ledger = world.store.ledger
    for fact in facts:
        if isinstance(fact, CustomerWrote):
            of, entry = ledger[fact.message_id]
            assert (of, entry.body["seq"]) == (fact.ticket_id, fact.seq)
    assert {ledger_id(item) for item in items if isinstance(item, Command)} <= ledger.keys()
    shown = [(of, entry.body["seq"]) for of, entry in ledger.values() if entry.body["shown"]]
    assert len(set(shown)) == len(shown), "two lines of one place"


def check_that_one_is_one(world: World) -> None:
    """TKT 1, 3, 4 and 5: how many tickets a person, or a conversation, may have."""
    ever = Counter(
        (ticket.channel, ticket.contact.id)
        for ticket in world.tickets
        if ticket.channel in ("sms", "whatsapp")
    )
    now = Counter(
        (ticket.channel, ticket.conversation_id or ticket.contact.id)
        for ticket in world.tickets
        if ticket.channel in ("instagram", "webchat") and ticket.status != "closed"
    )
    assert all(count == 1 for count in (*ever.values(), *now.values()))


def final(world: World) -> dict[str, Any]:
    """The tickets; numbers may have gaps."""
    return {ticket.id: ticket.model_copy(update={"number": 0}) for ticket in world.tickets}


def streams(world: World) -> dict[str, list[str]]:
    """What was said of each ticket, in order."""
    said: dict[str, list[str]] = {}
    for event in world.events():
        cause = event.cause_id if isinstance(event, TicketFact) else event.command_id
        said.setdefault(event.ticket_id, []).append(f"{event.type} {event.id} {cause}")
    return said
