"""What short domains answer: where a link leads, and nothing of the desk (OUT 1)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from types import SimpleNamespace
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.desk.rules.following import By, Lead, followed_by, location
from services.desk.web.limits import Limits
from services.desk.web.measured import Measured
from shared.errors import Transient
from shared.stores.mongo import is_transient

LONGEST_CODE: Final = 40
"""Characters; what is longer is looked for as far as that, and is no code."""

_ROUTE: Final = SimpleNamespace(path="/{code} of short links")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; style-src 'none'; frame-ancestors 'none'",
}
_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{0}</title><p>{0}</p></html>\n'
)
_UNKNOWN: Final = "This link leads nowhere."
_AWAY: Final = "This link cannot be followed for now: please try again in a minute."
_TOO_MANY: Final = "Too many requests: please try again in a minute."


class Domains(Protocol):
    """Whose short domains there are."""

    def of_short_domain(self, domain: str) -> frozenset[str]:
        """The ids of the accounts whose short links are at that domain (in small letters)."""


class Leads(Protocol):
    """What was given out."""

    async def lead(self, code: str) -> Lead | None:
        """What the code leads to, if it was given out."""


@dataclass(frozen=True, slots=True)
class ShortLinks:
    """Stands before the desk: requests to an account's short domain come no further.

    `own` is the desk's own address, which is nobody's short domain, whatever settings say. A link
    that is followed is told to `follow`, which must not wait.
    """

    accounts: Domains
    leads: Leads
    follow: Callable[[Lead, By], None]
    own: str = ""
    limits: Limits = field(default_factory=lambda: Limits(burst=120, a_second=2))

    def before(self, desk: ASGIApp) -> ASGIApp:
        """The desk, and beside it what short domains answer."""
        own = urlsplit(self.own).hostname or ""
        measured = Measured(self._answered)

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            host = host_of(scope) if scope["type"] in ("http", "websocket") else ""
            if not host or host == own or not self.accounts.of_short_domain(host):
                await desk(scope, receive, send)
            elif scope["type"] == "http":
                await measured(scope, receive, send)
            else:
                await send({"type": "websocket.close"})

        return asked

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = _ROUTE
        response = await self._answer(scope)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        if (wait := self.limits.wait(_network(scope))) > 0:
            return _page(_TOO_MANY, 429, {"Retry-After": str(int(wait) + 1)})
        method, path = scope["method"], str(scope["path"])
        if path == "/robots.txt" and method in ("GET", "HEAD"):
            return PlainTextResponse("User-agent: *\nDisallow: /\n", headers=_HEADERS)
        try:
            # What is no code is looked for too: how long it takes says nothing.
            lead = await self.leads.lead(path[1 : LONGEST_CODE + 2])
        except Exception as error:
            if not is_transient(error) and not isinstance(error, Transient):
                raise
            return _page(_AWAY, 503, {"Retry-After": "60"})
        theirs = self.accounts.of_short_domain(host_of(scope))
        url = location(lead.url) if lead and lead.account_id in theirs else None
        if lead is None or url is None or method not in ("GET", "HEAD"):
            return _page(_UNKNOWN, 404)
        self.follow(lead, followed_by(method, Headers(scope=scope)))
        return RedirectResponse(url, 302, headers=_HEADERS)


def host_of(scope: Scope) -> str:
    """The name of the host that was asked, without its port; empty where none was named, or two."""
    named = Headers(scope=scope).getlist("host")
    if len(named) != 1:
        return ""
    return named[0].strip().lower().partition(":")[0].rstrip(".")


def _network(scope: Scope) -> str:
    """Whom a request is counted for: an address, or the network that a home has in IPv6."""
    address = str((scope.get("client") or ("",))[0])
    try:
        of = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{of}/64", strict=False)) if isinstance(of, IPv6Address) else address


def _page(text: str, status: int, headers: dict[str, Any] | None = None) -> Response:
    return HTMLResponse(_PAGE.format(text), status, headers={**_HEADERS, **(headers or {})})
