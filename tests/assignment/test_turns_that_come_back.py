"""Turns that come back to their agents: once, whoever hears of it first and whoever dies."""

import contextlib
import random
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.assignment.looking import Looking
from services.assignment.sharing import Sharing
from shared.contracts.commands import AssignTicket
from shared.stores.documents import Target
from tests.assignment.desk import Crash, Desk, Replica, account

SECOND = timedelta(seconds=1)


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
    counts = desk.assigned()["acme"]
    for known in await desk.stores.rotations.load({Target("acme", id="acme")}):
        counts.update(agent for queue in known.state.queues for agent in queue.owed)
    assert max(counts[agent] for agent in "abc") - min(counts[agent] for agent in "abc") <= 1
