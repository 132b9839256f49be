"""What signing in needs of others: where people are kept, and how a page is made."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from services.desk.rules.people import Who
from services.desk.rules.signing import Pending, Session, Token

Speaks = Callable[[str, str], Awaitable[str | None]]
"""The language that an agent (account, agent) has chosen; None for what the browser asks for."""

SignedOut = Callable[[Who], Awaitable[None]]
"""Told once an agent has signed out: they are offline."""


class Render(Protocol):
    """Makes a page of a template, in the language that is `request.state.language`."""

    def __call__(
        self, request: Request, template: str, context: Mapping[str, Any], status: int
    ) -> Response:
        """The page."""


class People(Protocol):
    """Where sessions, passwords, tokens and sign-ins under way are kept: by hashes alone."""

    async def begin(self, session: Session, ends_at: datetime) -> None:
        """Keep a session until `ends_at`, or longer if it is used."""

    async def session(self, key: str) -> Session | None:
        """The session with that key, even if it is over already."""

    async def seen(self, key: str, at: datetime, ends_at: datetime) -> None:
        """Note that a session was used, if nothing later is noted; what has ended stays so."""

    async def sessions(self, account_id: str, agent_id: str | None = None) -> list[Session]:
        """The sessions of an account, or of one of its agents; the last used ones first."""

    async def end(
        self,
        account_id: str,
        *,
        agent_id: str | None = None,
        session_id: str | None = None,
        but: str | None = None,
    ) -> int:
        """End the account's sessions that are so, but the one with the key `but`; how many."""

    async def passwords(self, agents: Collection[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """The hashes of those agents (account, agent) who have a password."""

    async def set_password(self, account_id: str, agent_id: str, hashed: str) -> None:
        """Keep the hash as the agent's only one; a link that was sent before is void."""

    async def rehash(self, account_id: str, agent_id: str, old: str, new: str) -> None:
        """Put `new` in place of `old`, if that is the agent's still."""

    async def add_link(self, account_id: str, agent_id: str, key: str, until: datetime) -> None:
        """Let a password be set by the link with that key, once; an older link is void."""

    async def link(self, key: str, now: datetime) -> tuple[str, str] | None:
        """Whose link that is: (account, agent); None if it is used, over or void."""

    async def use_link(self, key: str, hashed: str, now: datetime) -> bool:
        """Set the password by the link, which is used then; False if it is not good any more."""

    async def add_token(self, token: Token) -> bool:
        """Keep a token; False if the account has one with that id."""

    async def token(self, key: str) -> Token | None:
        """The token with that key."""

    async def token_used(self, key: str, at: datetime) -> None:
        """Note when a token was used."""

    async def tokens(self, account_id: str) -> list[Token]:
        """The account's tokens, in the order in which they were made."""

    async def end_token(self, account_id: str, token_id: str) -> bool:
        """Delete the account's token; False if it has none with that id."""

    async def begin_signing(self, pending: Pending) -> None:
        """Keep a sign-in that has begun."""

    async def take_signing(self, key: str) -> Pending | None:
        """Whoever takes it first has it, even if it is over; everybody else has None."""
