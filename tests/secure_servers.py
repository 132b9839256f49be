"""The servers with TLS, users and rights, and certificates that are made on the fly."""

from __future__ import annotations

import asyncio
import ssl
import threading
from typing import TYPE_CHECKING

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from shared.embedded import probes
from shared.embedded.probes import HOST
from shared.embedded.stack import SecantusDB, Valkey
from tests.servers import ApacheKafka, find_java, kafka_jars, run_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Certificates:
    """An authority's certificate, a server's and a client's, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Make them."""
        self.ca, self.keystore = folder / "ca.pem", folder / "keystore.pem"
        self.server, self.server_key = folder / "server.pem", folder / "server.key"
        self.client, self.client_key = folder / "client.pem", folder / "client.key"
        folder.mkdir(parents=True, exist_ok=True)
        self.renew()

    def renew(self) -> None:
        """Put all of a new authority in their place; the old authority's are worth nothing then."""
        authority = trustme.CA()
        server, client = authority.issue_cert(HOST, "localhost"), authority.issue_cert("client")
        _replace(self.ca, authority.cert_pem.bytes())
        for issued, cert, key in (
            (server, self.server, self.server_key),
            (client, self.client, self.client_key),
        ):
            _replace(key, issued.private_key_pem.bytes())
            _replace(cert, b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        plain = load_pem_private_key(server.private_key_pem.bytes(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        _replace(self.keystore, plain + self.server.read_bytes())

    def client_settings(self, block: str) -> dict[str, str]:
        """What a service is told of its own certificate and of whom to trust."""
        files = {"CA_FILE": self.ca, "CERT_FILE": self.client, "KEY_FILE": self.client_key}
        return {f"HELPDESK_{block}__{name}": str(file) for name, file in files.items()}


def _replace(file: Path, content: bytes) -> None:
    """As those do who renew secrets: the file is the old one or the new one, never half of it."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(content)
    fresh.replace(file)


class SecureKafka(ApacheKafka):
    """Apache Kafka that asks for a certificate, a SASL user and an ACL for everything.

    The tests' own preparations come by a second listener, in plain.
    """

    def __init__(self, certificates: Certificates, users: Mapping[str, str], folder: Path) -> None:
        """Choose ports; nothing runs yet. `users` have their passwords."""
        super().__init__(folder=folder)
        self.plain_port = probes.free_port()
        self._certificates, self._users = certificates, users

    @property
    def plain(self) -> str:
        """Where everything is allowed."""
        return f"{HOST}:{self.plain_port}"

    def answers(self) -> bool:
        """Whether the broker serves as a member of its cluster."""
        return probes.kafka_answers(self.plain_port)

    def formatted_with(self) -> Sequence[str]:
        """Return the users."""
        return [
            option
            for name, password in self._users.items()
            for mechanism in ("SCRAM-SHA-512", "SCRAM-SHA-256")
            for option in ("--add-scram", f"{mechanism}=[name={name},password={password}]")
        ]

    def settings(self) -> dict[str, str]:
        """Return what the broker is told, but for its folder."""
        secure, plain = f"SASL_SSL://{HOST}:{self.port}", f"PLAIN://{self.plain}"
        return super().settings() | {
            "listeners": f"{secure},{plain},CONTROLLER://{HOST}:{self.controller_port}",
            "advertised.listeners": f"{secure},{plain}",
            "listener.security.protocol.map": (
                "SASL_SSL:SASL_SSL,PLAIN:PLAINTEXT,CONTROLLER:PLAINTEXT"
            ),
            "inter.broker.listener.name": "PLAIN",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,SCRAM-SHA-256,PLAIN",
            **{
                f"listener.name.sasl_ssl.{mechanism}.sasl.jaas.config": (
                    "org.apache.kafka.common.security.scram.ScramLoginModule required;"
                )
                for mechanism in ("scram-sha-512", "scram-sha-256")
            },
            "listener.name.sasl_ssl.plain.sasl.jaas.config": (
                "org.apache.kafka.common.security.plain.PlainLoginModule required"
                + "".join(f' user_{name}="{word}"' for name, word in self._users.items())
                + ";"
            ),
            "ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._certificates.keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self._certificates.ca),
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": "User:ANONYMOUS;User:operator",
        }

    def set_password(self, user: str, password: str) -> None:
        """Give a user another password; connections that there are stay."""
        run_command(
            *(find_java(), "-XX:TieredStopAtLevel=1", "-cp", f"{kafka_jars()}/*"),
            *("kafka.admin.ConfigCommand", "--bootstrap-server", self.plain, "--alter"),
            *("--entity-type", "users", "--entity-name", user),
            *("--add-config", f"SCRAM-SHA-512=[password={password}]"),
            timeout=60,
        )


class SecureMongo(SecantusDB):
    """SecantusDB by TLS; users are asked for once there are any."""

    def __init__(self, certificates: Certificates, folder: Path) -> None:
        """Choose a port; nothing runs yet."""
        super().__init__(folder=folder)
        self._certificates = certificates
        self.asks_for_users = False

    def command(self) -> Sequence[str]:
        """Return the command line of the daemon."""
        return (
            *super().command(),
            f"--tls-cert-file={self._certificates.server}",
            f"--tls-key-file={self._certificates.server_key}",
            f"--tls-ca-file={self._certificates.ca}",
            "--tls-require-client-cert",
            *(("--auth",) if self.asks_for_users else ()),
        )

    def answers(self) -> bool:
        """Whether somebody listens: no probe speaks TLS."""
        return probes.is_taken(self.port)


class PasswordRedis(Valkey):
    """Valkey with a password."""

    def __init__(self, password: str, folder: Path) -> None:
        """Choose a port; nothing runs yet."""
        super().__init__(folder=folder)
        self._password = password

    def command(self) -> Sequence[str]:
        """Return the command line of the server."""
        return (*super().command(), "--requirepass", self._password)

    def answers(self) -> bool:
        """Whether somebody listens: the probe has no password."""
        return probes.is_taken(self.port)


class TlsProxy:
    """TLS in front of a server that has none (the wheel's Valkey), in a thread of its own."""

    def __init__(self, certificates: Certificates, behind: int) -> None:
        """Choose a port; nothing listens yet."""
        self.port = probes.free_port()
        self._certificates, self._behind = certificates, behind
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen, with the certificates as they are now; old connections are cut."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    def close(self) -> None:
        """Listen no more."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        await self._stop()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self._certificates.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self._certificates.server, self._certificates.server_key)
        self._server = await asyncio.start_server(self._taken, HOST, self.port, ssl=context)

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        while self._tasks:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _taken(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        both: list[asyncio.Future[None]] = []
        ends = [writer]
        try:
            behind, ahead = await asyncio.open_connection(HOST, self._behind)
            ends.append(ahead)
            ways = ((reader, ahead), (behind, writer))
            both += [asyncio.ensure_future(_pour(*way)) for way in ways]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass
        finally:
            for each in both:
                each.cancel()
            for end in ends:
                end.transport.abort()
            await asyncio.gather(*both, return_exceptions=True)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while part := await source.read(65536):
        sink.write(part)
        await sink.drain()
