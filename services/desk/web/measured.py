"""How long answers take, by route: never by paths, which have tickets' ids in them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.running.metrics import HTTP_DURATION

OTHER: Final = "other"
"""What is no route: unknown paths, and what is refused before a route is looked for."""

_FILES: Final = "/desk/static/"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Measured:
    """Notes of each request how long it took until its answer began, and with which status.

    Live updates begin at once and never end: what is measured of them is their beginning.
    """

    app: ASGIApp
    now: Callable[[], float] = time.perf_counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = self.now()
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        is_file = scope["path"].startswith(_FILES)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = f"{_FILES}{{path}}" if is_file else template(scope)
                HTTP_DURATION.labels(method, route, str(message["status"])).observe(
                    self.now() - began
                )
            await send(message)

        # What is further inside finds the route, and says so in this very scope.
        await self.app(scope, receive, noted)


def template(scope: Scope) -> str:
    """The path template of the route that the request found; OTHER where it found none."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else OTHER
