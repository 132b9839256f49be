"""Certificates that are renewed while a client goes on, and the stores' connections by TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.running.settings import RedisSettings
from shared.running.tls import ChangingContext
from shared.stores.redis import connect
from tests.secure_servers import Certificates, PasswordRedis, TlsProxy


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


def client(certificates: Certificates) -> ChangingContext:
    return ChangingContext(certificates.ca, certificates.client, certificates.client_key)


@asynccontextmanager
async def listening(certificates: Certificates) -> AsyncIterator[int]:
    """A server with the certificates as they are now, which asks for the client's."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=certificates.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates.server, certificates.server_key)

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


async def greeted(port: int, context: ssl.SSLContext) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_a_renewed_authority_and_certificate_are_taken_up_by_the_next_connection(
    certificates: Certificates,
) -> None:
    context = client(certificates)
    async with listening(certificates) as port:
        before = await greeted(port, context)

    certificates.renew()

    async with listening(certificates) as port:
        after = await greeted(port, context)
    assert (before, after) == (b"hello", b"hello")


async def test_an_authority_that_was_taken_away_is_trusted_no_more(
    certificates: Certificates,
) -> None:
    context = client(certificates)
    async with listening(certificates) as port:
        await greeted(port, context)
        certificates.renew()

        with pytest.raises(ssl.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            await greeted(port, context)


async def test_while_certificate_and_key_do_not_fit_the_last_ones_go_on(
    certificates: Certificates,
) -> None:
    context = client(certificates)
    async with listening(certificates) as port:
        certificates.client_key.write_text("not yet")

        assert await greeted(port, context) == b"hello"


async def test_hosts_are_checked(certificates: Certificates) -> None:
    async with listening(certificates) as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=client(certificates), server_hostname="other.example"
            )


@pytest.mark.connected
async def test_redis_is_reached_by_renewed_certificates_and_a_renewed_password(
    certificates: Certificates, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("first")
    with PasswordRedis("first", tmp_path / "redis") as server:
        proxy = TlsProxy(certificates, server.port)
        try:
            proxy.start()
            settings = RedisSettings(
                url=SecretStr(f"redis://127.0.0.1:{proxy.port}"),
                tls=True,
                ca_file=certificates.ca,
                cert_file=certificates.client,
                key_file=certificates.client_key,
                password_file=file,
            )
            async with connect(settings) as redis:
                await redis.set("a", "1")

                certificates.renew()
                await redis.config_set("requirepass", "second")
                file.write_text("second")
                await asyncio.to_thread(proxy.start)

                assert await redis.get("a") == b"1"
        finally:
            await asyncio.to_thread(proxy.close)
