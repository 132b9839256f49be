"""The desk over HTTP on real stores, before the ticketing of `tests/desk/ticketing.py`.

Several replicas may serve the same desk.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx2

from services.desk.filing import Filing
from services.desk.handlers import Desk
from services.desk.live.here import Here
from services.desk.live.hub import Hub
from services.desk.live.telling import RedisTelling
from services.desk.rules.signing import Session
from services.desk.store.around import MongoAround
from services.desk.store.models import Models
from services.desk.store.own import MongoOwn
from services.desk.store.read import MongoReadModel
from services.desk.web.application import SigningIn, application
from services.desk.web.auth import Passwords, Sessions, Throttle, Tokens
from services.desk.web.auth.held import drawn, key_of
from services.desk.web.board import Board
from services.desk.web.counting import Counting
from services.desk.web.jobs import Jobs
from services.desk.web.limits import Limits
from services.desk.web.parts import Parts
from shared.running.settings import MongoSettings, RedisSettings
from shared.stores import redis
from shared.stores.mongo import Mongo
from shared.topics import ACCOUNTS
from tests.desk.settings_desk import FakeLog
from tests.desk.streams import Stream
from tests.desk.ticketing import Ticketing
from tests.lasting import let_nothing_expire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.desk.rules.people import Scope
    from shared.embedded.servers import Servers

HOME: Final = "http://desk.example.com"
SECRET: Final = b"s" * 32
LARGEST_UPLOAD: Final = 3 * 1024 * 1024

_keys = itertools.count(1)


def a_key() -> str:
    """An idempotency key that no other request has."""
    return f"key-{next(_keys):08d}"


@dataclass
class Replica:
    """One process of the desk."""

    parts: Parts
    hub: Hub
    desk: Desk
    filing: Filing
    jobs: Jobs
    app: Any
    limits: Limits
    _following: asyncio.Task[None] | None = None

    def follow(self) -> None:
        self._following = asyncio.create_task(self.hub.run())

    async def die(self) -> None:
        """It follows nothing any more."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
            self._following = None


@dataclass
class Served:
    """The desk: its stores, ticketing before it, and its replicas."""

    mongo: Mongo
    redis: Any
    prefix: str
    people: Any
    ticketing: Ticketing = field(default_factory=Ticketing)
    replicas: list[Replica] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sessions = Sessions(
            self.people, self.ticketing.accounts, self.ticketing.clock, SECRET, secure=False
        )
        self.tokens = Tokens(self.people, self.ticketing.accounts, self.ticketing.clock)

    @property
    def replica(self) -> Replica:
        return self.replicas[0]

    def start(self, cache: Any = None) -> Replica:
        """One more replica, with a connection of its own to Redis if one is given."""
        cache = cache or self.redis
        ticketing = self.ticketing
        own = MongoOwn(self.mongo.database)
        around = MongoAround(self.mongo.database)
        models = Models(own)
        telling = RedisTelling(cache, self.prefix)
        held: list[Hub] = []
        log = FakeLog(ticketing.accounts)
        for settings in ticketing.accounts:
            log.lay(ACCOUNTS.record(settings))
        parts = Parts(
            models,
            around,
            own,
            lambda: held[0],
            Here(cache, self.prefix),
            telling,
            ticketing.accounts,
            log,
            ticketing.publish,
            ticketing.clock,
            SECRET,
            HOME.replace("http:", "https:"),
            LARGEST_UPLOAD,
        )
        counting = Counting(parts)
        held.append(Hub(cache, self.prefix, Board(parts, counting)))
        jobs = Jobs(parts)
        desk = Desk(
            models,
            around,
            own,
            telling,
            ticketing.accounts,
            ticketing.clock,
            ticketing.publish,
            own.files,
        )
        filing = Filing(own.files, around, ticketing.clock)
        limits = Limits(burst=1_000_000, largest_upload=LARGEST_UPLOAD)
        signing = SigningIn(
            self.sessions,
            Throttle(None, self.prefix, ticketing.clock),
            Passwords(self.people, ticketing.accounts, ticketing.clock),
            None,
        )
        app = application(parts, signing, counting, jobs, limits)
        replica = Replica(parts, held[0], desk, filing, jobs, app, limits)
        self.replicas.append(replica)
        self.ticketing.tells.append(desk)
        return replica

    async def browser(self, agent: str = "sue", account: str = "acme", **more: Any) -> Asks:
        """Somebody signed in; `replica` is the one that answers."""
        held, now = drawn(), self.ticketing.clock()
        session = Session(key_of(held), f"s-{held[:12]}", account, agent, now, now)
        await self.people.begin(session, now + timedelta(days=1))
        csrf = self.sessions.csrf(session)
        headers = {"cookie": f"{self.sessions.cookie}={held}", "x-desk": csrf}
        return Asks(self, headers, session=session, **more)

    async def integration(self, *scopes: Scope, account: str = "acme", **more: Any) -> Asks:
        """An integration with a token of these scopes."""
        made = await self.tokens.make(account, "test", scopes, "amy")
        assert made is not None
        return Asks(self, {"authorization": f"Bearer {made[1]}"}, token=made[0], **more)

    def nobody(self, **more: Any) -> Asks:
        return Asks(self, {}, **more)


@dataclass
class Asks:
    """Whoever asks, with what shows who they are."""

    served: Served
    headers: dict[str, str]
    replica: Replica | None = None
    session: Session | None = None
    token: Any = None

    @property
    def app(self) -> Any:
        return (self.replica or self.served.replica).app

    async def ask(self, method: str, path: str, **more: Any) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        headers = {**self.headers, **more.pop("headers", {})}
        if method == "POST" and "key" not in more:
            headers.setdefault("idempotency-key", a_key())
        elif (key := more.pop("key", None)) is not None:
            headers["idempotency-key"] = key
        async with httpx2.AsyncClient(transport=transport, base_url=HOME) as client:
            return await client.request(method, path, headers=headers, **more)

    async def get(self, path: str, **more: Any) -> httpx2.Response:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx2.Response:
        return await self.ask("POST", path, json=body, **more)

    async def command(
        self, ticket_id: str, body: dict[str, Any], key: str | None = None
    ) -> httpx2.Response:
        path = f"/api/v1/tickets/{ticket_id}/commands"
        return await self.ask("POST", path, json=body, key=key or a_key())

    @contextlib.asynccontextmanager
    async def stream(self, since: str | None = None) -> AsyncIterator[Stream]:
        """Open the stream of events."""
        stream = Stream(self.app, self.headers, since)
        task = asyncio.create_task(stream.run())
        try:
            yield stream
        finally:
            stream.gone.set()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


@contextlib.asynccontextmanager
async def serving(
    servers: Servers, unique: str, people: Any, replicas: int = 1
) -> AsyncIterator[Served]:
    """The desk on these servers; its replicas follow what happens."""
    mongo = Mongo(MongoSettings.model_validate({"url": servers.mongo, "database": unique}))
    cache = redis.connect(RedisSettings.model_validate({"url": servers.redis}))
    own, model = MongoOwn(mongo.database), MongoReadModel(mongo.database, "a")
    for store in (own, model, own.files, MongoAround(mongo.database)):
        await store.ensure_indexes()
    await let_nothing_expire(mongo.database)
    served = Served(mongo, cache, unique, people)
    for _ in range(replicas):
        served.start().follow()
    try:
        yield served
    finally:
        for replica in served.replicas:
            await replica.die()
        await cache.aclose()
        await mongo.close()
