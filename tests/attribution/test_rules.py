"""Which message is credited to which send."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attribution.rules.decisions import Fact, impossible
from services.attribution.rules.history import e164, phone_of
from shared.contracts.accounts import AttributionSettings
from shared.contracts.base import Contact, Identity
from tests.attribution.listener import USUAL, Listener
from tests.attribution.story import (
    DAY,
    HOUR,
    MOMENT,
    MONDAY,
    PHONE,
    Ticket,
    delivered,
    failed,
)


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
