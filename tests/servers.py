"""Apache Kafka itself, one node, from the jars that Maven fetches once by `deploy/kafka/pom.xml`.

Started, stopped, killed and started again like the servers of `shared.embedded.stack`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from shared.embedded import probes
from shared.embedded.probes import HOST
from shared.embedded.servers import KafkaServer, ServerError

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECKOUT: Final = Path(__file__).resolve().parent.parent
POM: Final = CHECKOUT / "deploy" / "kafka" / "pom.xml"
JAVA: Final = 17
MESSAGE_MAX_BYTES: Final = 4 * 1024 * 1024

# 16 bytes in base64; any will do, clusters of tests never meet.
_CLUSTER_ID = "aGVscGRlc2sta2Fma2EtMQ"
_FORMAT_TIMEOUT = 60.0
_DOWNLOAD_TIMEOUT = 300.0


class ApacheKafka(KafkaServer):
    """Apache Kafka in KRaft mode, broker and controller in one; topics are created on request."""

    start_timeout = 60.0
    java_options: ClassVar[Sequence[str]] = ("-Xms256m", "-Xmx1g")

    def __init__(self, *, port: int | None = None, folder: Path | None = None) -> None:
        """Choose ports; nothing runs yet."""
        super().__init__(port=port, folder=folder)
        self.controller_port = probes.free_port()

    def command(self) -> Sequence[str]:
        """Return the command line of the broker, whose storage is formatted afterwards."""
        java = (find_java(), "-cp", f"{kafka_jars()}/*")
        data = self.folder / "data"
        settings = self.settings() | {"log.dirs": str(data)}
        file = self.folder / "server.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if not (data / "meta.properties").exists():
            run_command(
                *(*java, "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format"),
                *("--cluster-id", _CLUSTER_ID, "--config", str(file), *self.formatted_with()),
                timeout=_FORMAT_TIMEOUT,
            )
        log_level = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return (*java, *self.java_options, log_level, "kafka.Kafka", str(file))

    def settings(self) -> dict[str, str]:
        """Return what the broker is told, but for its folder."""
        return kafka_settings(HOST, self.port, self.controller_port)

    def formatted_with(self) -> Sequence[str]:
        """Return further options of the formatting: none, unless a kind has users."""
        return ()


def kafka_settings(bind: str, port: int, controller_port: int) -> dict[str, str]:
    """Return the settings of one node for tests that `bind`s there and is reached on 127.0.0.1."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{bind}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        # After a kill the node waits until its own old session is over before it may come back.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "auto.create.topics.enable": "false",
        "group.initial.rebalance.delay.ms": "0",
        # Tests publish records of months ago; cleaning up would take them away under a test.
        "log.initial.task.delay.ms": "3600000",
        "message.max.bytes": str(MESSAGE_MAX_BYTES),
        "replica.fetch.max.bytes": str(MESSAGE_MAX_BYTES),
        "default.replication.factor": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "4",
    }


def find_java() -> str:
    """Return Java's executable; raise `ServerError` without one that runs Apache Kafka."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if not java:
        raise ServerError(f"Java {JAVA} or newer is missing (JAVA_HOME={home})")
    printed = run_command(java, "-version", timeout=_FORMAT_TIMEOUT)
    version = re.search(r'version "(\d+)', printed)
    if not version or int(version[1]) < JAVA:
        raise ServerError(f"{java} is not Java {JAVA} or newer: {printed}")
    return java


def kafka_jars() -> Path:
    """Return the folder of Apache Kafka's jars, which Maven fetches the first time only."""
    version = re.search(r"<kafka\.version>(.+)</kafka\.version>", POM.read_text())
    if not version:
        raise ServerError(f"{POM} names no kafka.version")
    folder = CHECKOUT / ".cache" / "kafka" / version[1]
    stamp = folder / "complete"
    if not stamp.exists():
        _fetch_jars(folder)
        stamp.touch()
    return folder


def _fetch_jars(folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise ServerError("Maven, which fetches Apache Kafka's jars, is missing")
    folder.mkdir(parents=True, exist_ok=True)
    # Into a folder of its own: of two runs at once, neither sees the other's half of a jar.
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        run_command(
            *(maven, "--quiet", "--batch-mode", "--no-transfer-progress", f"--file={POM}"),
            *("dependency:copy-dependencies", f"-DoutputDirectory={fresh}"),
            timeout=_DOWNLOAD_TIMEOUT,
        )
        for jar in Path(fresh).glob("*.jar"):
            jar.replace(folder / jar.name)


def run_command(*command: str, timeout: float) -> str:
    """Return what the command prints; raise `ServerError` with it if the command fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServerError(f"{command[0]}: {error}") from error
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-20:])
        raise ServerError(f"{' '.join(command)} failed:\n{last}")
    return done.stdout
