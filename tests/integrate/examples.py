"""The examples of docs/integrate.md: as modules, and as the processes that integrators start."""

import ast
import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.embedded.servers import Servers
from tests.architecture.tree import ROOT

FOLDER = ROOT / "docs" / "examples"
PAGE = ROOT / "docs" / "integrate.md"


def module(name: str, *changes: tuple[str, str]) -> Any:
    """An example as a module, with some of its text changed first: each text is in it once."""
    text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    for before, after in changes:
        assert text.count(before) == 1, f"{before!r} is not in {name}.py once"
        text = text.replace(before, after)
    loaded = ModuleType(name)
    sys.path.insert(0, str(FOLDER))
    try:
        exec(compile(text, f"{name}.py", "exec"), loaded.__dict__)  # noqa: S102  # our own file
    finally:
        sys.path.remove(str(FOLDER))
    return loaded


def imported(file: Path) -> set[str]:
    """The packages that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


@dataclass(frozen=True, slots=True)
class Ended:
    """How an example's process ended, and what it printed."""

    code: int
    output: str
    errors: str


async def started(
    *command: str, environment: Mapping[str, str], told: str | None = None
) -> asyncio.subprocess.Process:
    """Start a process in the examples' folder, or below, with this beside the environment."""
    folder = FOLDER / "kcat" if command[0] == "sh" else FOLDER
    process = await asyncio.create_subprocess_exec(
        *(command if command[0] == "sh" else (sys.executable, *command)),
        cwd=folder,
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    if told is not None and process.stdin is not None:
        process.stdin.write(told.encode())
        process.stdin.close()
    return process


async def run(*command: str, environment: Mapping[str, str], told: str | None = None) -> Ended:
    """Run an example to its end; the first word is `sh`, or a Python file."""
    process = await started(*command, environment=environment, told=told)
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    return Ended(process.returncode or 0, output.decode(), errors.decode())


@asynccontextmanager
async def running(
    *command: str, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """An example that goes on; it is killed in the end, which must not matter."""
    process = await started(*command, environment=environment)
    try:
        yield process
        assert process.returncode in (None, -signal.SIGKILL), await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def reaching(servers: Servers, unique: str) -> dict[str, str]:
    """With what environment an example reaches a test's own topics."""
    return {
        "HELPDESK_KAFKA__BOOTSTRAP": servers.kafka,
        "HELPDESK_KAFKA__TOPIC_PREFIX": f"{unique}-",
    }


async def make_topics(servers: Servers, *names: str, partitions: int) -> None:
    """Make empty topics of a test's own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    await admin.close()
