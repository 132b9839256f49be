"""The HTTP server, in the service's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog
import uvicorn
from starlette.types import ASGIApp

from shared.errors import HelpdeskError
from shared.running import tasks

_log = structlog.get_logger()

GRACE = 3
"""Seconds that answers which are under way have to end, when the service stops."""


class _Server(uvicorn.Server):
    """Leaves the signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@dataclass(slots=True)
class Listening:
    """Answers requests from `open` to `close`; what is `beside` runs as long.

    `proxies`, addresses or networks, are believed when they say whom a request is from.
    """

    app: ASGIApp
    host: str
    port: int
    beside: Sequence[Callable[[], Awaitable[None]]] = ()
    proxies: str = ""
    _server: _Server | None = None
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def open(self) -> None:
        """Listen. Raises HelpdeskError where the port is taken."""
        config = uvicorn.Config(
            self.app,
            host=self.host,
            port=self.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # Else everybody may say who they are, or all are the proxy.
            proxy_headers=bool(self.proxies),
            forwarded_allow_ips=self.proxies,
            lifespan="off",
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=75,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = _Server(config)
        sock = _bound(self.host, self.port)
        self._tasks = [asyncio.create_task(_forever(each)) for each in self.beside]
        self._tasks.append(asyncio.create_task(self._server.serve(sockets=[sock])))
        while not self._server.started:
            if self._tasks[-1].done():
                raise HelpdeskError(f"the HTTP server on {self.host}:{self.port} did not start")
            await asyncio.sleep(0.01)
        _log.info("listening", http=f"http://{self.host}:{sock.getsockname()[1]}")

    async def close(self) -> None:
        """Answer no more; what goes on for long is cut off after some seconds."""
        if self._server is None or not self._tasks:
            return
        self._server.should_exit = True
        *beside, serving = self._tasks
        await tasks.cancel(beside)
        await serving


def _bound(host: str, port: int) -> socket.socket:
    """A socket of its own there; uvicorn's would end the process, and leave it open."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        text = f"port {port} on {host} cannot be listened on: is it taken?"
        raise HelpdeskError(text) from error
    return sock


async def _forever(run: Callable[[], Awaitable[None]]) -> None:
    await run()
