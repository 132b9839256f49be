"""The doctor beside a running pipeline, and beside what is broken of it, on the real servers."""

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer, create_topics
from shared.embedded.servers import Servers
from shared.embedded.stack import Tansu
from shared.running.settings import KafkaSettings
from shared.topic import SERVICES
from shared.topics import COMMANDS, MESSAGES, PRESENCE, TOPICS
from tests.cli.run import helpdesk
from tests.e2e.secure import Secured, secured
from tests.pipeline.kafka_stage import kafka_stage
from tests.pipeline.stage import acme
from tests.secure_servers import PasswordRedis

pytestmark = pytest.mark.connected

Findings = list[dict[str, str]]


def where(servers: Servers, unique: str) -> dict[str, str]:
    """What the command reads of a stage's servers."""
    return {
        "HELPDESK_KAFKA__BOOTSTRAP": servers.kafka,
        "HELPDESK_KAFKA__TOPIC_PREFIX": f"{unique}-",
        "HELPDESK_MONGO__URL": servers.mongo,
        "HELPDESK_MONGO__DATABASE": unique,
        "HELPDESK_REDIS__URL": servers.redis,
    }


async def looked(*words: str, **there: str) -> tuple[int, Findings]:
    """The exit code and the findings of the doctor, of topics as the stage creates them."""
    options = ("--json", "--partitions", "2", "--replication", "1")
    code, out, err = await helpdesk("doctor", *options, *words, **there)
    assert "Traceback" not in err
    assert out, err
    findings: Findings = json.loads(out)["findings"]
    return code, findings


def of(findings: Findings, check: str) -> dict[str, str]:
    """The statuses of a check's findings, by what they say."""
    return {each["text"]: each["status"] for each in findings if each["check"] == check}


def wrong(findings: Findings) -> set[str]:
    return {each["check"] for each in findings if each["status"] == "wrong"}


@pytest.mark.kafka
async def test_a_running_pipeline_is_well_and_what_is_broken_of_it_is_told(
    servers: Servers, unique: str
) -> None:
    there = where(servers, unique)
    async with kafka_stage(servers, unique, as_shipped=True) as stage:
        await stage.account(acme())
        await stage.sms("Hello?")

        code, findings = await looked(**there)
        # One server of a replica set is all that there is here.
        assert (code, wrong(findings)) == (0, set()), findings
        warned = {each["check"] for each in findings if each["status"] == "warning"}
        assert warned <= {"durability"}
        assert of(findings, "topics") == {f"{len(TOPICS)} topics are as declared": "ok"}
        assert set(of(findings, "indexes").values()) == {"ok"}
        assert set(of(findings, "accounts")) == {"there is 1 account"}
        (members,) = of(findings, "groups")
        assert "ticketing (1)" in members
        (lag,) = of(findings, "lag")
        assert "ingest (0)" in lag
        assert set(of(findings, "clocks").values()) == {"ok"}
        assert (await looked("--strict", **there))[0] == (1 if warned else 0)

        await stage.raw("sms", b"\xff not an SMS")
        _, findings = await looked(**there)
        (dead,) = of(findings, "dead-letters").items()
        assert dead[1] == "warning"
        assert "helpdesk.dead.ingest holds 1" in dead[0]

        with MongoClient[dict[str, Any]](servers.mongo) as client:
            client[unique]["tickets"].drop_index("due_at_1")
            client[unique]["autoclose_timers"].drop()
        code, findings = await looked(**there)
        assert (code, wrong(findings)) == (1, {"indexes"})
        assert {
            text: status for text, status in of(findings, "indexes").items() if status != "ok"
        } == {
            "ticketing lacks tickets(due_at): whole collections are read instead": "wrong",
            "autoclose has never made autoclose_timers in this database": "warning",
        }
        settings = stage.settings

    # Nobody runs any more; commands come, and a topic goes.
    producer = Producer(settings)
    await producer.start()
    await producer.publish([Outgoing(COMMANDS.name, b"acme:t", b"{}")] * 12)
    await producer.stop()
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    await admin.delete_topics([f"{unique}-{PRESENCE.name}"])
    await admin.close()

    code, findings = await looked("--behind", "100", **there)
    assert code == 1
    assert {"groups", "topics"} <= wrong(findings)
    assert len([s for s in of(findings, "groups").values() if s == "wrong"]) == len(SERVICES)
    assert of(findings, "topics") == {f"{PRESENCE.name}: it is missing": "wrong"}
    (lag, status) = next(
        (text, status)
        for text, status in of(findings, "lag").items()
        if text.startswith("ticketing is")
    )
    assert status == "warning"
    assert "behind by 12" in lag


async def test_one_dependency_that_is_down_hides_nothing_of_the_others(
    servers: Servers, unique: str
) -> None:
    there = where(servers, unique)
    _, findings = await looked(**there | {"HELPDESK_KAFKA__BOOTSTRAP": "127.0.0.1:1"})
    assert "kafka" in wrong(findings)
    assert {*of(findings, "mongo").values(), *of(findings, "redis").values()} == {"ok"}

    _, findings = await looked(**there | {"HELPDESK_MONGO__URL": "mongodb://127.0.0.1:1"})
    assert "mongo" in wrong(findings)
    assert {*of(findings, "kafka").values(), *of(findings, "redis").values()} == {"ok"}
    assert set(of(findings, "topics").values()) == {"wrong"}, "none was created"

    _, findings = await looked(**there | {"HELPDESK_REDIS__URL": "redis://127.0.0.1:1"})
    assert "redis" in wrong(findings)
    assert {*of(findings, "kafka").values(), *of(findings, "mongo").values()} == {"ok"}


async def test_the_embedded_broker_which_cannot_say_all_is_looked_at(
    servers: Servers, unique: str
) -> None:
    with Tansu() as broker:
        settings = KafkaSettings(
            bootstrap=broker.url, topic_prefix=f"{unique}-", idempotent_producer=False
        )
        await create_topics(settings, replication=1, partitions=2)
        producer = Producer(settings)
        await producer.start()
        # Of a batch of several, this broker tells the first one's offset as the end.
        for _ in range(3):
            await producer.publish([Outgoing(COMMANDS.name, b"acme:t", b"{}")])
        await producer.stop()
        there = where(servers, unique) | {"HELPDESK_KAFKA__BOOTSTRAP": broker.url}
        member = AIOKafkaConsumer(
            f"{unique}-{MESSAGES.name}",
            bootstrap_servers=broker.url,
            group_id=f"{unique}-helpdesk.spam",
        )
        await member.start()
        _, findings = await looked(**there)
        await member.stop()

    assert set(of(findings, "kafka").values()) == {"ok"}
    assert of(findings, "topics") == {f"{len(TOPICS)} topics are as declared": "ok"}
    assert set(of(findings, "rights").values()) == {"not looked at"}
    assert set(of(findings, "dead-letters").values()) == {"ok"}
    assert set(of(findings, "accounts").values()) == {"wrong"}
    assert of(findings, "groups").get("members: spam (1)") == "ok"
    behind = f"ticketing is behind by 3, 3 of them on {COMMANDS.name}"
    assert of(findings, "lag").get(behind) == "warning", of(findings, "lag")
    assert set(of(findings, "clocks").values()) == {"ok"}


async def test_a_redis_that_wants_a_password_is_told_from_one_that_is_away(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    secret = secrets.token_hex(8)
    with PasswordRedis(secret, tmp_path) as server:
        there = where(servers, unique) | {"HELPDESK_REDIS__URL": f"redis://127.0.0.1:{server.port}"}
        for password in ("", "wrong-one"):
            given = {"HELPDESK_REDIS__PASSWORD": password} if password else {}
            _, findings = await looked(**there, **given)
            (finding,) = [each for each in findings if each["check"] == "redis"]
            assert finding["status"] == "wrong"
            assert "password" in finding["text"]
            assert "HELPDESK_REDIS__PASSWORD_FILE" in finding["advice"]
            assert "wrong-one" not in json.dumps(findings)
        _, findings = await looked(**there, HELPDESK_REDIS__PASSWORD=secret)
        assert set(of(findings, "redis").values()) == {"ok"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Servers with TLS, users and rights; no service runs."""
    with ExitStack() as closing:
        yield closing.enter_context(secured(tmp_path_factory.mktemp("doctor")))


@pytest.mark.kafka
async def test_rights_are_compared_with_what_each_service_needs(place: Secured) -> None:
    code, findings = await looked(**place.environment_of("operator"))
    assert code == 1, "no service runs"
    (rights,) = of(findings, "rights").items()
    assert rights[1] == "ok"
    assert "tagging (User:tagging)" in rights[0]

    _, findings = await looked(**place.environment_of("ingest"))
    (rights,) = of(findings, "rights").items()
    assert rights[1] == "not looked at"
    assert "kafka" not in wrong(findings)


@pytest.mark.kafka
async def test_a_wrong_password_and_an_unknown_authority_are_told_apart(
    place: Secured, tmp_path: Path
) -> None:
    there = place.environment_of("operator")
    password = tmp_path / "password"
    password.write_text("not-the-one")
    _, findings = await looked(
        **there
        | {
            "HELPDESK_KAFKA__PASSWORD_FILE": str(password),
            "HELPDESK_MONGO__PASSWORD_FILE": str(password),
        }
    )
    for check in ("kafka", "mongo"):
        (finding,) = [each for each in findings if each["check"] == check]
        assert finding["status"] == "wrong"
        assert "user or password is refused" in finding["text"]
    assert "not-the-one" not in json.dumps(findings)

    trusted = {f"HELPDESK_{block}__CA_FILE" for block in ("KAFKA", "MONGO", "REDIS")}
    _, findings = await looked(**{name: v for name, v in there.items() if name not in trusted})
    for check in ("kafka", "mongo", "redis"):
        (finding,) = [each for each in findings if each["check"] == check]
        assert finding["status"] == "wrong"
        assert "certificate is not trusted" in finding["text"]
        assert "CA_FILE" in finding["advice"]
