"""Keywords, attributions, and what happens when the database or the broker goes away."""

from typing import Any

import pytest

from services.ticketing.sweep import AT_ONCE
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.commands import (
    AddNote,
    CloseTicket,
    Command,
    ReopenTicket,
    ReplyToTicket,
    SnoozeTicket,
)
from shared.contracts.messages import InboundMessage
from shared.contracts.tickets import NoticeAdded, TicketAttributed, TicketWoken
from shared.errors import Transient
from tests.builders import (
    a_command,
    a_message,
    a_signal,
    an_attribution,
    an_inbound_mail,
    an_sms,
    minutes,
)
from tests.ticketing.promises import owed
from tests.ticketing.world import Item, World, a_ticket, summary, ticket_opened_by, topic_of, write

# Keywords


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_a_keyword_shows_as_a_notice_and_changes_nothing_else(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    await world.happen(
        a_command(ReplyToTicket, ticket_id=ticket.id, text="Here it is."),
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)),
    )
    before = summary(world.ticket)
    keyword = a_signal(channel=channel, at=minutes(1), text="Stop!")
    await world.batch([keyword, keyword])
    await world.happen(keyword)
    (notice,) = world.facts(NoticeAdded)
    assert notice.code == "keyword"
    assert "Stop!" in notice.text
    assert "STOP" in notice.text
    assert summary(world.ticket) == before
    line, *_ = await world.store.thread(ticket.id)
    assert (line["kind"], line["text"]) == ("notice", notice.text)


@pytest.mark.spec("ING 3")
async def test_a_keyword_opens_no_ticket() -> None:
    world = World()
    await world.happen(a_signal())
    assert not world.tickets
    assert not world.published


@pytest.mark.spec("ING 3")
async def test_a_keyword_reopens_nothing_and_does_not_show_in_what_is_closed() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id))
    keyword = a_signal(at=minutes(1))
    await world.happen(keyword)
    assert world.status == "closed"
    await world.happen(an_sms(at=minutes(2)), keyword)
    assert not world.facts(NoticeAdded)


@pytest.mark.spec("ING 3")
async def test_a_keyword_from_before_the_ticket_does_not_show_in_it() -> None:
    world = World()
    await world.happen(an_sms(at=minutes(5)), a_signal(at=minutes(4)))
    assert not world.facts(NoticeAdded)


async def test_a_keyword_whose_text_is_not_known_shows_without() -> None:
    world = World()
    await world.happen(an_sms(), a_signal(text=None))
    assert "None" not in world.facts(NoticeAdded)[0].text


async def test_what_other_signals_say_is_not_the_threads() -> None:
    world = World()
    await a_ticket(world, "sms")
    kinds = ["typing", "read", "reaction", "echo", "connected", "something new"]
    await world.batch([a_signal(kind=kind, at=minutes(1)) for kind in kinds])
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]


@pytest.mark.spec("ING 3")
async def test_web_chat_has_no_keywords() -> None:
    world = World()
    keyword = a_signal(channel="webchat")
    await world.happen(keyword, a_message(channel="webchat"), keyword)
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]
    assert keyword.id not in world.store.ledger


async def test_a_keyword_of_somebody_else_is_not_shown() -> None:
    world = World()
    await a_ticket(world, "sms")
    await world.batch(
        [
            a_signal(by="bob"),
            a_signal(account_id="zeta"),
            a_signal(channel="whatsapp"),
            a_signal(contact=None),
        ]
    )
    assert not world.facts(NoticeAdded)


# Attributions


@pytest.mark.spec("ATT 7")
async def test_an_attribution_shows_on_its_ticket_and_wakes_nothing() -> None:
    world = World()
    message = an_sms()
    await world.happen(message)
    ticket = world.ticket
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id))
    fact = an_attribution(message_id=message.id, ticket_id=ticket.id)
    await world.happen(fact, fact)
    (attributed,) = world.facts(TicketAttributed)
    credit = attributed.credit
    assert (credit.message_id, credit.send_id, credit.source, credit.source_id) == (
        message.id,
        "send-1",
        "campaign",
        "spring",
    )
    assert world.ticket.credit == credit == attributed.ticket.credit
    assert world.status == "closed"


@pytest.mark.spec("ATT 7")
async def test_a_higher_revision_replaces_what_was_shown() -> None:
    world = World()
    message = an_sms()
    await world.happen(message)
    of: dict[str, Any] = {"message_id": message.id, "ticket_id": world.ticket.id}
    await world.happen(
        an_attribution(**of),
        an_attribution(**of, revision=3, send=None),
        an_attribution(**of, revision=2, send="send-2"),
    )
    assert [event.credit.revision for event in world.facts(TicketAttributed)] == [1, 3]
    credit = world.ticket.credit
    assert credit is not None
    assert (credit.revision, credit.send_id) == (3, None)


@pytest.mark.spec("ATT 7")
async def test_an_attribution_never_shows_on_another_accounts_ticket() -> None:
    world = World()
    message = an_sms()
    await world.happen(message)
    fact = an_attribution(message_id=message.id, ticket_id=world.ticket.id, account_id="zeta")
    await world.happen(fact)
    assert world.ticket.credit is None
    assert len(await world.store.thread(world.ticket.id)) == 1


async def test_an_attribution_of_an_unknown_ticket_is_dropped() -> None:
    world = World()
    await world.happen(an_attribution(message_id="m", ticket_id="none"))
    assert not world.published


# When something goes away


class Fails:
    """Lets a number of steps pass, and raises at the one after."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.failed = False

    async def step(self) -> None:
        if self.left is None:
            return
        self.left -= 1
        if self.left < 0:
            self.left, self.failed = None, True
            raise Transient("away")


def journeys() -> dict[str, list[list[Item]]]:
    """What may be happening when it does: the last batch of each is the one that fails."""
    old = an_inbound_mail(mail_id="old@x.example")
    closed = a_message(channel="instagram")
    sms = an_sms()
    replies = [_of(sms, ReplyToTicket, text="Hello!") for _ in range(2)]
    return {
        "opening, and joining": [[an_sms(), an_sms(), an_sms(by="bob")]],
        "a reply": [[sms], [*replies]],
        "a refusal": [[sms], [_of(sms, ReopenTicket)]],
        "a new ticket in place of a closed one": [
            [closed],
            [_of(closed, CloseTicket)],
            [
                a_message(channel="instagram", at=minutes(5)),
                a_message(channel="instagram", at=minutes(6)),
            ],
        ],
        "strangers in a thread": [
            [old],
            [
                an_inbound_mail(by=name, answers="old@x.example", at=minutes(1))
                for name in ("anna", "bob", "bob", "cleo")
            ],
        ],
        "forged mails": [
            [old],
            [an_inbound_mail(answers="old@x.example", authentication="fail") for _ in range(3)],
        ],
    }


def _of(message: InboundMessage, kind: type[Command], **more: Any) -> Item:
    return a_command(kind, ticket_id=ticket_opened_by(message), **more)


@pytest.mark.spec("TKT 9")
@pytest.mark.parametrize("name", list(journeys()))
async def test_wherever_it_fails_the_batch_is_taken_again_to_the_same_end(name: str) -> None:
    *before, last = journeys()[name]

    async def run(fail_at: int | None = None, *, elsewhere: bool = False) -> tuple[World, bool]:
        fails = Fails()
        world = World(step=fails.step)
        for batch in before:
            await world.batch(batch)
        fails.left = fail_at
        try:
            await world.batch(last)
        except Transient:
            again = World(world) if elsewhere else world
            await again.batch(last)
        await World(world).sweep(minutes(10))
        return world, fails.failed

    plain, _ = await run()
    for elsewhere in (False, True):
        fail_at, failed = 0, True
        while failed:
            world, failed = await run(fail_at, elsewhere=elsewhere)
            fail_at += 1
            assert _outcome(world) == _outcome(plain)
        assert fail_at > 10


def _outcome(world: World) -> Any:
    tickets = {ticket.id: ticket.model_copy(update={"number": 0}) for ticket in world.tickets}
    ids: dict[str, list[str]] = {}
    for event in world.events():
        ids.setdefault(event.ticket_id, []).append(event.id)
    return tickets, ids, [out.id for out in world.sent], set(world.store.ledger)


@pytest.mark.spec("TKT 9")
@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_a_crash_left_unpublished_the_sweep_publishes(channel: Channel) -> None:
    world, steps = World(), 0
    while not world.tickets:
        fails = Fails()
        world = World(step=fails.step)
        fails.left, steps = steps, steps + 1
        with pytest.raises(Transient):
            await world.batch([write(channel)])
    assert not world.published
    survivor = World(world)
    await survivor.sweep()
    assert not world.published
    await survivor.sweep(minutes(1))
    assert world.kinds() == ["TicketOpened", "CustomerWrote"]
    assert owed(world) == []
    await survivor.sweep()
    assert not any(document.outbox for document in world.store.documents.values())


@pytest.mark.spec("TKT 6")
async def test_two_replicas_that_sweep_at_once_wake_a_ticket_once() -> None:
    world = World()
    await world.batch([an_sms(by=f"p{number}") for number in range(AT_ONCE + 3)])
    snoozes = [
        a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)) for ticket in world.tickets
    ]
    await world.batch(snoozes)
    other = World(world)
    due = await world.store.due(minutes(61), AT_ONCE)
    assert len(due) == AT_ONCE
    await other.sweep(minutes(61))
    await world.sweep(minutes(61))
    assert len(world.facts(TicketWoken)) == AT_ONCE + 3
    assert not world.rejections


async def test_a_settings_less_account_has_no_agents_and_the_default_windows() -> None:
    world = World()
    message = write("whatsapp", account_id="new")
    await world.happen(message)
    ticket = world.ticket_of(message)
    await world.happen(
        a_command(ReplyToTicket, ticket_id=ticket.id, account_id="new", text="Hello!"),
        a_command(AddNote, ticket_id=ticket.id, account_id="new", text="!"),
    )
    assert len(world.sent) == 1


def test_each_kind_of_item_has_its_topic() -> None:
    assert topic_of(an_sms()).name == "helpdesk.messages.screened"
    assert topic_of(a_signal()).name == "helpdesk.signals"
