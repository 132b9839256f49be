"""Sessions, passwords, tokens and sign-ins are kept alike in memory and in MongoDB."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

import pytest
from pydantic import SecretStr

from services.desk.rules.people import Scope
from services.desk.rules.signing import Pending, Session, Token
from services.desk.store.people import MongoPeople
from services.desk.web.auth import People
from shared.running.settings import MongoSettings
from shared.stores.indexes import declared
from shared.stores.mongo import Mongo
from tests.desk.memory_people import MemoryPeople
from tests.desk.signing import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LATER = NOON + timedelta(days=1)


class Servers(Protocol):
    mongo: str


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.connected)])
async def people(request: pytest.FixtureRequest) -> AsyncIterator[People]:
    if request.param == "memory":
        yield MemoryPeople()
        return
    servers: Servers = request.getfixturevalue("servers")
    unique: str = request.getfixturevalue("unique")
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    store = MongoPeople(mongo.database)
    await store.ensure_indexes()
    yield store
    await mongo.close()


def session(name: str, account: str = "acme", agent: str = "ann", minutes: int = 0) -> Session:
    seen = NOON + minutes * MINUTE
    return Session(f"key {name}", name, account, agent, NOON, seen, "Firefox", "oidc")


def token(name: str, account: str = "acme", minutes: int = 0) -> Token:
    made = NOON + minutes * MINUTE
    scopes: tuple[Scope, ...] = ("tickets:read", "tickets:write")
    over = made + 90 * DAY if minutes % 2 else None
    key = f"key {name}"
    return Token(key, name, account, "reports", scopes, made, "ann", expires_at=over)


# The database deletes what is over by its own clock: what is to stay has to end after that.
FAR = NOON.replace(year=2999)


async def test_a_session_comes_back_as_it_was(people: People) -> None:
    await people.begin(session("a"), FAR)

    assert await people.session("key a") == session("a")
    assert await people.session("a") is None


async def test_the_last_use_of_a_session_never_goes_back(people: People) -> None:
    await people.begin(session("a"), FAR)

    for minutes in (5, 3):
        await people.seen("key a", NOON + minutes * MINUTE, FAR)
    await people.seen("key gone", NOON + MINUTE, FAR)

    assert await people.session("key a") == session("a", minutes=5)
    assert await people.session("key gone") is None


@pytest.mark.spec("ROL 3")
async def test_sessions_are_listed_by_account_and_agent_the_last_used_first(
    people: People,
) -> None:
    kept = [session("a"), session("b", minutes=2), session("c", agent="bob", minutes=1)]
    for each in [*kept, session("d", account="other")]:
        await people.begin(each, FAR)

    a, b, c = kept
    assert await people.sessions("acme") == [b, c, a]
    assert await people.sessions("acme", "ann") == [b, a]
    assert await people.sessions("acme", "eve") == []


@pytest.mark.spec("ROL 3")
async def test_only_the_named_sessions_of_the_account_end(people: People) -> None:
    for each in (
        session("a"),
        session("b"),
        session("c", agent="bob"),
        session("d", account="other"),
    ):
        await people.begin(each, FAR)

    assert await people.end("acme", session_id="d") == 0
    assert await people.end("acme", agent_id="bob", session_id="a") == 0
    assert await people.end("acme", agent_id="bob", session_id="c") == 1
    assert await people.end("acme", agent_id="ann", but="key b") == 1
    assert [each.id for each in await people.sessions("acme")] == ["b"]
    assert await people.end("acme") == 1
    assert await people.sessions("other") != []


async def test_a_password_is_its_agents_alone(people: People) -> None:
    await people.set_password("acme", "ann", "h1")
    await people.set_password("acme", "ann", "h2")

    asked = [("acme", "ann"), ("acme", "bob"), ("other", "ann")]
    assert await people.passwords(asked) == {("acme", "ann"): "h2"}
    assert await people.passwords([]) == {}


async def test_a_hash_is_renewed_only_while_it_is_the_agents(people: People) -> None:
    await people.set_password("acme", "ann", "h1")

    await people.rehash("acme", "ann", "h0", "never")
    await people.rehash("acme", "ann", "h1", "h2")
    await people.rehash("acme", "bob", "h1", "never")

    assert await people.passwords([("acme", "ann"), ("acme", "bob")]) == {("acme", "ann"): "h2"}


async def test_a_link_leaves_the_password_until_it_is_used_once(people: People) -> None:
    await people.set_password("acme", "ann", "h1")
    await people.add_link("acme", "ann", "l1", LATER)
    await people.add_link("acme", "new", "l2", LATER)

    assert await people.passwords([("acme", "ann"), ("acme", "new")]) == {("acme", "ann"): "h1"}
    assert await people.link("l1", NOON) == ("acme", "ann")
    used = await asyncio.gather(*(people.use_link("l1", f"h{n}", NOON) for n in range(5)))
    assert sum(used) == 1
    assert await people.link("l1", NOON) is None
    assert await people.use_link("l2", "h9", NOON)
    assert await people.passwords([("acme", "new")]) == {("acme", "new"): "h9"}


async def test_a_link_that_is_over_or_replaced_is_void(people: People) -> None:
    await people.add_link("acme", "ann", "l1", LATER)
    await people.add_link("acme", "ann", "l2", LATER)

    assert await people.link("l1", NOON) is None
    assert await people.link("l2", LATER) is None
    assert not await people.use_link("l2", "h", LATER)
    await people.set_password("acme", "ann", "h")
    assert await people.link("l2", NOON) is None


async def test_a_token_comes_back_as_it_was(people: People) -> None:
    assert await people.add_token(token("a"))
    await people.token_used("key a", LATER)
    await people.token_used("key gone", LATER)

    assert await people.token("key a") == replace(token("a"), used_at=LATER)
    assert await people.token("key gone") is None


@pytest.mark.spec("ROL 3")
async def test_an_account_has_a_token_of_an_id_once(people: People) -> None:
    assert await people.add_token(token("a", minutes=1))
    assert await people.add_token(token("b"))
    assert not await people.add_token(replace(token("a"), key="key again"))
    assert await people.add_token(replace(token("a", account="other"), key="key other"))

    assert [each.id for each in await people.tokens("acme")] == ["b", "a"]
    assert await people.end_token("acme", "a")
    assert not await people.end_token("acme", "a")
    assert [each.key for each in await people.tokens("other")] == ["key other"]


async def test_a_sign_in_under_way_is_taken_once(people: People) -> None:
    pending = Pending("k", "browser", FAR, "/desk?view=all", "nonce", "verifier")
    await people.begin_signing(pending)

    taken = await asyncio.gather(*(people.take_signing("k") for _ in range(5)))

    assert [each for each in taken if each is not None] == [pending]


async def test_what_is_over_is_deleted_by_the_database() -> None:
    found = await declared(lambda database: [MongoPeople(database)])

    assert [each.said for each in found if each.expires_after is not None] == [
        "desk_sessions(ends_at) expiring after 0 s",
        "desk_signing(until) expiring after 0 s",
    ]
