"""What holds whatever happens: any order, repetition, several replicas, a crash at any step."""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.assignment.looking import Looking
from services.assignment.rules.rotation import LATE
from services.assignment.sharing import Sharing
from shared.contracts.commands import AssignTicket
from shared.contracts.presence import Presence
from shared.stores.documents import Target
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


def assigned(desk: Desk) -> dict[str, Counter[str]]:
    """How many tickets the round robin gave to whom, by account, as ticketing carried it out."""
    counts: dict[str, Counter[str]] = {account_id: Counter() for account_id in ACCOUNTS}
    ours = {c.id: c for c in desk.commands if isinstance(c, AssignTicket)}
    for event in desk.stream:
        command = ours.get(getattr(event, "cause_id", ""))
        if command is not None:
            counts[event.account_id][command.assignee] += 1
    return counts


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
            self.since = assigned(self.desk)

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
        now = assigned(self.desk)
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
    story = Story(desk, [desk.replica(), desk.replica()], there, assigned(desk))
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
    counts = assigned(desk)
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
    counts = assigned(desk)["acme"]
    assert counts.total() == tickets
    assert max(counts.values()) - min(counts[agent] for agent in "abc") <= 1


@pytest.mark.spec("ASG 4")
@pytest.mark.spec("ASG 8")
@pytest.mark.parametrize("step", range(24))
async def test_a_turn_that_was_given_back_is_not_taken_again_before_its_ticket_says_so(
    step: int,
) -> None:
    """The turn is given back first, then the ticket is stored: in between it seems to wait."""
    desk = Desk()
    desk.has(account(), account("other"))
    ours, theirs = desk.replica(), desk.replica()
    await ours.hear([desk.online("a"), desk.online("b")])
    desk.opens("t1")
    await ours.take(desk.stream[:])
    after = len(desk.stream)
    desk.is_taken("t1", "c")
    desk.carry_out()
    desk.meanwhile = [*[None] * step, theirs.sweep]
    await ours.take(desk.stream[after:])
    await theirs.sweep()
    (given,) = [command for command in desk.commands if isinstance(command, AssignTicket)]
    assert given.assignee == "a"
    # Whoever got it back is the next one.
    after = len(desk.stream)
    desk.opens("t2")
    await desk.settle(theirs, after)
    assert desk.assignee("t2") == "a"


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


def sharing(desk: Desk, replica: Replica) -> Sharing:
    """What a replica shares out with, and remembers."""
    look = Looking(desk.stores.tickets, desk.stores.agents, desk.accounts, lambda: desk.now)
    return Sharing(look, desk.stores.rotations, replica.publish)


async def waits(desk: Desk, replica: Replica, ticket_id: str, **limits: int) -> None:
    """A ticket is opened and followed, and not shared out yet."""
    desk.has(account(assignment={"round_robin": False, **limits}))
    desk.opens(ticket_id)
    await replica.take(desk.stream[-1:])
    desk.has(account(assignment=limits))


@pytest.mark.spec("ASG 8")
async def test_a_replica_knows_at_once_of_a_turn_that_another_one_gave_back() -> None:
    desk, limits = Desk(), {"max_open_tickets": 1}
    replica = desk.replica()
    desk.has(account(assignment=limits))
    await replica.hear([desk.online("a")])
    ours, theirs = sharing(desk, replica), sharing(desk, replica)
    await waits(desk, replica, "t1", **limits)
    await ours.share(["acme"])
    await waits(desk, replica, "t2", **limits)
    await ours.share(["acme"])
    assert [c.ticket_id for c in desk.commands] == ["t1"], "they have as many as they may have"

    await theirs.give_back([("acme", desk.commands[0].id)])
    await ours.share(["acme"])

    assert [c.ticket_id for c in desk.commands] == ["t1", "t2"]


@pytest.mark.spec("ASG 4")
async def test_a_replica_gives_back_a_turn_that_another_one_gave() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("b")])
    ours, theirs = sharing(desk, replica), sharing(desk, replica)
    for ticket_id, who in (("t1", ours), ("t2", theirs)):
        await waits(desk, replica, ticket_id)
        await who.share(["acme"])

    await ours.give_back([("acme", desk.commands[1].id)])

    [rotation] = await desk.stores.rotations.load({Target("acme", id="acme")})
    assert [turn.returned for turn in rotation.state.unanswered] == [False, True]


@pytest.mark.spec("ASG 4")
@pytest.mark.spec("ASG 7")
@pytest.mark.parametrize("step", range(24))
async def test_a_turn_whose_command_was_never_given_is_the_agents_again(step: int) -> None:
    """Who took the turn died, and somebody takes the ticket before another gives the command."""
    desk = Desk()
    desk.has(account())
    await desk.replica().hear([desk.online("a"), desk.online("b")])
    desk.opens("t1")
    desk.crash_at = step
    with contextlib.suppress(Crash):
        await desk.replica().take(desk.stream[:])
    desk.crash_at = None

    desk.is_taken("t1", "c")
    desk.carry_out()
    replica = desk.replica()
    await replica.take(desk.stream[:])
    after = len(desk.stream)
    desk.opens("t2")
    await desk.settle(replica, after)

    assert (desk.assignee("t1"), desk.assignee("t2")) == ("c", "a")


happenings = st.lists(
    st.sampled_from(
        ["opens", "ends", "waits again", *3 * ["is followed"], "is carried out", "is swept"]
    ),
    max_size=30,
)


@pytest.mark.spec("ASG 7")
@given(happenings, st.integers(0, 2**32))
@example(["opens", "is followed", "ends", "is followed", "waits again", "is followed"], 0)
@settings(deadline=None)
async def test_counts_stay_even_though_needs_end_and_begin_again_while_offers_are_under_way(
    happens: list[str], seed: int
) -> None:
    """Assignment and ticketing each hear of the other late, but in order."""
    desk, chance, told = Desk(), random.Random(seed), 0
    desk.has(account())
    replicas = [desk.replica(), desk.replica()]
    await replicas[0].hear([desk.online(agent) for agent in "abc"])
    for number, what in enumerate(happens):
        desk.now += SECOND
        waiting = [id_ for id_ in desk.tickets if desk.summary(id_).unassigned_epoch is not None]
        closed = [id_ for id_ in desk.tickets if desk.summary(id_).status == "closed"]
        spam = [id_ for id_ in desk.tickets if desk.summary(id_).spam]
        match what:
            case "opens":
                desk.opens(f"t{number}")
            case "ends" if waiting:
                chance.choice([desk.is_closed, desk.is_spam])(chance.choice(waiting))
            case "waits again" if closed or spam:
                ticket_id = chance.choice(closed + spam)
                (desk.is_reopened if ticket_id in closed else desk.is_no_spam)(ticket_id)
            case "is followed":
                events, told = desk.stream[told:], len(desk.stream)
                await chance.choice(replicas).take(events)
            case "is carried out":
                desk.carry_out()
            case "is swept":
                await chance.choice(replicas).sweep()
    await desk.settle(replicas[0], told)
    after = len(desk.stream)
    await replicas[1].sweep()
    await desk.settle(replicas[0], after)

    assert not any(desk.summary(id_).unassigned_epoch for id_ in desk.tickets)
    counts = assigned(desk)["acme"]
    for known in await desk.stores.rotations.load({Target("acme", id="acme")}):
        counts.update(agent for queue in known.state.queues for agent in queue.owed)
    assert max(counts[agent] for agent in "abc") - min(counts[agent] for agent in "abc") <= 1
