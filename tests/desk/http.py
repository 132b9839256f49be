"""The desk over HTTP on real stores, before a ticketing that applies ticketing's own rules.

Agents of acme are sue (support), max (manager), amy (admin) and oli (owner); zeta, another account,
has zoe, its owner. Several replicas may serve the same desk.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
from shared.bus.accounts import AccountsTable
from shared.clock import system_clock
from shared.contracts.accounts import AccountSettings, Agent, Macro, Team
from shared.contracts.base import to_milliseconds
from shared.contracts.tickets import CommandRejected, TicketFact
from shared.running.settings import MongoSettings, RedisSettings
from shared.stores import redis
from shared.stores.mongo import Mongo
from shared.topics import ACCOUNTS, BY_NAME, COMMANDS, PRESENCE, TICKETS
from tests.builders import a_message, an_account
from tests.desk.settings_desk import FakeLog
from tests.ticketing.world import World

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from services.desk.rules.people import Scope
    from services.ticketing.rules.ticket import Ticket
    from shared.bus.delivery import Outgoing
    from shared.embedded.servers import Servers

HOME: Final = "http://desk.example.com"
SECRET: Final = b"s" * 32
LARGEST_UPLOAD: Final = 3 * 1024 * 1024
ROLES: Final = {"sue": "support", "max": "manager", "amy": "admin", "oli": "owner"}

_keys = itertools.count(1)


def a_key() -> str:
    """An idempotency key that no other request has."""
    return f"key-{next(_keys):08d}"


def an_account_with_roles() -> AccountSettings:
    """Acme, with an agent of each role, a team, and macros."""
    agents = [
        Agent.model_validate({"id": i, "name": i.title(), "role": r}) for i, r in ROLES.items()
    ]
    return an_account(
        agents=tuple(agents),
        teams=(Team(id="sales", name="Sales", members=("sue", "max")),),
        macros=(
            Macro(id="hello", name="Hello", text="Hello {{contact.name}}, #{{ticket.number}}"),
            Macro(id="plain", name="Plain", text="Thank you", tags=("thanks",), status="closed"),
        ),
    )


@dataclass
class Ticketing:
    """Ticketing's own handlers in memory; `held` commands wait until `go_on`."""

    world: World = field(default_factory=World)
    held: bool = False
    waiting: list[Outgoing] = field(default_factory=list)
    presences: list[Any] = field(default_factory=list)
    tells: list[Desk] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    given: list[Any] = field(default_factory=list)
    _told: int = 0

    def __post_init__(self) -> None:
        self.world.now = to_milliseconds(system_clock())
        self.world.accounts.apply(an_account_with_roles())
        zoe = Agent(id="zoe", name="Zoe", role="owner")
        self.world.accounts.apply(an_account(account_id="zeta", agents=(zoe,), teams=()))

    @property
    def accounts(self) -> AccountsTable:
        return self.world.accounts

    def clock(self) -> datetime:
        return self.world.now

    def later(self, **much: float) -> datetime:
        self.world.now += timedelta(**much)
        return self.world.now

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """What the desk publishes; commands are applied at once, unless they are `held`."""
        if self.failing:
            raise self.failing.pop(0)
        self.waiting += records
        if not self.held:
            await self.go_on()

    async def go_on(self) -> None:
        """Apply what waits, and tell the desk what came of it."""
        while self.waiting:
            record = self.waiting.pop(0)
            topic = BY_NAME[record.topic]
            assert topic.contract is not None
            body = topic.contract.validate_json(record.value or b"")
            if topic is COMMANDS:
                self.given.append(body)
                await self.world.happen(body)
            else:
                assert topic is PRESENCE
                self.presences.append(body)
                await self.tells[0].presence_told([body])
        await self.tell()

    async def tell(self) -> None:
        """Tell the desk what has been published on the ticket stream since."""
        news = self.world.published[self._told :]
        self._told = len(self.world.published)
        assert TICKETS.contract is not None
        events = [
            TICKETS.contract.validate_json(record.value or b"")
            for record in news
            if record.topic == TICKETS.name
        ]
        told = [event for event in events if isinstance(event, TicketFact | CommandRejected)]
        if told:
            await self.tells[0].tickets_changed(told)

    async def write(self, by: str = "anna", **more: Any) -> Ticket:
        """A customer writes; the ticket that it joined."""
        message = a_message(**{"by": by, "at": self.world.now, "channel": "sms", **more})
        await self.tells[0].messages_screened([message])
        await self.world.happen(message)
        await self.tell()
        return self.world.ticket_of(message)


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


@dataclass
class Told:
    """An event as it came to a page."""

    type: str
    data: Any
    id: str | None
    at: float


class Stream:
    """A page's stream: what it was told, in order."""

    def __init__(self, app: Any, headers: dict[str, str], since: str | None) -> None:
        self._app, self._headers, self._since = app, headers, since
        self._left = b""
        self._more = asyncio.Event()
        self.status = 0
        self.told: list[Told] = []
        self.comments = 0
        self.is_over = False
        self.gone = asyncio.Event()
        self.last_id = since

    async def run(self) -> None:
        headers = {**self._headers, "host": "desk.example.com"}
        if self._since is not None:
            headers["last-event-id"] = self._since
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/v1/events",
            "raw_path": b"/api/v1/events",
            "root_path": "",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("192.0.2.1", 1),
            "server": ("desk.example.com", 80),
        }
        await self._app(scope, self._receive, self._send)
        self.is_over = True
        self._more.set()

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        *blocks, self._left = (self._left + message.get("body", b"")).split(b"\n\n")
        for block in blocks:
            self._take(block.decode())
        self._more.set()

    def _take(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        self.comments += block.startswith(":")
        if "event" in fields:
            self.last_id = fields.get("id", self.last_id)
            data = json.loads(fields["data"])
            told = Told(fields["event"], data, fields.get("id"), time.monotonic())
            self.told.append(told)

    async def until(self, holds: Any, patience: float = 10) -> None:
        """Wait until `holds()`."""
        async with asyncio.timeout(patience):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def next(self, *types: str, patience: float = 10) -> Told:
        """The next event of these types; what came before it is dropped."""
        found: list[Told] = []

        def there() -> bool:
            while self.told and not found:
                event = self.told.pop(0)
                if event.type in types:
                    found.append(event)
            return bool(found)

        await self.until(there, patience)
        return found[0]

    def commands(self) -> dict[str, Any]:
        """What it was told of commands, by their ids."""
        return {
            command["command_id"]: command
            for event in self.told
            if event.type == "tickets"
            for command in event.data["commands"]
        }

    def rows(self) -> dict[str, int]:
        """The seq of each ticket as it was told last."""
        return {
            row["id"]: row["seq"]
            for event in self.told
            if event.type == "tickets"
            for row in event.data["rows"]
        }


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
