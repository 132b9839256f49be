"""`helpdesk desk`: operators let agents and integrations in, and put sessions out."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from typer.testing import CliRunner

from services.desk.commands import app
from services.desk.rules.signing import Session
from services.desk.store.people import MongoPeople
from services.desk.web.auth.held import key_of
from shared.bus.kafka import Producer, create_topics
from shared.clock import FAR_FUTURE, system_clock
from shared.contracts.accounts import AccountSettings
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings, MongoSettings
from shared.stores.mongo import Mongo
from shared.topics import ACCOUNTS
from tests.architecture.tree import ROOT
from tests.desk.signing import ANN, BOB, PASSWORD
from tests.stacks import choose

RUN = "from services.desk.commands import app; app()"


@dataclass
class Desk:
    """The command, and what it looks after."""

    environment: dict[str, str]
    people: MongoPeople

    async def __call__(self, *words: str, given: str = "") -> tuple[int, str, str]:
        """Run it; exit code, stdout, stderr."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", RUN, "desk", *words),
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(given.encode()), 60)
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def desk(servers: Servers, unique: str) -> AsyncIterator[Desk]:
    kafka = KafkaSettings(
        bootstrap=servers.kafka,
        topic_prefix=f"{unique}-",
        idempotent_producer=choose(os.environ).is_apache_kafka,
    )
    await create_topics(kafka, replication=1, partitions=1)
    producer = Producer(kafka)
    await producer.start()
    try:
        await producer.publish(
            [ACCOUNTS.record(AccountSettings(account_id="acme", agents=(ANN, BOB)))]
        )
    finally:
        await producer.stop()
    mongo = Mongo(MongoSettings(url=SecretStr(servers.mongo), database=unique))
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("HELPDESK_")},
        "COLUMNS": "200",
        "HELPDESK_KAFKA__BOOTSTRAP": kafka.bootstrap,
        "HELPDESK_KAFKA__TOPIC_PREFIX": kafka.topic_prefix,
        "HELPDESK_MONGO__URL": servers.mongo,
        "HELPDESK_MONGO__DATABASE": unique,
        "HELPDESK_PUBLIC_URL": "https://desk.example.com",
    }
    yield Desk(environment, MongoPeople(mongo.database))
    await mongo.close()


@pytest.mark.connected
async def test_an_agent_gets_a_link_that_counts_and_a_password_that_is_hashed(desk: Desk) -> None:
    code, out, err = await desk("password", "acme", "ann@example.com", "--link")
    assert code == 0, err
    place, _, held = out.strip().partition("?token=")
    assert place == "https://desk.example.com/set-password"
    assert await desk.people.link(key_of(held), system_clock()) == ("acme", "ann")

    code, out, err = await desk("password", "acme", "bob", "--password-stdin", given=PASSWORD)
    assert (code, out) == (0, ""), err
    (hashed,) = (await desk.people.passwords([("acme", "bob")])).values()
    assert PasswordHasher().verify(hashed, PASSWORD)


@pytest.mark.connected
async def test_whom_it_cannot_let_in_it_names(desk: Desk) -> None:
    told = await asyncio.gather(
        desk("password", "acme", "eve", "--link"),
        desk("password", "none", "ann", "--link"),
        desk("password", "acme", "ann", "--password-stdin", given="short"),
    )

    assert all(code != 0 and not out for code, out, _ in told)
    for (_, _, err), said in zip(
        told,
        ("has no agent 'eve'", "there is no account 'none'", "the password is too short"),
        strict=True,
    ):
        assert said in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("password", "acme", "ann"), "either --link or --password-stdin"),
        (("password", "acme", "ann", "--link", "--password-stdin"), "either"),
        (("token", "acme", "reports", "--scope", "everything"), "no scope: everything"),
        (("token", "acme", "", "--scope", "tickets:read"), "a name has 1 to 100 characters"),
        (
            ("token", "acme", "x", "--scope", "tickets:read", "--expires-in", "0d"),
            "expired already",
        ),
    ],
)
def test_what_is_asked_wrongly_is_said_before_anything_is_asked_of_servers(
    words: tuple[str, ...], said: str
) -> None:
    told = CliRunner().invoke(app, ["desk", *words])

    assert (told.exit_code, told.stdout) == (2, "")
    assert said in told.stderr


@pytest.mark.connected
async def test_a_token_is_printed_once_and_kept_as_a_hash(desk: Desk) -> None:
    scopes = ("--scope", "tickets:read", "--scope", "settings:read")

    code, out, err = await desk("token", "acme", "reports", *scopes, "--expires-in", "90d")

    assert code == 0, err
    token = await desk.people.token(key_of(out.strip()))
    assert token is not None
    assert (token.account_id, token.name) == ("acme", "reports")
    assert token.scopes == ("tickets:read", "settings:read")
    assert token.expires_at is not None
    assert timedelta(days=89) < token.expires_at - system_clock() <= timedelta(days=90)


@pytest.mark.connected
async def test_sessions_are_listed_and_ended(desk: Desk) -> None:
    now = system_clock()
    for name, agent in (("a", "ann"), ("b", "bob")):
        session = Session(f"k{name}", name, "acme", agent, now, now, "Fire\x1b[2Jfox", "oidc")
        await desk.people.begin(session, FAR_FUTURE)

    (_, out, err), (_, document, _) = await asyncio.gather(
        desk("sessions", "acme"), desk("sessions", "acme", "--agent", "ann", "--json")
    )
    assert {line.split()[1] for line in out.splitlines()} == {"ann", "bob"}, err
    assert "\x1b" not in out
    assert [each["agent"] for each in json.loads(document)["sessions"]] == ["ann"]
    assert await desk("sessions", "acme", "--agent", "ann", "--end") == (0, "1 ended\n", "")

    assert [each.agent_id for each in await desk.people.sessions("acme")] == ["bob"]
