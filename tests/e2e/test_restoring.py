"""MongoDB is put back to an earlier state while Kafka went on: what docs/backup.md says of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from shared.clock import system_clock
from shared.contracts.commands import AddNote, CloseTicket, ReplyToTicket
from shared.contracts.tickets import CustomerWrote, TicketFact
from shared.embedded.servers import Servers
from shared.topic import SERVICES
from shared.topics import DEAD, OUTBOUND, SCREENED
from tests.e2e.groups import each_group
from tests.e2e.test_replay import Said
from tests.memory_bus import FakeClock
from tests.pipeline.kafka_stage import KafkaStage, kafka_stage
from tests.pipeline.stage import acme

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(240)]

PEOPLE = 6
Dump = dict[str, list[dict[str, Any]]]


async def a_day(stage: KafkaStage, day: str) -> None:
    """Everybody writes, and the agents answer, note and close."""
    said = Said(clock=stage.clock)
    for person in range(PEOPLE):
        sid = f"SM-{day}-{person}"
        await said.sms(f"{day} {person}", sender=f"+3933300000{person:02}", sid=sid)
        await said.mail(
            f"{day} {person}",
            sender=f"p{person}@example.com",
            message_id=f"{day}-{person}@example.com",
        )
    await said.to(stage)
    for place, ticket_id in enumerate(stage.board):
        kinds: list[tuple[Any, dict[str, str]]] = [
            (ReplyToTicket, {"text": f"answer of the {day}"}),
            (AddNote, {"text": f"note of the {day}"}),
            (CloseTicket, {}),
        ]
        for kind, more in kinds[: 1 + place % 3]:
            own = f"{day}-{ticket_id}-{kind.__name__}"
            await said.command(kind, ticket_id, id=own, correlation_id=own, **more)
    await said.to(stage)


async def dumped(servers: Servers, database: str) -> Dump:
    """What mongodump would take: every collection, while nothing is written."""
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True)
    try:
        names = await client[database].list_collection_names()
        return {name: [row async for row in client[database][name].find()] for name in names}
    finally:
        client.close()


async def restored(servers: Servers, database: str, dump: Dump) -> None:
    client: Any = AsyncIOMotorClient(servers.mongo, tz_aware=True)
    try:
        for name in await client[database].list_collection_names():
            await client[database][name].delete_many({})
            if rows := dump.get(name):
                await client[database][name].insert_many(rows)
    finally:
        client.close()


async def back_to(servers: Servers, stage: KafkaStage, moment: datetime) -> None:
    """What `kafka-consumer-groups --reset-offsets --to-datetime` does, for every group."""
    async for consumer, partitions in each_group(servers, stage):
        at = dict.fromkeys(partitions, int(moment.timestamp() * 1000))
        found = await consumer.offsets_for_times(at)
        ends = await consumer.end_offsets(partitions)
        await consumer.commit(
            {tp: found[tp].offset if found[tp] else ends[tp] for tp in partitions}
        )


def threads(dump: Dump) -> set[tuple[str, str, str]]:
    """Which lines the threads have, each once, whatever order the tickets took them in."""
    return {(row["_id"], row["kind"], row["text"]) for row in dump["thread"]}


async def test_mongo_of_yesterday_and_kafka_of_today_give_what_today_had(
    servers: Servers, unique: str
) -> None:
    clock = FakeClock(now=system_clock() - timedelta(minutes=50))
    async with kafka_stage(servers, unique, clock) as stage:
        await stage.account(acme(business_hours={}))
        await a_day(stage, "yesterday")
        backup = await dumped(servers, unique)
        # Groups go back to a moment that is surely before the backup: what is twice is harmless.
        clock.forward(minutes=5)
        moment = clock()
        clock.forward(minutes=5)
        await a_day(stage, "today")
        today = await dumped(servers, unique)
        sent = [out.idempotency_key for out in stage.outbound()]
        said = {e.id for e in stage.events if isinstance(e, TicketFact)}

    await restored(servers, unique, backup)
    await back_to(servers, stage, moment)
    async with kafka_stage(servers, unique, clock) as later:
        await later.settle()
        after = await dumped(servers, unique)

        # No message, reply or note is lost or there twice.
        assert threads(after) == threads(today)
        assert len(after["thread"]) == len(today["thread"])
        written = [e.message_id for e in later.events if isinstance(e, CustomerWrote)]
        assert set(written) == {m.id for m in later.bodies(SCREENED)}
        assert all(later.records(DEAD[service]) == [] for service in SERVICES)

        # Doubled: outbound messages and events of today, with the same keys and ids.
        again = [out.idempotency_key for out in later.outbound()]
        assert set(again) == set(sent)
        assert len(again) > len(sent), "today's replies went out a second time"
        assert {e.id for e in later.events if isinstance(e, TicketFact)} == said

        # Followers are where the tickets are: none waits for a number that has been.
        seqs = {row["_id"]: row["state"]["seq"] for row in after["tickets"]}
        followed = {row["ticket_id"]: row["last_seq"] for row in after["assignment_tickets"]}
        assert followed == seqs
        timers = {row["ticket_id"]: row["last_seq"] for row in after["autoclose_timers"]}
        assert timers, "those that were answered have a timer"
        assert timers == {ticket_id: seqs[ticket_id] for ticket_id in timers}
        assert all(len(later.records(topic)) > 0 for topic in (OUTBOUND,))


async def test_followers_that_were_not_put_back_ignore_a_ticket_until_it_has_caught_up(
    servers: Servers, unique: str
) -> None:
    """Only ticketing's collections are of yesterday, and its group was not moved: what is wrong."""
    clock = FakeClock(now=system_clock() - timedelta(minutes=50))
    own = ("tickets", "thread", "mail_destinations", "ticket_numbers")
    async with kafka_stage(servers, unique, clock) as stage:
        await stage.account(acme(business_hours={}))
        await stage.sms("yesterday", sid="SM-1")
        backup = await dumped(servers, unique)
        await stage.sms("today", sid="SM-2")
        await stage.sms("today, too", sid="SM-3")
        (known,) = (await dumped(servers, unique))["assignment_tickets"]
        now = await dumped(servers, unique)

    await restored(servers, unique, now | {name: backup[name] for name in own if name in backup})
    async with kafka_stage(servers, unique, clock) as later:
        await later.sms("tomorrow", sid="SM-4")
        after = await dumped(servers, unique)
        (ticket,) = after["tickets"]
        (ignoring,) = after["assignment_tickets"]
        assert ticket["state"]["seq"] < known["last_seq"] == ignoring["last_seq"]
        assert not any(row["text"] in ("today", "today, too") for row in after["thread"])
