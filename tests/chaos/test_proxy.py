"""The proxy of the faults does to a connection what it says, and nothing else."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from shared.embedded import probes
from shared.embedded.probes import HOST
from tests.chaos.proxy import Proxy

AT_ONCE = 2.0


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[Proxy]:
    """A proxy before a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while said := await reader.read(1000):
                writer.write(said)
        writer.close()

    server = await asyncio.start_server(echo, HOST, 0)
    proxy = Proxy(target=server.sockets[0].getsockname()[1])
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
        server.close()


async def test_bytes_pass_both_ways_and_an_end_is_passed_on() -> None:
    async with echoing() as proxy, asyncio.timeout(AT_ONCE):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"x" * 300_000)
        assert await reader.readexactly(300_000) == b"x" * 300_000

        writer.write_eof()

        assert await reader.read() == b""
        writer.close()


async def test_latency_is_added_in_each_direction() -> None:
    async with echoing() as proxy, asyncio.timeout(AT_ONCE):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        proxy.latency = 0.1
        began = time.monotonic()

        writer.write(b"slow")

        assert await reader.readexactly(4) == b"slow"
        assert time.monotonic() - began >= 0.2
        writer.close()


async def test_while_it_is_silent_connections_are_taken_and_nothing_is_answered() -> None:
    async with echoing() as proxy, asyncio.timeout(AT_ONCE):
        before = await asyncio.open_connection(HOST, proxy.port)
        before[1].write(b"1")
        await before[0].readexactly(1)
        proxy.silence()
        meanwhile = await asyncio.open_connection(HOST, proxy.port)

        for reader, writer in (before, meanwhile):
            writer.write(b"2")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await reader.read(1)

        proxy.mend()
        for reader, writer in (before, meanwhile):
            assert await reader.readexactly(1) == b"2"
            writer.close()


async def test_a_reset_breaks_what_there_is_and_takes_what_comes() -> None:
    async with echoing() as proxy, asyncio.timeout(AT_ONCE):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"1")
        await reader.readexactly(1)

        proxy.reset()

        with pytest.raises(ConnectionResetError):
            await reader.read(1)
        writer.close()
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"2")
        assert await reader.readexactly(1) == b"2"
        writer.close()


async def test_where_nobody_listens_behind_it_a_connection_ends_at_once() -> None:
    proxy = Proxy(target=probes.free_port())
    await proxy.start()
    try:
        async with asyncio.timeout(AT_ONCE):
            reader, writer = await asyncio.open_connection(HOST, proxy.port)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read(1) == b""
            writer.close()
    finally:
        await proxy.stop()


async def test_nothing_is_left_once_it_has_stopped() -> None:
    async with echoing() as proxy, asyncio.timeout(AT_ONCE):
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(b"1")
        await reader.readexactly(1)
        proxy.silence()

        await proxy.stop()

        assert proxy.connections == 0
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read(1) == b""
        writer.close()
