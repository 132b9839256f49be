"""When the silence timer runs, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.autoclose.rules.closing import when_due
from services.autoclose.rules.timer import (
    Timer,
    armed,
    needs_a_timer,
    settings_key,
    timer_after,
    unknown_for_sure,
)
from shared.clock import FAR_FUTURE
from shared.contracts.accounts import AutoClose
from shared.contracts.base import Author, Channel
from shared.contracts.tickets import TicketFact
from tests.autoclose.story import AGENT, AI, DAY, HOUR, MINUTE, MONDAY, Story
from tests.autoclose.world import ON

BY_LAST = AutoClose(enabled=True, starts_at="last_reply")


def told(story: Story, settings: AutoClose = ON, events: list[TicketFact] | None = None) -> Timer:
    timer: Timer | None = None
    for event in story.events if events is None else events:
        timer = timer_after(timer, event, settings, story.now)
    assert timer is not None
    return timer


def then(timer: Timer, event: TicketFact, settings: AutoClose, now: datetime) -> Timer:
    after = timer_after(timer, event, settings, now)
    assert after is not None
    return after


@pytest.mark.spec("ACL 1")
def test_the_period_is_two_days_unless_the_account_says_otherwise() -> None:
    story = Story()
    story.reply()
    assert told(story).due_at == MONDAY + 2 * DAY
    assert told(story, AutoClose(enabled=True, period=90 * DAY)).due_at == MONDAY + 90 * DAY


@pytest.mark.spec("ACL 1")
def test_nothing_is_due_while_the_account_has_not_switched_it_on() -> None:
    story = Story()
    story.reply()
    assert told(story, AutoClose()).due_at == FAR_FUTURE


@pytest.mark.spec("ACL 2")
@pytest.mark.parametrize("author", [AGENT, AI], ids=["agent", "AI agent"])
def test_the_first_reply_starts_the_timer_and_later_ones_do_not_extend_it(author: Author) -> None:
    story = Story()
    story.wait(HOUR)
    story.reply(author)
    started = story.now
    story.wait(DAY)
    story.reply()
    assert told(story).due_at == started + 2 * DAY
    assert told(story, BY_LAST).due_at == started + 3 * DAY


@pytest.mark.spec("ACL 2")
@pytest.mark.parametrize("happens", ["note", "notice", "auto_reply", "tag", "snooze"])
def test_what_is_no_reply_neither_starts_nor_resets_the_timer(happens: str) -> None:
    story = Story()
    getattr(story, happens)()
    assert told(story).due_at == FAR_FUTURE
    story.reply()
    due = told(story).due_at
    story.wait(DAY)
    getattr(story, happens)()
    assert told(story).due_at == due == MONDAY + 2 * DAY
    assert told(story, BY_LAST).due_at == due


@pytest.mark.spec("ACL 2")
def test_only_a_customers_message_resets_the_timer() -> None:
    story = Story()
    story.reply()
    story.wait(DAY)
    story.customer_writes()
    assert told(story).due_at == FAR_FUTURE
    story.wait(DAY)
    story.reply()
    assert told(story).due_at == MONDAY + 4 * DAY


@pytest.mark.spec("ACL 2")
@pytest.mark.spec("SPM 2")
def test_a_spam_message_resets_nothing() -> None:
    story = Story()
    story.reply()
    story.wait(DAY)
    story.customer_writes(spam=True)
    assert told(story).due_at == MONDAY + 2 * DAY


@pytest.mark.spec("ACL 2")
def test_a_customers_message_resets_whatever_its_summary_says() -> None:
    story = Story()
    reply = story.reply()
    wrote = story.customer_writes()
    wrongly = wrote.model_copy(update={"ticket": reply.ticket})
    assert told(story, events=[*story.events[:-1], wrongly]).due_at == FAR_FUTURE


@pytest.mark.spec("SPM 1")
def test_a_flagged_ticket_has_no_timer_and_one_that_is_unflagged_counts_from_then() -> None:
    story = Story()
    story.reply()
    story.mark_spam()
    assert told(story).due_at == FAR_FUTURE
    story.wait(HOUR)
    story.mark_not_spam()
    assert told(story).due_at == MONDAY + HOUR + 2 * DAY


@pytest.mark.spec("ACL 5")
def test_a_reopened_ticket_counts_from_the_first_reply_after_the_reopening() -> None:
    story = Story()
    story.reply()
    story.close()
    story.wait(DAY)
    story.reopen()
    assert told(story).due_at == FAR_FUTURE
    story.tag()
    assert told(story).due_at == FAR_FUTURE
    story.wait(DAY)
    story.reply()
    assert told(story).due_at == MONDAY + 4 * DAY


@pytest.mark.spec("ACL 5")
def test_a_wait_from_before_the_reopening_does_not_come_back_with_it() -> None:
    story = Story()
    reply = story.reply()
    story.close()
    story.reopen()
    waiting_still = story.events[-1].model_copy(update={"ticket": reply.ticket})
    tagged = story.tag().model_copy(update={"ticket": reply.ticket})
    timer = told(story, events=[*story.events[:-2], waiting_still, tagged])
    assert timer.due_at == FAR_FUTURE


@pytest.mark.spec("ACL 6")
def test_an_annulled_close_leaves_no_timer_behind() -> None:
    story = Story()
    story.reply()
    story.close("inactivity")
    story.annul()
    assert told(story).due_at == FAR_FUTURE
    assert told(story, events=story.events[:-1]).due_at == FAR_FUTURE


@pytest.mark.spec("ACL 2")
def test_a_reply_dated_before_the_message_it_answers_counts_from_the_message() -> None:
    story = Story()
    story.wait(DAY)
    story.customer_writes()
    story.reply(at=story.now - 7 * DAY)
    assert told(story).due_at == story.now + 2 * DAY
    *before, wrote, reply = story.events
    undated = wrote.model_copy(update={"occurred_at": MONDAY})
    assert told(story, events=[*before, undated, reply]).due_at == story.now + 2 * DAY


@pytest.mark.spec("TKT 9")
def test_a_wait_whose_beginning_was_missed_counts_from_the_event_that_tells_of_it() -> None:
    story = Story()
    story.reply()
    story.wait(DAY)
    story.note()
    assert told(story, events=story.events[-1:]).due_at == story.now + 2 * DAY


@pytest.mark.spec("TKT 9")
def test_after_a_missed_message_and_a_missed_reply_the_old_wait_is_over() -> None:
    story = Story()
    story.reply()
    before = list(story.events)
    story.wait(DAY)
    story.customer_writes()
    story.reply()
    story.wait(HOUR)
    story.note()
    timer = told(story, events=[*before, story.events[-1]])
    assert timer.waiting_epoch == story.waiting_epoch
    assert timer.due_at == story.now + 2 * DAY


@pytest.mark.spec("TKT 9")
def test_an_event_that_was_seen_changes_nothing() -> None:
    story = Story()
    story.reply()
    story.customer_writes()
    timer = told(story)
    for event in story.events:
        assert then(timer, event, ON, story.now) is timer


@pytest.mark.spec("ACL 3")
def test_a_timer_that_ended_closes_and_is_not_asked_for_again() -> None:
    story = Story()
    story.reply()
    decided = when_due(told(story), ON, None, MONDAY + 2 * DAY)
    assert decided.close
    assert decided.after.due_at == FAR_FUTURE
    assert then(decided.after, story.tag(), ON, story.now).due_at == FAR_FUTURE


@pytest.mark.spec("ACL 3")
def test_a_reply_that_may_have_made_the_close_stale_has_it_asked_for_anew() -> None:
    story = Story()
    story.reply()
    asked = when_due(told(story), ON, None, MONDAY + 2 * DAY).after
    story.wait(2 * DAY)
    again = then(asked, story.reply(), ON, story.now)
    assert again.due_at == MONDAY + 2 * DAY
    assert again.rests_on != asked.rests_on


@pytest.mark.spec("ACL 4")
def test_typing_puts_the_close_off_by_the_delay() -> None:
    story = Story()
    story.reply()
    due = MONDAY + 2 * DAY
    decided = when_due(told(story), ON, due - MINUTE, due)
    assert (decided.close, decided.after.due_at) == (False, due + 3 * MINUTE)
    # They stopped: the whole delay went by without a key.
    assert when_due(decided.after, ON, due - MINUTE, due + 3 * MINUTE).close


@pytest.mark.spec("ACL 4")
@settings(deadline=None)
@given(
    delay=st.integers(1, 600).map(lambda seconds: timedelta(seconds=seconds)),
    limit=st.integers(0, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    late=st.integers(0, 100_000).map(lambda seconds: timedelta(seconds=seconds)),
)
def test_who_types_for_ever_is_waited_for_until_the_limit_and_no_longer(
    delay: timedelta, limit: timedelta, late: timedelta
) -> None:
    settings = AutoClose(enabled=True, typing_delay=delay, typing_limit=limit)
    story = Story()
    story.reply()
    timer = told(story, settings)
    began = now = timer.due_at + late
    while not (decided := when_due(timer, settings, now, now)).close:
        assert decided.after.due_at - now <= delay
        timer, now = decided.after, decided.after.due_at
    assert now - began == limit


@pytest.mark.spec("ACL 4")
def test_a_further_reply_does_not_grant_a_typist_another_limit() -> None:
    story = Story()
    story.reply()
    due = MONDAY + 2 * DAY
    put_off = when_due(told(story), ON, due, due).after
    story.wait(2 * DAY + MINUTE)
    after = then(put_off, story.reply(), ON, story.now)
    assert after.put_off_since == due
    assert when_due(after, ON, due + 30 * MINUTE, due + 30 * MINUTE).close


@pytest.mark.spec("ACL 4")
def test_a_wait_that_began_unheard_has_its_own_time_to_type() -> None:
    story = Story()
    story.reply()
    due = MONDAY + 2 * DAY
    put_off = when_due(told(story), ON, due, due).after
    story.wait(3 * DAY)
    story.customer_writes()
    later = then(put_off, story.reply(), ON, story.now)
    assert later.put_off_since is None
    assert not when_due(later, ON, later.due_at, later.due_at).close


@pytest.mark.spec("ACL 2")
def test_a_first_reply_dated_before_the_ticket_opened_counts_from_its_opening() -> None:
    story = Story()
    story.reply(at=MONDAY - 30 * DAY)
    assert told(story, events=story.events[-1:]).due_at == MONDAY + 2 * DAY


@pytest.mark.spec("ACL 2")
def test_a_first_reply_dated_before_the_message_that_it_answers_counts_from_that() -> None:
    story = Story(channel="sms")
    story.wait(5 * HOUR)
    story.customer_writes()
    story.reply(at=story.now - 2 * HOUR)
    timer = told(story)
    assert (timer.last_seq, timer.due_at) == (4, MONDAY + 5 * HOUR + 2 * DAY)


@pytest.mark.spec("ACL 2")
@pytest.mark.parametrize("channel", ["email", "sms", "instagram", "whatsapp"])
def test_before_its_first_reply_a_ticket_needs_no_timer_where_nobody_is_seen_typing(
    channel: Channel,
) -> None:
    story = Story(channel=channel)
    story.note()
    story.customer_writes()
    assert unknown_for_sure(story.events)
    assert not any(needs_a_timer(event) for event in story.events)
    assert not unknown_for_sure(story.events[1:]), "a timer may be of the event before"
    assert not unknown_for_sure([story.events[0], story.events[2]])
    story.reply()
    assert needs_a_timer(story.events[-1])
    assert not unknown_for_sure(story.events)


@pytest.mark.spec("ACL 4")
def test_a_chats_timer_says_from_the_start_whose_mark_is_forgotten_with_it() -> None:
    story = Story(channel="webchat")
    assert told(story).typist.party == "conversation-of-t1"


@pytest.mark.spec("ACL 7")
def test_whatever_happens_on_a_ticket_its_timer_goes_by_the_settings_of_now() -> None:
    story = Story()
    story.reply()
    longer = AutoClose(enabled=True, period=5 * DAY)
    assert then(told(story), story.note(), longer, story.now).due_at == MONDAY + 5 * DAY


@pytest.mark.spec("ACL 7")
@settings(deadline=None)
@given(
    settings=st.lists(
        st.builds(
            AutoClose,
            enabled=st.booleans(),
            period=st.integers(1, 90).map(timedelta),
            starts_at=st.sampled_from(["first_reply", "last_reply"]),
        ),
        min_size=1,
    )
)
def test_a_running_timer_is_due_by_the_settings_of_now_whatever_they_were(
    settings: list[AutoClose],
) -> None:
    story = Story()
    story.reply()
    story.wait(DAY)
    story.reply()
    timer = told(story, settings[0])
    for changed in settings:
        timer = armed(timer, changed)
    assert timer == told(story, settings[-1])
    assert timer.settings == settings_key(settings[-1])


@pytest.mark.spec("ACL 7")
def test_a_timer_that_came_due_by_a_period_since_lengthened_waits_on() -> None:
    story = Story()
    story.reply()
    longer = AutoClose(enabled=True, period=5 * DAY)
    decided = when_due(told(story), longer, None, MONDAY + 2 * DAY)
    assert (decided.close, decided.after.due_at) == (False, MONDAY + 5 * DAY)
    assert not when_due(told(story), AutoClose(), None, MONDAY + 2 * DAY).close


@pytest.mark.spec("ACL 2")
def test_a_ticket_opened_by_a_clock_far_ahead_is_waited_for_from_now_on() -> None:
    story = Story()
    reply = story.reply()
    last_moment = datetime.max.replace(tzinfo=UTC)
    ahead = reply.ticket.model_copy(update={"opened_at": last_moment})
    event = reply.model_copy(update={"ticket": ahead, "occurred_at": last_moment})

    assert told(story, events=[event]).due_at == story.now + 2 * DAY
