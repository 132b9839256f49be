"""Records, their fates, and what a dead letter keeps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.delivery import DEAD_HEADER_PREFIX, Record, RetryPolicy, dead_letter
from shared.errors import HelpdeskError, Poison, Transient
from shared.topic import SERVICES, Service
from shared.topics import BY_NAME

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
JITTERS = st.floats(0, 1)
ATTEMPTS = st.integers(1, 10_000)
SPANS = st.timedeltas(timedelta(milliseconds=1), timedelta(minutes=1))

policies = st.builds(
    lambda first, more, tries: RetryPolicy(first, first + more, tries),
    SPANS,
    SPANS,
    st.integers(1, 10),
)
headers = st.lists(
    st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=20)), max_size=5
).map(tuple)


def a_record(
    value: bytes | None = b"{", *, more: tuple[tuple[str, bytes | None], ...] = ()
) -> Record:
    return Record("helpdesk.commands", 3, 17, b"acme:1", value, more, NOW - timedelta(minutes=1))


# Pauses


@given(policy=policies, attempt=ATTEMPTS, jitter=JITTERS)
def test_a_pause_is_between_half_and_the_whole_and_never_over_the_longest(
    policy: RetryPolicy, attempt: int, jitter: float
) -> None:
    pause = policy.pause(attempt, jitter)

    assert timedelta(0) < pause <= policy.longest_pause
    assert policy.pause(attempt, 0) <= pause <= policy.pause(attempt, 1)
    rounding = timedelta(microseconds=2)
    assert abs(policy.pause(attempt, 1) - 2 * policy.pause(attempt, 0)) <= rounding


@given(policy=policies, attempt=ATTEMPTS, jitter=JITTERS)
def test_pauses_grow_up_to_the_longest(policy: RetryPolicy, attempt: int, jitter: float) -> None:
    assert policy.pause(attempt, jitter) <= policy.pause(attempt + 1, jitter)
    assert policy.pause(40, 1) == policy.longest_pause or policy.first_pause * 2**16 < (
        policy.longest_pause
    )


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (6, 5), (99, 5)])
def test_the_pauses_of_a_store_that_is_away(attempt: int, seconds: float) -> None:
    assert RetryPolicy().pause(attempt, 1) == timedelta(seconds=seconds)


@given(jitters=st.lists(JITTERS, min_size=2, unique=True))
def test_two_replicas_do_not_come_back_together(jitters: list[float]) -> None:
    one, other = min(jitters), max(jitters)

    assert RetryPolicy().pause(5, one) <= RetryPolicy().pause(5, other)
    assert RetryPolicy().pause(5, 0) < RetryPolicy().pause(5, 1)


# Fates


@given(attempt=ATTEMPTS, alone=st.booleans())
@pytest.mark.parametrize("error", [Transient("x"), OSError("x"), Poison("malformed", "x")])
def test_what_is_away_is_waited_for_however_long_it_takes(
    error: Exception, attempt: int, *, alone: bool
) -> None:
    transient = not isinstance(error, Transient)

    assert RetryPolicy().fate(error, attempt, alone=alone, transient=transient) == "wait"


@given(attempt=ATTEMPTS)
@pytest.mark.parametrize("error", [Poison("malformed", "x"), ValueError("x"), HelpdeskError("x")])
def test_what_fails_alone_is_dead(error: Exception, attempt: int) -> None:
    assert RetryPolicy().fate(error, attempt, alone=True, transient=False) == "dead"


@given(attempt=ATTEMPTS)
def test_poison_in_company_is_looked_for_at_once(attempt: int) -> None:
    poison = Poison("malformed", "x")

    assert RetryPolicy().fate(poison, attempt, alone=False, transient=False) == "singly"


@given(policy=policies, attempt=ATTEMPTS)
def test_a_bug_in_company_is_tried_again_and_then_looked_for(
    policy: RetryPolicy, attempt: int
) -> None:
    fate = policy.fate(ZeroDivisionError(), attempt, alone=False, transient=False)

    assert fate == ("again" if attempt < policy.tries else "singly")


# Headers


def test_the_last_header_of_a_name_counts_in_any_case() -> None:
    record = a_record(more=(("Account", b"a"), ("account", b"b"), ("account", None)))

    assert record.header("account") == "b"
    assert record.header("provider") is None
    assert record.position == "helpdesk.commands[3]@17"


def test_a_header_that_is_no_text_is_none() -> None:
    assert a_record(more=(("account", b"acme"), ("account", b"\xff"))).header("account") is None


# Dead letters


@pytest.mark.spec("ING 7")
@given(
    key=st.none() | st.binary(max_size=50),
    value=st.none() | st.binary(max_size=500),
    said=headers,
    text=st.text(max_size=5_000),
    service=st.sampled_from(SERVICES),
)
def test_a_dead_letter_keeps_the_record_as_it_was(
    key: bytes | None,
    value: bytes | None,
    said: tuple[tuple[str, bytes | None], ...],
    text: str,
    service: Service,
) -> None:
    record = Record("helpdesk.commands", 0, 1, key, value, said, NOW)

    letter = dead_letter(record, Poison("malformed", text), service=service, tries=2, now=NOW)

    assert (letter.key, letter.value) == (key, value)
    assert letter.headers[: len(said)] == said
    assert service in BY_NAME[letter.topic].producers
    added = letter.headers[len(said) :]
    assert all(name.startswith(DEAD_HEADER_PREFIX) for name, _ in added)
    assert sum(len(note or b"") for _, note in added) < 10_000


@pytest.mark.spec("ING 7")
def test_a_dead_letter_says_why_and_where() -> None:
    letter = dead_letter(
        a_record(), Poison("malformed", "no JSON"), service="ticketing", tries=1, now=NOW
    )

    notes = {
        name.removeprefix(DEAD_HEADER_PREFIX): (note or b"").decode()
        for name, note in letter.headers
    }
    assert notes == {
        "service": "ticketing",
        "topic": "helpdesk.commands",
        "partition": "3",
        "offset": "17",
        "reason": "malformed",
        "error": "Poison",
        "text": "helpdesk.commands[3]@17: no JSON",
        "tries": "1",
        "record-at": "2026-03-04T08:59:00+00:00",
        "at": "2026-03-04T09:00:00+00:00",
    }


def test_a_bug_s_dead_letter_names_its_class() -> None:
    letter = dead_letter(a_record(), KeyError("x"), service="spam", tries=3, now=NOW)

    said = dict(letter.headers)
    assert said["helpdesk-dead-reason"] == b"bug"
    assert said["helpdesk-dead-error"] == b"KeyError"


def test_a_record_that_dies_again_has_the_newest_notes_once() -> None:
    once = dead_letter(
        a_record(more=(("mine", b"1"),)),
        Poison("malformed", "first"),
        service="spam",
        tries=1,
        now=NOW,
    )
    again = dead_letter(
        Record("helpdesk.commands", 5, 99, once.key, once.value, once.headers, NOW),
        Poison("unknown_account", "second"),
        service="ticketing",
        tries=1,
        now=NOW,
    )

    names = [name for name, _ in again.headers]
    assert len(set(names)) == len(names)
    assert dict(again.headers)["mine"] == b"1"
    assert dict(again.headers)["helpdesk-dead-reason"] == b"unknown_account"
    assert dict(again.headers)["helpdesk-dead-offset"] == b"99"
