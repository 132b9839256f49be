"""Apache Kafka of three nodes on one machine, each reached by two further listeners."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from shared.embedded import probes
from shared.embedded.probes import HOST
from tests.servers import ApacheKafka

NODES = 3
LINES = ("FIRST", "SECOND")
"""The listeners of the services: what each advertises is a proxy's port, one for each replica."""


class Node(ApacheKafka):
    """Broker and controller of a cluster of three; what it serves counts once two have it."""

    java_options: ClassVar[Sequence[str]] = (
        *("-Xms192m", "-Xmx512m"),
        # Three on a small machine: what matters is how soon one is back.
        *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    )

    def __init__(self, number: int, controllers: Sequence[int], folder: Path) -> None:
        """Choose ports; `controllers` are those of the three nodes."""
        super().__init__(folder=folder / f"kafka-{number}")
        self.number = number
        self.controllers = controllers
        self.behind = [probes.free_port() for _ in LINES]
        self.advertised = list(self.behind)

    def settings(self) -> dict[str, str]:
        """Return what the node is told, but for its folder."""
        controller = f"CONTROLLER://{HOST}:{self.controllers[self.number - 1]}"
        own = f"PLAINTEXT://{HOST}:{self.port}"
        inner = [f"{n}://{HOST}:{p}" for n, p in zip(LINES, self.behind, strict=True)]
        outer = [f"{n}://{HOST}:{p}" for n, p in zip(LINES, self.advertised, strict=True)]
        voters = [f"{n}@{HOST}:{port}" for n, port in enumerate(self.controllers, start=1)]
        plain = ("PLAINTEXT", "CONTROLLER", *LINES)
        return super().settings() | {
            "node.id": str(self.number),
            "controller.quorum.voters": ",".join(voters),
            "listeners": ",".join([own, controller, *inner]),
            "advertised.listeners": ",".join([own, *outer]),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in plain),
            "inter.broker.listener.name": "PLAINTEXT",
            "default.replication.factor": "3",
            "min.insync.replicas": "2",
            "offsets.topic.replication.factor": "3",
            "transaction.state.log.replication.factor": "3",
            "transaction.state.log.min.isr": "2",
            "share.coordinator.state.topic.replication.factor": "3",
            "share.coordinator.state.topic.min.isr": "2",
        }


def nodes(folder: Path) -> list[Node]:
    """Three nodes that know of each other; none runs yet."""
    controllers = [probes.free_port() for _ in range(NODES)]
    return [Node(number, controllers, folder) for number in range(1, NODES + 1)]
