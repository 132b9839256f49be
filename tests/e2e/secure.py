"""A pipeline with TLS, users and rights everywhere, as a chart would set it up."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from pymongo import MongoClient

from shared.bus.acls import Acl, acls
from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import Producer, create_topics
from shared.cli.reading import records
from shared.clock import EPOCH
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES, Topic
from tests.e2e.harness import Pipeline
from tests.secure_servers import (
    Certificates,
    PasswordRedis,
    SecureKafka,
    SecureMongo,
    TlsProxy,
)

PREFIX = "secure-"
USERS = (*SERVICES, "operator", "groupless")
_CODES = {"topic": 2, "group": 3, "read": 3, "write": 4}
_LITERAL, _ALLOW = 3, 3


@dataclass
class Secured(Pipeline):
    """The servers, what they ask for, and the services that give it."""

    certificates: Any = None
    broker: Any = None
    database: Any = None
    proxy: Any = None
    passwords: dict[str, str] = field(default_factory=dict)

    @property
    def kafka(self) -> KafkaSettings:
        """What the operator has."""
        return self.kafka_of("operator")

    def kafka_of(self, user: str, **more: Any) -> KafkaSettings:
        """How a user connects."""
        return KafkaSettings.model_validate(
            {
                "bootstrap": self.servers.kafka,
                "topic_prefix": PREFIX,
                "security_protocol": "SASL_SSL",
                "ca_file": self.certificates.ca,
                "cert_file": self.certificates.client,
                "key_file": self.certificates.client_key,
                "username": user,
                "password_file": self.password_file(user),
                **more,
            }
        )

    def password_file(self, user: str) -> Path:
        """Where the user's password stands."""
        file = self.folder / f"{user}.password"
        if not file.exists():
            file.write_text(f"{self.passwords[user]}\n")
        return file

    def environment_of(self, user: str) -> dict[str, str]:
        """What a service's process reads, as that user."""
        return {
            **self.environment(),
            **self.certificates.client_settings("KAFKA"),
            **self.certificates.client_settings("MONGO"),
            **self.certificates.client_settings("REDIS"),
            "HELPDESK_KAFKA__TOPIC_PREFIX": PREFIX,
            "HELPDESK_KAFKA__SECURITY_PROTOCOL": "SASL_SSL",
            "HELPDESK_KAFKA__USERNAME": user,
            "HELPDESK_KAFKA__PASSWORD_FILE": str(self.password_file(user)),
            "HELPDESK_MONGO__TLS": "true",
            "HELPDESK_MONGO__USERNAME": "helpdesk",
            "HELPDESK_MONGO__PASSWORD_FILE": str(self.password_file("mongo")),
            "HELPDESK_MONGO__DATABASE": "secure",
            "HELPDESK_REDIS__URL": f"redis://:{self.passwords['redis']}@127.0.0.1:{self.proxy.port}",
            "HELPDESK_REDIS__TLS": "true",
            "HELPDESK_MAIL_TOKEN_KEYS": f'{{"1": "{self.passwords["mail tokens"]}"}}',
            "HELPDESK_LOG_LEVEL": "debug",
        }

    def say(self, *said: Outgoing) -> None:
        """Publish as the operator's command does."""
        asyncio.run(self._say(said))

    async def _say(self, said: tuple[Outgoing, ...]) -> None:
        producer = Producer(self.kafka)
        await producer.start()
        try:
            await producer.publish(said)
        finally:
            await producer.stop()

    def told(self, topic: Topic[Any]) -> list[Record]:
        """All that a topic says, as the operator's command reads it."""

        async def read() -> list[Record]:
            found = records(self.kafka, [topic], since=EPOCH, follow=False)
            return [record async for record in found]

        return asyncio.run(read())

    def wait(self, what: str, condition: Callable[[], bool], seconds: float = 40) -> None:
        """Return once the condition holds; fail when it does not, or a process has died."""
        deadline = time.monotonic() + seconds
        while not condition():
            self._assert_nobody_died()
            if time.monotonic() > deadline:
                raise AssertionError(f"after {seconds} s still not: {what}")
            time.sleep(0.2)

    def renew_certificates(self) -> None:
        """Another authority, known to all; the servers come back with its certificates."""
        self.broker.kill()
        self.database.stop()
        self.certificates.renew()
        self.broker.launch()
        self.database.launch()
        self.proxy.start()
        self.database.wait()
        self.broker.wait()

    def renew_password(self, user: str) -> None:
        """Another password for the user, in the broker and in the user's file."""
        fresh = secrets.token_hex(12)
        self.broker.set_password(user, fresh)
        self.passwords[user] = fresh
        self.password_file(user).write_text(fresh)


@contextmanager
def secured(folder: Path) -> Iterator[Secured]:
    """Servers, topics, users and rights are there; no service runs yet, nor any at the end."""
    passwords = {name: secrets.token_hex(12) for name in (*USERS, "mongo", "redis", "mail tokens")}
    with ExitStack() as closing:
        certificates = Certificates(folder / "certificates")
        redis = PasswordRedis(passwords["redis"], folder / "redis")
        users = {name: passwords[name] for name in USERS}
        broker = SecureKafka(certificates, users, folder / "kafka")
        database = SecureMongo(certificates, folder / "mongo")
        for server in (broker, database, redis):
            closing.callback(server.close)
            server.launch()
        proxy = TlsProxy(certificates, redis.port)
        closing.callback(proxy.close)
        proxy.start()
        database.wait()
        _add_user(database, certificates, passwords["mongo"])
        database.stop()
        database.asks_for_users = True
        database.launch()
        for server in (broker, database, redis):
            server.wait()
        servers = Servers(
            kafka=broker.url, mongo=database.url, redis=f"redis://127.0.0.1:{proxy.port}"
        )
        place = Secured(servers, "secure", folder)
        place.certificates, place.broker = certificates, broker
        place.database, place.proxy, place.passwords = database, proxy, passwords
        closing.callback(_kill, place)
        asyncio.run(_prepare(place))
        yield place


def _kill(place: Secured) -> None:
    for replica in place.replicas:
        if replica.process.poll() is None:
            replica.kill()


def _add_user(database: SecureMongo, certificates: Certificates, password: str) -> None:
    both = certificates.client.with_name("both.pem")
    both.write_bytes(certificates.client_key.read_bytes() + certificates.client.read_bytes())
    client: MongoClient[Any] = MongoClient(
        database.url, tls=True, tlsCAFile=str(certificates.ca), tlsCertificateKeyFile=str(both)
    )
    with client:
        role = {"role": "root", "db": "admin"}
        client.admin.command("createUser", "helpdesk", pwd=password, roles=[role])
    both.unlink()


async def _prepare(place: Secured) -> None:
    """The topics, by the operator's user; the services' rights, by the listener in plain."""
    await create_topics(place.kafka, replication=1, partitions=2)
    rights: list[tuple[str, Acl]] = [(name, acl) for name in SERVICES for acl in acls(name, PREFIX)]
    # It may do all that attribution may, but for its group.
    topics_only = [acl for acl in acls("attribution", PREFIX) if acl.resource == "topic"]
    rights += [("groupless", acl) for acl in topics_only]
    admin = AIOKafkaAdminClient(bootstrap_servers=place.broker.plain)
    await admin.start()
    try:
        for user, acl in rights:
            answer = await admin._send_request(_right(user, acl))  # noqa: SLF001  # it has no call
            assert not [code for code, *_ in answer.creation_responses if code]
    finally:
        await admin.close()


def _right(user: str, acl: Acl) -> CreateAclsRequest:
    resource, operation = _CODES[acl.resource], _CODES[acl.operation]
    who = f"User:{user}"
    return CreateAclsRequest(resource, acl.name, _LITERAL, who, "*", operation, _ALLOW)
