"""Everything again from the start: the state and the stream are what they were."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from shared.bus.delivery import Outgoing, Record
from shared.clock import system_clock
from shared.contracts.base import Author
from shared.contracts.commands import (
    UNASSIGNED,
    AddNote,
    AssignTicket,
    CloseTicket,
    Command,
    MarkSpam,
    ReopenTicket,
    ReplyToTicket,
    ReportDelivery,
    SnoozeTicket,
)
from shared.contracts.messages import MessageDeleted
from shared.contracts.tickets import CommandRejected
from shared.embedded.servers import Servers
from shared.topic import Topic
from shared.topics import ATTRIBUTIONS, DEAD, OUTBOUND, SCREENED, SENDS, TICKETS
from tests.attribution.story import delivered
from tests.e2e.groups import each_group
from tests.memory_bus import FakeClock
from tests.pipeline.kafka_stage import KafkaStage, kafka_stage
from tests.pipeline.stage import BOB, Stage, acme

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(240)]

PEOPLE = 24
GATEWAY = Author(kind="integration", id="gateway")


@dataclass
class Said(Stage):
    """What is said to a pipeline, kept until it is all put on the topics at once."""

    out: list[Outgoing] = field(default_factory=list)

    async def append(self, records: Sequence[Outgoing]) -> None:
        self.out += records

    async def settle(self) -> None:
        return

    def records(self, topic: Topic[Any]) -> list[Record]:
        raise AssertionError(topic.name)

    async def to(self, stage: Stage) -> None:
        """Put it all on the topics, some of it twice, as webhooks and producers do."""
        out, self.out = self.out, []
        again = out[::7]
        await stage.append([*out, *again])


async def customers_write(said: Said, text: str, number: int) -> None:
    """Let everybody write once, somewhere."""
    for person in range(PEOPLE):
        line = f"{text} {person}"
        match (person + number) % 5:
            case 0:
                await said.sms(line, sender=f"+3933300000{person:02}")
            case 1:
                await said.chat(line, conversation=f"chat-{person}", visitor=f"v{person}")
            case 2:
                await said.whatsapp(line, sender=f"3933311111{person:02}")
            case 3:
                await said.instagram(line, sender=f"5000{person}")
            case _:
                await said.mail(line, sender=f"P{person} <p{person}@example.com>")


async def agents_answer(said: Said, stage: Stage) -> None:
    """Let agents do what they may, and what they may not."""
    for place, (ticket_id, ticket) in enumerate(stage.board.items()):
        reply = await said.command(ReplyToTicket, ticket_id, text="We are on it.")
        asked: list[tuple[type[Command], dict[str, Any]]] = [
            (AddNote, {"text": "called back"}),
            (ReopenTicket, {}),
            (CloseTicket, {}),
            (CloseTicket, {}),
            (AssignTicket, {"assignee": "bob", "seen_assignee": UNASSIGNED, "author": BOB}),
            (SnoozeTicket, {"until": said.clock() + timedelta(hours=3)}),
            (MarkSpam, {}),
        ]
        for kind, more in asked[: place % (len(asked) + 1)]:
            await said.command(kind, ticket_id, **more)
        await said.command(
            ReportDelivery, ticket_id, author=GATEWAY, outbound_id=reply.id,
            status="failed" if place % 4 == 0 else "delivered", error="no route",
        )  # fmt: skip
        assert ticket.number


async def told(stage: KafkaStage) -> None:
    """Some hundred records of every kind, in a few rounds."""
    said = Said(clock=stage.clock)
    await said.account(acme(autoclose={"enabled": True}, business_hours={}))
    for agent in ("ann", "bob"):
        await said.online(agent)
    await said.publish(
        SENDS,
        *(
            delivered(f"send-{person}", said.clock(), phone=f"+3933300000{person:02}")
            for person in range(PEOPLE)
        ),
    )
    await said.to(stage)
    for number, text in enumerate(["Where is my parcel?", "Is anybody there?", "WIN $$$ NOW"]):
        stage.clock.forward(minutes=5)
        await customers_write(said, text, number)
        await said.raw("sms", b"\x00 not an SMS")
        await said.to(stage)
        if number < 2:
            await agents_answer(said, stage)
            await said.to(stage)
    first = stage.bodies(SCREENED)[0]
    gone = MessageDeleted.model_validate(
        {**first.model_dump(), "type": "MessageDeleted", "id": "gone", "message_id": first.id}
    )
    await said.publish(SCREENED, gone)
    await said.to(stage)


async def state_of(servers: Servers, database: str) -> dict[str, str]:
    """A hash of all tickets, of all their threads, and of what the others keep of them."""
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True)
    try:
        hashes = {}
        for name in ("tickets", "thread", "autoclose_timers"):
            rows = [row async for row in client[database][name].find().sort("_id", 1)]
            assert rows, name
            hashes[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        return hashes
    finally:
        client.close()


def stream_of(stage: Stage, topic: Topic[Any]) -> set[tuple[bytes | None, bytes | None]]:
    """What a topic says, without exact repeats."""
    return {(record.key, record.value) for record in stage.records(topic)}


async def from_the_start(servers: Servers, stage: KafkaStage) -> None:
    """Move every group to the beginning of all it consumes."""
    async for consumer, partitions in each_group(servers, stage):
        await consumer.commit(dict.fromkeys(partitions, 0))


@pytest.mark.spec("ING 2")
@pytest.mark.spec("TKT 9")
@pytest.mark.spec("TKT 11")
async def test_everything_again_from_the_start_changes_nothing(
    servers: Servers, unique: str
) -> None:
    streams = (TICKETS, OUTBOUND, ATTRIBUTIONS)
    # A broker takes away what is older than a topic keeps: no clock of long ago here.
    clock = FakeClock(now=system_clock() - timedelta(minutes=30))
    async with kafka_stage(servers, unique, clock) as stage:
        await told(stage)
        before = await state_of(servers, unique)
        said = {topic.name: stream_of(stage, topic) for topic in streams}
        dead = {record.value for record in stage.records(DEAD["ingest"])}
        rejected = {e.command_id for e in stage.events if isinstance(e, CommandRejected)}
        codes = {e.code for e in stage.events if isinstance(e, CommandRejected)}
        records = sum(len(each) for each in stage._records.values())  # noqa: SLF001
    assert {"not_closed", "already_closed", "no_consent"} <= codes
    assert len(stage.board) >= PEOPLE
    assert all(len(stream) > 3 for stream in said.values())

    await from_the_start(servers, stage)
    async with kafka_stage(servers, unique, clock) as later:
        await later.settle()
        assert await state_of(servers, unique) == before
        for topic in streams:
            assert stream_of(later, topic) == said[topic.name], topic.name
        assert {r.value for r in later.records(DEAD["ingest"])} == dead
        answered = {e.command_id for e in later.events if isinstance(e, CommandRejected)}
        assert answered == rejected
        assert sum(len(each) for each in later._records.values()) > records  # noqa: SLF001  # it ran
