"""What autoclose asks of ticketing, wired as in production, with a clock that the test turns."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.autoclose.sweep import BATCH
from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AutoClose
from shared.contracts.tickets import CommandRejected
from tests.autoclose.story import AGENT, DAY, MINUTE, MONDAY, Story
from tests.autoclose.world import DUE, JUST_AFTER, ON, World, replied


@pytest.mark.spec("ACL 3")
async def test_the_close_names_what_it_rests_on_and_who_asks() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    await world.sweep(DUE)
    assert world.published == []
    await world.sweep(JUST_AFTER)
    [close] = world.published
    assert (close.account_id, close.ticket_id) == ("acme", "t1")
    assert (close.reason, close.author.kind, close.author.id) == (
        "inactivity",
        "system",
        "autoclose",
    )
    assert (close.waiting_epoch, close.last_reply_seq) == (story.waiting_epoch, 3)
    assert close.occurred_at == JUST_AFTER
    assert close.correlation_id == story.events[-1].correlation_id


@pytest.mark.spec("ACL 3")
async def test_a_close_is_asked_for_once_however_often_is_swept() -> None:
    world = World()
    world.settings(ON)
    await replied(world)
    for hours in range(5):
        await world.sweep(JUST_AFTER + timedelta(hours=hours))
    assert len(world.published) == 1


@pytest.mark.spec("ACL 3")
async def test_while_the_broker_is_away_nothing_is_noted_and_then_it_is_asked_for() -> None:
    world = World()
    world.settings(ON)
    await replied(world)
    world.broker_is_away = True
    with pytest.raises(ConnectionError):
        await world.sweep(JUST_AFTER)
    world.broker_is_away = False
    await world.sweep(JUST_AFTER)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 3")
async def test_a_crash_after_publishing_repeats_the_same_command() -> None:
    world = World()
    world.settings(ON)
    await replied(world)
    kept = dict(world.timers.kept)
    await world.sweep(JUST_AFTER)
    world.timers.kept = kept
    world.restart()
    await world.sweep(JUST_AFTER + MINUTE)
    first, second = world.published
    assert first.id == second.id


@pytest.mark.spec("ACL 3")
async def test_replicas_that_sweep_at_once_ask_for_the_same_command() -> None:
    world = World()
    world.settings(ON)
    await replied(world)
    other = World(world.timers)
    other.settings(ON)
    await asyncio.gather(world.sweep(JUST_AFTER), other.sweep(JUST_AFTER))
    assert len({close.id for close in world.published + other.published}) == 1


@pytest.mark.spec("ACL 5")
async def test_the_close_of_a_later_wait_is_another_command() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    await world.sweep(JUST_AFTER)
    story.wait(3 * DAY)
    told = len(story.events)
    story.close("inactivity")
    story.reopen()
    story.reply()
    await world.happen(story.events[told:])
    await world.sweep(story.now + 2 * DAY + MINUTE)
    first, second = world.published
    assert first.id != second.id


@pytest.mark.spec("SPM 2")
async def test_a_ticket_unflagged_after_its_close_was_refused_is_asked_for_anew() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    await world.sweep(JUST_AFTER)
    story.wait(3 * DAY)
    told = len(story.events)
    story.mark_spam()
    story.mark_not_spam()
    await world.happen(story.events[told:])
    await world.sweep(story.now + DAY)
    assert len(world.published) == 1
    await world.sweep(story.now + 2 * DAY + MINUTE)
    first, second = world.published
    assert first.id != second.id


@pytest.mark.spec("ACL 1")
@pytest.mark.parametrize("snoozed", [False, True])
async def test_every_account_has_its_own_settings_and_snoozed_tickets_count(
    *, snoozed: bool
) -> None:
    world = World()
    world.settings(ON, "acme")
    world.settings(AutoClose(enabled=True, period=5 * DAY), "slow")
    world.settings(AutoClose(), "off")
    for account in ("acme", "slow", "off", "gone"):
        story = await replied(world, account)
        if snoozed:
            told = len(story.events)
            story.snooze()
            await world.happen(story.events[told:])
    await world.sweep(JUST_AFTER)
    assert [close.account_id for close in world.published] == ["acme"]
    await world.sweep(JUST_AFTER + 90 * DAY)
    assert [close.account_id for close in world.published] == ["acme", "slow"]


@pytest.mark.spec("ACL 2")
@pytest.mark.parametrize("at", [MONDAY + 3650 * DAY, datetime.max.replace(tzinfo=UTC)])
async def test_a_reply_dated_years_ahead_keeps_no_ticket_open_for_years(at: datetime) -> None:
    world = World()
    world.settings(ON)
    story = Story()
    story.reply(at=at)
    await world.happen(story.events)
    await world.sweep(JUST_AFTER)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 3")
async def test_after_an_outage_a_run_closes_more_than_a_batch() -> None:
    world = World()
    world.settings(ON)
    for number in range(BATCH + 10):
        await replied(world, ticket_id=f"t{number}")
    await world.sweep(JUST_AFTER)
    assert len({close.ticket_id for close in world.published}) == BATCH + 10


@pytest.mark.spec("ACL 7")
@pytest.mark.parametrize("while_running", [True, False])
async def test_a_shortened_period_applies_to_running_timers_even_if_nobody_was_there(
    *, while_running: bool
) -> None:
    world = World()
    world.settings(AutoClose(enabled=True, period=30 * DAY))
    await replied(world)
    await world.sweep(JUST_AFTER)
    assert world.published == []
    world.settings(ON)
    if not while_running:
        world.restart()
    await world.sweep(JUST_AFTER)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 1")
@pytest.mark.spec("ACL 7")
async def test_switched_off_nothing_closes_and_switched_on_again_what_ran_on_is_due() -> None:
    world = World()
    world.settings(ON)
    await replied(world)
    await world.sweep()
    world.settings(AutoClose())
    await world.sweep(JUST_AFTER)
    assert world.published == []
    world.settings(ON)
    await world.sweep(JUST_AFTER + MINUTE)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 7")
async def test_a_timer_written_by_old_settings_after_they_changed_is_found_in_the_hour() -> None:
    world = World()
    world.settings(AutoClose(enabled=True, period=30 * DAY))
    await replied(world)
    in_flight = dict(world.timers.kept)
    world.settings(ON)
    await world.sweep(JUST_AFTER - 2 * timedelta(hours=1))
    await world.sweep()
    world.timers.kept = in_flight
    await world.sweep(JUST_AFTER)
    assert len(world.published) == 1


@pytest.mark.spec("ACL 7")
async def test_more_timers_and_accounts_than_one_run_takes_are_all_followed() -> None:
    world = World()
    accounts = [f"a{number}" for number in range(150)]
    for account in accounts:
        world.settings(AutoClose(), account)
    for number in range(700):
        await replied(world, "a0", f"t{number}")
    await replied(world, "a149")
    for account in accounts:
        world.settings(ON, account)
    for _ in range(8):
        await world.sweep(JUST_AFTER)
    assert len({(close.account_id, close.ticket_id) for close in world.published}) == 701


@pytest.mark.spec("TKT 9")
async def test_a_rejection_changes_nothing_and_a_gap_is_counted() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    kept = dict(world.timers.kept)
    rejected = CommandRejected(
        account_id="acme",
        id="r1",
        occurred_at=MONDAY,
        correlation_id="c",
        ticket_id="t1",
        command_id="x",
        command_type="CloseTicket",
        author=AGENT,
        code="stale",
        reason="late",
    )
    await world.happen([rejected])
    assert world.timers.kept == kept
    story.note()
    await world.happen([story.tag()])
    assert world.gaps == 1


@pytest.mark.spec("ACL 2")
async def test_a_timer_that_another_replica_began_is_known_when_the_customer_writes() -> None:
    """What this replica knows of a ticket without a timer holds up to the events that it saw."""
    ours = World()
    theirs = World(ours.timers)
    for world in (ours, theirs):
        world.settings(ON)
    story = Story(channel="sms")
    await ours.happen(story.events)
    assert ours.timers.kept == {}

    await theirs.happen([story.reply()])
    assert len(ours.timers.kept) == 1
    await ours.happen([story.customer_writes()])

    await ours.sweep(JUST_AFTER)
    assert ours.published == []


@pytest.mark.spec("ACL 5")
async def test_a_closed_tickets_timer_is_remembered_so_that_old_events_start_nothing() -> None:
    world = World()
    world.settings(ON)
    story = await replied(world)
    told = len(story.events)
    story.close()
    await world.happen(story.events[told:])
    await world.happen(story.events[:told])
    [timer] = world.timers.kept.values()
    assert (timer.last_seq, timer.due_at) == (4, FAR_FUTURE)
