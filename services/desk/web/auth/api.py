"""Sessions and tokens over HTTP: which there are, making a token, ending either."""

from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.desk.rules.people import Needs, Scope, Who, may
from services.desk.rules.signing import Session, Token
from services.desk.web.auth.middleware import who_asks
from services.desk.web.auth.sessions import Sessions
from services.desk.web.auth.tokens import Tokens
from services.desk.web.problems import Problem
from shared.contracts.base import UtcTime

WORK: Final = Needs("work")
PEOPLE: Final = Needs("people")
TOKENS: Final = Needs("tokens")

Named = Annotated[str, Path(min_length=1, max_length=100)]


class ShownSession(BaseModel):
    """A session, as its agent and admins see it."""

    id: str
    agent_id: str
    begun_at: datetime
    seen_at: datetime
    ends_at: datetime = Field(description="when it ends if it is not used until then")
    browser: str
    way: str = Field(description="how they signed in: password or oidc")
    this: bool = Field(description="whether it is the one that asks")


class ShownSessions(BaseModel):
    """The sessions, the last used ones first."""

    items: list[ShownSession]


class ShownToken(BaseModel):
    """A token, without its secret."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str
    used_at: datetime | None
    expires_at: datetime | None = Field(description="until when it counts; none: for ever")


class ShownTokens(BaseModel):
    """The account's tokens, the oldest first."""

    items: list[ShownToken]


class NewToken(ShownToken):
    """A token that was just made; its secret is shown this once."""

    secret: str


class AskedToken(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100, description="what it is for")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    expires_at: UtcTime | None = Field(default=None, description="a time to come; none: never")


def sessions_api(sessions: Sessions) -> APIRouter:
    """`/api/v1/sessions`: one's own; admins see and end those of others too."""
    router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])

    @router.get("")
    async def listed(
        request: Request, of: Annotated[Literal["me", "all"], Query()] = "me"
    ) -> ShownSessions:
        """The sessions that count still; `of=all` are the whole account's, for admins."""
        who = _allowed(request, WORK if of == "me" else PEOPLE)
        found = await sessions.people.sessions(who.account_id, who.id if of == "me" else None)
        now = sessions.clock()
        shown = [_session(sessions, each, who) for each in found]
        return ShownSessions(items=[each for each in shown if each.ends_at > now])

    @router.delete("/{session_id}", status_code=204)
    async def end(request: Request, session_id: Named) -> None:
        """End a session: from the next request on, whoever has it is nobody."""
        who = _allowed(request, WORK)
        whose = None if may(who, PEOPLE) else who.id
        if not await sessions.people.end(who.account_id, agent_id=whose, session_id=session_id):
            raise _unknown("session")

    return router


def tokens_api(tokens: Tokens) -> APIRouter:
    """`/api/v1/tokens`: for admins."""
    router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])

    @router.get("")
    async def listed(request: Request) -> ShownTokens:
        """The account's tokens."""
        who = _allowed(request, TOKENS)
        found = await tokens.people.tokens(who.account_id)
        return ShownTokens(items=[ShownToken.model_validate(_token(each)) for each in found])

    @router.post("", status_code=201)
    async def make(
        request: Request,
        asked: AskedToken,
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> NewToken:
        """Make a token. With the same key again there is no second one, nor its secret (409)."""
        who = _allowed(request, TOKENS)
        if asked.expires_at is not None and asked.expires_at <= tokens.clock():
            raise Problem(422, "in_the_past", "it would have expired already", field="expires_at")
        made = await tokens.make(
            who.account_id,
            asked.name,
            asked.scopes,
            who.id,
            asked=idempotency_key,
            expires_at=asked.expires_at,
        )
        if made is None:
            raise Problem(
                409,
                "already_made",
                "this token was made already, and is not shown again: delete it and make another",
            )
        token, secret = made
        return NewToken.model_validate(_token(token) | {"secret": secret})

    @router.delete("/{token_id}", status_code=204)
    async def end(request: Request, token_id: Named) -> None:
        """Delete a token: from the next request on, whoever has it is nobody."""
        who = _allowed(request, TOKENS)
        if not await tokens.people.end_token(who.account_id, token_id):
            raise _unknown("token")

    return router


def _allowed(request: Request, needs: Needs) -> Who:
    """Who asks, if they are an agent who may. Raises Problem (401, 403)."""
    who = who_asks(request)
    if not may(who, needs):
        raise Problem(403, "forbidden", "your role does not allow this")
    return who


def _unknown(what: str) -> Problem:
    # Of another account's, or of another agent's, it is the same answer.
    return Problem(404, "not_found", f"there is no such {what}")


def _session(sessions: Sessions, session: Session, who: Who) -> ShownSession:
    return ShownSession(
        id=session.id,
        agent_id=session.agent_id,
        begun_at=session.begun_at,
        seen_at=session.seen_at,
        ends_at=sessions.lasting.ends_at(session),
        browser=session.browser,
        way=session.way,
        this=session.id == who.session,
    )


def _token(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "created_by": token.created_by,
        "used_at": token.used_at,
        "expires_at": token.expires_at,
    }
