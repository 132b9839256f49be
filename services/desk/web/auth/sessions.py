"""Sessions of agents: how they begin, who has one, how they end, and their cookies."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from services.desk.rules.signing import SEEN_EVERY, Lasting, Session, agent_of
from services.desk.web.auth.held import drawn, key_of, same, signed
from services.desk.web.auth.ports import People
from shared.bus.accounts import Accounts
from shared.clock import Clock
from shared.contracts.accounts import Agent
from shared.values.ids import attempt_token

_LONGEST_COOKIE: Final = 200
_LONGEST_BROWSER: Final = 300


@dataclass(frozen=True, slots=True)
class Sessions:
    """Who is signed in. `secret` signs; `secure` is off only where there is no TLS at all.

    `public_url` is where browsers find the desk, without a slash at its end; "" for wherever they
    say that they are.
    """

    people: People
    accounts: Accounts
    clock: Clock
    secret: bytes
    lasting: Lasting = field(default_factory=Lasting)
    secure: bool = True
    public_url: str = ""

    @property
    def cookie(self) -> str:
        """The cookie of a session. Its prefix keeps other hosts of the domain from setting it."""
        return "__Host-desk_session" if self.secure else "desk_session"

    @property
    def before(self) -> str:
        """The cookie of a browser in which nobody is signed in yet."""
        return "__Host-desk_before" if self.secure else "desk_before"

    def csrf(self, session: Session) -> str:
        """What a page of the session sends along with whatever changes anything."""
        return signed(self.secret, "csrf", session.key)

    def csrf_before(self, held: str) -> str:
        """The same for a page of a browser in which nobody is signed in."""
        return signed(self.secret, "before", held)

    def is_ours(self, connection: HTTPConnection) -> bool:
        """Whether the request comes from a page of ours, as far as the browser says it."""
        if connection.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
            return False
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        if not self.public_url:
            try:
                return urlsplit(origin).netloc == connection.headers.get("host") != ""
            except ValueError:
                return False
        ours = urlsplit(self.public_url)
        return same(origin, f"{ours.scheme}://{ours.netloc}")

    async def begin(
        self, connection: HTTPConnection, account_id: str, agent_id: str, way: str
    ) -> str:
        """Sign an agent in; returns what their browser is to hold. What it held before ends."""
        await self.end_held(connection)
        held, now = drawn(), self.clock()
        browser = connection.headers.get("user-agent", "")[:_LONGEST_BROWSER]
        session = Session(
            key_of(held), attempt_token(), account_id, agent_id, now, now, browser, way
        )
        await self.people.begin(session, self.lasting.ends_at(session))
        return held

    async def held_by(self, connection: HTTPConnection) -> tuple[Session, Agent] | None:
        """The session of the browser that asks, if it counts still, and its agent as they are."""
        held = connection.cookies.get(self.cookie, "")
        if not held or len(held) > _LONGEST_COOKIE:
            return None
        session = await self.people.session(key_of(held))
        if session is None or self.lasting.ends_at(session) <= self.clock():
            return None
        agent = agent_of(self.accounts.get(session.account_id), session.agent_id)
        return None if agent is None else (session, agent)

    async def still(self, connection: HTTPConnection) -> bool:
        """Whether the session with which a long answer began counts still: ask now and then."""
        return await self.held_by(connection) is not None

    async def used(self, session: Session) -> None:
        """Note that the session is used, to the minute."""
        now = self.clock()
        if now - session.seen_at >= SEEN_EVERY:
            until = min(now + self.lasting.idle, session.begun_at + self.lasting.longest)
            await self.people.seen(session.key, now, until)

    async def end_held(self, connection: HTTPConnection) -> None:
        """End the session of the browser that asks, if it has one."""
        held = await self.held_by(connection)
        if held is not None:
            session, _ = held
            await self.people.end(session.account_id, session_id=session.id)

    def give(self, response: Response, held: str) -> None:
        """Have the browser hold a session. It is the session that says how long it counts."""
        longest = int(self.lasting.longest.total_seconds())
        self._set(response, self.cookie, held, longest)
        self._set(response, self.before, "", 0)

    def give_before(self, response: Response, held: str) -> None:
        """Have the browser hold what binds the sign-in page to it."""
        self._set(response, self.before, held, 3600)

    def take(self, response: Response) -> None:
        """Have the browser forget its session."""
        self._set(response, self.cookie, "", 0)

    def before_of(self, connection: HTTPConnection) -> str:
        """What the browser holds before anybody is signed in; "" for nothing."""
        held = connection.cookies.get(self.before, "")
        return held if len(held) <= _LONGEST_COOKIE else ""

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name, value, max_age=seconds, secure=self.secure, httponly=True, samesite="lax"
        )
