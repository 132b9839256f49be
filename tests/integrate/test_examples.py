"""Each example of docs/integrate.md does what the page says, on Apache Kafka with all services."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.cli.demo import samples
from shared.embedded.servers import Servers
from shared.topics import ACCOUNTS, ATTRIBUTIONS, PROFILES, TICKETS
from tests.e2e.harness import until
from tests.integrate import kcat
from tests.integrate.examples import Ended, reaching, run, running
from tests.integrate.fold import until_folded
from tests.memory_bus import FakeClock
from tests.pipeline.kafka_stage import KafkaStage, kafka_stage

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


NOW = datetime.now(UTC) - timedelta(seconds=1)


@pytest_asyncio.fixture
async def integrator(servers: Servers, unique: str) -> AsyncIterator[Integrator]:
    """The sample account is known, and nobody has written yet."""
    async with kafka_stage(servers, unique, TimeOfDay()) as stage:
        await stage.publish(ACCOUNTS, samples.account())
        yield Integrator(stage, reaching(servers, unique))


async def test_a_message_is_one_however_often_it_is_published_and_a_dead_letter_is_found(
    integrator: Integrator,
) -> None:
    said = [("publish_inbound.py", channel, f"{channel}-1", "Where is it?") for channel in CHANNELS]
    wrong = json.dumps({"type": "ReplayTicket", "account_id": "sample"})
    *_, inbound, command = await integrator.do(
        *said,
        *said,
        ("-c", PUBLISH, "inbound.sms", "+39333", "{half a webhook"),
        ("-c", PUBLISH, "commands", "sample:t-1", wrong),
    )
    await integrator.run("publish_inbound.py", "fax", "1", "Where is it?", code=1)

    written = [e for e in integrator.stage.events if e.type == "CustomerWrote"]
    assert sorted(e.ticket.channel for e in written) == sorted(CHANNELS)
    assert {e.text for e in written} == {"Where is it?"}
    for service, published in (("ingest", inbound), ("ticketing", command)):
        lines = (await integrator.run("dead_letters.py", service)).output.splitlines()
        (dead,) = [json.loads(line) for line in lines]
        place = f"{dead['topic']}[{dead['partition']}]@{dead['offset']}"
        assert (place, dead["reason"]) == (published.output.strip(), "malformed")
        assert dead["text"].startswith(place)


PUBLISH = """
import asyncio, sys
from desk import producer, publish

async def main(name, key, value):
    async with producer() as kafka:
        print(await publish(kafka, name, key, value.encode()))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_reply_goes_its_whole_way(integrator: Integrator, tmp_path: Path) -> None:
    stage, database, provider = integrator.stage, tmp_path / "tables.db", tmp_path / "provider"
    await integrator.do(
        ("feed.py", "profile", "rosa", "+393335550001", "transactional"),
        ("feed.py", "online", "carla"),
        ("feed.py", "sent", "send-1", "spring", "+393335550001"),
    )
    async with running("gateway.py", "sms", str(provider), environment=integrator.environment):
        await integrator.do(("publish_inbound.py", "sms", "SM1", "Where is my parcel?"))
        ((ticket_id, ticket),) = stage.board.items()
        assert (ticket.contact.profile_id, ticket.contact.segments) == ("rosa", ("VIP",))
        assert (ticket.team_id, ticket.assignee) == ("vip", "carla")
        (attributed,) = stage.bodies(ATTRIBUTIONS)
        assert attributed.credit.send_id == "send-1"

        replied, at_once = await asyncio.gather(
            integrator.ask("ReplyToTicket", ticket_id, "order-7", text="On its way"),
            integrator.ask("ReplyToTicket", ticket_id, "order-7", text="On its way"),
        )
        later = await integrator.ask("ReplyToTicket", ticket_id, "order-7", text="On its way")
        assert replied == at_once == later
        assert replied["type"] == "AgentReplied"

        async def reported() -> bool:
            await stage.settle()
            return "DeliveryReported" in stage.kinds(ticket_id)

        await until("the delivery is reported", reported)
    (outbound,) = stage.outbound()
    assert outbound.idempotency_key == replied["cause_id"]
    (delivered,) = provider.iterdir()
    assert json.loads(delivered.read_text())["text"] == "On its way"

    await integrator.ask("CloseTicket", ticket_id, "done")
    refused = await integrator.ask("ReplyToTicket", ticket_id, "late", code=1, text="And more")
    await stage.settle()
    assert (refused["type"], refused["code"]) == ("CommandRejected", "not_open")
    log = [json.loads(record.value or b"") for record in stage.records(TICKETS)]
    follow = ("follow_tickets.py", str(database))
    async with running(*follow, environment=integrator.environment):
        await until_folded(database, log)


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
