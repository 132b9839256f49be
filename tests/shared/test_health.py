"""The probes and the metrics, asked over HTTP while the event loop does something else."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from shared.running import metrics
from shared.running.health import HealthServer

HOST = "127.0.0.1"


class Probes:
    def __init__(self) -> None:
        self.trouble: dict[str, str | None] = {"live": None, "ready": None}

    def live(self) -> str | None:
        return self.trouble["live"]

    def ready(self) -> str | None:
        return self.trouble["ready"]


@contextmanager
def a_server(probes: Probes, port: int = 0) -> Iterator[HealthServer]:
    with closing(HealthServer(HOST, port, live=probes.live, ready=probes.ready)) as server:
        yield server


def get(server: HealthServer, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://{HOST}:{server.port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize("path", ["/live", "/ready"])
def test_a_probe_says_well_or_what_is_wrong(path: str) -> None:
    probes = Probes()
    with a_server(probes) as server:
        assert get(server, path) == (200, "ok\n")

        probes.trouble[path.strip("/")] = "Käfig voll"
        assert get(server, path) == (503, "Käfig voll\n")
        other = {"/live": "/ready", "/ready": "/live"}[path]
        assert get(server, other) == (200, "ok\n")

        probes.trouble[path.strip("/")] = None
        assert get(server, path) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/", "/health", "/ready/", "/live/../metrics", "/READY"])
def test_there_is_nothing_else(path: str) -> None:
    with a_server(Probes()) as server:
        code, text = get(server, path)

    assert code == 404
    assert "/ready" in text


def test_the_metrics_are_prometheus_s() -> None:
    metrics.DEAD_LETTERS.labels("spam", "helpdesk.messages", "malformed").inc(0)
    with a_server(Probes()) as server:
        code, text = get(server, "/metrics")

    assert code == 200
    assert "# TYPE helpdesk_dead_letters_total counter" in text
    assert 'helpdesk_dead_letters_total{reason="malformed",service="spam"' in text


async def test_a_blocked_event_loop_is_no_reason_to_be_silent() -> None:
    answers: list[tuple[int, str]] = []
    probes = Probes()
    with a_server(probes) as server:
        probes.trouble["live"] = "the event loop does not turn"
        asking = threading.Thread(target=lambda: answers.append(get(server, "/live")))
        asking.start()
        asking.join(20)  # the loop of this test is blocked meanwhile
        assert answers == [(503, "the event loop does not turn\n")]
    await asyncio.sleep(0)


def test_a_probe_that_fails_is_no_success_and_no_end() -> None:
    probes = Probes()
    with a_server(probes) as server:
        probes.trouble.pop("ready")
        code, _ = get(server, "/ready")

        assert code == 500
        assert get(server, "/live") == (200, "ok\n")


def test_one_who_says_nothing_keeps_nobody_else_waiting() -> None:
    with a_server(Probes()) as server, socket.create_connection((HOST, server.port)):
        started = time.monotonic()
        assert get(server, "/ready") == (200, "ok\n")
        assert time.monotonic() - started < 5


def test_closing_frees_the_port() -> None:
    with a_server(Probes()) as server:
        port = server.port
    with pytest.raises(URLError):
        get(server, "/live")

    with a_server(Probes(), port) as again:
        assert again.port == port
        assert get(again, "/live") == (200, "ok\n")
