"""On the services' event loop, a connection that breaks is told as drivers expect it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import uvloop

from shared.running import loop


@contextlib.asynccontextmanager
async def connected() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that says everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(100):
            writer.write(said)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield reader, writer
        writer.close()
    finally:
        server.close()


async def written_to_a_broken_one() -> None:
    async with connected() as (_, writer):
        writer.transport.abort()
        await asyncio.sleep(0)  # the loop closes it
        with pytest.raises(ConnectionResetError):
            writer.write(b"late")
        with pytest.raises(ConnectionResetError):
            writer.writelines([b"la", b"te"])


def test_writing_to_a_broken_connection_is_an_error_of_the_connection() -> None:
    loop.run(written_to_a_broken_one())


def test_without_it_it_would_be_none() -> None:
    with pytest.raises(RuntimeError):
        uvloop.run(written_to_a_broken_one())


def test_a_whole_connection_is_as_it_was() -> None:
    async def talk() -> bytes:
        async with connected() as (reader, writer):
            assert writer.get_extra_info("peername")[0] == "127.0.0.1"
            writer.writelines([b"to and ", b"fro"])
            await writer.drain()
            writer.write_eof()
            return await reader.read()

    assert loop.run(talk()) == b"to and fro"
