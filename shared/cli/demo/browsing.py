"""An agent's browser at the desk of this machine: signed in, asking and hearing over HTTP."""

import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2

from shared.cli.demo.observed import Json
from shared.errors import HelpdeskError

PATIENCE = 30.0
"""Seconds that an answer or an event may take on a busy machine."""

_FORM_CODE = re.compile(r'name="csrf" value="([^"]+)"')
_PAGE_CODE = re.compile(r'name="csrf" content="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Heard:
    """A server-sent event, and when it was heard, in seconds of `time.monotonic`."""

    kind: str
    data: Json
    at: float


@dataclass
class Browser:
    """A session of one agent. `keys` counts what was sent, so that each has a key of its own."""

    http: httpx2.AsyncClient
    name: str
    code: str = ""
    keys: int = 0

    async def sign_in(self, address: str, password: str) -> None:
        """Be signed in; raises HelpdeskError if the desk does not let them in."""
        form = await self.http.get("/sign-in")
        fields = {
            "csrf": _found(_FORM_CODE, form),
            "email": address,
            "password": password,
            "next": "/desk",
        }
        answer = await self.http.post("/sign-in", data=fields)
        if answer.status_code != 303:
            raise HelpdeskError(f"{address} could not sign in: {answer.status_code}")
        self.code = _found(_PAGE_CODE, await self.http.get("/desk"))

    async def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401  # JSON
        """What a path answers."""
        answer = await self.http.get(path, params=params)
        return answer.json()

    async def tickets(self, **params: Any) -> Sequence[Json]:  # noqa: ANN401  # parameters
        """The tickets of a list, all its pages one after the other."""
        found: list[Json] = []
        while True:
            page = await self.get("/api/v1/tickets", **params)
            found += page["items"]
            if page["next"] is None:
                return found
            params["cursor"] = page["next"]

    async def send(self, method: str, path: str, body: object, key: str = "") -> Json:
        """Send it; the answer's JSON, with its status under `status_code`."""
        self.keys += 1
        headers = {
            "X-Desk": self.code,
            "Idempotency-Key": key or f"demo-{self.name}-{self.keys}",
        }
        answer = await self.http.request(method, path, json=body, headers=headers)
        said: Json = answer.json() if answer.content else {}
        return {**said, "status_code": answer.status_code}

    async def command(self, ticket: Json, kind: str, key: str = "", **fields: object) -> Json:
        """Give a command on a ticket."""
        path = f"/api/v1/tickets/{ticket['id']}/commands"
        return await self.send("POST", path, {"type": kind, **fields}, key)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Ear"]:
        """Hear the events from now on."""
        ear = Ear()
        task = asyncio.create_task(self._hear(ear))
        try:
            await ear.until("live updates", lambda event: event.kind == "live")
            yield ear
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _hear(self, ear: "Ear") -> None:
        kind = ""
        async with self.http.stream("GET", "/api/v1/events", timeout=PATIENCE) as answer:
            async for line in answer.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    ear.take(Heard(kind, json.loads(value), time.monotonic()))


@dataclass
class Ear:
    """The events that were heard, in their order."""

    events: list[Heard] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, event: Heard) -> None:
        """Hear one."""
        self.events.append(event)
        self._news.set()

    async def until(self, what: str, wanted: Callable[[Heard], bool]) -> Heard:
        """The first event like that, heard already or to come; raises HelpdeskError, saying what.

        It is raised when there was none within `PATIENCE`.
        """
        place = 0
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    for event in self.events[place:]:
                        if wanted(event):
                            return event
                    place = len(self.events)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise HelpdeskError(f"this was not heard within {PATIENCE} s: {what}") from None


@contextlib.asynccontextmanager
async def browser(url: str, name: str, address: str, password: str) -> AsyncIterator[Browser]:
    """A browser in which that agent is signed in."""
    headers = {"Accept": "text/html, application/json"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE) as http:
        opened = Browser(http, name)
        await opened.sign_in(address, password)
        yield opened


def _found(pattern: re.Pattern[str], answer: httpx2.Response) -> str:
    found = pattern.search(answer.text)
    if found is None:
        raise HelpdeskError(f"{answer.request.url} has no form: it answered {answer.status_code}")
    return found[1]
