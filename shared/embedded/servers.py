"""A server as a process of ours: started, stopped, killed, and started again on the same port.

It listens on 127.0.0.1 only, and does not outlive the process that started it, however that one
ends. All of it is plain blocking code, for the command line and for tests; from a coroutine, use
`asyncio.to_thread`.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar, Self

from shared.embedded import probes
from shared.embedded.probes import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_IN_USE = "address already in use"
_MOST_MOVES = 3
_LAST_LINES = 20
_POLL = 0.02
_STOP_TIMEOUT = 10.0
_KILL_TIMEOUT = 5.0

# Reads until its parent, the only writer, is gone; then kills the server and deletes its temporary
# folder.
_GUARD = """
read -r _
kill -s KILL -- "-$1"
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -z "$2" ] || rm -rf -- "$2" && exit; sleep 0.2; done
"""


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


class Server(ABC):
    """A server process on 127.0.0.1, with a port and a folder it keeps when it is started again.

    Without a folder it makes a temporary one, gone after `close`. As a context manager it is
    started inside and closed afterwards.
    """

    name: ClassVar[str]
    start_timeout: ClassVar[float] = 30.0

    def __init__(self, *, port: int | None = None, folder: Path | None = None) -> None:
        """Choose a free port if none (or 0) is given; nothing runs yet."""
        self.port = port or probes.free_port()
        self._moves_left = 0 if port else _MOST_MOVES
        self._given = folder and folder.resolve()
        self._temporary: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._command: Sequence[str] = ()
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

    def environment(self) -> Mapping[str, str]:
        """Return the environment of the process: ours, unless a kind needs another."""
        return os.environ

    @property
    def folder(self) -> Path:
        """The folder of data and log; it exists."""
        if self._given:
            self._given.mkdir(parents=True, exist_ok=True)
            return self._given
        if not self._temporary:
            self._temporary = Path(tempfile.mkdtemp(prefix=f"helpdesk-{self.name}-"))
        return self._temporary

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

    @property
    def runs(self) -> bool:
        """Whether the server's process is there; `answers` tells whether it serves."""
        return self.pid is not None

    def start(self) -> None:
        """Start the server, or start it again; it serves afterwards."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the process without waiting for it to serve: `wait` does."""
        if self.runs:
            return
        self._release_guard()
        if probes.is_taken(self.port) and self._moves_left:
            self.port = probes.free_port()
        if probes.is_taken(self.port):
            raise ServerError(f"{self.name}: another process listens on {HOST}:{self.port}")
        self._command = self.command()
        self._deadline = time.monotonic() + self.start_timeout
        with self.log.open("ab") as log:
            self._process = self._spawn(self._command, subprocess.DEVNULL, log)
        guard = ("/bin/sh", "-c", _GUARD, "guard", str(self._process.pid))
        rubbish = (str(self._temporary),) if self._temporary else ()
        self._guard = self._spawn(guard + rubbish, subprocess.PIPE, subprocess.DEVNULL)

    def wait(self) -> None:
        """Wait until the launched server serves.

        If it ends, or does not serve within `start_timeout` seconds, it is killed, and
        `ServerError` is raised with the last lines that it wrote. Where somebody else was quicker
        to take the port that was free, it is started on another, if nobody named that port.
        """
        while not (self.runs and self.answers()):
            if not self.runs and self._moves_left and self._lost_its_port():
                self._moves_left -= 1
                self.port = probes.free_port()
                self.launch()
                continue
            if not self.runs:
                problem = "ended while starting"
            elif time.monotonic() > self._deadline:
                problem = f"did not serve within {self.start_timeout:.0f} s"
            else:
                time.sleep(_POLL)
                continue
            last = "\n".join(self.last_lines())
            self.kill()
            tried = shlex.join(self._command)
            raise ServerError(f"{self.name} {problem}: {tried}\nThe last it wrote:\n{last}")
        self._moves_left = 0  # from now on it comes back to the port that it has

    def _lost_its_port(self) -> bool:
        return any(_IN_USE in line.lower() for line in self.last_lines())

    def last_lines(self) -> list[str]:
        """Return the last lines that the server has written."""
        return self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]

    def stop(self) -> None:
        """Ask the server to end, and kill it if it does not; port, folder and data stay."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the server without a warning; port, folder and what is on the disk stay."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End the server for good; if its folder is a temporary one, it is gone as well."""
        if self._temporary:
            self.kill()
            shutil.rmtree(self._temporary)
            self._temporary = None
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
            return subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ServerError(f"{self.name}: cannot run {command[0]}: {error}") from error

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self.runs:
            os.killpg(self._process.pid, how)
            try:
                self._process.wait(_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(_KILL_TIMEOUT)
        self._release_guard()

    def _release_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None


class KafkaServer(Server):
    """A server of Kafka's protocol."""

    name = "kafka"

    @property
    def url(self) -> str:
        """The bootstrap server, `host:port`."""
        return f"{HOST}:{self.port}"

    def answers(self) -> bool:
        """Whether the broker serves as a member of its cluster."""
        return probes.kafka_answers(self.port)


class MongoServer(Server):
    """A server of MongoDB's protocol."""

    name = "mongo"

    @property
    def url(self) -> str:
        """The server's URL without a database."""
        return f"mongodb://{HOST}:{self.port}"

    def answers(self) -> bool:
        """Whether the server accepts writes."""
        return probes.mongo_answers(self.port)


class RedisServer(Server):
    """A server of Redis's protocol."""

    name = "redis"

    @property
    def url(self) -> str:
        """The server's URL without a database."""
        return f"redis://{HOST}:{self.port}"

    def answers(self) -> bool:
        """Whether the server has loaded its data and serves."""
        return probes.redis_answers(self.port)


class Stack:
    """A server of each kind, started together and closed together."""

    def __init__(self, *, kafka: KafkaServer, mongo: MongoServer, redis: RedisServer) -> None:
        """Take the servers; nothing runs yet."""
        self.kafka, self.mongo, self.redis = kafka, mongo, redis
        self._servers = (mongo, redis, kafka)

    def start(self) -> Servers:
        """Start the three at the same time; they serve afterwards, or none of them runs."""
        try:
            for server in self._servers:
                server.launch()
            for server in self._servers:
                server.wait()
        except BaseException:
            self.close()
            raise
        return Servers(kafka=self.kafka.url, mongo=self.mongo.url, redis=self.redis.url)

    def close(self) -> None:
        """Close the three; none runs afterwards, and no temporary folder is left."""
        with contextlib.ExitStack() as closing:
            for server in self._servers:
                closing.callback(server.close)

    def __enter__(self) -> Servers:
        """Start the three."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Close the three."""
        self.close()
