"""What is heard late, what is marked, and what is forgotten."""

from datetime import timedelta

import pytest

from services.attribution.rules.forgetting import LONGEST, MARKS_REACH
from tests.attribution.histories import Story
from tests.attribution.listener import REACH, Listener
from tests.attribution.story import (
    DAY,
    HOUR,
    MOMENT,
    MONDAY,
    Ticket,
    delivered,
    failed,
)


@pytest.mark.spec("ATT 5")
def test_a_send_heard_of_after_its_answer_has_it_and_takes_it_from_the_one_before() -> None:
    listener = Listener()
    listener.hears([delivered("s1", MONDAY), Ticket().wrote(MONDAY + 3 * HOUR)])

    (correction,) = listener.hears([delivered("s2", MONDAY + HOUR)])

    assert listener.credits == {"t1-m1": "s2"}
    assert correction.revision == 2
    assert correction.correlation_id == "t1-m1"


@pytest.mark.spec("ATT 5")
def test_a_message_heard_of_late_takes_the_credit_from_the_one_that_came_after() -> None:
    ticket = Ticket()
    first, second = ticket.wrote(MONDAY + HOUR), ticket.wrote(MONDAY + 2 * HOUR)
    listener = Listener()
    listener.hears([delivered("s1", MONDAY), second])

    taken, given_ = listener.hears([first])

    assert (taken.message_id, taken.credit) == ("t1-m2", None)
    assert taken.because == "an earlier message answered campaign about-s1"
    assert given_.message_id == "t1-m1"


@pytest.mark.spec("ATT 5")
def test_what_comes_after_the_grace_period_changes_nothing() -> None:
    ticket = Ticket()
    forgotten, known = ticket.wrote(MONDAY + HOUR), ticket.wrote(MONDAY + REACH + DAY)
    listener = Listener()
    listener.hears([known])

    listener.hears([delivered("s1", MONDAY), forgotten])

    assert listener.facts == []


@pytest.mark.spec("ATT 5")
def test_a_message_as_late_as_may_be_finds_a_send_older_still() -> None:
    listener = Listener()
    listener.hears([delivered("s1", MONDAY), delivered("s2", MONDAY + DAY + REACH)])

    listener.hears([Ticket().wrote(MONDAY + DAY)])

    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 5")
@pytest.mark.parametrize("late", [REACH, REACH + MOMENT])
def test_the_grace_period_has_an_end(late: timedelta) -> None:
    listener = Listener()
    listener.hears([delivered("s2", MONDAY + late), Ticket().wrote(MONDAY)])

    listener.hears([delivered("s1", MONDAY)])

    assert listener.credits == ({"t1-m1": "s1"} if late == REACH else {})


@pytest.mark.spec("ATT 6")
def test_spam_is_not_credited_and_uses_nothing_up() -> None:
    listener, ticket = Listener(), Ticket()

    listener.hears(
        [
            ticket.wrote(MONDAY - DAY),
            delivered("s1", MONDAY),
            ticket.wrote(MONDAY + HOUR, spam=True),
            ticket.wrote(MONDAY + 2 * HOUR),
        ]
    )

    assert listener.credits == {"t1-m3": "s1"}


@pytest.mark.spec("ATT 6")
def test_marking_a_ticket_as_spam_takes_its_credits_and_lifting_it_gives_them_back() -> None:
    listener, ticket = Listener(), Ticket()
    listener.hears([delivered("s1", MONDAY), ticket.wrote(MONDAY + HOUR)])

    (taken,) = listener.hears([ticket.marked_spam(MONDAY + DAY)])
    (back,) = listener.hears([ticket.marked_not_spam(MONDAY + 2 * DAY)])

    assert (taken.credit, taken.because) == (None, "its ticket is marked as spam")
    assert back.revision == 3
    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 6")
def test_an_agent_who_lifts_the_flag_clears_the_whole_thread() -> None:
    listener, ticket = Listener(), Ticket()
    listener.hears([delivered("s1", MONDAY), ticket.wrote(MONDAY + HOUR, spam=True)])
    assert listener.credits == {}

    listener.hears([ticket.marked_not_spam(MONDAY + DAY)])

    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 6")
def test_a_credit_is_taken_from_one_message_before_another_has_it() -> None:
    listener, ticket = Listener(), Ticket()
    listener.hears([ticket.wrote(MONDAY - DAY), delivered("s1", MONDAY)])
    listener.hears([ticket.wrote(MONDAY + HOUR, spam=True), ticket.wrote(MONDAY + 2 * HOUR)])

    taken, handed_on = listener.hears([ticket.marked_not_spam(MONDAY + DAY)])

    assert (taken.message_id, taken.credit) == ("t1-m3", None)
    assert handed_on.message_id == "t1-m2"


@pytest.mark.spec("ATT 6")
def test_a_legitimate_message_that_lifts_the_flag_leaves_spam_what_was_spam() -> None:
    listener, ticket = Listener(), Ticket()
    ticket.wrote(MONDAY + HOUR, spam=True)
    ticket.wrote(MONDAY + 2 * HOUR)

    listener.hears([delivered("s1", MONDAY), *Story((), tuple(ticket.events)).ticket])  # type: ignore[arg-type]

    assert listener.credits == {"t1-m2": "s1"}


@pytest.mark.spec("ATT 6")
def test_an_older_mark_heard_again_after_a_newer_one_is_nothing_new() -> None:
    listener, ticket = Listener(), Ticket()
    wrote = ticket.wrote(MONDAY + HOUR)
    spam, not_spam = ticket.marked_spam(MONDAY + DAY), ticket.marked_not_spam(MONDAY + DAY)
    listener.hears([delivered("s1", MONDAY), wrote, spam, not_spam])

    moved = listener.hears([spam])

    assert moved == []
    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 6")
def test_whoever_missed_the_mark_learns_of_it_from_the_next_message() -> None:
    listener, ticket = Listener(), Ticket()
    first = ticket.wrote(MONDAY + HOUR)
    ticket.marked_spam(MONDAY + 2 * HOUR)
    listener.hears([delivered("s1", MONDAY), first])

    listener.hears([ticket.wrote(MONDAY + 3 * HOUR)])

    assert listener.credits == {}


@pytest.mark.spec("ATT 6")
@pytest.mark.parametrize("age", [MARKS_REACH, MARKS_REACH + DAY])
def test_a_mark_changes_attributions_long_after_the_grace_period(age: timedelta) -> None:
    listener, ticket = Listener(), Ticket()
    listener.hears([delivered("s1", MONDAY - HOUR), ticket.wrote(MONDAY)])
    listener.hears(delivered(f"s{n}", MONDAY + n * age / 10) for n in range(2, 11))

    listener.hears([ticket.marked_spam(MONDAY + age)])

    assert listener.credits == ({} if age == MARKS_REACH else {"t1-m1": "s1"})


@pytest.mark.spec("ATT 5")
def test_a_history_never_grows_without_end() -> None:
    listener, ticket = Listener(), Ticket()

    for week in range(60):
        start = MONDAY + week * 7 * DAY
        listener.hears([delivered(f"s{week}", start), failed(f"f{week}", start)])
        listener.hears(ticket.wrote(start + hour * HOUR) for hour in range(1, 4))

    history = listener.history
    assert history is not None
    assert len(listener.credits) == 60
    assert len(history.sends) <= 20
    assert len(history.messages) <= 3 * 15


@pytest.mark.spec("ATT 2")
def test_a_flood_of_messages_within_the_window_is_credited_once() -> None:
    listener, ticket = Listener(), Ticket()
    first = ticket.wrote(MONDAY + MOMENT)
    flood = [ticket.wrote(MONDAY + HOUR + n * timedelta(seconds=1)) for n in range(LONGEST * 2)]

    listener.hears([delivered("s1", MONDAY), first, *flood])
    listener.hears([first, *flood[:10], delivered("s1", MONDAY)])

    history = listener.history
    assert history is not None
    assert len(history.messages) == LONGEST
    assert listener.credits == {"t1-m1": "s1"}
    assert len(listener.facts) == 1


@pytest.mark.spec("ATT 3")
def test_a_flood_of_sends_is_bounded_and_the_last_one_has_the_answer() -> None:
    listener, ticket = Listener(), Ticket()
    listener.hears([delivered("s", MONDAY - HOUR), ticket.wrote(MONDAY - HOUR)])
    sends = [delivered(f"s{n:04}", MONDAY + n * timedelta(minutes=1)) for n in range(LONGEST + 50)]

    listener.hears([*sends, *sends, ticket.wrote(MONDAY + DAY)])

    history = listener.history
    assert history is not None
    assert len(history.sends) <= LONGEST + 2
    assert listener.credits == {"t1-m1": "s", "t1-m2": sends[-1].send_id}
