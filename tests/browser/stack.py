"""A whole pipeline with the sample data, in a thread of its own, for tests that drive a browser."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from shared.cli.demo import samples
from shared.cli.demo.more import More
from shared.cli.demo.sign_ins import sign_ins
from shared.cli.demo.story import Story
from shared.cli.local import LocalDesk, LocalPipeline, ServiceProcess, local_pipeline
from shared.embedded.probes import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

    from shared.bus.delivery import Outgoing

_T = TypeVar("_T")

STARTED_WITHIN = 300.0
"""Seconds, on a busy machine."""


@dataclass
class Door:
    """A port of its own that passes on to whichever of some ports answers, as a proxy does."""

    targets: list[int]
    port: int = field(default_factory=free_port)

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._pass, HOST, self.port)

    async def close(self) -> None:
        """Listen no more."""
        self._server.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for port in self.targets:
            with contextlib.suppress(OSError):
                theirs = await asyncio.open_connection(HOST, port)
                ways = [(reader, theirs[1]), (theirs[0], writer)]
                await asyncio.gather(*(_copied(*way) for way in ways))
                return
        writer.close()


async def _copied(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65_536):
            to.write(data)
            await to.drain()
    with contextlib.suppress(OSError):
        to.close()


@dataclass
class Stack:
    """The running pipeline; `seats` are addresses and passwords by role."""

    pipeline: LocalPipeline
    seats: dict[str, tuple[str, str]]
    loop: asyncio.AbstractEventLoop
    written: int = 0

    @property
    def url(self) -> str:
        """Where the desk is."""
        return self.pipeline.desk.url

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do it in the pipeline's thread; its result."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def publish(self, *records: Outgoing) -> None:
        """Publish, as other systems do."""
        self.do(self.pipeline.publish(records))

    def writes(self, text: str) -> str:
        """A new visitor of the web chat writes; what can be searched for is returned."""
        self.written += 1
        mark = f"visitor{self.written:04d}"
        record = samples.chat(
            "message",
            mark,
            now=datetime.now(UTC),
            text=f"{text} {mark}",
            session=f"chat-{mark}",
            visitor=mark,
        )
        self.publish(record)
        return mark

    def replies(self, text: str) -> int:
        """How many replies of that text went out."""

        async def seen() -> int:
            at = asyncio.get_running_loop().time() + 1
            now = asyncio.get_running_loop().time
            observed = await self.pipeline.until("a second has gone by", lambda _: now() > at)
            return sum(out["text"] == text for out in observed.outbound.values())

        return self.do(seen())

    def second_desk(self, folder: Path) -> tuple[ServiceProcess, Door]:
        """One more replica of the desk, and a door that leads to the first one while it lives."""
        other = LocalDesk(free_port(), self.pipeline.desk.secret)
        process = ServiceProcess("desk", self.pipeline.servers, folder, other.environment())
        process.launch()
        process.wait()
        door = Door([other.port, self.pipeline.desk.port])
        self.do(door.open())
        return process, door


@contextlib.contextmanager
def running() -> Iterator[Stack]:
    """The stack, until the block is left."""
    stopping, ready = threading.Event(), threading.Event()
    found: list[Stack] = []
    failed: list[BaseException] = []

    async def run() -> None:
        async with local_pipeline(lambda _: None) as pipeline:
            now = datetime.now(UTC)
            await Story(pipeline, now).tell()
            await More(pipeline, now).tell()
            await pipeline.all_taken("desk")
            seats = await sign_ins(pipeline.environment)
            found.append(Stack(pipeline, seats, asyncio.get_running_loop()))
            ready.set()
            while not stopping.is_set():
                await asyncio.sleep(0.1)

    def thread() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001  # it is raised where it is waited for
            failed.append(error)
            ready.set()

    runner = threading.Thread(target=thread, name="stack")
    runner.start()
    try:
        assert ready.wait(STARTED_WITHIN), "the stack did not start"
        if failed:
            raise failed[0]
        yield found[0]
    finally:
        stopping.set()
        runner.join(60)
