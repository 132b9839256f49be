"""What both stand-ins of other helpdesks share: faults, and who may come in."""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2

from shared.clock import Clock

FAULTS = (
    "429",
    "500",
    "503",
    "reset_before",
    "reset_after",
    "timeout_before",
    "timeout_after",
    "late",
    "unreachable",
    "401",
    "422",
    "400",
    "redirect",
    "garbage",
    "huge",
)
"""What may happen to a request. `…_after`: it has had its effect; `late`: it has it within the two
minutes that follow, and the answer does not come."""

HARMLESS = frozenset({"429", "500", "503", "unreachable", "401", "redirect"})
"""After these, whoever asks can be sure that nothing was made."""

LATE = timedelta(seconds=110)


@dataclass
class Kept:
    """A ticket as the stand-in has it; it is there from `at` on."""

    number: int
    said: dict[str, Any]
    at: datetime
    status: str = "open"


@dataclass
class StandIn(ABC):
    """Another helpdesk, over HTTP. `faults` happen to the requests that come, one after another."""

    clock: Clock
    user: str = "desk@shop.example"
    token: str = "s3cr3t-t0k3n"  # noqa: S105  # of a stand-in
    faults: list[str] = field(default_factory=list)
    tickets: list[Kept] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def handle(
        self, request: httpx2.Request, turn: Callable[[str], Awaitable[None]] | None = None
    ) -> httpx2.Response:
        """Answer; `turn` is awaited before the request has its effect and before the answer.

        It is told the method of what has not had its effect yet.
        """
        assert request.url.scheme == "https"
        self.asked.append(f"{request.method} {request.url.path}")
        fault = self.faults.pop(0) if self.faults else ""
        if turn is not None:
            await turn(request.method)
        if fault == "unreachable":
            raise httpx2.ConnectError("no route to host", request=request)
        if fault.endswith("_before"):
            raise _broken(fault, request)
        answer = self._refusal(request, fault) or self.answer(request, late=fault == "late")
        if turn is not None:
            await turn("")
        if fault.endswith("_after") or fault == "late":
            raise _broken(fault, request)
        if fault == "garbage":
            return httpx2.Response(answer.status_code, content=b"<html>?")
        if fault == "huge":
            return httpx2.Response(200, content=b"[" * 3_000_000)
        return answer

    @abstractmethod
    def answer(self, request: httpx2.Request, *, late: bool) -> httpx2.Response:
        """What it answers when nothing is wrong."""

    def _refusal(self, request: httpx2.Request, fault: str) -> httpx2.Response | None:
        given = request.headers.get("authorization", "")
        wanted = base64.b64encode(f"{self.login}:{self.token}".encode()).decode()
        if fault == "401" or given != f"Basic {wanted}":
            return httpx2.Response(401, json={"error": "Couldn't authenticate you"})
        if fault == "429":
            return httpx2.Response(429, headers={"Retry-After": "93"}, json={})
        if fault in {"500", "503"}:
            return httpx2.Response(int(fault), text="Sorry")
        if fault == "echo":
            return self.invalid(422, f"You said {given}, {self.login}:{self.token}")
        if fault == "redirect":
            return httpx2.Response(302, headers={"Location": "https://evil.example/"})
        if fault in {"422", "400"} and request.method == "POST":
            return self.invalid(int(fault), "Record validation errors")
        return None

    @property
    def login(self) -> str:
        return self.user

    @abstractmethod
    def invalid(self, status: int, words: str) -> httpx2.Response:
        """How it refuses what it is given."""

    def there(self) -> list[Kept]:
        """The tickets that are there by now."""
        return [kept for kept in self.tickets if kept.at <= self.clock()]

    def keep(self, said: dict[str, Any], *, late: bool) -> Kept:
        at = self.clock() + LATE if late else self.clock()
        kept = Kept(100 + len(self.tickets), said, at)
        self.tickets.append(kept)
        return kept

    def body(self, request: httpx2.Request) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(request.content)
        self.bodies.append(said)
        return said


def _broken(fault: str, request: httpx2.Request) -> httpx2.HTTPError:
    if fault.startswith("reset"):
        return httpx2.ReadError("connection reset by peer", request=request)
    return httpx2.ReadTimeout("timed out", request=request)
