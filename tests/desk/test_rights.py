"""Who may call what: every route, for every role and every scope (ROL 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx2
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount, Route

from services.desk.rules.people import SCOPES, Needs, Scope, Who, may
from services.desk.rules.signing import Session
from services.desk.web.application import SigningIn, guarded, routed
from services.desk.web.auth import Passwords, Sessions, Throttle, Tokens
from services.desk.web.auth.held import drawn, key_of
from services.desk.web.limits import Limits
from services.desk.web.problems import Problem
from services.desk.web.rights import PUBLIC, READ, RIGHTS
from services.desk.web.templating import static_path
from shared.bus.accounts import AccountsTable
from tests.desk.http import HOME
from tests.desk.memory_people import MemoryPeople
from tests.desk.ticketing import ROLES, an_account_with_roles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

    from shared.contracts.accounts import Role

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

FOR_TOKENS = {
    "tickets:read": {
        "GET /api/v1/agents",
        "GET /api/v1/counts",
        "GET /api/v1/events",
        "GET /api/v1/macros",
        "GET /api/v1/tags",
        "GET /api/v1/teams",
        "GET /api/v1/tickets",
        "GET /api/v1/tickets/{ticket_id}",
        "GET /api/v1/tickets/{ticket_id}/files/{file_id}",
        "GET /api/v1/tickets/{ticket_id}/macros/{macro_id}",
        "GET /api/v1/tickets/{ticket_id}/thread",
        "GET /api/v1/views",
    },
    "tickets:write": {
        "DELETE /api/v1/files/{file_id}",
        "GET /api/v1/bulk/{job_id}",
        "GET /api/v1/commands/{command_id}",
        "POST /api/v1/bulk",
        "POST /api/v1/files",
        "POST /api/v1/tickets/{ticket_id}/commands",
    },
}
"""What integrations may do with tickets: nothing of this may grow by an oversight."""

FOR_ADMINS = {
    "DELETE /api/v1/tokens/{token_id}",
    "GET /api/v1/tokens",
    "POST /api/v1/agents/{agent_id}/invitation",
    "POST /api/v1/tokens",
}


SHOWS_TICKETS = {"POST /api/v1/settings/routing/preview"}
"""What is about settings and shows tickets needs the scope for these too."""


class Reached(Problem):
    """A route went to work."""

    def __init__(self, name: str) -> None:
        super().__init__(418, "reached", name)


class Likings:
    """All that is asked for before a route is."""

    async def likings(self, _: str) -> dict[str, Any]:
        return {}

    def __getattr__(self, name: str) -> Any:
        raise Reached(name)


class Nothing:
    """What routes work with: whatever they ask of it, they were reached."""

    own = Likings()

    def __getattr__(self, name: str) -> Any:
        raise Reached(name)


@dataclass
class Doors:
    """The application with nothing behind it."""

    def __post_init__(self) -> None:
        self.people = MemoryPeople()
        self.accounts = AccountsTable()
        self.accounts.apply(an_account_with_roles())
        clock = lambda: NOON  # noqa: E731
        self.sessions = Sessions(self.people, self.accounts, clock, b"s" * 32, secure=False)
        self.tokens = Tokens(self.people, self.accounts, clock)
        signing = SigningIn(
            self.sessions,
            Throttle(None, "t", clock),
            Passwords(self.people, self.accounts, clock),
            None,
        )
        nothing = cast(Any, Nothing())
        self.routes: FastAPI = routed(nothing, signing, nothing, nothing)
        limits = Limits(burst=10**9)
        self.app = guarded(self.routes, nothing, self.sessions, limits)

    def all(self) -> Iterator[tuple[str, str]]:
        """Each route, by method and path."""
        for route in iter_route_contexts(self.routes.routes):
            if isinstance(route.original_route, APIRoute):
                for method in sorted(route.methods or ()):
                    yield method, route.path or ""

    async def as_agent(self, role: str) -> tuple[Who, dict[str, str]]:
        agent = next(id_ for id_, has in ROLES.items() if has == role)
        held = drawn()
        session = Session(key_of(held), "s", "acme", agent, NOON, NOON)
        await self.people.begin(session, NOON + timedelta(days=1))
        cookie = f"{self.sessions.cookie}={held}"
        known: Role = cast("Role", role)
        return Who("acme", agent, agent, role=known), {
            "cookie": cookie,
            "x-desk": self.sessions.csrf(session),
        }

    async def with_token(self, *scopes: Scope) -> tuple[Who, dict[str, str]]:
        made = await self.tokens.make("acme", "test", scopes, "amy")
        assert made is not None
        who = Who("acme", "token", "test", scopes=frozenset(scopes))
        return who, {"authorization": f"Bearer {made[1]}"}

    async def ask(self, method: str, path: str, headers: dict[str, str]) -> int:
        """The status of the answer."""
        path = re.sub(r"\{[a-z_]+\}", "any", path.replace("{place}", "0"))
        headers = {"idempotency-key": "any-key-at-all", **headers}
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=HOME) as client:
            body: dict[str, Any] | None = None if method in ("GET", "DELETE") else {}
            answer = await client.request(method, path, headers=headers, json=body)
        return answer.status_code


@pytest.fixture
def doors() -> Doors:
    return Doors()


def test_every_route_says_whom_it_is_for(doors: Doors) -> None:
    served = set(doors.all())

    assert served - RIGHTS.keys() - PUBLIC == set()
    assert not RIGHTS.keys() & PUBLIC


def test_the_table_names_no_route_that_is_not_there(doors: Doors) -> None:
    optional = {path for _, path in PUBLIC if path.startswith(("/sign-in", "/set-password"))}

    gone = {at for at in {*RIGHTS, *PUBLIC} - set(doors.all()) if at[1] not in optional}

    assert gone == {("GET", "/api/v1/openapi.json")}


def test_nothing_else_is_served_than_routes_files_and_the_description(doors: Doors) -> None:
    found = [route.original_route for route in iter_route_contexts(doors.routes.routes)]
    others = [route for route in found if not isinstance(route, APIRoute)]

    paths = {getattr(route, "path", ""): type(route) for route in others}

    assert paths == {"/api/v1/openapi.json": Route, static_path(): Mount}


def test_what_integrations_may_do_is_what_is_listed() -> None:
    for scope, listed in FOR_TOKENS.items():
        found = {f"{m} {path}" for (m, path), needs in RIGHTS.items() if needs.scope == scope}

        assert found == listed


def test_what_supporters_may_not_do_is_what_is_listed() -> None:
    supporter = Who("acme", "sue", "Sue")

    refused = {at for at, needs in RIGHTS.items() if not may(supporter, needs)}

    others = {f"{m} {path}" for m, path in refused if not re.search("settings|reports", path)}
    assert others == FOR_ADMINS


@pytest.mark.parametrize("role", [None, *ROLES.values(), *SCOPES, "every scope", "no scope"])
async def test_every_route_answers_whom_it_is_for_and_nobody_else(
    doors: Doors, role: str | None
) -> None:
    who, headers = None, dict[str, str]()
    if role is not None and role in ROLES.values():
        who, headers = await doors.as_agent(role)
    elif role is not None:
        named: dict[str, tuple[Scope, ...]] = {"every scope": SCOPES, "no scope": ()}
        who, headers = await doors.with_token(*named.get(role, (cast("Scope", role),)))

    wrong = {}
    for method, path in doors.all():
        if (method, path) == ("POST", "/sign-out"):
            continue  # it would end the session of the test
        status = await doors.ask(method, path, headers)
        refused = status in (401, 403)
        needs = RIGHTS.get((method, path))
        if (method, path) in PUBLIC:
            expected = False
            refused = refused and not path.startswith(("/sign-in", "/set-password"))
        elif who is None:
            expected = True
            # Pages lead to where one signs in; scripts are told.
            assert status == 401, (method, path, status)
        else:
            assert needs is not None
            expected = not may(who, needs)
            if f"{method} {path}" in SHOWS_TICKETS and not who.is_agent:
                expected = expected or not may(who, READ)
            assert not expected or status == 403, (method, path, status)
        if refused != expected:
            wrong[f"{method} {path}"] = status

    assert wrong == {}


async def test_a_route_that_the_table_does_not_know_is_for_nobody(doors: Doors) -> None:
    async def forgotten() -> str:
        return "a secret"

    doors.routes.add_api_route("/api/v1/forgotten", forgotten)
    _, owner = await doors.as_agent("owner")
    _, token = await doors.with_token(*SCOPES)

    statuses = [
        await doors.ask("GET", "/api/v1/forgotten", headers) for headers in (owner, token, {})
    ]

    assert statuses == [403, 403, 403]


async def test_an_agent_who_was_removed_may_nothing_from_the_next_request_on(
    doors: Doors,
) -> None:
    _, headers = await doors.as_agent("owner")
    settings = an_account_with_roles()
    agents = tuple(agent for agent in settings.agents if agent.id != "oli")

    doors.accounts.apply(settings.model_copy(update={"agents": agents, "version": 2}))

    assert await doors.ask("GET", "/api/v1/tickets", headers) == 401


def test_an_integration_is_no_agent_whatever_its_scopes() -> None:
    token = Who("acme", "t", "t", role="owner", scopes=frozenset(SCOPES))

    assert not may(token, Needs("work"))
    assert not may(token, Needs("tokens"))
