"""What holds whatever happens: any order, repetition, several replicas, a crash at any step."""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.assignment.rules.rotation import LATE
from shared.contracts.commands import AssignTicket
from shared.contracts.presence import Presence
from tests.assignment.desk import Crash, Desk, Replica, account

SECOND = timedelta(seconds=1)
ACCOUNTS = ("acme", "other")

ofs, agents, some = st.sampled_from(ACCOUNTS), st.sampled_from("abc"), st.integers(1, 5)
stories = st.lists(
    st.one_of(
        st.tuples(st.just("tickets_open"), ofs, some),
        st.tuples(st.just("tickets_are_taken_while_offered"), ofs, some),
        st.tuples(st.just("a_ticket_is_taken"), ofs, st.integers(0, 10)),
        st.tuples(st.just("an_agent_comes"), ofs, agents),
        st.tuples(st.just("an_agent_goes"), ofs, agents),
        st.tuples(st.just("all_is_delivered_again"), ofs, st.integers(0, 30)),
        st.tuples(st.just("time_passes"), ofs, some),
    ),
    max_size=30,
)


def one_turn_a_need(desk: Desk) -> None:
    """No ticket was given twice: it had one need, and manual work makes no other."""
    given_to = Counter(c.ticket_id for c in set(desk.commands) if isinstance(c, AssignTicket))
    assert set(given_to.values()) <= {1}


@dataclass
class Story:
    """Two accounts, two replicas, and what happens; each step is told by a replica in turn.

    A step returns from where on the ticket stream is to be delivered.
    """

    desk: Desk
    replicas: list[Replica]
    there: dict[str, set[str]]
    since: dict[str, Counter[str]]
    said: list[Presence] = field(default_factory=list)
    number: int = 0

    @property
    def replica(self) -> Replica:
        return self.replicas[self.number % 2]

    async def step(self, what: str, account_id: str, value: int | str) -> None:
        self.number += 1
        self.desk.now += SECOND
        after = len(self.desk.stream)
        replayed: int | None = await getattr(self, what)(account_id, value)
        await self.desk.settle(self.replica, after if replayed is None else replayed)
        if isinstance(value, str):
            self.since = self.desk.assigned()

    async def tickets_open(self, account_id: str, count: int) -> None:
        for place in range(count):
            self.desk.opens(f"t{self.number}-{place}", account_id)

    async def tickets_are_taken_while_offered(self, account_id: str, count: int) -> int:
        after = len(self.desk.stream)
        await self.tickets_open(account_id, count)
        await self.replica.take(self.desk.stream[after:])
        for place in range(0, count, 2):
            self.desk.is_taken(f"t{self.number}-{place}", "c")
        await self.desk.settle(self.replica, after + count)
        # As many as were lost come again: that makes counts even.
        after = len(self.desk.stream)
        for place in range(0, count, 2):
            self.desk.opens(f"t{self.number}+{place}", account_id)
        return after

    async def a_ticket_is_taken(self, account_id: str, place: int) -> None:
        theirs = [id_ for id_, (of, _, _) in self.desk.tickets.items() if of == account_id]
        if place < len(theirs) and self.desk.assignee(theirs[place]) != "c":
            self.desk.is_taken(theirs[place], "c")

    async def an_agent_comes(self, account_id: str, agent_id: str) -> None:
        self.there[account_id].add(agent_id)
        self.said.append(self.desk.online(agent_id, account_id))
        await self.replica.hear(self.said[-1:])

    async def an_agent_goes(self, account_id: str, agent_id: str) -> None:
        self.there[account_id].discard(agent_id)
        self.said.append(self.desk.offline(agent_id, account_id))
        await self.replica.hear(self.said[-1:])

    async def all_is_delivered_again(self, _: str, count: int) -> int:
        await self.replica.hear(self.said[-count:])
        return max(0, len(self.desk.stream) - count)

    async def time_passes(self, _: str, __: int) -> None:
        await self.replica.sweep()

    def holds(self) -> None:
        """Counts are even since the same agents are there, and nothing waits for nobody."""
        one_turn_a_need(self.desk)
        now = self.desk.assigned()
        for name, agents_there in self.there.items():
            gained = [now[name][agent] - self.since[name][agent] for agent in agents_there]
            assert not gained or max(gained) - min(gained) <= 1
            tickets = self.desk.tickets.values()
            waits = any(of == name and s.assignee is None for of, _, s in tickets)
            assert not (waits and agents_there)


@pytest.mark.spec("ASG 7")
@pytest.mark.spec("ASG 8")
@given(stories)
@settings(deadline=None)
async def test_counts_differ_by_one_while_the_same_agents_are_there_whatever_is_repeated(
    steps: list[tuple[str, str, int | str]],
) -> None:
    desk = Desk()
    desk.has(*(account(account_id) for account_id in ACCOUNTS))
    there: dict[str, set[str]] = {account_id: set() for account_id in ACCOUNTS}
    story = Story(desk, [desk.replica(), desk.replica()], there, desk.assigned())
    for step in steps:
        await story.step(*step)
        story.holds()


async def _both(desk: Desk, left: Replica, right: Replica) -> None:
    """Two replicas handle the same stream and sweep at the same time, step by step."""
    stream = desk.stream[:]
    await asyncio.gather(
        left.take(stream),
        right.take(stream),
        left.sweep(),
        right.sweep(),
        left.hear([desk.online("a"), desk.online("b", "other")]),
        right.hear([desk.online("b"), desk.online("c")]),
    )


@pytest.mark.spec("ASG 8")
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(0, 12), st.booleans())
@settings(deadline=None)
async def test_replicas_at_work_at_the_same_time_give_each_ticket_one_turn(
    seed: int,
    tickets: int,
    others: int,
    limited: bool,  # noqa: FBT001
) -> None:
    desk = Desk()
    limits = {"max_open_tickets": 3} if limited else {}
    desk.has(account(assignment=limits), account("other", assignment=limits))
    left, right = desk.replica(), desk.replica()
    for number in range(tickets):
        desk.opens(f"t{number}")
        desk.now += SECOND
    for number in range(others):
        desk.opens(f"o{number}", "other")
    desk.disorder = random.Random(seed)
    await _both(desk, left, right)
    one_turn_a_need(desk)
    first = len(desk.stream)
    desk.carry_out()
    await desk.settle(left, first)
    await right.sweep()
    await desk.settle(right)
    counts = desk.assigned()
    one_turn_a_need(desk)
    assert counts["acme"].total() == (min(tickets, 9) if limited else tickets)
    assert counts["other"] == Counter(["b"] * (min(others, 3) if limited else others))
    if limited:
        assert max(counts["acme"].values()) <= 3
    elif tickets >= 3:
        assert set(counts["acme"]) <= set("abc")


@pytest.mark.spec("ASG 8")
@given(st.integers(0, 80), st.integers(0, 80), st.integers(1, 8))
@settings(deadline=None)
async def test_a_crash_at_any_step_loses_no_ticket_and_gives_none_twice(
    first: int, second: int, tickets: int
) -> None:
    desk = Desk()
    desk.has(account(), account("other"))
    await desk.replica().hear([desk.online(agent) for agent in "abc"])
    for number in range(tickets):
        desk.opens(f"t{number}", segments=("vip",))
        desk.opens(f"o{number}", "other")
        desk.now += SECOND
    for crash_at in (first, second):
        desk.crash_at = crash_at
        with contextlib.suppress(Crash):
            await desk.settle(desk.replica())
            await desk.replica().sweep()
    desk.crash_at = None
    await desk.settle(desk.replica())
    desk.now += LATE
    after = len(desk.stream)
    await desk.replica().sweep()
    await desk.settle(desk.replica(), after)
    one_turn_a_need(desk)
    counts = desk.assigned()["acme"]
    assert counts.total() == tickets
    assert max(counts.values()) - min(counts[agent] for agent in "abc") <= 1


@pytest.mark.spec("ASG 6")
@given(st.permutations(range(6)), st.integers(0, 2**32))
@settings(deadline=None)
async def test_the_oldest_waiting_ticket_is_first_however_the_stream_was_delivered(
    order: list[int], seed: int
) -> None:
    desk = Desk()
    desk.has(account(), account("other"))
    replicas = [desk.replica(), desk.replica()]
    for number in range(6):
        desk.opens(f"t{number}")
        desk.now += SECOND
    chance = random.Random(seed)
    for place in order:
        await chance.choice(replicas).take([desk.stream[place]])
    await replicas[0].hear([desk.online("a")])
    assert [c.ticket_id for c in desk.commands] == [f"t{number}" for number in range(6)]
