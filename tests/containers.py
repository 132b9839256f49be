"""The servers as containers, where a container engine and the images are there.

They are started, stopped, killed and started again like the servers of `shared.embedded.stack`. The
engine is this machine's own: the servers are reached on 127.0.0.1.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, ClassVar

from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from shared.embedded.probes import HOST, is_taken
from shared.embedded.servers import KafkaServer, MongoServer, RedisServer, Server, ServerError
from tests.servers import kafka_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONTROLLER_PORT = 9093
_STOP_TIMEOUT = 10


class Container(Server):
    """A server in a container, which keeps it when the server is started again."""

    image: ClassVar[str]
    start_timeout = 120.0

    _container: DockerContainer | None = None

    def environment(self) -> Mapping[str, str]:
        """Return the variables of the container."""
        return {}

    @property
    def runs(self) -> bool:
        """Whether the container runs."""
        if self._container is None:
            return False
        container = self._container.get_wrapped_container()
        container.reload()
        return bool(container.status == "running")

    def launch(self) -> None:
        """Start the container without waiting for the server to serve; fetch its image if need be.

        If we are killed, testcontainers' reaper removes it.
        """
        if self.runs:
            return
        self._command = (self.image, *self.command())
        try:
            if self._container is None:
                self._container = self._create().start()
            else:
                self._container.get_wrapped_container().start()
        except DockerException as error:
            raise ServerError(f"{self.name}: no container of {self.image}: {error}") from error
        self._deadline = time.monotonic() + self.start_timeout

    def last_lines(self) -> list[str]:
        """Return the last that the server has written."""
        if self._container is None:
            return []
        written: bytes = self._container.get_wrapped_container().logs(tail=20)
        return written.decode(errors="replace").splitlines()

    def close(self) -> None:
        """Remove the container and its data."""
        if self._container is not None:
            self._container.stop()
            self._container = None
        super().close()

    def _create(self) -> DockerContainer:
        container = DockerContainer(self.image)
        container.with_envs(**self.environment()).with_command(list(self.command()))
        # `with_bind_ports` would open the port to the network.
        container.ports[f"{self.port}/tcp"] = (HOST, self.port)  # type: ignore[assignment]
        return container

    def _end(self, how: signal.Signals) -> None:
        if self._container is not None and self.runs:
            container = self._container.get_wrapped_container()
            if how is signal.SIGKILL:
                container.kill()
            else:
                container.stop(timeout=_STOP_TIMEOUT)


class ContainerKafka(Container, KafkaServer):
    """Apache Kafka's own image."""

    image = "apache/kafka:4.1.2"

    def command(self) -> Sequence[str]:
        """Return the image's own command."""
        return ()

    def environment(self) -> Mapping[str, str]:
        """Return the settings as the image reads them."""
        settings = kafka_settings("0.0.0.0", self.port, _CONTROLLER_PORT)  # noqa: S104
        names = {name: "KAFKA_" + name.replace(".", "_").upper() for name in settings}
        return {names[name]: value for name, value in settings.items()} | {
            "KAFKA_HEAP_OPTS": "-Xms256m -Xmx1g"
        }


class ContainerMongo(Container, MongoServer):
    """MongoDB's own image, as a replica set of one."""

    image = "mongo:8"

    def command(self) -> Sequence[str]:
        """Return the arguments of the server, which is given the same port inside."""
        return ("--bind_ip_all", "--port", str(self.port), "--replSet", "rs0")

    def answers(self) -> bool:
        """Whether the server accepts writes; make it a replica set if it is none yet."""
        if super().answers():
            return True
        if self._container is not None and is_taken(self.port):
            members = f"{{_id: 0, host: '{HOST}:{self.port}'}}"
            initiate = f"rs.initiate({{_id: 'rs0', members: [{members}]}})"
            self._container.exec(
                ["mongosh", "--quiet", "--port", str(self.port), "--eval", initiate]
            )
        return False


class ContainerRedis(Container, RedisServer):
    """Redis's own image."""

    image = "redis:8"

    def command(self) -> Sequence[str]:
        """Return the command line of the server, which is given the same port inside."""
        return ("redis-server", "--port", str(self.port), "--appendonly", "yes", "--save", "")
