"""Whose turn it is, as pure decisions."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.assignment.rules import commands, follow, rotation
from services.assignment.rules.follow import Followed
from services.assignment.rules.rotation import Rotation, Terms, Turn, Waiting
from shared.contracts.commands import AssignTicket
from tests.assignment.desk import account
from tests.assignment.ticketing import MONDAY, Ticketing

AGENTS = "abcdef"


def waiting(number: int, line: str = "acme:all") -> Waiting:
    ticket = Followed(
        account_id="acme",
        ticket_id=f"t{number}",
        last_seq=1,
        status="open",
        assignee=None,
        assignee_epoch=0,
        team_id=None,
        ai_handled=False,
        need=1,
        waiting_since=MONDAY,
        correlation_id="m1",
        line=line,
    )
    return Waiting(ticket, line)


def terms(online: set[str], members: str = AGENTS, **more: object) -> Terms:
    lines = {"acme:all": tuple(members), "acme:team:x": tuple(members[:3])}
    return Terms(now=MONDAY, members=lines, online=online, **more)  # type: ignore[arg-type]


def answered(state: Rotation, online: frozenset[str]) -> Terms:
    """With every turn so far answered: there is no bound on how many there are in all."""
    return terms(set(online), answered={turn.command_id for turn in state.unanswered})


def take_turn(state: Rotation, ticket: Waiting, on: Terms) -> tuple[Rotation, Turn] | None:
    """Give out one ticket; None where nobody can have it."""
    given = rotation.give_out(state, [ticket], on)
    assert bool(given.turns) is not bool(given.stuck)
    return (given.rotation, given.turns[0][1]) if given.turns else None


def give(state: Rotation, number: int, on: Terms, line: str = "acme:all") -> tuple[Rotation, str]:
    taken = take_turn(state, waiting(number, line), on)
    assert taken is not None
    return taken[0], taken[1].agent


@pytest.mark.spec("ASG 7")
@given(
    st.lists(
        st.tuples(st.frozensets(st.sampled_from(AGENTS), min_size=1), st.integers(1, 20)),
        max_size=15,
    ),
    st.lists(st.sampled_from(["acme:all", "acme:team:x"])),
)
def test_among_the_same_available_agents_counts_differ_by_one_at_most(
    stretches: list[tuple[frozenset[str], int]], elsewhere: list[str]
) -> None:
    state, number = Rotation(account_id="acme"), 0
    for online, arrivals in stretches:
        counts: Counter[str] = Counter(dict.fromkeys(online, 0))
        for _ in range(arrivals):
            number += 1
            state, agent = give(state, number, answered(state, online))
            assert agent in online
            counts[agent] += 1
            assert max(counts.values()) - min(counts.values()) <= 1
            # What other lines do in between, or an agent who leaves and returns, moves nobody.
            for line in elsewhere[:2]:
                if line != "acme:all" and online & set(AGENTS[:3]):
                    number += 1
                    state, _ = give(state, number, answered(state, online), line)


@pytest.mark.spec("ASG 7")
def test_an_agent_who_comes_late_takes_a_place_and_has_nothing_to_catch_up_with() -> None:
    state, order = Rotation(account_id="acme"), ""
    for number, online in enumerate(["ab"] * 6 + ["abc"] * 6):
        state, agent = give(state, number, terms(set(online)))
        order += agent
    assert order == "ababab" + "abcabc"


@pytest.mark.spec("ASG 7")
def test_an_agent_who_comes_and_goes_neither_gains_nor_loses_a_turn() -> None:
    state, order = Rotation(account_id="acme"), ""
    for number, online in enumerate(["abc", "ac", "abc", "abc", "abc", "abc"]):
        state, agent = give(state, number, terms(set(online)))
        order += agent
    assert order == "acbacb"


@pytest.mark.spec("ASG 7")
@given(st.integers(1, 3), st.lists(st.integers(0, 5), min_size=3, max_size=3))
def test_nobody_gets_more_open_tickets_than_the_limit(limit: int, open_now: list[int]) -> None:
    held = dict(zip("abc", open_now, strict=True))
    on = terms(set("abc"), "abc", limit=limit, open_tickets=held)
    state, given_to = Rotation(account_id="acme"), Counter(held)
    for number in range(12):
        line = ("acme:all", "acme:team:x")[number % 2]
        taken = take_turn(state, waiting(number, line), on)
        if taken is None:
            assert all(given_to[agent] >= limit for agent in "abc")
            break
        state, turn = taken
        given_to[turn.agent] += 1
        assert given_to[turn.agent] <= limit
    else:
        pytest.fail("twelve tickets are more than three agents may have")


@pytest.mark.spec("ASG 6")
@pytest.mark.spec("ASG 7")
@given(
    st.lists(st.sampled_from(["acme:all", "acme:team:x"]), max_size=30),
    st.lists(st.frozensets(st.sampled_from(AGENTS)), min_size=1, max_size=4),
    st.none() | st.integers(1, 4),
    st.sets(st.integers(0, 200), max_size=20),
)
def test_many_tickets_are_given_out_as_one_after_the_other_would_be(
    lines: list[str], stretches: list[frozenset[str]], limit: int | None, answered: set[int]
) -> None:
    together = alone = Rotation(account_id="acme")
    for stretch, online in enumerate(stretches):
        tickets = [waiting(100 * stretch + n, line) for n, line in enumerate(lines)]
        ids = {waiting(n).ticket.offer_id for n in answered if n < 100 * stretch}
        on = terms(set(online), limit=limit, open_tickets={}, answered=ids)
        many = rotation.give_out(together, tickets, on)
        ones = []
        for ticket in tickets:
            ones.append(rotation.give_out(alone, [ticket], on))
            alone = ones[-1].rotation
        assert many.turns == tuple(turn for one in ones for turn in one.turns)
        assert many.stuck == frozenset().union(*(one.stuck for one in ones))
        together = many.rotation
        assert together == alone


@pytest.mark.spec("ASG 6")
def test_with_nobody_there_nothing_is_given() -> None:
    assert take_turn(Rotation(account_id="acme"), waiting(1), terms(set())) is None
    assert take_turn(Rotation(account_id="acme"), waiting(1), terms({"z"})) is None


def test_an_agent_who_left_the_account_leaves_the_queue() -> None:
    state, _ = give(Rotation(account_id="acme"), 1, terms(set("abc")))
    state, agent = give(state, 2, terms(set("abc"), "ac"))
    assert agent == "c"
    assert state.queues[0].agents == ("a", "c")


@pytest.mark.spec("ASG 4")
def test_a_turn_that_somebody_forestalled_is_given_back() -> None:
    state, _ = give(Rotation(account_id="acme"), 1, terms(set("abc")))
    state, _ = give(state, 2, terms(set("abc")))
    returned = rotation.give_back(state, waiting(1).ticket.offer_id)
    assert returned is not None
    assert rotation.give_back(returned, waiting(1).ticket.offer_id) is None
    order = ""
    for number in range(3, 7):
        returned, agent = give(returned, number, terms(set("abc")))
        order += agent
    assert order == "acab"


@pytest.mark.spec("ASG 7")
def test_a_turn_that_is_owed_is_forgotten_once_others_are_there() -> None:
    state, _ = give(Rotation(account_id="acme"), 1, terms(set("ab")))
    state, _ = give(state, 2, terms(set("ab")))
    returned = rotation.give_back(state, waiting(2).ticket.offer_id)
    assert returned is not None
    order = ""
    for number in range(3, 7):
        returned, agent = give(returned, number, terms(set("abc")))
        order += agent
    assert order == "abca"


@pytest.mark.spec("ASG 7")
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("give"), st.integers(1, 4)),
            st.tuples(st.just("give back"), st.integers(0, 6)),
            st.tuples(st.just("there are"), st.frozensets(st.sampled_from("abc"), min_size=1)),
        ),
        max_size=20,
    )
)
def test_whatever_is_given_back_counts_even_out_among_those_who_are_there(
    steps: list[tuple[str, Any]],
) -> None:
    state, number, there = Rotation(account_id="acme"), 0, frozenset("abc")
    among, counts, out = there, dict.fromkeys("abc", 0), list[tuple[str, str]]()
    earlier: list[tuple[str, str]] = []
    for what, value in [*steps, ("give", 6)]:
        if what == "there are":
            there = value
        for _ in range(value if what == "give" else 0):
            if there != among:
                among, counts, earlier, out = there, dict.fromkeys(there, 0), [*earlier, *out], []
            number += 1
            state, agent = give(state, number, terms(set(there)))
            counts[agent] += 1
            out.append((waiting(number).ticket.offer_id, agent))
        if what == "give back" and value < len(earlier) + len(out):
            # Any turn may be refused late, one from among others who were there too.
            mine = value >= len(earlier)
            command_id, agent = out.pop(value - len(earlier)) if mine else earlier.pop(value)
            state = rotation.give_back(state, command_id) or state
            counts[agent] = counts.get(agent, 0) - mine
    while len(state.queues[0].owed):
        number += 1
        state, agent = give(state, number, terms(set(among)))
        counts[agent] += 1
    assert max(counts[a] for a in among) - min(counts[a] for a in among) <= 1


def test_turns_that_are_out_are_bounded_and_forgotten_in_time() -> None:
    out = tuple(
        Turn(command_id=f"{n}", ticket=f"acme:t{n}", line="acme:all", agent="a", at=MONDAY)
        for n in range(rotation.MOST_UNANSWERED)
    )
    full = Rotation(account_id="acme", unanswered=out)
    assert take_turn(full, waiting(1), terms({"a"})) is None
    answered = terms({"a"}, answered={"7"})
    assert take_turn(full, waiting(1), answered) is not None
    later = Terms(now=MONDAY + timedelta(days=2), members={"acme:all": ("a",)}, online={"a"})
    taken = take_turn(full, waiting(1), later)
    assert taken is not None
    assert len(taken[0].unanswered) == 1


@pytest.mark.spec("ASG 7")
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 9)), max_size=12))
def test_an_offer_is_out_until_it_is_answered_whatever_was_taken_by_hand_before_or_since(
    steps: list[tuple[bool, int, int]],
) -> None:
    desk, told = Ticketing(), 0
    desk.accounts.apply(account())
    desk.opens("t1")
    ticket: Followed | None = None
    ended: list[tuple[AssignTicket, bool]] = []
    for offered, answers, repeated in steps:
        events, told = desk.stream[max(told - repeated, 0) :], len(desk.stream)
        ticket = follow.replay(ticket, events, account(), MONDAY).ticket
        assert ticket is not None
        ended.append((offer(ticket), offered))
        desk.is_taken("t1", "c")
        desk.is_left("t1")
        desk.is_closed("t1")
        desk.is_reopened("t1")
        events, told = desk.stream[told:], len(desk.stream)
        ticket = follow.replay(ticket, events, account(), MONDAY).ticket
        newest = ended[-8:]
        out = [command for command, really in newest if really and command.id not in desk.known]
        assert not any(rotation.is_answered(turn_of(command), ticket) for command in out)
        desk.commands += out[answers:]
        desk.carry_out()
        ticket = follow.replay(ticket, desk.stream[told:], account(), MONDAY).ticket
        assert all(rotation.is_answered(turn_of(command), ticket) for command in out[answers:])
        assert not any(rotation.is_answered(turn_of(command), ticket) for command in out[:answers])


def offer(ticket: Followed) -> AssignTicket:
    return commands.assign(
        account_id=ticket.account_id,
        ticket_id=ticket.ticket_id,
        need=ticket.need or 0,
        attempt=ticket.attempt,
        assignee="a",
        assignee_epoch=ticket.assignee_epoch,
        correlation_id="m1",
        now=MONDAY,
    )


def turn_of(command: AssignTicket) -> Turn:
    return Turn(command_id=command.id, ticket="acme:t1", line="acme:all", agent="a", at=MONDAY)
