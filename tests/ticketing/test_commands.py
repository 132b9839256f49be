"""Every command, and each reason to refuse it (TKT 11)."""

from typing import Any

import pytest

from services.ticketing.rules.ticket import Ticket
from shared.contracts.base import CHANNELS, Author, Channel
from shared.contracts.commands import (
    UNASSIGNED,
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkNotSpam,
    MarkRead,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    RouteTicket,
    SnoozeTicket,
    TagTicket,
    UnassignTicket,
    UntagTicket,
    WakeTicket,
)
from shared.contracts.tickets import (
    CommandRejected,
    NoteAdded,
    TicketAssigned,
    TicketClosed,
    TicketRouted,
    TicketTagged,
    TicketUnassigned,
    TicketUntagged,
)
from tests.builders import a_command, a_message, an_agent, an_sms, minutes, the_system
from tests.ticketing.world import World, a_ticket, a_ticket_closed, write

AI = Author(kind="ai", id="helper")
EVERY_COMMAND: list[tuple[type[Command], dict[str, Any]]] = [
    (ReplyToTicket, {"text": "Hello!"}),
    (AddNote, {"text": "VIP"}),
    (AssignTicket, {"assignee": "ada"}),
    (UnassignTicket, {}),
    (RouteTicket, {"team_id": "sales"}),
    (CloseTicket, {}),
    (ReopenTicket, {}),
    (SnoozeTicket, {"until": minutes(60)}),
    (WakeTicket, {"snoozed_until": minutes(60)}),
    (TagTicket, {"tags": ("vip",)}),
    (UntagTicket, {"tags": ("vip",)}),
    (MarkSpam, {}),
    (MarkNotSpam, {}),
    (MarkRead, {}),
]


async def refusal(world: World, command: Command) -> CommandRejected:
    """Give a command that is refused; the ticket stays what it was."""
    seen = len(world.events())
    tickets = world.tickets
    await world.happen(command)
    assert world.tickets == tickets
    (rejection,) = world.events()[seen:]
    assert isinstance(rejection, CommandRejected)
    assert rejection.command_id == command.id
    assert rejection.command_type == type(command).__name__
    assert rejection.author == command.author
    assert rejection.ticket_id == command.ticket_id
    assert rejection.correlation_id == command.correlation_id
    assert rejection.reason
    return rejection


async def applied(world: World, ticket: Ticket, kind: type[Command], **more: Any) -> Ticket:
    """Give a command that applies, as one event; returns the ticket as it is then."""
    before, seen = world.now_is(ticket), len(world.events())
    command = a_command(kind, ticket_id=ticket.id, **more)
    await world.happen(command)
    (event,) = world.events()[seen:]
    assert (event.seq, event.cause_id) == (before.seq + 1, command.id)
    assert event.ticket == world.now_is(ticket).summary()
    return world.now_is(ticket)


@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_a_command_for_a_ticket_that_is_not_there_is_refused(
    kind: type[Command], more: dict[str, Any]
) -> None:
    world = World()
    command = a_command(kind, ticket_id="no-such-ticket", **more)
    assert (await refusal(world, command)).code == "unknown_ticket"


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_a_command_of_another_account_is_refused_and_tells_nothing(
    kind: type[Command], more: dict[str, Any]
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    command = a_command(kind, ticket_id=ticket.id, account_id="zeta", **more)
    rejection = await refusal(world, command)
    assert (rejection.code, rejection.account_id) == ("wrong_account", "zeta")


@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_the_same_command_sent_twice_is_one_command(
    kind: type[Command], more: dict[str, Any]
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    command = a_command(kind, ticket_id=ticket.id, **more)
    await world.batch([command, command])
    documents, events = dict(world.store.documents), world.events()
    await world.happen(a_command(AddNote, ticket_id=ticket.id, text="in between"))
    await world.happen(command)
    assert world.events()[: len(events)] == events
    assert len(world.events()) == len(events) + 1
    assert documents.keys() == world.store.documents.keys()


async def test_two_accounts_may_number_their_commands_alike() -> None:
    world = World()
    acme = await a_ticket(world, "sms")
    zeta = await a_ticket(world, "sms", account_id="zeta")
    await world.happen(
        a_command(CloseTicket, ticket_id=acme.id, id="1"),
        a_command(CloseTicket, ticket_id=zeta.id, id="1", account_id="zeta"),
    )
    assert [ticket.status for ticket in world.tickets] == ["closed", "closed"]


@pytest.mark.spec("TKT 11")
async def test_a_refused_command_stays_refused_when_it_would_apply() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    reopen = a_command(ReopenTicket, ticket_id=ticket.id)
    assert (await refusal(world, reopen)).code == "not_closed"
    await world.happen(a_command(CloseTicket, ticket_id=ticket.id), reopen)
    assert world.status == "closed"
    assert len(world.rejections) == 1
    await world.happen(a_command(ReopenTicket, ticket_id=ticket.id))
    assert world.status == "open"


@pytest.mark.spec("TKT 12")
@pytest.mark.parametrize(("kind", "more"), EVERY_COMMAND)
async def test_no_command_opens_a_ticket(kind: type[Command], more: dict[str, Any]) -> None:
    world = World()
    await world.happen(a_command(kind, ticket_id="to-anna", **more))
    assert not world.tickets
    assert not world.sent


# Notes


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_note_is_kept_and_never_sent(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel)
    sent = list(world.sent)
    await applied(world, ticket, AddNote, text="Do not refund twice")
    (note,) = world.facts(NoteAdded)
    assert note.text == "Do not refund twice"
    assert world.sent == sent
    line, *_ = await world.store.thread(ticket.id)
    assert (line["kind"], line["text"]) == ("note", "Do not refund twice")


@pytest.mark.spec("ACL 2")
async def test_a_note_leaves_the_customer_waiting() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, AddNote, text="?")
    assert after.waiting_epoch is None
    assert after.customer_waits_since == ticket.customer_waits_since


# Assigning


async def test_an_agent_assigns_anyone_at_any_time() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, AssignTicket, assignee="ben")
    (event,) = world.facts(TicketAssigned)
    assert (event.assignee, event.previous) == ("ben", None)
    assert (after.assignee, after.assignee_epoch, after.unassigned_epoch) == ("ben", 3, None)
    after = await applied(world, ticket, AssignTicket, assignee="ada")
    assert world.facts(TicketAssigned)[1].previous == "ben"
    assert after.assignee_epoch == 4


@pytest.mark.parametrize("status", ["closed", "snoozed"])
async def test_a_ticket_of_any_status_can_be_assigned(status: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    if status == "closed":
        await world.happen(a_command(CloseTicket, ticket_id=ticket.id))
    else:
        await world.happen(a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60)))
    after = await applied(world, ticket, AssignTicket, assignee="ada")
    assert after.status == status


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"assignee": "mallory"}, "unknown_agent", "mallory"),
        ({"assignee": "ben"}, "nothing_to_change", "ben"),
        ({"assignee": "ada", "seen_assignee": UNASSIGNED}, "taken", "ben"),
        ({"assignee": "ada", "seen_assignee": "cleo"}, "taken", "ben"),
        ({"assignee": "ada", "assignee_epoch": 0}, "stale", ""),
        ({"assignee": "ada", "assignee_epoch": 3}, "stale", ""),
    ],
)
async def test_assigning_is_refused(more: dict[str, Any], code: str, words: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ben")
    rejection = await refusal(world, a_command(AssignTicket, ticket_id=ticket.id, **more))
    assert rejection.code == code
    assert words in rejection.reason


@pytest.mark.spec("TKT 11")
async def test_of_two_agents_who_take_a_ticket_at_once_one_gets_it() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    claims = [
        a_command(AssignTicket, ticket_id=ticket.id, by=an_agent(id=name), assignee=name,
                  seen_assignee=UNASSIGNED)
        for name in ("ben", "ada")
    ]
    await world.batch(claims)
    assert world.ticket.assignee == "ben"
    (rejection,) = world.rejections
    assert (rejection.code, rejection.author.id) == ("taken", "ada")
    assert "ben" in rejection.reason


async def test_a_claim_that_saw_somebody_who_has_left_is_refused() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    claim = a_command(AssignTicket, ticket_id=ticket.id, assignee="ada", seen_assignee="ben")
    assert (await refusal(world, claim)).code == "taken"


@pytest.mark.spec("ASG 1")
async def test_the_rotation_assigns_only_who_still_waits_as_it_saw() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    rotation = the_system(id="assignment")
    automatic: dict[str, Any] = {"by": rotation, "assignee": "ada", "assignee_epoch": 0}
    after = await applied(world, ticket, AssignTicket, **automatic)
    assert after.assignee == "ada"
    assert world.facts(TicketAssigned)[0].because.startswith("ASG 1")
    # Unassigned by hand: it is in nobody's line, whatever the epoch (ASG 4).
    after = await applied(world, ticket, UnassignTicket)
    epoch = after.assignee_epoch
    stale = a_command(AssignTicket, ticket_id=ticket.id, **(automatic | {"assignee_epoch": epoch}))
    assert (await refusal(world, stale)).code == "stale"


@pytest.mark.spec("SPM 1")
async def test_the_rotation_never_assigns_spam_nor_what_is_closed() -> None:
    world = World()
    rotation = the_system(id="assignment")
    automatic: dict[str, Any] = {"by": rotation, "assignee": "ada", "assignee_epoch": 0}
    spam = await a_ticket(world, "sms", spam=True)
    done = await a_ticket(world, "whatsapp")
    await world.happen(a_command(CloseTicket, ticket_id=done.id))
    for ticket in (spam, done):
        command = a_command(AssignTicket, ticket_id=ticket.id, **automatic)
        assert (await refusal(world, command)).code == "stale"


@pytest.mark.spec("ASG 1")
async def test_the_ai_agent_takes_a_ticket_for_itself_only() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, AssignTicket, by=AI, assignee="helper")
    assert after.ai_handled
    by_agent = a_command(AssignTicket, ticket_id=ticket.id, assignee="helper")
    assert (await refusal(world, by_agent)).code == "unknown_agent"
    after = await applied(world, ticket, AssignTicket, by=AI, assignee="ada")
    assert not after.ai_handled


@pytest.mark.spec("ASG 9")
@pytest.mark.parametrize("again", [True, False])
async def test_unassigning_shares_again_only_where_asked(again: bool) -> None:  # noqa: FBT001
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ada")
    after = await applied(world, ticket, UnassignTicket, share_again=again)
    assert after.assignee is None
    assert after.assignee_epoch == after.seq
    assert after.unassigned_epoch == (after.seq if again else None)
    assert world.facts(TicketUnassigned)[0].previous == "ada"


@pytest.mark.parametrize("state", ["closed", "spam"])
async def test_what_is_closed_or_spam_is_not_shared_again(state: str) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ada")
    await applied(world, ticket, CloseTicket if state == "closed" else MarkSpam)
    after = await applied(world, ticket, UnassignTicket, share_again=True)
    assert after.unassigned_epoch is None
    if state == "closed":
        after = await applied(world, ticket, ReopenTicket)
    else:
        after = await applied(world, ticket, MarkNotSpam)
    assert after.unassigned_epoch == after.seq


async def test_unassigning_is_refused() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    nobody = a_command(UnassignTicket, ticket_id=ticket.id)
    assert (await refusal(world, nobody)).code == "nothing_to_change"
    await applied(world, ticket, AssignTicket, assignee="ada")
    stale = a_command(UnassignTicket, ticket_id=ticket.id, assignee_epoch=0)
    assert (await refusal(world, stale)).code == "stale"


# Teams


@pytest.mark.spec("ASG 5")
async def test_routing_sets_the_team() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, RouteTicket, team_id="sales", rule="segment is vip")
    assert after.team_id == "sales"
    assert "segment is vip" in world.facts(TicketRouted)[0].because
    again = a_command(RouteTicket, ticket_id=ticket.id, team_id="sales")
    assert (await refusal(world, again)).code == "nothing_to_change"
    unknown = a_command(RouteTicket, ticket_id=ticket.id, team_id="moon")
    assert (await refusal(world, unknown)).code == "unknown_team"


@pytest.mark.spec("ASG 9")
async def test_a_rule_routes_a_ticket_only_while_nobody_has_it() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, AssignTicket, assignee="ada")
    by_rule = a_command(
        RouteTicket, ticket_id=ticket.id, team_id="sales", by=the_system(id="assignment")
    )
    assert (await refusal(world, by_rule)).code == "stale"
    assert (await applied(world, ticket, RouteTicket, team_id="sales")).team_id == "sales"


# Closing and reopening


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_agent_closes_a_ticket_once(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    after = await applied(world, ticket, CloseTicket, at=minutes(7))
    assert (after.status, after.closed_at, after.unassigned_epoch, after.waiting_epoch) == (
        "closed", minutes(7), None, None
    )
    (closed,) = world.facts(TicketClosed)
    assert (closed.reason, closed.notice) == ("done", None)
    twice = a_command(CloseTicket, ticket_id=ticket.id)
    assert (await refusal(world, twice)).code == "already_closed"


@pytest.mark.spec("TKT 6")
async def test_a_snoozed_ticket_that_is_closed_never_wakes() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, SnoozeTicket, until=minutes(60))
    await applied(world, ticket, CloseTicket)
    await world.sweep(minutes(61))
    assert world.ticket.status == "closed"
    assert not world.rejections


@pytest.mark.parametrize(
    "numbers",
    [
        {},
        {"waiting_epoch": 2},
        {"waiting_epoch": 4},
        {"waiting_epoch": 3, "last_reply_seq": 3},
    ],
)
@pytest.mark.spec("ACL 6")
async def test_a_close_for_inactivity_that_rests_on_what_was_is_refused(
    numbers: dict[str, Any],
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied_reply(world, ticket)
    await applied_reply(world, ticket)
    stale = a_command(
        CloseTicket, ticket_id=ticket.id, by=the_system(), reason="inactivity", **numbers
    )
    assert (await refusal(world, stale)).code == "stale"


@pytest.mark.parametrize("numbers", [{}, {"last_reply_seq": 4}])
@pytest.mark.spec("ACL 3")
async def test_a_close_for_inactivity_applies_while_the_team_waits(
    numbers: dict[str, int],
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied_reply(world, ticket)
    await applied_reply(world, ticket)
    await applied(
        world, ticket, CloseTicket, by=the_system(), reason="inactivity", waiting_epoch=3,
        **numbers,
    )
    assert world.facts(TicketClosed)[0].reason == "inactivity"


@pytest.mark.spec("ACL 2")
async def test_a_ticket_whose_customer_waits_is_not_closed_for_inactivity() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    early = a_command(CloseTicket, ticket_id=ticket.id, by=the_system(), reason="inactivity")
    assert (await refusal(world, early)).code == "stale"


async def applied_reply(world: World, ticket: Ticket) -> None:
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Anything else?"))
    assert not world.rejections


@pytest.mark.spec("TKT 2")
@pytest.mark.spec("TKT 3")
@pytest.mark.spec("TKT 5")
@pytest.mark.parametrize("how", ["done", "inactivity"])
@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
@pytest.mark.parametrize("by", [an_agent(), AI, the_system(), Author(kind="integration", id="x")])
async def test_mail_sms_and_whatsapp_tickets_can_be_reopened(
    channel: Channel, how: str, by: Author
) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel, how=how)
    after = await applied(world, ticket, ReopenTicket, by=by)
    assert (after.status, after.closed_at, after.close_reason) == ("open", None, None)
    assert after.waiting_epoch is None
    assert after.unassigned_epoch == after.seq


@pytest.mark.spec("TKT 1")
@pytest.mark.spec("TKT 4")
@pytest.mark.parametrize("how", ["done", "inactivity"])
@pytest.mark.parametrize("channel", ["webchat", "instagram"])
@pytest.mark.parametrize("by", [an_agent(), AI, the_system(), Author(kind="integration", id="x")])
async def test_a_closed_web_chat_or_instagram_ticket_is_reopened_by_nobody(
    channel: Channel, how: str, by: Author
) -> None:
    world = World()
    ticket = await a_ticket_closed(world, channel, how=how)
    reopen = a_command(ReopenTicket, ticket_id=ticket.id, by=by)
    assert (await refusal(world, reopen)).code == "cannot_reopen"
    await world.happen(write(channel, at=minutes(60)))
    again = a_command(ReopenTicket, ticket_id=ticket.id, by=by)
    assert (await refusal(world, again)).code == "cannot_reopen"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_what_is_not_closed_is_not_reopened(channel: Channel) -> None:
    world = World()
    ticket = await a_ticket(world, channel)
    reopen = a_command(ReopenTicket, ticket_id=ticket.id)
    assert (await refusal(world, reopen)).code == "not_closed"


# Snoozing


async def test_snoozing_is_refused() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    past = a_command(SnoozeTicket, ticket_id=ticket.id, at=minutes(5), until=minutes(5))
    assert (await refusal(world, past)).code == "in_the_past"
    await applied(world, ticket, CloseTicket)
    closed = a_command(SnoozeTicket, ticket_id=ticket.id, until=minutes(60))
    assert (await refusal(world, closed)).code == "not_open"


async def test_waking_is_refused_when_it_sleeps_otherwise() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    awake = a_command(WakeTicket, ticket_id=ticket.id, snoozed_until=minutes(60))
    assert (await refusal(world, awake)).code == "stale"
    await applied(world, ticket, SnoozeTicket, until=minutes(90))
    other = a_command(WakeTicket, ticket_id=ticket.id, snoozed_until=minutes(60))
    assert (await refusal(world, other)).code == "stale"


# Tags


async def test_tags_are_added_and_removed_once() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, TagTicket, tags=("vip", "late", "vip"))
    assert after.tags == ("vip", "late")
    after = await applied(world, ticket, TagTicket, tags=("late", "gift"))
    assert after.tags == ("vip", "late", "gift")
    assert [event.tags for event in world.facts(TicketTagged)] == [("vip", "late"), ("gift",)]
    after = await applied(world, ticket, UntagTicket, tags=("gift", "vip", "moon"))
    assert after.tags == ("late",)
    assert world.facts(TicketUntagged)[0].tags == ("vip", "gift")


@pytest.mark.parametrize(
    ("kind", "tags"), [(TagTicket, ("vip",)), (TagTicket, ()), (UntagTicket, ("late",))]
)
async def test_tags_that_change_nothing_are_refused(
    kind: type[Command], tags: tuple[str, ...]
) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    await applied(world, ticket, TagTicket, tags=("vip",))
    command = a_command(kind, ticket_id=ticket.id, tags=tags)
    assert (await refusal(world, command)).code == "nothing_to_change"


async def test_tags_never_make_a_ticket_too_large_to_be_written_to() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    for start in range(0, 60_000, 20_000):
        tags = tuple(f"{n:0100}" for n in range(start, start + 20_000))
        await world.happen(a_command(TagTicket, ticket_id=ticket.id, tags=tags))
    await world.happen(an_sms())
    assert world.ticket.message_count == 2
    assert {rejection.code for rejection in world.rejections} == {"too_large"}


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize("kind", [ReplyToTicket, AddNote])
async def test_a_command_too_large_is_answered_and_not_dropped(kind: type[Command]) -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    huge = a_command(kind, ticket_id=ticket.id, text="x" * 4_190_000)
    assert (await refusal(world, huge)).code == "too_large"
    assert not world.sent


# Spam and unread


@pytest.mark.spec("SPM 2")
async def test_an_agent_marks_a_ticket_as_spam_and_as_none() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    after = await applied(world, ticket, MarkSpam)
    assert (after.spam, after.spam_by_agent, after.unassigned_epoch) == (True, True, None)
    flagged = a_command(MarkSpam, ticket_id=ticket.id)
    assert (await refusal(world, flagged)).code == "nothing_to_change"
    after = await applied(world, ticket, MarkNotSpam)
    assert (after.spam, after.spam_by_agent, after.unassigned_epoch) == (False, False, after.seq)
    unflagged = a_command(MarkNotSpam, ticket_id=ticket.id)
    assert (await refusal(world, unflagged)).code == "nothing_to_change"


@pytest.mark.spec("SPM 2")
async def test_a_ticket_that_has_an_assignee_or_is_closed_waits_for_none_once_it_is_no_spam() -> (
    None
):
    world = World()
    ticket = await a_ticket(world, "sms", spam=True)
    await applied(world, ticket, AssignTicket, assignee="ada")
    assert (await applied(world, ticket, MarkNotSpam)).unassigned_epoch is None
    await applied(world, ticket, MarkSpam)
    await applied(world, ticket, UnassignTicket)
    await applied(world, ticket, CloseTicket)
    assert (await applied(world, ticket, MarkNotSpam)).unassigned_epoch is None


@pytest.mark.spec("SPM 2")
async def test_an_integrations_mark_is_lifted_by_a_legitimate_message() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    integration = Author(kind="integration", id="x")
    await applied(world, ticket, MarkSpam, by=integration)
    again = a_command(MarkSpam, ticket_id=ticket.id, by=integration)
    assert (await refusal(world, again)).code == "nothing_to_change"
    await world.happen(an_sms())
    assert not world.ticket.spam


@pytest.mark.spec("TKT 10")
async def test_a_ticket_is_unread_until_an_agent_saw_or_answered_it() -> None:
    world = World()
    ticket = await a_ticket(world, "sms")
    assert ticket.unread
    assert not (await applied(world, ticket, MarkRead)).unread
    twice = a_command(MarkRead, ticket_id=ticket.id)
    assert (await refusal(world, twice)).code == "nothing_to_change"
    await world.happen(an_sms())
    assert world.ticket.unread
    by_ai = a_command(ReplyToTicket, ticket_id=ticket.id, by=AI, text="Hello!")
    await world.happen(by_ai)
    assert world.ticket.unread
    await world.happen(a_command(ReplyToTicket, ticket_id=ticket.id, text="Hello!"))
    assert not world.ticket.unread


@pytest.mark.spec("TKT 10")
async def test_how_many_tickets_a_profile_has_is_counted_over_all_channels() -> None:
    world = World()
    message = a_message(channel="webchat", conversation_id="one")
    known = message.contact.model_copy(update={"profile_id": "p-1"})
    await world.happen(
        message.model_copy(update={"contact": known}),
        a_message(channel="webchat", conversation_id="two", contact=known),
        a_message(channel="webchat", conversation_id="three"),
        an_sms(contact=an_sms().contact.model_copy(update={"profile_id": "p-1"})),
        a_message(channel="webchat", conversation_id="four", contact=known, account_id="zeta"),
    )
    assert [await world.store.tickets_of(ticket) for ticket in world.tickets] == [3, 3, 3, 3, 1]
