"""A desk in memory for the tests of settings: the real application over fake stores."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx2 as httpx
import uvicorn
from starlette.types import ASGIApp

from services.desk.handlers import News
from services.desk.rules.people import Scope
from services.desk.rules.rows import Row
from services.desk.rules.signing import Session, Token
from services.desk.web.application import SigningIn, application
from services.desk.web.auth import Passwords, Sessions
from services.desk.web.auth.held import key_of
from services.desk.web.counting import Counting
from services.desk.web.jobs import Jobs
from services.desk.web.limits import Limits
from services.desk.web.parts import Parts
from shared.bus.account_changes import history_of
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Record
from shared.contracts.accounts import AccountSettings, Agent, Team
from shared.errors import Transient
from shared.topics import ACCOUNTS

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ROLES = ("owner", "admin", "manager", "support")
AGENTS = (
    Agent(id="olga", name="Olga Rossi", email="olga@acme.example", role="owner"),
    Agent(id="adam", name="Adam Neri", email="adam@acme.example", role="admin"),
    Agent(id="mara", name="Mara Vega", email="mara@acme.example", role="manager"),
    Agent(id="sam", name="Sam Lee", email="sam@acme.example", role="support"),
)
OF_ROLE: dict[str, str] = {agent.role: agent.id for agent in AGENTS}


def an_account(**fields: Any) -> AccountSettings:
    given: dict[str, Any] = {
        "account_id": "acme",
        "name": "Acme",
        "revision": 7,
        "agents": AGENTS,
        "teams": (Team(id="returns", name="Returns", members=("sam",)),),
    }
    return AccountSettings(**given | fields)


@dataclass
class FakeLog:
    """The accounts' topic; `before` is called once ahead of the next publication."""

    table: AccountsTable
    records: list[Record] = field(default_factory=list)
    before: Any = None
    away: bool = False

    def lay(self, record: Outgoing) -> None:
        at = NOON + timedelta(seconds=len(self.records))
        lying = Record(
            record.topic, 0, len(self.records), record.key, record.value, record.headers, at
        )
        self.records.append(lying)
        change: Any = ACCOUNTS.parse(lying)
        self.table.apply(change)

    async def read(self) -> Sequence[Record]:
        if self.away:
            raise Transient("the brokers are away")
        return list(self.records)

    async def append(self, record: Outgoing) -> None:
        if self.before:
            other, self.before = self.before, None
            other()
        self.lay(record)

    def by_another(self, settings: AccountSettings, author: str = "operator") -> None:
        """As somebody else publishes it, as the next revision."""
        revision = history_of(self.records, settings.account_id).next
        following = settings.model_copy(update={"revision": revision})
        self.lay(ACCOUNTS.record(following, (("published-by", author.encode()),)))


@dataclass
class FakeOwn:
    """Changes and likings."""

    noted: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    chosen: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def likings(self, who: str) -> dict[str, Any]:
        return self.chosen.get(who, {})

    async def note_change(self, change: Mapping[str, Any]) -> None:
        self.noted.setdefault(change["_id"], change)

    async def changes(
        self, account_id: str, since: datetime, limit: int
    ) -> list[Mapping[str, Any]]:
        found = [c for c in self.noted.values() if c["account_id"] == account_id]
        found = [c for c in found if c["at"] >= since]
        return sorted(found, key=lambda c: c["at"], reverse=True)[:limit]


@dataclass
class FakePeople:
    """Sessions, tokens and links."""

    of: dict[str, Session] = field(default_factory=dict)
    held: dict[str, Token] = field(default_factory=dict)
    links: list[tuple[str, str, str, datetime]] = field(default_factory=list)

    async def session(self, key: str) -> Session | None:
        return self.of.get(key)

    async def seen(self, key: str, at: datetime, ends_at: datetime) -> None:
        pass

    async def sessions(self, account_id: str, agent_id: str | None = None) -> list[Session]:
        those = [s for s in self.of.values() if s.account_id == account_id]
        return [s for s in those if agent_id in (None, s.agent_id)]

    async def end(self, account_id: str, **named: Any) -> int:
        ended = [
            key
            for key, s in self.of.items()
            if s.account_id == account_id and s.id == named["session_id"]
        ]
        for key in ended:
            del self.of[key]
        return len(ended)

    async def token(self, key: str) -> Token | None:
        return self.held.get(key)

    async def token_used(self, key: str, at: datetime) -> None:
        pass

    async def tokens(self, account_id: str) -> list[Token]:
        return [token for token in self.held.values() if token.account_id == account_id]

    async def add_token(self, token: Token) -> bool:
        self.held[token.key] = token
        return True

    async def end_token(self, account_id: str, token_id: str) -> bool:
        gone = [
            key
            for key, token in self.held.items()
            if (token.account_id, token.id) == (account_id, token_id)
        ]
        for key in gone:
            del self.held[key]
        return bool(gone)

    async def add_link(self, account_id: str, agent_id: str, key: str, until: datetime) -> None:
        self.links.append((account_id, agent_id, key, until))


@dataclass
class FakeModel:
    """Tickets, the newest first."""

    rows: list[Row] = field(default_factory=list)

    async def serving(self) -> "FakeModel":
        return self

    async def page(self, query: Any, *, limit: int, **_: Any) -> list[Row]:
        assert (query.order, query.descending, query.spam) == ("opened", True, False)
        return [row for row in self.rows if row.account_id == query.account_id][:limit]


@dataclass
class FakeTelling:
    told: list[News] = field(default_factory=list)

    async def tell(self, news: Sequence[News]) -> None:
        self.told += news


@dataclass
class Desk:
    """The application, and what it works on."""

    app: ASGIApp
    log: FakeLog
    own: FakeOwn
    people: FakePeople
    model: FakeModel
    telling: FakeTelling
    table: AccountsTable
    sessions: Sessions

    def signed_in(self, agent: str, account: str = "acme") -> dict[str, str]:
        """What a browser and a page of the agent's send."""
        held = f"held-by-{account}-{agent}"
        session = Session(
            key_of(held), f"s-{account}-{agent}", account, agent, NOON, NOON, "Firefox/1 Linux",
            "password",
        )  # fmt: skip
        self.people.of[session.key] = session
        return {"Cookie": f"desk_session={held}", "X-Desk": self.sessions.csrf(session)}

    def with_token(self, *scopes: Scope) -> dict[str, str]:
        """What an integration sends."""
        held = "hdt_" + "-".join(scopes)
        key = key_of(held)
        self.people.held[key] = Token(key, "t1", "acme", "Shop", scopes, NOON, "adam")
        return {"Authorization": f"Bearer {held}"}

    def client(self, role: str = "owner", **headers: str) -> httpx.AsyncClient:
        """A client of the agent with that role."""
        return self.asking(self.signed_in(OF_ROLE[role]) | headers)

    def asking(self, headers: Mapping[str, str]) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://desk", headers=headers)

    @property
    def settings(self) -> AccountSettings:
        """What is in force."""
        found = history_of(self.log.records, "acme").settings
        assert found is not None
        return found


def a_desk(
    *accounts: AccountSettings,
    passwords: bool = True,
    log: Any = None,
    own: Any = None,
    table: AccountsTable | None = None,
    public_url: str = "",
) -> Desk:
    """The desk of these accounts, or of acme; on another topic or store if one is given."""
    table = table or AccountsTable()
    if log is None:
        log = FakeLog(table)
        for settings in accounts or (an_account(),):
            log.lay(ACCOUNTS.record(settings))
    own = own or FakeOwn()
    people, model, telling = FakePeople(), FakeModel(), FakeTelling()
    nothing: Any = None
    anything = cast("Any", (own, model, telling, people))
    parts = Parts(
        models=anything[1],
        around=nothing,
        own=anything[0],
        hub=lambda: nothing,
        here=nothing,
        telling=anything[2],
        accounts=table,
        log=log,
        publish=nothing,
        clock=lambda: NOON + timedelta(minutes=1),
        secret=b"secret",
    )
    sessions = Sessions(
        anything[3], table, parts.clock, b"secret", secure=False, public_url=public_url
    )
    by_password = Passwords(anything[3], table, parts.clock) if passwords else None
    signing = SigningIn(sessions, nothing, by_password, None)
    app = application(parts, signing, Counting(parts), Jobs(parts), Limits(burst=100_000))
    return Desk(app, log, own, people, model, telling, table, sessions)


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The address at which the desk is served for browsers."""
    config = uvicorn.Config(desk.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
