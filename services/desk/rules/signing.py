"""Who is signed in, for how long, and as whom an address may sign in (ROL). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.desk.rules.people import Scope, Who
from shared.contracts.accounts import AccountSettings, Agent

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 512
"""In characters; what is longer is never hashed."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is kept when a session was last used."""

PAGE: Final = "/desk"
"""Where whoever signed in goes, if nothing else was asked for."""


@dataclass(frozen=True, slots=True)
class Session:
    """An agent is signed in in one browser.

    `key` is the hash of what the browser holds, `id` is what others may know of it.
    """

    key: str
    id: str
    account_id: str
    agent_id: str
    begun_at: datetime
    seen_at: datetime
    browser: str = ""
    way: str = "password"


@dataclass(frozen=True, slots=True)
class Token:
    """An integration's right to ask; `key` is the hash of what it holds.

    It counts until `expires_at`, for ever where that is None.
    """

    key: str
    id: str
    account_id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str
    used_at: datetime | None = None
    expires_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it has expired."""
        return self.expires_at is not None and now >= self.expires_at


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in that has begun: at the provider, or where several accounts have the address.

    It counts once, until `until`, and in the browser alone whose cookie has the hash `browser`.
    """

    key: str
    browser: str
    until: datetime
    next: str = PAGE
    nonce: str = ""
    verifier: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long sessions last: `idle` after their last use, and `longest` after they began."""

    idle: timedelta = timedelta(hours=12)
    longest: timedelta = timedelta(days=7)

    def ends_at(self, session: Session) -> datetime:
        """From when on the session does not count any more, if it is not used until then."""
        return min(session.seen_at + self.idle, session.begun_at + self.longest)


def agent_of(settings: AccountSettings | None, agent_id: str) -> Agent | None:
    """The agent of the account as it is now; None where there is no such agent or account."""
    agents = settings.agents if settings else ()
    return next((agent for agent in agents if agent.id == agent_id), None)


def folded(email: str) -> str:
    """How addresses are compared: case and the space around do not matter."""
    return email.strip().casefold()


def with_address(
    accounts: Iterable[AccountSettings], email: str, named: str = ""
) -> list[tuple[AccountSettings, Agent]]:
    """The agents with that address, one an account at most, in the order of the accounts.

    `named` leaves the accounts with that id or name only. Where two agents of an account share the
    address, it is neither's.
    """
    wanted, name = folded(email), named.strip().casefold()
    found = []
    # Every account is looked at, so that the time says nothing.
    for settings in accounts:
        those = [a for a in settings.agents if a.email and folded(a.email) == wanted]
        meant = not name or name in (settings.account_id.casefold(), settings.name.casefold())
        if len(those) == 1 and meant and wanted:
            found.append((settings, those[0]))
    return found


def who_is(agent: Agent, session: Session, language: str) -> Who:
    """The agent who is signed in, with their name and role as they are now."""
    return Who(
        session.account_id,
        agent.id,
        agent.name,
        role=agent.role,
        session=session.id,
        language=language,
    )


def who_has(token: Token) -> Who:
    """The integration that has the token."""
    return Who(token.account_id, token.id, token.name, scopes=frozenset(token.scopes))


def page_after(asked: str | None) -> str:
    """The page to go to after signing in: one of the desk's own, or the desk's first."""
    if not asked or len(asked) > 2000 or not asked.isprintable() or "\\" in asked:
        return PAGE
    ours = asked == PAGE or asked.startswith((f"{PAGE}/", f"{PAGE}?"))
    return asked if ours else PAGE
