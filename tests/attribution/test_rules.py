"""Which message is credited to which send, whatever the order in which it all is heard."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.rules.credits import attribute
from services.attribution.rules.decisions import Fact, News, decide, impossible
from services.attribution.rules.forgetting import LONGEST, MARKS_REACH
from services.attribution.rules.history import History, e164, phone_of
from shared.contracts.accounts import AttributionSettings
from shared.contracts.base import Contact, Identity
from shared.contracts.marketing import MessageAttributed
from tests.attribution.histories import Story, stories, told_anyhow
from tests.attribution.story import (
    DAY,
    HOUR,
    MOMENT,
    MONDAY,
    PHONE,
    Ticket,
    delivered,
    failed,
    final_credits,
)

USUAL = AttributionSettings()
REACH = USUAL.window + USUAL.grace


class Listener:
    """A contact's history that grows with what is heard; `facts` is all that followed."""

    def __init__(self, settings: AttributionSettings = USUAL) -> None:
        self.settings = settings
        self.history: History | None = None
        self.facts: list[MessageAttributed] = []

    def hears(self, facts: Iterable[Fact]) -> list[MessageAttributed]:
        """What follows from these facts."""
        followed: list[MessageAttributed] = []
        for fact in facts:
            self.history, new = decide(self.history, News(PHONE, fact), self.settings)
            followed += new
        self.facts += followed
        return followed

    @property
    def credits(self) -> dict[str, str]:
        return final_credits(self.facts)


@pytest.mark.spec("ATT 5")
@pytest.mark.spec("ATT 6")
@given(data=st.data(), story=stories())
def test_any_order_and_any_repetition_give_the_credits_of_the_right_order(
    data: st.DataObject, story: Story
) -> None:
    listener = Listener()

    listener.hears(data.draw(told_anyhow(story)))

    assert listener.credits == story.truth()


@pytest.mark.spec("ATT 7")
@given(data=st.data(), story=stories())
def test_each_fact_replaces_the_one_before_and_says_something_new(
    data: st.DataObject, story: Story
) -> None:
    listener = Listener()

    listener.hears(data.draw(told_anyhow(story)))

    for message_id in {fact.message_id for fact in listener.facts}:
        told = [fact for fact in listener.facts if fact.message_id == message_id]
        assert [fact.revision for fact in told] == list(range(1, len(told) + 1))
        assert [fact.replaces for fact in told] == [None, *(fact.id for fact in told[:-1])]
        assert told[0].credit is not None
        assert all(a.credit != b.credit for a, b in pairwise(told))
    assert len({fact.id for fact in listener.facts}) == len(listener.facts)


@pytest.mark.spec("ATT 2")
@given(data=st.data(), story=stories())
def test_at_no_moment_has_a_send_two_answers(data: st.DataObject, story: Story) -> None:
    listener = Listener()

    listener.hears(data.draw(told_anyhow(story)))

    for end in range(len(listener.facts) + 1):
        sends = list(final_credits(listener.facts[:end]).values())
        assert len(sends) == len(set(sends))


@pytest.mark.spec("ATT 5")
@given(data=st.data(), story=stories())
def test_what_is_heard_again_later_says_nothing_new(data: st.DataObject, story: Story) -> None:
    listener = Listener()
    listener.hears(data.draw(told_anyhow(story)))

    again = listener.hears(data.draw(told_anyhow(story)))

    assert again == []


@pytest.mark.spec("ATT 5")
@given(story=stories(), later=st.integers(0, 30), then=st.integers(0, 120))
def test_forgetting_changes_no_credit_of_what_is_remembered(
    story: Story, later: int, then: int
) -> None:
    listener = Listener()
    listener.hears(story.facts)
    credited = listener.credits

    moved = listener.hears(
        [
            delivered("next", MONDAY + (20 + later) * DAY),
            delivered("last", MONDAY + (20 + later + then) * DAY),
        ]
    )

    assert moved == []
    assert listener.credits == credited
    history = listener.history
    assert history is not None
    findings = attribute(history.sends, history.messages, history.marks)
    assert all(findings[m.message_id].credit == m.credit for m in history.messages)


@pytest.mark.spec("ATT 1")
@pytest.mark.parametrize(
    ("after", "credited"),
    [
        (timedelta(0), True),
        (DAY - MOMENT, True),
        (DAY, True),
        (DAY + MOMENT, False),
        (-MOMENT, False),
    ],
)
def test_the_window_ends_after_exactly_24_hours(after: timedelta, credited: bool) -> None:  # noqa: FBT001
    listener = Listener()

    listener.hears([delivered("s1", MONDAY), Ticket().wrote(MONDAY + after)])

    assert listener.credits == ({"t1-m1": "s1"} if credited else {})


@pytest.mark.spec("ATT 1")
def test_the_window_is_the_accounts_own_and_a_change_holds_from_then_on() -> None:
    listener, ticket = Listener(), Ticket()
    listener.hears([delivered("s1", MONDAY), ticket.wrote(MONDAY + 20 * HOUR)])

    listener.settings = AttributionSettings(window=12 * HOUR)
    moved = listener.hears(
        [delivered("s2", MONDAY + 2 * DAY), ticket.wrote(MONDAY + 2 * DAY + 13 * HOUR)]
    )

    assert moved == []
    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 2")
def test_a_first_message_that_came_too_late_stays_the_first_when_the_window_grows() -> None:
    listener, ticket = Listener(AttributionSettings(window=12 * HOUR)), Ticket()
    listener.hears([delivered("s1", MONDAY), ticket.wrote(MONDAY + 13 * HOUR)])

    listener.settings = USUAL
    listener.hears([ticket.wrote(MONDAY + 14 * HOUR)])

    assert listener.facts == []


@pytest.mark.spec("ATT 2")
def test_only_the_first_message_is_credited_until_the_next_send() -> None:
    listener, ticket = Listener(), Ticket()

    listener.hears(
        [
            delivered("s1", MONDAY),
            ticket.wrote(MONDAY + HOUR),
            ticket.wrote(MONDAY + HOUR + MOMENT),
            ticket.wrote(MONDAY + 2 * HOUR),
            delivered("s2", MONDAY + 3 * HOUR),
            ticket.wrote(MONDAY + 4 * HOUR),
        ]
    )

    assert listener.credits == {"t1-m1": "s1", "t1-m4": "s2"}


@pytest.mark.spec("ATT 2")
def test_a_first_message_that_came_too_late_leaves_nothing_for_the_second() -> None:
    listener, ticket = Listener(), Ticket()

    listener.hears(
        [delivered("s1", MONDAY), ticket.wrote(MONDAY + 2 * DAY), ticket.wrote(MONDAY + 3 * DAY)]
    )

    assert listener.credits == {}


@pytest.mark.spec("ATT 2")
def test_of_two_messages_of_one_instant_the_one_first_in_the_thread_is_credited() -> None:
    ticket = Ticket()
    first, second = ticket.wrote(MONDAY + HOUR), ticket.wrote(MONDAY + HOUR)
    listener = Listener()

    listener.hears([second, delivered("s1", MONDAY), first])

    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 3")
def test_a_flow_after_a_campaign_has_the_answer() -> None:
    listener = Listener()

    listener.hears(
        [
            delivered("campaign", MONDAY),
            delivered("flow", MONDAY + HOUR, source="flow"),
            Ticket().wrote(MONDAY + 2 * HOUR),
        ]
    )

    (fact,) = listener.facts
    assert fact.credit is not None
    assert (fact.credit.send_id, fact.credit.source) == ("flow", "flow")
    assert "first answer to flow about-flow, 1 h after it" in fact.because


@pytest.mark.spec("ATT 3")
def test_the_time_of_delivery_counts_and_not_when_it_was_reported() -> None:
    listener = Listener()

    listener.hears(
        [
            delivered("flow", MONDAY + HOUR, source="flow"),
            delivered("campaign", MONDAY, reported_at=MONDAY + 5 * HOUR),
            Ticket().wrote(MONDAY + 2 * HOUR),
        ]
    )

    assert listener.credits == {"t1-m1": "flow"}


@pytest.mark.spec("ATT 3")
@given(order=st.permutations(range(4)))
def test_a_failed_send_never_counts_whenever_that_becomes_known(order: list[int]) -> None:
    listener = Listener()
    facts: list[Fact] = [
        delivered("campaign", MONDAY),
        delivered("flow", MONDAY + HOUR),
        failed("flow", MONDAY + 2 * HOUR),
        Ticket().wrote(MONDAY + 3 * HOUR),
    ]

    listener.hears(facts[place] for place in order)

    assert listener.credits == {"t1-m1": "campaign"}


@pytest.mark.spec("ATT 7")
def test_a_correction_says_why() -> None:
    listener = Listener()
    listener.hears([delivered("s1", MONDAY), Ticket().wrote(MONDAY + HOUR)])

    (correction,) = listener.hears([failed("s1", MONDAY + 2 * HOUR)])

    assert correction.credit is None
    assert correction.because == (
        "campaign about-s1 was not delivered after all; no send was delivered before it"
    )


@pytest.mark.spec("ATT 5")
@given(order=st.permutations(range(3)))
def test_of_two_reports_of_one_delivery_the_earlier_time_counts(order: list[int]) -> None:
    listener = Listener()
    facts: list[Fact] = [
        delivered("s1", MONDAY),
        delivered("s1", MONDAY + 2 * HOUR),
        Ticket().wrote(MONDAY + HOUR),
    ]

    listener.hears(facts[place] for place in order)

    assert listener.credits == {"t1-m1": "s1"}


@pytest.mark.spec("ATT 4")
def test_a_message_without_a_send_has_no_attribution_at_all() -> None:
    listener = Listener()

    listener.hears([Ticket().wrote(MONDAY)])

    assert listener.facts == []


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


def test_extreme_settings_and_times_break_nothing() -> None:
    listener = Listener(AttributionSettings(window=timedelta.max, grace=timedelta.max))

    listener.hears(
        [delivered("s1", MONDAY.replace(year=1)), delivered("s2", MONDAY), Ticket().wrote(MONDAY)]
    )

    assert listener.credits == {"t1-m1": "s2"}


def test_a_delivery_of_the_day_after_tomorrow_is_impossible() -> None:
    assert impossible(delivered("s1", MONDAY + 2 * DAY), MONDAY)
    assert impossible(failed("s1", MONDAY + 2 * DAY), MONDAY)
    assert impossible(delivered("s1", MONDAY + DAY), MONDAY) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+393331234567", "+393331234567"),
        ("+39 333 123-4567", "+393331234567"),
        ("0039 (333) 1234567", "+393331234567"),
        ("3331234567", None),
        ("+0333", None),
        ("Shop", None),
        ("+39333\u0661234567", None),
        ("", None),
        ("+", None),
        ("+1234567890123456", None),
    ],
)
def test_a_phone_number_is_e164_or_none(text: str, number: str | None) -> None:
    assert e164(text) == number


def test_a_contact_is_found_by_the_number_they_are_known_by() -> None:
    other = Identity(type="e164", value="+391112223334")
    own = Identity(type="e164", value=PHONE)
    code = Identity(type="short_code", value="40404")

    assert phone_of(Contact(id=own.key, identities=(other, own))) == PHONE
    assert phone_of(Contact(id="c1", identities=(code, other))) == other.value
    assert phone_of(Contact(id=code.key, identities=(code,))) == "40404"
    assert phone_of(Contact(id="sender_name:Shop")) == "sender_name:Shop"
