"""Headers that keep what others wrote from acting in the page, on every answer."""

from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; frame-src 'self'; object-src 'none';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No script and no style but our own files; nothing in the page's text can act."""

_ALWAYS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_A_YEAR: Final = "max-age=31536000"


class SafeHeaders:
    """Adds the headers that an answer does not have; what it says itself stays.

    `report_to` is an address that browsers tell of what the policy kept from happening; with
    `secure`, browsers come by TLS alone from then on.
    """

    def __init__(self, app: ASGIApp, *, secure: bool = True, report_to: str = "") -> None:
        self._app = app
        policy, headers = POLICY, dict(_ALWAYS)
        if report_to:
            policy += f"; report-uri {report_to}; report-to desk"
            headers["Reporting-Endpoints"] = f'desk="{report_to}"'
        if secure:
            headers["Strict-Transport-Security"] = _A_YEAR
        self._headers = {"Content-Security-Policy": policy, **headers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
