"""Whatever comes, in whatever batches, however often and to however many replicas at once."""

from collections import Counter
from collections.abc import Coroutine, Generator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.base import Channel
from shared.contracts.commands import (
    UNASSIGNED,
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
)
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import (
    CustomerWrote,
    TicketAssigned,
    TicketCloseAnnulled,
    TicketClosed,
    TicketFact,
    TicketMarkedNotSpam,
    TicketMarkedSpam,
    TicketOpened,
    TicketReopened,
    TicketSnoozed,
    TicketSummary,
    TicketUnassigned,
    TicketWoken,
)
from tests.builders import (
    MONDAY,
    a_command,
    a_contact,
    a_deletion,
    a_message,
    a_signal,
    an_attribution,
    an_edit,
    an_inbound_mail,
    the_system,
)
from tests.ticketing.world import Item, World, ticket_opened_by, topic_of

MAILS = [f"mail-{n}@example.com" for n in range(5)]
NAMED = [*MAILS, "broadcast@acme.example"]
PEOPLE = ("anna", "bob", "cleo")
COMMANDS: list[tuple[type[Command], dict[str, Any]]] = [
    (ReplyToTicket, {"text": "Hello!"}),
    (ReplyToTicket, {"text": "Hello!", "cc": ("cleo@example.com",)}),
    (AddNote, {"text": "VIP"}),
    (AssignTicket, {"assignee": "ada"}),
    (AssignTicket, {"assignee": "ben", "seen_assignee": UNASSIGNED}),
    (UnassignTicket, {"share_again": True}),
    (CloseTicket, {}),
    (CloseTicket, {"reason": "inactivity", "waiting_epoch": 3, "by": the_system()}),
    (CloseTicket, {"reason": "inactivity", "waiting_epoch": 4, "by": the_system()}),
    (ReopenTicket, {}),
    (SnoozeTicket, {"until": MONDAY + timedelta(hours=1)}),
    (TagTicket, {"tags": ("vip",)}),
    (MarkSpam, {}),
    (MarkNotSpam, {}),
]


# What may come


@st.composite
def histories(draw: st.DrawFn, most: int = 14) -> list[Item]:
    """Whatever a few people write, and whatever is done about it."""
    items: list[Item] = []
    for number in range(draw(st.integers(1, most))):
        messages = [item for item in items if isinstance(item, InboundMessage)]
        kinds = ["message", "mail", "command", "command", "other"] if messages else ["message"]
        at = MONDAY + timedelta(minutes=number - draw(st.integers(0, 3)))
        match draw(st.sampled_from(kinds)):
            case "message":
                items.append(draw(_messages(number, at)))
            case "mail":
                items.append(draw(_mails(number, at)))
            case "command":
                items.append(draw(_commands(number, at, messages)))
            case _:
                items.append(draw(_others(number, at, messages)))
    return items


def _messages(number: int, at: Any) -> st.SearchStrategy[Item]:
    channels: list[Channel] = ["sms", "webchat", "instagram", "whatsapp"]
    return st.builds(
        lambda channel, by, spam: a_message(
            id=f"m{number}", channel=channel, by=by, at=at, spam=spam
        ),
        st.sampled_from(channels),
        st.sampled_from(PEOPLE[:2]),
        st.sampled_from([False] * 4 + [True]),
    )


def _mails(number: int, at: Any) -> st.SearchStrategy[Item]:
    return st.builds(
        lambda by, own, references, cc, authentication, profile: an_inbound_mail(
            id=f"m{number}",
            mail_id=own,
            at=at,
            by=by,
            references=references,
            cc=[f"{name}@example.com" for name in cc],
            authentication=authentication,
            contact=a_contact(channel="email", name=by, profile_id=profile),
        ),
        st.sampled_from(PEOPLE),
        st.sampled_from([*MAILS, f"own-{number}@example.com"]),
        st.lists(st.sampled_from(NAMED), max_size=3, unique=True),
        st.lists(st.sampled_from(PEOPLE), max_size=1),
        st.sampled_from(["pass", "pass", "pass", "fail"]),
        st.sampled_from([None, None, "p-1"]),
    )


def _commands(number: int, at: Any, messages: Sequence[InboundMessage]) -> st.SearchStrategy[Item]:
    return st.builds(
        lambda of, command: a_command(
            command[0], id=f"c{number}", at=at, ticket_id=ticket_opened_by(of), **command[1]
        ),
        st.sampled_from(messages),
        st.sampled_from(COMMANDS),
    )


def _others(number: int, at: Any, messages: Sequence[InboundMessage]) -> st.SearchStrategy[Item]:
    def built(of: InboundMessage, kind: str) -> Item:
        match kind:
            case "edit":
                return an_edit(of=of, id=f"e{number}")
            case "deletion":
                return a_deletion(of=of, id=f"d{number}")
            case "keyword":
                channel: Channel = of.channel
                return a_signal(id=f"s{number}", channel=channel, contact=of.contact, at=at)
            case _:
                return an_attribution(
                    id=f"a{number}", message_id=of.id, ticket_id=ticket_opened_by(of), at=at
                )

    kinds = st.sampled_from(["edit", "deletion", "keyword", "attribution"])
    # Mail knows neither edits nor keywords.
    others = [message for message in messages if message.channel != "email"]
    return st.builds(built, st.sampled_from(others), kinds)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Item], list[list[Item]]]:
    """A history, and the batches in which it comes, with repeats of what came before."""
    items = draw(histories())
    batches: list[list[Item]] = []
    for place, item in enumerate(items):
        same = batches and topic_of(batches[-1][0]) is topic_of(item)
        if same and draw(st.booleans()):
            batches[-1].append(item)
        else:
            batches.append([item])
        if draw(st.integers(0, 5)) == 0:
            again = draw(st.sampled_from(items[: place + 1]))
            if topic_of(batches[-1][0]) is not topic_of(again):
                batches.append([])
            batches[-1].append(again)
    return items, batches


# What must hold

Standing = tuple[str, str | None, bool]
"""Status, assignee and flag."""


def check(world: World, items: Sequence[Item]) -> None:
    """Everything that is promised of the stream and of what is stored."""
    facts = [event for event in world.events() if isinstance(event, TicketFact)]
    assert len({fact.id for fact in facts}) == len(facts), "two different events of one number"
    for ticket in world.tickets:
        own = [fact for fact in facts if fact.ticket_id == ticket.id]
        assert [fact.seq for fact in own] == list(range(1, ticket.seq + 1))
        assert all(fact.id == f"{ticket.id}:{fact.seq}" for fact in own)
        assert own[-1].ticket == TicketSummary.model_validate(ticket.summary().model_dump())
        assert isinstance(own[0], TicketOpened)
        seen: Standing = ("open", None, False)
        for fact in own:
            seen = after(seen, fact)
            assert (fact.ticket.status, fact.ticket.assignee, fact.ticket.spam) == seen
    assert {fact.ticket_id for fact in facts} == {ticket.id for ticket in world.tickets}

    written = Counter(fact.message_id for fact in facts if isinstance(fact, CustomerWrote))
    messages = {item.id for item in items if isinstance(item, InboundMessage)}
    assert written == Counter(messages)
    assert not any(document.outbox for document in world.store.documents.values())
    given_commands = {item.id for item in items if isinstance(item, Command)}
    answered = {rejection.command_id for rejection in world.rejections}
    answered |= {fact.cause_id for fact in facts}
    assert given_commands <= answered
    assert len({out.idempotency_key for out in world.sent}) == len(world.sent)
    check_that_one_is_one(world)


def after(seen: Standing, fact: TicketFact) -> Standing:
    """Status, assignee and flag once a fact has happened, by what the fact alone says."""
    status, assignee, spam = seen
    match fact:
        case TicketOpened():
            spam = fact.ticket.spam
        case TicketClosed():
            status = "closed"
        case TicketReopened() | TicketWoken() | TicketCloseAnnulled():
            status = "open"
        case TicketSnoozed():
            status = "snoozed"
        case TicketAssigned():
            assignee = fact.assignee
        case TicketUnassigned():
            assignee = None
        case TicketMarkedSpam():
            spam = True
        case TicketMarkedNotSpam():
            spam = False
    return status, assignee, spam


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


@pytest.mark.spec("TKT 8")
@pytest.mark.spec("TKT 9")
@pytest.mark.spec("ING 2")
@settings(max_examples=80, deadline=None)
@given(delivery=deliveries())
async def test_batches_and_repeats_make_no_difference(
    delivery: tuple[list[Item], list[list[Item]]],
) -> None:
    items, batches = delivery
    world, plain = World(), World()
    await plain.happen(*items)
    for batch in batches:
        await world.batch(batch)
    check(world, items)
    check(plain, items)
    assert final(world) == final(plain)
    assert streams(world) == streams(plain)


@pytest.mark.spec("TKT 9")
@settings(max_examples=40, deadline=None)
@given(items=histories())
async def test_delivering_everything_again_changes_nothing(items: list[Item]) -> None:
    world = World()
    await world.happen(*items)
    documents, ledger = dict(world.store.documents), dict(world.store.ledger)
    events = world.events()
    await world.happen(*items)
    for topic in ("helpdesk.messages.screened", "helpdesk.commands"):
        if batch := [item for item in reversed(items) if topic_of(item).name == topic]:
            await world.batch(batch)
    states = {key: (doc.state, doc.revision) for key, doc in world.store.documents.items()}
    assert states == {key: (doc.state, doc.revision) for key, doc in documents.items()}
    assert world.store.ledger == ledger
    assert world.events() == events


# Replicas


class Turn:
    """A place where another replica may go on."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def a_turn() -> None:
    await Turn()


def interleaved(runs: Sequence[Sequence[Any]], replicas: Sequence[World], chance: Random) -> None:
    """Let each replica take its batches in order, in turns by chance; some die and start anew.

    A batch whose replica died is taken again, by another one.
    """
    deaths = 3
    queues = [list(run) for run in runs]
    running: dict[int, Coroutine[Any, Any, None]] = {}
    while any(queues) or running:
        place = chance.choice([n for n, queue in enumerate(queues) if queue or n in running])
        if place not in running:
            running[place] = replicas[place].batch(queues[place][0])
        if deaths and chance.random() < 0.02:
            deaths -= 1
            running.pop(place).close()
            queues[place], queues[place - 1] = [], queues[place - 1] + queues[place]
            continue
        try:
            running[place].send(None)
        except StopIteration:
            del running[place]
            queues[place].pop(0)


@pytest.mark.spec("TKT 7")
@pytest.mark.spec("TKT 9")
@settings(max_examples=80, deadline=None)
@given(delivery=deliveries(), seed=st.integers(0, 2**32), zombies=st.integers(0, 3))
def test_replicas_that_take_turns_and_die_lose_and_double_nothing(
    delivery: tuple[list[Item], list[list[Item]]], seed: int, zombies: int
) -> None:
    """The batches are shared out, and some are taken by two at once, as in a rebalance."""
    items, batches = delivery
    chance = Random(seed)
    first = World(step=a_turn)
    replicas = [first, World(first, step=a_turn), World(first, step=a_turn)]
    runs: list[list[Any]] = [[], [], []]
    for batch in batches:
        runs[chance.randrange(3)].append(batch)
    for _ in range(zombies):
        runs[chance.randrange(3)].append(chance.choice(batches))
    interleaved(runs, replicas, chance)
    finish(first)
    check(first, items)


def finish(world: World) -> None:
    """Let the sweep finish what somebody died over."""
    world.now += timedelta(minutes=1)
    sweep = world.sweep()
    try:
        while True:
            sweep.send(None)
    except StopIteration:
        return


@pytest.mark.spec("TKT 7")
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), channel=st.sampled_from(["sms", "instagram", "whatsapp"]))
def test_two_messages_of_one_contact_at_one_instant_make_one_ticket(
    seed: int, channel: Channel
) -> None:
    first = World(step=a_turn)
    replicas = [first, World(first, step=a_turn)]
    messages = [a_message(channel=channel, id=f"m{n}") for n in range(2)]
    interleaved([[[message]] for message in messages], replicas, Random(seed))
    finish(first)
    check(first, messages)
    assert first.ticket.message_count == 2
