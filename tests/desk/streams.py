"""A page's stream of events, as it comes over HTTP."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Any


@dataclass
class Told:
    """An event as it came to a page."""

    type: str
    data: Any
    id: str | None
    at: float


class Stream:
    """A page's stream: what it was told, in order."""

    def __init__(self, app: Any, headers: dict[str, str], since: str | None) -> None:
        self._app, self._headers, self._since = app, headers, since
        self._left = b""
        self._more = asyncio.Event()
        self.status = 0
        self.told: list[Told] = []
        self.comments = 0
        self.is_over = False
        self.gone = asyncio.Event()
        self.last_id = since

    async def run(self) -> None:
        headers = {**self._headers, "host": "desk.example.com"}
        if self._since is not None:
            headers["last-event-id"] = self._since
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": "/api/v1/events",
            "raw_path": b"/api/v1/events",
            "root_path": "",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "client": ("192.0.2.1", 1),
            "server": ("desk.example.com", 80),
        }
        await self._app(scope, self._receive, self._send)
        self.is_over = True
        self._more.set()

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        *blocks, self._left = (self._left + message.get("body", b"")).split(b"\n\n")
        for block in blocks:
            self._take(block.decode())
        self._more.set()

    def _take(self, block: str) -> None:
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        self.comments += block.startswith(":")
        if "event" in fields:
            self.last_id = fields.get("id", self.last_id)
            data = json.loads(fields["data"])
            told = Told(fields["event"], data, fields.get("id"), time.monotonic())
            self.told.append(told)

    async def until(self, holds: Any, patience: float = 10) -> None:
        """Wait until `holds()`."""
        async with asyncio.timeout(patience):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def next(self, *types: str, patience: float = 10) -> Told:
        """The next event of these types; what came before it is dropped."""
        found: list[Told] = []

        def there() -> bool:
            while self.told and not found:
                event = self.told.pop(0)
                if event.type in types:
                    found.append(event)
            return bool(found)

        await self.until(there, patience)
        return found[0]

    async def each(self, *types: str) -> list[Told]:
        """The next event of each of these types, in whichever order they come."""
        found: dict[str, Told] = {}

        def there() -> bool:
            while self.told and len(found) < len(types):
                event = self.told.pop(0)
                if event.type in types:
                    found.setdefault(event.type, event)
            return len(found) == len(types)

        await self.until(there)
        return [found[type_] for type_ in types]

    def commands(self) -> dict[str, Any]:
        """What it was told of commands, by their ids."""
        return {
            command["command_id"]: command
            for event in self.told
            if event.type == "tickets"
            for command in event.data["commands"]
        }

    def rows(self) -> dict[str, int]:
        """The seq of each ticket as it was told last."""
        return {
            row["id"]: row["seq"]
            for event in self.told
            if event.type == "tickets"
            for row in event.data["rows"]
        }
