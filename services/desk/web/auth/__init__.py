"""Signing in: who asks, and how they came to be known (ROL).

How an application is wired, all of it in `web/application.py`:

    sessions = Sessions(people, accounts, clock, signing_key(settings), lasting, secure, public_url)
    forms, throttle = Forms(sessions, render), Throttle(redis, prefix, clock)
    passwords = Passwords(people, accounts, clock)
    parts = SignIn(sessions, forms, throttle, signed_out, passwords, provider)
    for router in (
        sign_in_pages(parts),
        password_pages(sessions, forms, throttle, passwords),
        sessions_api(sessions),
        tokens_api(Tokens(people, accounts, clock)),
    ):
        app.include_router(router)
    app.add_middleware(SignedIn, sessions=sessions, speaks=speaks)
    app.add_middleware(SafeHeaders, ...)  # of `web/headers.py`: the outermost

`people` is `store.people.MongoPeople`; `render` makes a page of a template and its context in the
language `request.state.language`; `signed_out` publishes that the agent is offline; `provider` is
None where no OpenID Connect is set, and `passwords` where there are to be none. `RIGHTS_HERE` and
`PUBLIC_HERE` are the entries of these routes for `web/rights.py`. An answer that goes on for long
(`/api/v1/events`) asks `sessions.still(request)` now and then, and ends when that says no.
"""

from typing import Final

from services.desk.rules.people import Needs
from services.desk.web.auth.api import PEOPLE, TOKENS, WORK, sessions_api, tokens_api
from services.desk.web.auth.forms import Forms
from services.desk.web.auth.middleware import SignedIn, away, nobody, who_asks
from services.desk.web.auth.oidc import Client, Provider
from services.desk.web.auth.password_routes import password_pages
from services.desk.web.auth.passwords import Passwords
from services.desk.web.auth.ports import People, Render, SignedOut, Speaks
from services.desk.web.auth.routes import SignIn, sign_in_pages
from services.desk.web.auth.sessions import Sessions
from services.desk.web.auth.throttle import Throttle
from services.desk.web.auth.tokens import Tokens

PUBLIC_HERE: Final = frozenset(
    {
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/sign-in/oidc"),
        ("GET", "/sign-in/oidc/callback"),
        ("POST", "/sign-in/account"),
        ("GET", "/set-password"),
        ("POST", "/set-password"),
    }
)
"""What anybody may ask; the forms among it have codes of their own."""

RIGHTS_HERE: Final[dict[tuple[str, str], Needs]] = {
    ("POST", "/sign-out"): WORK,
    ("GET", "/api/v1/sessions"): WORK,
    ("DELETE", "/api/v1/sessions/{session_id}"): WORK,
    ("GET", "/api/v1/tokens"): TOKENS,
    ("POST", "/api/v1/tokens"): TOKENS,
    ("DELETE", "/api/v1/tokens/{token_id}"): TOKENS,
}
"""What the other routes need; of the sessions of others, they ask for `people` themselves."""

__all__ = [
    "PEOPLE",
    "PUBLIC_HERE",
    "RIGHTS_HERE",
    "Client",
    "Forms",
    "Passwords",
    "People",
    "Provider",
    "Render",
    "Sessions",
    "SignIn",
    "SignedIn",
    "SignedOut",
    "Speaks",
    "Throttle",
    "Tokens",
    "away",
    "nobody",
    "password_pages",
    "sessions_api",
    "sign_in_pages",
    "tokens_api",
    "who_asks",
]
