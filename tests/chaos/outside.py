"""Another helpdesk that fails as one may, and the hand-off's service with its way there.

`python -m tests.chaos.outside <port>` is the service: as it is, but that it finds Zendesk on this
machine, and that its waits are as short as a run is.
"""

import json
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

SECRET, USER, TOKEN = "zendesk", "desk@shop.example", "a token of chaos"
_FAULTS = ("503", "429", "dropped before", "dropped after", "")
_WEIGHTS = (2, 1, 1, 2, 6)


class OtherHelpdesk:
    """Tickets in memory; now and then it is away, busy, or gone after it has done its work."""

    def __init__(self, seed: int) -> None:
        self.tickets: list[dict[str, Any]] = []
        self._keys: dict[str, dict[str, Any]] = {}
        self._draw = Random(f"outside {seed}")
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self) -> str:
        with self._lock:
            return self._draw.choices(_FAULTS, _WEIGHTS)[0]

    def named(self, external_id: str) -> list[dict[str, Any]]:
        with self._lock:
            return [each for each in self.tickets if each["external_id"] == external_id]

    def made(self, said: dict[str, Any], key: str) -> dict[str, Any]:
        with self._lock:
            if key in self._keys:
                return self._keys[key]
            ticket = {"id": 100 + len(self.tickets), "external_id": said["external_id"]}
            self.tickets.append(ticket)
            return self._keys.setdefault(key, ticket)


def _handler(helpdesk: OtherHelpdesk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = parse_qs(urlsplit(self.path).query).get("external_id", [""])[0]
            self._answered(lambda: (200, {"tickets": helpdesk.named(wanted)}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Idempotency-Key", "")
            self._answered(lambda: (201, {"ticket": helpdesk.made(body["ticket"], key)}))

        def _answered(self, do: Any) -> None:
            fault = helpdesk.fault()
            if fault in {"503", "429"}:
                self._say(int(fault), {}, {"Retry-After": "1"})
                return
            if fault != "dropped before":
                status, said = do()
                if not fault:
                    self._say(status, said, {})
                    return
            self.close_connection = True
            self.connection.close()

        def _say(self, status: int, said: Any, headers: dict[str, str]) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    return Handler


def secrets_in(folder: Path) -> Path:
    """A folder with the secret that the shops' settings name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SECRET).write_text(f"{USER}:{TOKEN}")
    return folder


class _Here(httpx2.AsyncHTTPTransport):
    """Takes every request to this machine's port."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


def _main(port: int) -> int:
    # Not in the process of the run. What is replaced is no part of what they offer.
    from services.handoff.settings import Settings  # noqa: PLC0415
    from shared.running.service import main  # noqa: PLC0415

    # Their order is as ever: an attempt ends before it is uncertain no more, and that before the
    # lease does.
    app: Any = import_module("services.handoff.app")
    others: Any = import_module("services.handoff.clients.others")
    outside: Any = import_module("services.handoff.rules.outside")
    others.ATTEMPT = timedelta(seconds=3)
    outside.UNCERTAIN = timedelta(seconds=4)
    outside.LEASE = timedelta(seconds=8)
    outside._FIRST_WAIT = timedelta(seconds=1)  # noqa: SLF001
    outside._LONGEST_WAIT = timedelta(seconds=3)  # noqa: SLF001
    made = others.Others
    app.Others = lambda secrets: made(secrets, _Here(port))
    return main(app.build, Settings)


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1])))
