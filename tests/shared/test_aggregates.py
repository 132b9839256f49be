"""All that can happen to aggregates, explored; and each of their rules, broken, seen to matter.

Two handlers have the same messages, a command closes the ticket, a sweep finishes outboxes: every
interleaving of their steps, each of them dying at any step. Then all is delivered again and swept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import pytest

from tests.examples import table
from tests.shared.broken import (
    BROKEN,
    KnownWhateverTheRevision,
    Making,
    made,
    never_trimming,
)
from tests.shared.explorer import Actor, Explored, Explorer, Flaw
from tests.shared.toy import Change, Item, folded
from tests.shared.world import Asking, World, finished

Batch = tuple[Item, ...]

A = "acme/ticket-of-m0"
FIRST = Item("message", "m0", "s")
MESSAGE = Item("message", "m1", "s")
SECOND = Item("message", "m2", "s")
THIRD = Item("message", "m3", "s")
OTHER = Item("message", "x", "t")
NOTE = Item("note", "n", "s")
CLOSE = Item("close", "c", ticket=A)
CLOSED_BEFORE = Item("close", "c0", ticket=A)
CLOSE_NEXT = Item("close", "c1", ticket="acme/ticket-of-m1")
INVITE = Item("invite", "i", "s", author="eve")
BAN = Item("ban", "b", "s", author="eve")
MAIL = Item("mail", "p", "s", author="eve")


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is stored already, and what the actors are given, all at once."""

    before: Batch
    handlers: tuple[Batch, ...]
    sweeps: int = 1
    one_by_one: Batch = ()
    """What one more handler is given, each in a batch of its own."""

    @property
    def batches(self) -> list[Batch]:
        """All that was ever delivered."""
        alone = [(item,) for item in self.before + self.one_by_one]
        return alone + list(dict.fromkeys(self.handlers))


SCENARIOS = {
    "two handlers of a message, a close": Scenario((FIRST,), ((MESSAGE,), (MESSAGE,), (CLOSE,))),
    "two handlers of a message, another message, for a closed ticket": Scenario(
        (FIRST, CLOSED_BEFORE), ((MESSAGE,), (MESSAGE,), (SECOND,)), sweeps=0
    ),
    "two handlers of a note and a message, a close": Scenario(
        (FIRST,), ((NOTE, MESSAGE), (NOTE, MESSAGE), (CLOSE,)), sweeps=0
    ),
    "two handlers of a note and a message, for a closed ticket": Scenario(
        (FIRST, CLOSED_BEFORE), ((NOTE, MESSAGE), (NOTE, MESSAGE))
    ),
    "two handlers of messages for two tickets to be": Scenario(
        (), ((MESSAGE, OTHER), (MESSAGE, OTHER))
    ),
    "two handlers of a stranger's mail, an invitation": Scenario(
        (FIRST,), ((MAIL,), (MAIL,), (INVITE,)), sweeps=0
    ),
    "two handlers of a ban and the banned one's mail, an invitation": Scenario(
        (FIRST,), ((BAN, MAIL), (BAN, MAIL), (INVITE,)), sweeps=0
    ),
    "two handlers of a note, a message for a closed ticket": Scenario(
        (FIRST, CLOSED_BEFORE), ((NOTE,), (NOTE,), (MESSAGE,)), sweeps=0
    ),
    "a handler of two messages, while their ticket comes and goes": Scenario(
        (), ((MESSAGE, SECOND),), sweeps=0, one_by_one=(MESSAGE, SECOND, CLOSE_NEXT, THIRD)
    ),
    "a handler of a note and a message, while the message's ticket comes and goes": Scenario(
        (), ((NOTE, SECOND),), sweeps=0, one_by_one=(MESSAGE, SECOND, CLOSE_NEXT, THIRD)
    ),
    "a handler of two messages for a closed ticket, while theirs comes and goes": Scenario(
        (FIRST, CLOSED_BEFORE),
        ((MESSAGE, SECOND),),
        sweeps=0,
        one_by_one=(MESSAGE, SECOND, CLOSE_NEXT, THIRD),
    ),
    "two handlers of a command for no ticket": Scenario((), ((CLOSE,), (CLOSE,))),
}

SHOWN_BY = {
    "an opening is looked up once more": (
        "a handler of two messages, while their ticket comes and goes"
    ),
    "an opening is looked up before it is recorded": (
        "a handler of two messages, while their ticket comes and goes"
    ),
    "a slot is given up when nothing is owed": (
        "two handlers of a note and a message, for a closed ticket"
    ),
    "a document keeps in mind what it sent elsewhere": (
        "two handlers of a stranger's mail, an invitation"
    ),
    "only what has no slot is left without a document": (
        "two handlers of a note, a message for a closed ticket"
    ),
}


def actors_of(making: Making, scenario: Scenario) -> list[Actor]:
    """All that act at once; who does the same is the same actor."""

    def handling(*batches: Batch) -> Actor:
        async def actor(asking: Asking) -> None:
            aggregates = making(asking, asking.publish)
            for batch in batches:
                await aggregates.apply(batch)

        return actor

    async def sweeping(asking: Asking) -> None:
        await making(asking, asking.publish).finish_left_over()

    actors = {batch: handling(batch) for batch in scenario.handlers}
    acting = [actors[batch] for batch in scenario.handlers] + [sweeping] * scenario.sweeps
    if scenario.one_by_one:
        acting.append(handling(*((item,) for item in scenario.one_by_one)))
    return acting


def explored(making: Making, scenario: Scenario, *, recovering: Making | None = None) -> Explored:
    """Explore a scenario to its end; raises Flaw when a promise falls."""

    def recover(world: World) -> None:
        for batches in (scenario.batches, scenario.batches[::-1]):
            after = world.copy()
            aggregates = (recovering or making)(after.store, after.publish)
            for batch in batches:
                finished(aggregates.apply(batch))
            while finished(aggregates.finish_left_over()):
                pass
            assert_promises(after, scenario.batches)

    world = World()
    for item in scenario.before:
        finished(made(world.store, world.publish).apply([item]))
    return Explorer(recover).explore(world, actors_of(making, scenario))


def assert_promises(
    world: World, batches: Iterable[Sequence[Item]], refused: Collection[str] = ()
) -> None:
    """Nothing is lost, nothing is doubled, nothing is owed."""
    items = [item for batch in batches for item in batch]
    tickets = world.store.documents
    threads = [item for document in tickets.values() for item in document.state.thread]
    assert len(threads) == len(set(threads)), f"an item is in two places: {threads}"
    assert set(world.store.ledger) == {item.id for item in items} - set(refused)
    for item, (of, _) in world.store.ledger.items():
        assert not of or item in tickets[of].state.thread, f"{item} is lost from {of}"
    published = {
        key.decode(): [Change.read(value) for value in values] for key, values in world.log.items()
    }
    for name, document in tickets.items():
        state = document.state
        assert not document.outbox, f"{name} owes something"
        told = folded(name, published.get(name, []))
        assert told == (state.seq, state.thread, state.closed), f"{name} is {state}, told {told}"
    told_of = [change.item for changes in published.values() for change in changes]
    assert sorted(told_of) == sorted(world.store.ledger), f"published of: {told_of}"
    for document in tickets.values():
        assert document.state.closed or not document.state.slot.startswith("ticket:")
    slots = len({(item.account_id, item.slot) for item in items if item.slot})
    closings = sum(change.kind == "closed" for changes in published.values() for change in changes)
    authors = len({(item.account_id, item.slot, item.author) for item in items if item.author})
    assert len(tickets) <= slots + closings + authors, f"too many tickets: {list(tickets)}"


MANY_ORDERS = frozenset(
    {
        "two handlers of a message, another message, for a closed ticket",
        "two handlers of a note and a message, a close",
        "two handlers of a ban and the banned one's mail, an invitation",
        "a handler of a note and a message, while the message's ticket comes and goes",
    }
)


@pytest.mark.spec("TKT 7")
@pytest.mark.spec("TKT 9")
@pytest.mark.parametrize("name", table(SCENARIOS, slow=MANY_ORDERS))
def test_whatever_the_order_and_whoever_dies_nothing_is_lost_or_doubled(name: str) -> None:
    seen = explored(made, SCENARIOS[name])
    assert seen.states > seen.worlds > 1


@pytest.mark.spec("TKT 9")
@pytest.mark.parametrize("name", [name for name in SCENARIOS if SCENARIOS[name].one_by_one])
def test_nor_if_outboxes_are_not_trimmed_by_who_filled_them(name: str) -> None:
    assert explored(never_trimming(), SCENARIOS[name], recovering=made).worlds > 1


def test_what_was_carried_out_is_known_of_its_revision_only() -> None:
    """Else what another wrote since, and did not live to tell, would be written over."""
    scenario = Scenario((FIRST,), ((CLOSE,),), sweeps=0, one_by_one=(NOTE, MESSAGE))
    assert explored(never_trimming(), scenario, recovering=made).worlds > 1
    with pytest.raises(Flaw):
        explored(never_trimming(KnownWhateverTheRevision), scenario, recovering=made)


@pytest.mark.parametrize("rule", BROKEN)
def test_each_rule_of_the_order_is_needed(rule: str) -> None:
    with pytest.raises(Flaw):
        explored(BROKEN[rule], SCENARIOS[SHOWN_BY.get(rule, "two handlers of a message, a close")])
