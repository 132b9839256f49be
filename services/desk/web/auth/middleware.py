"""Who asks: `request.state.who`, and that whoever asks by a cookie asks from our own page."""

from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.desk.rules.people import Who
from services.desk.rules.signing import Session, Token, who_has, who_is
from services.desk.web.auth.held import same
from services.desk.web.auth.languages import language_of
from services.desk.web.auth.ports import Speaks
from services.desk.web.auth.sessions import Sessions
from services.desk.web.auth.tokens import Tokens, bearer
from services.desk.web.problems import Problem, answer
from services.desk.web.words import LANGUAGES
from shared.stores.mongo import is_transient

HEADER: Final = "x-desk"
"""The header with the session's code; a form that cannot send one has the field `csrf`."""

QUIET: Final = frozenset({"/api/v1/events", "/api/v1/presence", "/api/v1/counts"})
"""What an open page asks by itself: that it does so does not mean that somebody is there."""

BY_ITSELF: Final = "x-desk-quiet"
"""The header, of any value, with which a page says that it asks by itself."""

WITHOUT_SESSION: Final = frozenset({"/sign-in", "/sign-in/account", "/set-password"})
"""Forms for whoever is not signed in; these have a code of their own, which they check."""

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM: Final = "application/x-www-form-urlencoded"
_LONGEST_FORM: Final = 64 * 1024


class SignedIn:
    """Sets `request.state`: `who`, None for nobody; `csrf`; `language`; and `session`.

    What changes anything and comes by a cookie is refused (403) unless it comes from a page of
    ours, with the session's code. While the database is away every answer is a 503.
    """

    def __init__(
        self,
        app: ASGIApp,
        sessions: Sessions,
        speaks: Speaks | None = None,
        quiet: Collection[str] = QUIET,
    ) -> None:
        self._app, self._sessions, self._speaks, self._quiet = app, sessions, speaks, quiet
        self._tokens = Tokens(sessions.people, sessions.accounts, sessions.clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        language = language_of(connection.headers.get("accept-language", ""))
        state = {"who": None, "csrf": "", "session": None, "language": language}
        scope = {**scope, "state": {**scope.get("state", {}), **state}}
        try:
            receive = await self._know(HTTPConnection(scope), receive)
        except Problem as problem:
            await answer(problem)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _know(self, connection: HTTPConnection, receive: Receive) -> Receive:
        """Find out who asks; returns what is left to be received. Raises Problem."""
        state, path = connection.state, connection.scope["path"]
        changes = connection.scope["method"] not in _SAFE
        held = bearer(connection)
        try:
            if held is not None:
                # Whoever shows a token is nobody else, whatever cookie there is besides.
                token = await self._tokens.of(held)
                if token is None:
                    await self._not_expired(held)
                state.who = who_has(token) if token else None
                return receive
            if changes:
                self._from_us(connection)
            found = await self._sessions.held_by(connection)
            if found is None:
                return receive
            session, agent = found
            state.session, state.csrf = session, self._sessions.csrf(session)
            state.language = await self._language(session, state.language)
            if changes and path not in WITHOUT_SESSION:
                receive = await self._checked(connection, state.csrf, receive)
            state.who = who_is(agent, session, state.language)
            if path not in self._quiet and BY_ITSELF not in connection.headers:
                await self._sessions.used(session)
        except Exception as error:
            if is_transient(error):
                raise away() from error
            raise
        return receive

    async def _not_expired(self, held: str) -> None:
        if token := await self._tokens.expired(held):
            raise _expired(token)

    def _from_us(self, connection: HTTPConnection) -> None:
        if not self._sessions.is_ours(connection):
            raise _strange()

    async def _language(self, session: Session, asked: str) -> str:
        chosen = None
        if self._speaks is not None:
            chosen = await self._speaks(session.account_id, session.agent_id)
        return chosen if chosen in LANGUAGES else asked

    @staticmethod
    async def _checked(connection: HTTPConnection, csrf: str, receive: Receive) -> Receive:
        """What is left to be received of a request that has the session's code; raises Problem."""
        code = connection.headers.get(HEADER)
        if code is None and connection.headers.get("content-type", "").startswith(_FORM):
            body, receive = await _whole(receive)
            code = field_of(body, "csrf")
        if code is None or not same(code, csrf):
            raise _strange()
        return receive


def field_of(body: bytes, name: str) -> str:
    """The field of a form; "" where it has none, or where it is no form."""
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=50)[name][0]
    except (KeyError, ValueError):
        return ""


async def _whole(receive: Receive) -> tuple[bytes, Receive]:
    """The body of a form, and a way to receive it again. Raises Problem (413) for a long one."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _LONGEST_FORM:
            raise Problem(413, "too_large", "the form is too large")
    again: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return again.pop() if again else await receive()

    return body, receive_again


def nobody() -> Problem:
    """The answer to whoever has to sign in first."""
    return Problem(
        401,
        "not_signed_in",
        "sign in, or send a token that is valid",
        headers={"WWW-Authenticate": 'Bearer realm="desk"'},
    )


def _expired(token: Token) -> Problem:
    at = f"{token.expires_at:%Y-%m-%d %H:%M} UTC"
    return Problem(
        401,
        "token_expired",
        f"the token {token.name!r} expired at {at}: an admin of the account makes another",
        headers={"WWW-Authenticate": 'Bearer realm="desk", error="invalid_token"'},
    )


def away() -> Problem:
    """The answer while the database is away."""
    return Problem(
        503, "away", "the database is away: try again shortly", headers={"Retry-After": "5"}
    )


def who_asks(connection: HTTPConnection) -> Who:
    """Who asks; raises Problem (401) if nobody is signed in."""
    who: Who | None = connection.state.who
    if who is None:
        raise nobody()
    return who


def _strange() -> Problem:
    return Problem(
        403,
        "csrf",
        "the request does not come from a page of this session: load the page anew",
    )
