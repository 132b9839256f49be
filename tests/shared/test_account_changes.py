"""Two operators never overwrite each other unseen, and all readers hold the same in the end."""

import json
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.account_changes import alike, change, histories, history_of, settle
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing
from shared.contracts.accounts import AccountSettings
from shared.topics import ACCOUNTS
from tests.examples import table
from tests.shared.operators import (
    DELETION,
    Actor,
    AtOnce,
    Kind,
    Steps,
    Topic,
    an_account,
    compacted,
    finished,
    held,
    operator,
    outsider,
    play,
    readers,
    repaired,
    says,
    without_revision,
)


def a_topic(*records: Outgoing) -> Topic:
    topic = Topic()
    for record in records:
        topic.lay(record)
    return topic


def revised(name: str, revision: int) -> Outgoing:
    return ACCOUNTS.record(an_account(name, revision))


BEGINNINGS = {
    "no account": a_topic(),
    "an account of others": a_topic(without_revision("old")),
    "an account": a_topic(without_revision("older"), revised("old", 1), revised("now", 2)),
    "a deleted account": a_topic(revised("old", 1), DELETION),
    "others took it over": a_topic(revised("old", 7), without_revision("theirs")),
    "a loser who was killed": a_topic(revised("old", 1), revised("won", 2), revised("lost", 2)),
    "a copy that came late": a_topic(revised("a", 1), revised("b", 2), revised("a", 1)),
}


def all_schedules(first: Topic, kinds: Sequence[Kind]) -> Iterator[tuple[int, ...]]:
    """Every interleaving up to every point, those that lead to the same left out."""
    seen: set[object] = set()
    found: list[tuple[int, ...]] = [()]
    while found:
        schedule = found.pop()
        topic, actors = play(first, kinds, schedule)
        said = tuple((record.key, record.value) for record in topic.records)
        state = (said, tuple((actor.done, *actor.log.lengths) for actor in actors))
        for actor in actors:
            actor.coroutine.close()
        if state in seen:
            continue
        seen.add(state)
        yield schedule
        found += [(*schedule, n) for n, actor in enumerate(actors) if not actor.done]


def what_they_were_told_holds(topic: Topic, actors: Sequence[Actor], *, alone: bool) -> None:
    """Assert that who was told `applied` was in force, and took the place of what they had seen.

    Without a revision (not `alone`) others may come in between; that is told, but not prevented.
    """
    was = [held(topic.records[:n]) for n in range(topic.end + 1)]
    told = [name for n, name in enumerate(was) if n == 0 or name != was[n - 1]]
    for actor in actors:
        if actor.outcome is None:
            continue
        if actor.outcome.fate == "applied":
            assert actor.wanted in told
            if alone:
                before = told[told.index(actor.wanted) - 1]
                assert before == (actor.seen.name if actor.seen else None)
        if actor.outcome.fate == "refused":
            assert actor.wanted not in told


def all_readers_agree(topic: Topic, *, alone: bool) -> None:
    """Assert that after a repair, whoever was killed before it, all hold the same.

    And that they do so again after somebody's next change, whatever was compacted meanwhile.
    """
    after = repaired(topic)
    names = set(readers(after).values())
    assert names == {held(after.records)}, readers(after)
    if alone:
        assert held(topic.records) == held(after.records), "the repair changed what was in force"
    for cut in (0, after.end):
        for late in (False, True):
            further = compacted(after, cut, late=late)
            log = AtOnce(further)
            now = finished(log.read())
            seen = history_of(now, "acme").settings
            assert finished(change(log, an_account("next"), seen, "eve")).fate == "applied"
            whole = [*after.records, *further.records[len(now) :]]
            assert held(whole) == held(further.records) == "next"
            assert set(readers(further).values()) == {"next"}


MANY_ORDERS = frozenset({"a copy that came late", "a loser who was killed"})


@pytest.mark.parametrize("beginning", table(BEGINNINGS, slow=MANY_ORDERS))
def test_of_two_operators_at_once_nobody_is_overwritten_unseen_and_all_readers_agree(
    beginning: str,
) -> None:
    first = BEGINNINGS[beginning]
    kinds = [operator("ann"), operator("bob")]
    fates, topics = set(), dict[object, Topic]()
    for schedule in all_schedules(first, kinds):
        topic, actors = play(first, kinds, schedule)
        what_they_were_told_holds(topic, actors, alone=True)
        fates |= {actor.outcome.fate for actor in actors if actor.outcome}
        topics[tuple(record.value for record in topic.records)] = topic

    for topic in topics.values():
        all_readers_agree(topic, alone=True)
    assert fates == {"applied", "refused"}
    assert len(topics) >= 8


ACTORS: list[Kind] = [
    operator("ann"),
    operator("bob"),
    operator("cid"),
    outsider(without_revision("theirs")),
    outsider(DELETION),
]


@settings(deadline=None)
@given(
    beginning=st.sampled_from(sorted(BEGINNINGS)),
    numbers=st.lists(st.integers(0, len(ACTORS) - 1), min_size=2, max_size=4, unique=True),
    steps=st.lists(st.integers(0, 3), max_size=60),
)
def test_of_three_operators_and_others_all_readers_agree(
    beginning: str, numbers: list[int], steps: list[int]
) -> None:
    kinds = [ACTORS[number] for number in numbers]
    schedule = [step % len(kinds) for step in steps]

    topic, actors = play(BEGINNINGS[beginning], kinds, schedule)

    alone = all(number < 3 for number in numbers)
    what_they_were_told_holds(topic, actors, alone=alone)
    all_readers_agree(topic, alone=alone)
    for actor in actors:
        actor.coroutine.close()


records = st.sampled_from(
    [DELETION, without_revision("x"), *(revised(n, r) for n in "ab" for r in (1, 2, 3))]
)


@settings(deadline=None)
@given(said=st.lists(records, min_size=1, max_size=8), data=st.data())
def test_of_a_settled_history_any_part_with_the_last_record_says_the_same(
    said: list[Outgoing], data: st.DataObject
) -> None:
    topic = a_topic(*said)
    if not history_of(topic.records, "acme").settled:
        return
    kept = [r for r in topic.records[:-1] if data.draw(st.booleans())]

    assert held([*kept, topic.records[-1]]) == held(topic.records)


def test_without_a_repair_compaction_would_divide_the_readers() -> None:
    topic = BEGINNINGS["a loser who was killed"]

    assert set(readers(topic).values()) == {"won", "lost"}
    assert set(readers(repaired(topic)).values()) == {"won"}


def test_a_repetition_with_the_winner_s_own_revision_would_not_be_enough() -> None:
    topic = BEGINNINGS["a loser who was killed"].copy()
    topic.lay(revised("won", 2))

    # Compacted up to the loser alone, the loser is read first, and the repetition is no higher.
    assert set(readers(topic).values()) == {"won", "lost"}


def test_a_repair_keeps_what_this_version_does_not_know_and_who_published_it() -> None:
    topic = a_topic(revised("old", 1))
    body = {"account_id": "acme", "name": "won", "revision": 2, "of_tomorrow": [1]}
    by = (("published-by", b"ann"),)
    topic.lay(Outgoing(ACCOUNTS.name, b"acme", json.dumps(body).encode(), by))
    topic.lay(revised("lost", 2))

    last = repaired(topic).records[-1]

    assert json.loads(last.value or b"") == body | {"revision": 3}
    assert last.header("published-by") == "ann"


def test_who_lost_to_the_same_settings_is_told_that_nothing_is_to_be_done() -> None:
    kinds = [operator("ann"), operator("ann")]
    outcomes = set()
    for schedule in all_schedules(BEGINNINGS["an account"], kinds):
        topic, actors = play(BEGINNINGS["an account"], kinds, schedule)
        outcomes |= {actor.outcome.fate for actor in actors if actor.outcome}
        assert set(readers(repaired(topic)).values()) <= {"now", "ann"}
    assert outcomes == {"applied", "unchanged"}


def test_what_was_overwritten_unseen_because_it_had_no_revision_is_told() -> None:
    kinds = [operator("ann"), outsider(without_revision("theirs"))]
    # ann looks, and looks again before she publishes; the others come just before that.
    topic, (ann, _) = play(BEGINNINGS["an account"], kinds, [0, 0, 1, 0, 0, 0])

    assert held(topic.records) == "ann"
    assert ann.outcome
    assert ann.outcome.fate == "applied"
    assert ann.outcome.replaced
    assert ann.outcome.replaced.told.startswith("settings without a revision, published at 2026")


@settings(deadline=None)
@given(said=st.lists(records, max_size=8))
def test_a_history_has_in_force_what_the_services_hold(said: list[Outgoing]) -> None:
    topic = a_topic(*said)
    table = AccountsTable()
    for record in topic.records:
        table.apply(says(record.key or b"", record.value))

    found = history_of(topic.records, "acme")

    assert alike(found.settings, table.get("acme"))
    assert histories(topic.records) == ({"acme": found} if said else {})


def test_what_nobody_understands_is_no_part_of_a_history() -> None:
    topic = a_topic(revised("old", 1), Outgoing(ACCOUNTS.name, b"acme", b"{"))

    settings = history_of(topic.records, "acme").settings

    assert isinstance(settings, AccountSettings)
    assert settings.revision == 1


@pytest.mark.parametrize("record", [without_revision("theirs"), DELETION])
def test_what_comes_in_while_somebody_mends_is_not_undone(record: Outgoing) -> None:
    def mender(topic: Topic) -> Actor:
        log = Steps(topic)

        async def work() -> None:
            await settle(log, "acme")

        actor = Actor(log, work())
        actor.go_on()
        return actor

    kinds = [mender, outsider(record)]
    for schedule in all_schedules(BEGINNINGS["a loser who was killed"], kinds):
        topic, (mending, other) = play(BEGINNINGS["a loser who was killed"], kinds, schedule)
        if mending.done and other.done:
            theirs = held(a_topic(record).records)
            assert set(readers(topic).values()) == {theirs}
