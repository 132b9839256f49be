"""A desk with nothing but its doors: sign-in, sessions, tokens, and a page that says who asks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from argon2 import PasswordHasher
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.desk.rules.people import Who
from services.desk.web.auth import (
    Forms,
    Passwords,
    Provider,
    Sessions,
    SignedIn,
    SignIn,
    Throttle,
    Tokens,
    password_pages,
    sessions_api,
    sign_in_pages,
    tokens_api,
    who_asks,
)
from services.desk.web.headers import SafeHeaders
from services.desk.web.problems import Problem, answer
from services.desk.web.templating import render
from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import AccountSettings, Agent
from tests.desk.memory_people import MemoryPeople

HOME = "https://desk.example.com"
PASSWORD = "four words in a row"  # noqa: S105  # of a test
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

ANN = Agent(id="ann", name="Ann", email="Ann@example.com", role="admin")
BOB = Agent(id="bob", name="Bob", email="bob@example.com")
EVE = Agent(id="eve", name="Eve", email="eve@other.example", role="owner")


def page(request: Request, template: str, context: Mapping[str, Any], status: int) -> Response:
    return HTMLResponse(render(template, None, language=request.state.language, **context), status)


async def refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return answer(error)


@dataclass
class World:
    """Accounts acme (ann, an admin, and bob) and other (eve)."""

    now: datetime = NOON
    people: MemoryPeople = field(default_factory=MemoryPeople)
    accounts: AccountsTable = field(default_factory=AccountsTable)
    went_offline: list[Who] = field(default_factory=list)
    hasher: PasswordHasher = CHEAP
    provider: Callable[["World"], Provider] | None = None
    secure: bool = True
    public_url: str = HOME

    def __post_init__(self) -> None:
        self.accounts.apply(AccountSettings(account_id="acme", name="Acme", agents=(ANN, BOB)))
        self.accounts.apply(AccountSettings(account_id="other", name="Other", agents=(EVE,)))
        self.sessions = Sessions(
            self.people,
            self.accounts,
            self.clock,
            b"s" * 32,
            secure=self.secure,
            public_url=self.public_url,
        )
        self.passwords = Passwords(self.people, self.accounts, self.clock, self.hasher)
        self.tokens = Tokens(self.people, self.accounts, self.clock)
        self.throttle = Throttle(None, "t", self.clock)
        self.app = self._app()

    def clock(self) -> datetime:
        return self.now

    def later(self, **much: float) -> None:
        self.now += timedelta(**much)

    def _app(self) -> SafeHeaders:
        forms = Forms(self.sessions, page)
        provider = self.provider(self) if self.provider else None
        parts = SignIn(self.sessions, forms, self.throttle, self._offline, self.passwords, provider)
        app = FastAPI()
        app.add_exception_handler(Problem, refused)
        for router in (
            sign_in_pages(parts),
            password_pages(self.sessions, forms, self.throttle, self.passwords),
            sessions_api(self.sessions),
            tokens_api(self.tokens),
        ):
            app.include_router(router)
        app.get("/who")(self._who)
        app.post("/who")(self._who)
        app.get("/api/v1/events")(self._who)
        return SafeHeaders(SignedIn(app, self.sessions))

    async def _offline(self, who: Who) -> None:
        self.went_offline.append(who)

    @staticmethod
    async def _who(request: Request) -> dict[str, Any]:
        who = who_asks(request)
        body = (await request.body()).decode()
        return {
            "account": who.account_id,
            "id": who.id,
            "name": who.name,
            "role": who.role,
            "scopes": None if who.scopes is None else sorted(who.scopes),
            "language": who.language,
            "csrf": request.state.csrf,
            "body": body,
        }

    def browser(self, address: str = "203.0.113.7", **headers: str) -> "Browser":
        return Browser(self, address, headers)


class Browser:
    """Asks as a browser does: with its cookies, and the origin of whatever it sends."""

    def __init__(self, world: World, address: str, headers: Mapping[str, str]) -> None:
        self.world = world
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=world.app, client=(address, 1)),
            base_url=HOME,
            headers={"accept": "text/html", **headers},
        )

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.http.get(path, **more)

    async def post(self, path: str, **more: Any) -> httpx2.Response:
        headers = {"origin": HOME, "sec-fetch-site": "same-origin", **more.pop("headers", {})}
        sent = {name: value for name, value in headers.items() if value is not None}
        return await self.http.post(path, headers=sent, **more)

    async def send(self, path: str, fields: Mapping[str, str], at: str = "") -> httpx2.Response:
        """Send the form of the page `at` (else `path`), with its code."""
        page = await self.get(at or path)
        return await self.post(path, data={"csrf": code_of(page.text), **fields})

    async def sign_in(
        self, email: str = "ann@example.com", password: str = PASSWORD, **more: str
    ) -> httpx2.Response:
        return await self.send("/sign-in", {"email": email, "password": password, **more})

    async def who(self) -> str | None:
        """Who they are: `account/agent`; None for nobody."""
        answer = await self.get("/who")
        if answer.status_code == 401:
            return None
        return f"{answer.json()['account']}/{answer.json()['id']}"

    async def csrf(self) -> str:
        found: str = (await self.get("/who")).json()["csrf"]
        return found


async def signed_in(world: World, email: str = "ann@example.com") -> Browser:
    """A browser in which that agent is signed in."""
    for settings in world.accounts:
        for agent in settings.agents:
            if agent.email and agent.email.casefold() == email:
                await world.passwords.set(settings.account_id, agent.id, PASSWORD)
    browser = world.browser()
    answer = await browser.sign_in(email)
    assert answer.status_code == 303, answer.text
    return browser


def code_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None, page
    return found[1]


def alert_of(page: str) -> str:
    """What a page says went wrong."""
    found = re.search(r'role="alert"[^>]*>([^<]*)<', page)
    return found[1] if found else ""
