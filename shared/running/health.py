"""`/metrics`, `/live` and `/ready` on a port of their own, answered by a thread of their own.

A blocked event loop must not keep the probes from saying so.
"""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

Probe = Callable[[], str | None]
"""Returns None if all is well, else what is wrong, in words for people."""


class _Server(ThreadingMixIn, WSGIServer):
    """Serves each connection in a thread, so that a silent one keeps no other waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, *_: object) -> None:
        """Log nothing: a line for each probe would be too many."""


class HealthServer:
    """Serves until closed. `live` and `ready` are asked at each request, from another thread."""

    def __init__(self, host: str, port: int, *, live: Probe, ready: Probe) -> None:
        self._probes = {"/live": live, "/ready": ready}
        self._metrics: Callable[..., Iterable[bytes]] = make_wsgi_app()
        self._server: WSGIServer = make_server(
            host, port, self._answer, server_class=_Server, handler_class=_Quiet
        )
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            # In seconds, how often it looks whether to stop: closing takes no longer.
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            name="health",
            daemon=True,
        )
        self._thread.start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            return self._metrics(environ, start_response)
        probe = self._probes.get(path)
        if probe is None:
            status, text = "404 Not Found", "only /metrics, /live and /ready are here"
        else:
            trouble = probe()
            status = "200 OK" if trouble is None else "503 Service Unavailable"
            text = trouble or "ok"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode() + b"\n"]
