"""How much anybody may ask for: so many requests a minute, and bodies of so many bytes."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.desk.web.problems import Problem, answer

LARGEST_BODY: Final = 2 * 1024 * 1024
"""Bytes: what fits on the topics, and some."""

UPLOADS: Final = "/api/v1/files"
"""Where files are uploaded, each as the body of a request."""

_REMEMBERED: Final = 10_000
_FREE: Final = "/desk/static/"


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Limits:
    """Each session, token or address has `burst` requests, and `a_second` more each second.

    An upload has `largest_upload` bytes at most.

    A replica counts for itself: it guards itself, not a quota.
    """

    burst: float = 300
    a_second: float = 20
    largest_upload: int = 20 * 1024 * 1024
    now: Callable[[], float] = time.monotonic
    _buckets: "OrderedDict[str, _Bucket]" = field(default_factory=OrderedDict)

    def over(self, app: ASGIApp) -> ASGIApp:
        """The application, which answers no more than that."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"].startswith(_FREE):
                await app(scope, receive, send)
                return
            if (wait := self.wait(_asks(scope))) > 0:
                problem = Problem(
                    429,
                    "too_many_requests",
                    "too many requests: go on more slowly",
                    headers={"Retry-After": str(int(wait) + 1)},
                )
                await answer(problem)(scope, receive, send)
                return
            upload = scope["method"] == "POST" and scope["path"] == UPLOADS
            largest = self.largest_upload if upload else LARGEST_BODY
            await _bounded(app, scope, receive, send, largest)

        return limited

    def wait(self, who: str) -> float:
        """Count a request; seconds to wait where there are none left, else 0."""
        at = self.now()
        bucket = self._buckets.pop(who, None) or _Bucket(self.burst, at)
        bucket.left = min(self.burst, bucket.left + (at - bucket.at) * self.a_second)
        bucket.at = at
        self._buckets[who] = bucket
        while len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        if bucket.left < 1:
            return (1 - bucket.left) / self.a_second
        bucket.left -= 1
        return 0


def _asks(scope: Scope) -> str:
    who = scope.get("state", {}).get("who")
    if who is not None:
        return f"{who.account_id}:{who.id}:{who.session}"
    client = scope.get("client")
    return f"address:{client[0] if client else ''}"


async def _bounded(app: ASGIApp, scope: Scope, receive: Receive, send: Send, largest: int) -> None:
    """Answer 413 for a body that is longer than one may be, whatever it says of its length."""
    length = HTTPConnection(scope).headers.get("content-length", "")
    too_large = Problem(
        413, "too_large", f"a request has {largest} bytes at most: it is longer", most=largest
    )
    if length.isdecimal() and int(length) > largest:
        await answer(too_large)(scope, receive, send)
        return
    taken = 0
    is_over = begun = False

    async def receive_some() -> Message:
        nonlocal taken, is_over
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > largest:
            is_over = True
            raise too_large
        return message

    async def send_some(message: Message) -> None:
        nonlocal begun
        # What the application makes of half a body is of no interest.
        if begun or not is_over:
            begun = True
            await send(message)

    try:
        await app(scope, receive_some, send_some)
    except Exception:
        if begun or not is_over:
            raise
    if is_over and not begun:
        await answer(too_large)(scope, receive, send)
