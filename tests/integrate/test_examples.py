"""Each example of docs/integrate.md does what the page says, on Apache Kafka with all services."""

import asyncio
import json
import random
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError

from shared.cli.demo import samples
from shared.embedded.servers import Servers
from shared.topics import ACCOUNTS, ATTRIBUTIONS, PROFILES, TICKETS
from tests.e2e.harness import until
from tests.integrate import kcat
from tests.integrate.examples import Ended, module, run, started
from tests.integrate.page import KEYS, PARTITIONS, java, librdkafka
from tests.integrate.test_fold import a_log, fold, tables
from tests.memory_bus import FakeClock
from tests.pipeline.kafka_stage import KafkaStage, kafka_stage
from tests.servers import find_java, kafka_jars

pytestmark = [pytest.mark.connected, pytest.mark.kafka]

CHANNELS = ("webchat", "email", "sms", "whatsapp", "instagram")


class TimeOfDay(FakeClock):
    """The examples live in real time, and so do the services then."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Integrator:
    """A system beside the pipeline, which has the examples and the address of Kafka."""

    stage: KafkaStage
    environment: dict[str, str]

    async def run(self, *command: str, code: int = 0, told: str | None = None) -> Ended:
        """Run an example, which has to end with that code."""
        ended = await run(*command, environment=self.environment, told=told)
        assert ended.code == code, ended
        return ended

    async def do(self, *commands: Sequence[str]) -> list[Ended]:
        """Run examples beside each other; afterwards the pipeline is at rest."""
        ended = await asyncio.gather(*(self.run(*command) for command in commands))
        await self.stage.settle()
        return ended

    async def ask(self, kind: str, ticket: str, cause: str, code: int = 0, **fields: Any) -> Any:
        """Run the example that sends a command; what it prints."""
        words = (kind, ticket, cause, NOW.isoformat(), json.dumps(fields))
        return json.loads((await self.run("send_command.py", *words, code=code)).output)

    @asynccontextmanager
    async def running(self, *command: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """An example that goes on; it is killed in the end, which must not matter."""
        process = await started(*command, environment=self.environment)
        try:
            yield process
            assert process.returncode in (None, -signal.SIGKILL), await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


NOW = datetime.now(UTC) - timedelta(seconds=1)


@pytest_asyncio.fixture
async def integrator(servers: Servers, unique: str) -> AsyncIterator[Integrator]:
    """The sample account is known, and nobody has written yet."""
    async with kafka_stage(servers, unique, TimeOfDay()) as stage:
        await stage.publish(ACCOUNTS, samples.account())
        yield Integrator(stage, _reaching(servers, unique))


def _reaching(servers: Servers, unique: str) -> dict[str, str]:
    return {
        "HELPDESK_KAFKA__BOOTSTRAP": servers.kafka,
        "HELPDESK_KAFKA__TOPIC_PREFIX": f"{unique}-",
    }


async def test_a_message_of_each_channel_is_one_however_often_it_is_published(
    integrator: Integrator,
) -> None:
    said = [("publish_inbound.py", channel, f"{channel}-1", "Where is it?") for channel in CHANNELS]
    await integrator.do(*said, *said)
    await integrator.run("publish_inbound.py", "fax", "1", "Where is it?", code=1)

    written = [e for e in integrator.stage.events if e.type == "CustomerWrote"]
    assert sorted(e.ticket.channel for e in written) == sorted(CHANNELS)
    assert {e.text for e in written} == {"Where is it?"}


async def test_a_reply_goes_its_whole_way(integrator: Integrator, tmp_path: Path) -> None:
    stage, database, provider = integrator.stage, tmp_path / "tables.db", tmp_path / "provider"
    await integrator.do(
        ("feed.py", "profile", "rosa", "+393335550001", "transactional"),
        ("feed.py", "online", "carla"),
        ("feed.py", "sent", "send-1", "spring", "+393335550001"),
    )
    async with integrator.running("gateway.py", "sms", str(provider)):
        await integrator.do(("publish_inbound.py", "sms", "SM1", "Where is my parcel?"))
        ((ticket_id, ticket),) = stage.board.items()
        assert (ticket.contact.profile_id, ticket.contact.segments) == ("rosa", ("VIP",))
        assert (ticket.team_id, ticket.assignee) == ("vip", "carla")
        (attributed,) = stage.bodies(ATTRIBUTIONS)
        assert attributed.credit.send_id == "send-1"

        replied = await integrator.ask("ReplyToTicket", ticket_id, "order-7", text="On its way")
        again = await integrator.ask("ReplyToTicket", ticket_id, "order-7", text="On its way")
        assert again == replied
        assert replied["type"] == "AgentReplied"
        await stage.settle()
        (outbound,) = stage.outbound()
        assert outbound.idempotency_key == replied["cause_id"]

        async def reported() -> bool:
            await stage.settle()
            return "DeliveryReported" in stage.kinds(ticket_id)

        await until("the delivery is reported", reported)
    (delivered,) = provider.iterdir()
    assert json.loads(delivered.read_text())["text"] == "On its way"

    await integrator.ask("CloseTicket", ticket_id, "done")
    refused = await integrator.ask("ReplyToTicket", ticket_id, "late", code=1, text="And more")
    await stage.settle()
    assert (refused["type"], refused["code"]) == ("CommandRejected", "not_open")
    log = [json.loads(record.value or b"") for record in stage.records(TICKETS)]
    async with integrator.running("follow_tickets.py", str(database)):
        await until("the follower has all", _has(database, log))


def _has(database: Path, log: Sequence[Any]) -> Callable[[], Awaitable[bool]]:
    wanted = fold(log)

    async def whether() -> bool:
        try:
            return tables(database) == wanted
        except sqlite3.OperationalError:  # it has not made its tables yet
            return False

    return whether


async def test_two_that_follow_miss_and_double_nothing_when_one_is_killed(
    servers: Servers, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = _reaching(servers, unique)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    desk, database, draw = module("desk"), tmp_path / "tables.db", random.Random(unique)
    log = [event for number in range(40) for event in a_log(draw, f"-{number}")]
    await _create(servers, f"{unique}-helpdesk.tickets", partitions=4)
    integrator = Integrator(KafkaStage(), variables)

    async def say(events: Sequence[Any]) -> None:
        async with desk.producer() as kafka:
            for event in events:
                key = f"{event['account_id']}:{event['ticket_id']}"
                await desk.publish(kafka, "tickets", key, event)

    half = len(log) // 2
    follow = ("follow_tickets.py", str(database))
    async with integrator.running(*follow), integrator.running(*follow) as killed:
        await say(log[:half])
        await until("both share the partitions", _members(servers, desk))
        saying = asyncio.create_task(say(log[half:]))
        killed.kill()
        await killed.wait()
        async with integrator.running(*follow):
            await saying
            await until("the tables are the fold of the stream", _has(database, log))


def _members(servers: Servers, desk: Any) -> Callable[[], Awaitable[bool]]:
    async def two() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
        await admin.start()
        try:
            (answer,) = await admin.describe_consumer_groups([desk.group("tickets")])
        except GroupCoordinatorNotAvailableError:  # nobody has begun yet
            return False
        finally:
            await admin.close()
        (group,) = answer.groups
        state, members = group[2], group[5]
        return (state, len(members)) == ("Stable", 2)

    return two


async def test_what_cannot_be_read_is_found_among_the_dead_letters(
    integrator: Integrator,
) -> None:
    wrong = {"type": "ReplayTicket", "account_id": "sample"}
    _, inbound, command = await integrator.do(
        ("publish_inbound.py", "sms", "SM1", "Hello"),
        ("-c", PUBLISH, "inbound.sms", "+39333", "{half a webhook"),
        ("-c", PUBLISH, "commands", "sample:t-1", json.dumps(wrong)),
    )

    for service, place, reason in (
        ("ingest", inbound.output.strip(), "malformed"),
        ("ticketing", command.output.strip(), "malformed"),
    ):
        lines = (await integrator.run("dead_letters.py", service)).output.splitlines()
        (dead,) = [json.loads(line) for line in lines]
        assert place == f"{dead['topic']}[{dead['partition']}]@{dead['offset']}"
        assert dead["reason"] == reason
        assert dead["text"].startswith(place)


PUBLISH = """
import asyncio, sys
from desk import producer, publish

async def main(name, key, value):
    async with producer() as kafka:
        print(await publish(kafka, name, key, value.encode()))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_kcat_says_and_reads_the_same(integrator: Integrator, tmp_path: Path) -> None:
    stage = integrator.stage
    integrator.environment.update(kcat.environment())
    chat = {
        "type": "message",
        "widget_id": "widget-sample",
        "session_id": "chat-77",
        "visitor_id": "visitor-9",
        "client_message_id": "m-1",
        "text": "Hello",
    }
    profile = {"account_id": "sample", "profile_id": "rosa"}
    identities = [{"type": "email", "value": "rosa@example.com"}]
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"From: rosa@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nHello\r\n")
    said = json.dumps({**profile, "identities": identities}, indent=1)

    await integrator.run("sh", "publish.sh", "profiles", "sample:rosa", told=said)
    await stage.settle()
    await integrator.run("sh", "publish_inbound.sh", str(mail), told=json.dumps(chat, indent=1))
    await stage.settle()
    by_channel = {t.channel: (ticket_id, t) for ticket_id, t in stage.board.items()}
    assert set(by_channel) == {"webchat", "email"}
    ticket_id, ticket = by_channel["email"]
    assert ticket.contact.profile_id == "rosa"

    note = {
        "type": "AddNote",
        "account_id": "sample",
        "id": "note-1",
        "correlation_id": "note-1",
        "occurred_at": NOW.isoformat(),
        "ticket_id": ticket_id,
        "author": {"kind": "integration", "id": "crm.example.com"},
        "text": "She called",
    }
    await integrator.run(
        "sh", "publish.sh", "commands", f"sample:{ticket_id}", told=json.dumps(note)
    )
    await stage.settle()
    assert stage.kinds(ticket_id)[-1] == "NoteAdded"
    read = (await integrator.run("sh", "read.sh", "tickets")).output.splitlines()
    assert len(read) == len(stage.records(TICKETS))
    assert json.loads(read[0].split("\t")[3])["seq"] == 1

    await integrator.do(("sh", "forget_profile.sh", "sample:rosa"))
    forgotten = stage.records(PROFILES)[-1]
    assert (forgotten.key, forgotten.value) == (b"sample:rosa", None)


async def test_a_key_lies_where_the_page_says(
    servers: Servers, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = _reaching(servers, unique) | kcat.environment()
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    desk = module("desk")
    await _create(servers, *(f"{unique}-helpdesk.{name}" for name in ("kcat", "python", "untold")))
    async with desk.producer() as kafka:
        for key in KEYS:
            await run("sh", "publish.sh", "kcat", key, environment=variables, told="{}")
            await desk.publish(kafka, "python", key, {})
            bare = ("-b", servers.kafka, "-t", f"{unique}-helpdesk.untold", "-P", "-k", key)
            subprocess.run(["kcat", *bare], input=b"x", check=True)  # noqa: ASYNC221, S607

    lies = await _partitions_by_topic(servers, unique)
    right = dict(zip(KEYS, await asyncio.to_thread(_by_java, tmp_path), strict=True))
    assert {key: java(key) for key in KEYS} == right
    assert lies["kcat"] == lies["python"] == right
    assert lies["untold"] == {key: librdkafka(key) for key in KEYS} != right


async def _create(servers: Servers, *names: str, partitions: int = PARTITIONS) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    await admin.close()


async def _partitions_by_topic(servers: Servers, unique: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {"kcat": {}, "python": {}, "untold": {}}
    consumer = AIOKafkaConsumer(
        *(f"{unique}-helpdesk.{name}" for name in found),
        bootstrap_servers=servers.kafka,
        auto_offset_reset="earliest",
    )
    async with consumer, asyncio.timeout(20):
        while any(len(keys) < len(KEYS) for keys in found.values()):
            record = await consumer.getone()
            found[record.topic.rpartition(".")[2]][record.key.decode()] = record.partition
    return found


def _by_java(folder: Path) -> list[int]:
    """What Kafka's own client for Java says of the keys."""
    source = folder / "Partitions.java"
    source.write_text(JAVA)
    done = subprocess.run(
        [find_java(), "-cp", f"{kafka_jars()}/*", str(source), str(PARTITIONS), *KEYS],
        check=True,
        capture_output=True,
        text=True,
    )
    return [int(line) for line in done.stdout.split()]


JAVA = """
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

public class Partitions {
    public static void main(String[] said) {
        for (int at = 1; at < said.length; at++) {
            byte[] key = said[at].getBytes(StandardCharsets.UTF_8);
            System.out.println(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(said[0])));
        }
    }
}
"""
