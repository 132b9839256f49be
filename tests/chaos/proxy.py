"""A TCP proxy that makes a network worse: slow, silent, or with connections that break."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field

from shared.embedded import probes
from shared.embedded.probes import HOST

_CHUNK = 65_536
_AT_ONCE = struct.pack("ii", 1, 0)
"""Of SO_LINGER: closing throws away what was not sent, and tells the peer by a reset."""


@dataclass(eq=False)
class Proxy:
    """Passes bytes on between its own port and `target`, both on 127.0.0.1.

    `latency` is in seconds, for each chunk in each direction. While it is `silent`, it accepts
    connections and passes nothing on; what it was given meanwhile arrives after `mend`.
    """

    target: int = 0
    port: int = field(default_factory=probes.free_port)
    latency: float = 0.0
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def start(self) -> None:
        """It listens, and passes everything on."""
        self.mend()
        self._server = await asyncio.start_server(self._accepted, HOST, self.port)

    async def stop(self) -> None:
        """It listens no longer, and none of its connections is left."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def silence(self) -> None:
        """Pass nothing on from now, in either direction."""
        self._passing.clear()

    def reset(self) -> None:
        """Break every connection that there is; new ones are taken."""
        for writer in list(self._writers):
            peer = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            writer.transport.abort()

    def mend(self) -> None:
        """Pass everything on, without delay."""
        self.latency = 0.0
        self._passing.set()

    @property
    def connections(self) -> int:
        """How many connections there are at its port."""
        return len(self._tasks)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._passing.wait()
            with contextlib.suppress(OSError):
                await self._joined(reader, writer)
        except asyncio.CancelledError:
            pass  # by `stop`; whoever accepts connections would report it as a failure
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both ways until both ends have ended, or one of them breaks."""
        far_reader, far_writer = await asyncio.open_connection(HOST, self.target)
        self._writers.add(far_writer)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._way(reader, far_writer))
                ways.create_task(self._way(far_reader, writer))
        except* OSError:
            pass  # the other way was ended with it
        finally:
            far_writer.transport.abort()
            self._writers.discard(far_writer)

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK):
            await asyncio.sleep(self.latency)
            await self._passing.wait()
            writer.write(chunk)
            await writer.drain()
        await self._passing.wait()
        writer.write_eof()
