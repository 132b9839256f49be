"""`helpdesk` as people run it: one machine, embedded servers, nothing left behind."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shared.cli import app
from shared.embedded.probes import free_port, is_taken
from shared.embedded.servers import Servers
from shared.topic import SERVICES
from shared.topics import TOPICS
from tests.architecture.tree import ROOT
from tests.e2e.harness import until

PATIENCE = 300
"""Seconds that ten processes may take on a busy machine."""

pytestmark = [pytest.mark.connected, pytest.mark.timeout(2 * PATIENCE)]


@dataclass
class Command:
    """A run of `helpdesk`, whose temporary files and processes can be told from others'."""

    process: Process
    temporary: Path
    mark: str

    async def line(self, *, beginning: str = "") -> str:
        """The next line of stdout; on a silent end, what stderr says."""
        assert self.process.stdout
        raw = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert raw, await self.errors()
        line = raw.decode()
        assert line.startswith(beginning)
        return line

    async def addresses(self) -> dict[str, str]:
        """What `up` prints when everything runs."""
        lines = [await self.line(beginning="{")]
        while lines[-1] != "}\n":
            lines.append(await self.line())
        printed: dict[str, str] = json.loads("".join(lines))
        return printed

    async def said(self, text: str) -> str:
        """The line of stderr that says so, once it is there."""
        assert self.process.stderr
        while True:
            line = await asyncio.wait_for(self.process.stderr.readline(), PATIENCE)
            assert line, f"ended without saying {text!r}"
            if text in line.decode():
                return line.decode()

    async def errors(self) -> str:
        assert self.process.stderr
        return (await asyncio.wait_for(self.process.stderr.read(), PATIENCE)).decode()

    async def ended(self, number: signal.Signals | None = None) -> int:
        """Send a signal if one is given; the exit code."""
        if number is not None:
            self.process.send_signal(number)
        await asyncio.wait_for(self.process.communicate(), PATIENCE)
        assert self.process.returncode is not None
        return self.process.returncode

    def processes(self) -> list[str]:
        """The command lines of all its processes that are there."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # it ended meanwhile, or is somebody else's
                continue
        return found

    async def assert_nothing_is_left(self) -> None:
        async def nobody() -> bool:
            return not self.processes()

        await until("no process is left", nobody, 30)
        assert list(self.temporary.iterdir()) == []


@asynccontextmanager
async def helpdesk(folder: Path, *words: str) -> AsyncIterator[Command]:
    temporary = folder / "tmp"
    temporary.mkdir()
    mark = f"HELPDESK_MARK_OF_TEST={folder}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from shared.cli import main; main()", *words),
        cwd=ROOT,
        env={**_clean(os.environ), "TMPDIR": str(temporary), mark.partition("=")[0]: str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        # Under `nohup` a hangup is ignored, and by whatever is started there.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    try:
        yield Command(process, temporary, mark)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.communicate(), PATIENCE)


def _clean(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if "HELPDESK" not in name}


async def test_the_demo_prints_one_document_and_leaves_nothing(tmp_path: Path) -> None:
    async with helpdesk(tmp_path, "demo", "--json") as command:
        assert command.process.stdout
        printed, errors = await asyncio.wait_for(command.process.communicate(), PATIENCE)
        await command.assert_nothing_is_left()

    assert command.process.returncode == 0, errors.decode()
    document: dict[str, Any] = json.loads(printed)
    keys = {"ok", "tickets", "signals", "attributions", "dead_letters", "checks"}
    assert keys <= set(document)
    assert document["ok"] is True
    assert all(check["ok"] is True for check in document["checks"])
    assert len(document["checks"]) >= 25


async def test_up_runs_the_sample_at_the_port_it_was_given_until_it_is_interrupted(
    tmp_path: Path,
) -> None:
    kafka = free_port()
    async with helpdesk(tmp_path, "up", "--demo", "--kafka-port", str(kafka)) as command:
        addresses = await command.addresses()
        assert addresses["kafka"] == f"127.0.0.1:{kafka}"
        assert set(addresses) == {"kafka", "mongo", "redis", "desk_page", *SERVICES}
        ports = [int(a.removesuffix("/metrics").rpartition(":")[2]) for a in addresses.values()]
        assert len(set(ports)) == len(ports)
        assert all(is_taken(port) for port in ports)

        assert await command.ended(signal.SIGINT) == 0

        await command.assert_nothing_is_left()
        assert not any(is_taken(port) for port in ports)


@pytest.mark.parametrize("moment", ["starting Tansu", "starting the services"])
async def test_an_interrupt_while_it_starts_leaves_nothing_either(
    tmp_path: Path, moment: str
) -> None:
    async with helpdesk(tmp_path, "up") as command:
        await command.said(moment)

        assert await command.ended(signal.SIGINT) == 0

        await command.assert_nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
async def test_however_it_ends_no_process_outlives_it(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with helpdesk(tmp_path, "up") as command:
        await command.addresses()

        assert await command.ended(number) == -number

        async def nobody() -> bool:
            return not command.processes()

        await until("no process is left", nobody, 30)


async def test_a_port_that_somebody_has_is_one_line_and_exit_1(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken, helpdesk(tmp_path, "up", "--mongo-port", str(port)) as command:
        assert command.process.stderr
        errors = await command.errors()

        assert await command.ended() == 1
        assert f"another process listens on 127.0.0.1:{port}" in errors
        assert "Traceback" not in errors
        await command.assert_nothing_is_left()


def test_topics_are_created_once(
    servers: Servers, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELPDESK_KAFKA__BOOTSTRAP", servers.kafka)
    monkeypatch.setenv("HELPDESK_KAFKA__TOPIC_PREFIX", f"{unique}-")
    words = ["topics", "--create", "--replication", "1", "--partitions", "2"]

    first = CliRunner().invoke(app, words, catch_exceptions=False)
    again = CliRunner().invoke(app, words, catch_exceptions=False)

    *created, summary = first.stdout.splitlines()
    assert created == [f"created {unique}-{topic.name}" for topic in TOPICS]
    assert summary == f"{len(TOPICS)} topics are there, {len(TOPICS)} of them new"
    assert again.stdout == f"{len(TOPICS)} topics are there, 0 of them new\n"
