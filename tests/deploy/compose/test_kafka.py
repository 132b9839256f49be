"""Apache Kafka takes the settings of the Compose file, and the job makes the topics on it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.topics import TOPICS
from tests.architecture.tree import ROOT
from tests.deploy.compose.composed import containers, environment
from tests.servers import ApacheKafka, find_java, kafka_jars, run_command

pytestmark = [pytest.mark.connected, pytest.mark.deploy, pytest.mark.kafka]
WRITTEN = ("server.properties", "log4j2.yaml", "tools-log4j2.yaml")
"""What the image's start script writes from the environment."""


class ComposedKafka(ApacheKafka):
    """The broker of the Compose file, its storage formatted as the image does that.

    Its ports and its folder are the test's own, and its name is 127.0.0.1.
    """

    def command(self) -> Sequence[str]:
        """Return the broker's command line; its configuration is what the image would write."""
        java = (find_java(), "-cp", f"{kafka_jars()}/*")
        final = self.folder / "config"
        if not final.exists():
            self._set_up(java, final)
        warn = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        return (*java, "-Xmx1g", warn, "kafka.Kafka", str(final / "server.properties"))

    def _set_up(self, java: Sequence[str], final: Path) -> None:
        defaults, mounted = self.folder / "defaults", self.folder / "mounted"
        for folder in (defaults, mounted, final):
            folder.mkdir()
        for name in WRITTEN:
            (defaults / name).write_text("")
        run_command(
            *("env", *(f"{name}={value}" for name, value in self.told().items()), *java),
            *("kafka.docker.KafkaDockerWrapper", "setup", "--default-configs-dir", str(defaults)),
            *("--mounted-configs-dir", str(mounted), "--final-configs-dir", str(final)),
            timeout=60,
        )

    def told(self) -> dict[str, str]:
        """Return the container's environment, moved to this machine's ports and folder."""
        machine, inside = str(self.port), str(self.controller_port + 1)
        moved = {
            "/var/lib/kafka/data": str(self.folder / "data"),
            ":9094": f":{machine}",
            ":9093": f":{self.controller_port}",
            ":9092": f":{inside}",
            "//kafka": "//127.0.0.1",
            "@kafka": "@127.0.0.1",
            "//:": "//127.0.0.1:",
        }
        said = environment("kafka")
        del said["KAFKA_HEAP_OPTS"]
        for old, new in moved.items():
            said = {name: value.replace(old, new) for name, value in said.items()}
        return said


def test_the_job_makes_the_topics_on_the_broker_twice_without_harm() -> None:
    program, *arguments = containers()["topics"]["command"]
    assert program == "helpdesk"
    command = [sys.executable, "-c", "from shared.cli import main; main()", *arguments]
    with ComposedKafka() as broker:
        told = {**os.environ, **environment("topics"), "PYTHONPATH": str(ROOT)}
        told["HELPDESK_KAFKA__BOOTSTRAP"] = f"127.0.0.1:{broker.port}"

        for new in (len(TOPICS), 0):
            done = subprocess.run(
                command, cwd=ROOT, env=told, capture_output=True, text=True, check=False
            )

            assert done.returncode == 0, done.stdout + done.stderr
            assert f"{len(TOPICS)} topics are there, {new} of them new" in done.stdout
