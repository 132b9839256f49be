"""The stores in memory and the real ones do the same."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.assignment.app import Agents, Heartbeats, Stores, Tickets
from services.assignment.rules.follow import Followed
from services.assignment.rules.presence import Beat, Choice
from services.assignment.store import MongoAgents, MongoTickets, RedisHeartbeats, mongo_rotations
from shared.clock import FAR_FUTURE
from shared.running.settings import MongoSettings, RedisSettings
from shared.stores import redis
from shared.stores.mongo import Mongo
from tests.assignment.desk import Desk, account
from tests.assignment.memory import memory_stores
from tests.assignment.ticketing import MONDAY

SECOND = timedelta(seconds=1)
LATER = MONDAY + timedelta(minutes=1)


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.connected)])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "memory":
        yield memory_stores()
        return
    servers, unique = request.getfixturevalue("servers"), request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    cache = redis.connect(RedisSettings(url=SecretStr(servers.redis)))
    tickets, agents = MongoTickets(mongo.database), MongoAgents(mongo.database)
    rotations = mongo_rotations(mongo.database)
    for one in (tickets, agents, rotations):
        await one.ensure_indexes()
    yield Stores(tickets, agents, RedisHeartbeats(cache, unique), rotations)
    await cache.aclose()
    await mongo.close()


@pytest.fixture
def tickets(stores: Stores) -> Tickets:
    return stores.tickets


@pytest.fixture
def agents(stores: Stores) -> Agents:
    return stores.agents


@pytest.fixture
def heartbeats(stores: Stores) -> Heartbeats:
    return stores.heartbeats


def ticket(ticket_id: str, account_id: str = "acme", **fields: Any) -> Followed:
    values: dict[str, Any] = {
        "account_id": account_id,
        "ticket_id": ticket_id,
        "last_seq": 1,
        "status": "open",
        "assignee": None,
        "assignee_epoch": 0,
        "team_id": None,
        "ai_handled": False,
        "need": 1,
        "waiting_since": MONDAY,
        "correlation_id": "m1",
        "line": f"{account_id}:all",
    }
    return Followed(**(values | fields))


def online(agent_id: str, seconds: int = 0, account_id: str = "acme") -> Choice:
    at = MONDAY + seconds * SECOND
    return Choice(account_id, agent_id, at, at + timedelta(minutes=1))


def offline(agent_id: str, seconds: int = 0, account_id: str = "acme") -> Choice:
    return Choice(account_id, agent_id, MONDAY + seconds * SECOND, FAR_FUTURE)


async def test_what_was_saved_is_loaded_one_revision_on(tickets: Tickets) -> None:
    out: dict[str, Any] = {"unanswered": ("p", "q"), "attempt": 3}
    full = ticket("t1", team_id="x", route_id="r", route_team="y", **out)
    assert await tickets.save([full, ticket("t1", "other")]) == set()
    loaded = await tickets.load(["acme:t1", "other:t1", "acme:t2"])
    assert loaded == {
        "acme:t1": full._replace(revision=1),
        "other:t1": ticket("t1", "other")._replace(revision=1),
    }


async def test_who_read_an_older_revision_loses(tickets: Tickets) -> None:
    await tickets.save([ticket("t1"), ticket("t2")])
    known = await tickets.load(["acme:t1", "acme:t2"])
    newer = known["acme:t1"]._replace(last_seq=2)
    assert await tickets.save([newer]) == set()
    both = [known["acme:t1"]._replace(last_seq=9), known["acme:t2"]._replace(last_seq=3)]
    assert await tickets.save([*both, ticket("t2"), ticket("t3")][:2]) == {"acme:t1"}
    assert await tickets.save([ticket("t1"), ticket("t3")]) == {"acme:t1"}
    after = await tickets.load(["acme:t1", "acme:t2", "acme:t3"])
    assert {id_: one.last_seq for id_, one in after.items()} == {
        "acme:t1": 2,
        "acme:t2": 3,
        "acme:t3": 1,
    }


@pytest.mark.spec("ASG 6")
async def test_a_line_gives_its_oldest_tickets_first(tickets: Tickets) -> None:
    await tickets.save(
        [
            *(ticket(f"t{n}", waiting_since=MONDAY - n * SECOND) for n in range(5)),
            ticket("other", line="acme:team:x"),
            ticket("none", line=""),
            ticket("t0", "acme-2"),
        ]
    )
    assert [one.ticket_id for one in await tickets.waiting("acme:all", 3)] == ["t4", "t3", "t2"]
    standing = [one.ticket_id async for page in tickets.standing("acme") for one in page]
    assert sorted(standing) == ["other", "t0", "t1", "t2", "t3", "t4"]


@pytest.mark.spec("ASG 6")
async def test_the_lines_in_which_a_ticket_waits_are_known_of_some_accounts_and_of_all(
    tickets: Tickets,
) -> None:
    ids = ["acme", "acme-2", "b", "c"]
    await tickets.save([ticket(f"t{n}", id_) for id_ in ids for n in range(3)])
    await tickets.save([ticket("x", line="acme:team:x"), ticket("none", "d", line="")])
    theirs = {id_: {f"{id_}:all"} for id_ in ids} | {"d": set(), "e": set()}
    theirs["acme"].add("acme:team:x")

    for first, second in itertools.product(theirs, repeat=2):
        assert await tickets.busy([first, second]) == theirs[first] | theirs[second]
    assert await tickets.busy(None) == set().union(*theirs.values())


@pytest.mark.spec("ASG 9")
async def test_open_tickets_are_counted_and_found_by_their_agent(tickets: Tickets) -> None:
    await tickets.save(
        [
            *(ticket(f"t{n}", assignee="a", line="") for n in range(7)),
            ticket("b1", assignee="b", status="snoozed", line=""),
            ticket("b2", assignee="b", status="closed", line=""),
            ticket("c1", assignee="c", status="closed", line=""),
            ticket("t1", "other", assignee="d", line=""),
            ticket("t1", "acme-2", assignee="e", line=""),
        ]
    )
    assert await tickets.open_tickets(["acme:a", "acme:b", "acme:c"]) == {"acme:a": 7, "acme:b": 1}
    assert await tickets.holders("acme") == {"a", "b"}
    held = [one.ticket_id async for page in tickets.held_by("acme", "a") for one in page]
    assert sorted(held) == [f"t{n}" for n in range(7)]


@pytest.mark.spec("ASG 2")
async def test_the_newest_choice_of_an_agent_counts(agents: Agents) -> None:
    await agents.choose([online("a"), online("b"), offline("b", 5), online("a", 0, "other")], LATER)
    assert await agents.online(MONDAY, ["acme", "other"]) == {"acme": {"a"}, "other": {"a"}}
    await agents.choose([online("b", 3), offline("a", -1), offline("b", 5)], LATER)
    assert await agents.online(MONDAY, ["acme"]) == {"acme": {"a"}}
    await agents.choose([offline("a"), online("b", 6)], LATER)
    assert await agents.online(MONDAY, ["acme"]) == {"acme": {"b"}}
    await agents.choose([online("a")], LATER)
    assert await agents.online(MONDAY, ["acme"]) == {"acme": {"b"}}


@pytest.mark.spec("ASG 2")
async def test_a_choice_dated_in_the_future_outranks_nothing(agents: Agents) -> None:
    await agents.choose([online("a", 3600)], MONDAY)
    await agents.choose([offline("a", 1)], MONDAY + SECOND)
    assert await agents.online(MONDAY, ["acme"]) == {}


@pytest.mark.spec("ASG 2")
async def test_who_is_overdue_is_not_available_and_is_found(agents: Agents) -> None:
    await agents.choose([online("a"), online("b", 10), offline("c")], LATER)
    assert await agents.online(LATER, ["acme"]) == {"acme": {"b"}}
    due = await agents.due(LATER + SECOND, 10)
    assert due == [online("a")]
    assert [one.agent_id for one in await agents.due(FAR_FUTURE, 1)] == ["a"]
    await agents.settle([replace(due[0], due_at=LATER + timedelta(minutes=1))])
    assert await agents.due(LATER + SECOND, 10) == []
    assert await agents.online(LATER, ["acme"]) == {"acme": {"a", "b"}}


@pytest.mark.spec("ASG 2")
@pytest.mark.parametrize("page", [1, 2, 3, 4, 10])
async def test_the_overdue_are_found_page_by_page_though_many_are_due_at_one_moment(
    agents: Agents, page: int
) -> None:
    there = [online("c"), online("b", 1), online("a", 1), online("d", 1), online("e", 2)]
    await agents.choose([*there, offline("f"), online("g", 60)], LATER)

    found: list[str] = []
    due = await agents.due(LATER + 3 * SECOND, page)
    while due:
        found += [one.agent_id for one in due]
        due = await agents.due(LATER + 3 * SECOND, page, due[-1])

    assert found == list("cabde")


@pytest.mark.spec("ASG 2")
async def test_a_lapse_counts_only_for_the_choice_it_rests_on(agents: Agents) -> None:
    await agents.choose([online("a"), online("b")], LATER)
    found = await agents.due(FAR_FUTURE, 10)
    await agents.choose([online("a", 5), offline("b")], LATER)
    await agents.settle([replace(one, due_at=FAR_FUTURE) for one in found if one.agent_id == "a"])
    await agents.settle([replace(one, due_at=LATER) for one in found if one.agent_id == "b"])
    assert await agents.online(MONDAY, ["acme"]) == {"acme": {"a"}}
    found = await agents.due(FAR_FUTURE, 10)
    await agents.settle([replace(one, due_at=FAR_FUTURE) for one in found])
    await agents.choose([online("a", 5)], LATER)
    assert await agents.online(MONDAY, ["acme"]) == {}


@pytest.mark.spec("ASG 2")
async def test_the_newest_heartbeat_is_kept_and_a_lost_one_starts_afresh(
    heartbeats: Heartbeats,
) -> None:
    await heartbeats.beat(
        [Beat("acme", "a", MONDAY + SECOND), Beat("acme", "a", MONDAY), Beat("other", "a", MONDAY)]
    )
    await heartbeats.beat([Beat("acme", "a", MONDAY)])
    asked = [online("a"), online("b"), online("a", 0, "other")]
    assert await heartbeats.last(asked, LATER) == {
        "acme:a": MONDAY + SECOND,
        "acme:b": LATER,
        "other:a": MONDAY,
    }
    assert (await heartbeats.last(asked, LATER + SECOND))["acme:b"] == LATER


@pytest.mark.spec("ASG 1")
async def test_tickets_are_shared_out_with_these_stores(stores: Stores) -> None:
    desk = Desk(stores=stores)
    teams = [{"id": "x", "name": "x", "members": ["b"]}]
    rules = [{"when": "tag", "is": "x.y$", "team_id": "x"}]
    desk.has(account(teams=teams, assignment={"routing": rules, "max_open_tickets": 2}))
    desk.has(account("other"))
    replica = desk.replica()
    for number in range(4):
        desk.opens(f"t{number}", tags=("x.y$",) if number == 2 else ())
        desk.opens(f"o{number}", "other")
        desk.now += SECOND
    await desk.settle(replica)
    await replica.hear([desk.online(agent) for agent in "abc"])
    await desk.settle(replica, len(desk.stream))
    await desk.settle(desk.replica())
    assert [desk.assignee(f"t{n}") for n in range(4)] == ["a", "b", "b", "c"]
    assert {desk.assignee(f"o{n}") for n in range(4)} == {None}
    desk.has(account(agents="b c", assignment={"max_open_tickets": 2}))
    for _ in range(2):
        after = len(desk.stream)
        await desk.replica().sweep()
        desk.carry_out()
        await desk.settle(replica, after)
    assert [desk.assignee(f"t{n}") for n in range(4)] == ["c", "b", "b", "c"]
    desk.now += timedelta(minutes=2)
    await replica.sweep()
    assert await stores.agents.online(desk.now, ["acme"]) == {}


async def test_the_ticket_that_has_waited_longest_is_found_over_all_lines(tickets: Tickets) -> None:
    assert await tickets.waiting_since() is None
    waiting = [
        ticket("t1", waiting_since=LATER),
        ticket("t2", line="acme:team:x", waiting_since=MONDAY + SECOND),
        ticket("t3", "other", waiting_since=MONDAY + 2 * SECOND),
        ticket("t4", line="", waiting_since=MONDAY),
    ]
    await tickets.save(waiting)

    assert await tickets.waiting_since() == MONDAY + SECOND


async def test_agents_are_available_until_they_go_or_fall_silent(agents: Agents) -> None:
    choices = [online("vera"), online("li", 5, "other"), online("ana"), offline("ana", 1)]
    await agents.choose(choices, LATER)

    assert await agents.available(MONDAY + SECOND) == 2
    assert await agents.available(MONDAY + timedelta(seconds=61)) == 1
    assert await agents.available(LATER + timedelta(hours=1)) == 0
