"""The bus on Kafka: what a service does with bad records, lost stores, crashes and company."""

import asyncio
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import motor.motor_asyncio
import pytest

from shared.bus.delivery import Outgoing
from shared.clock import EPOCH
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.messages import InboundMessage
from shared.embedded.servers import MongoServer, Servers
from shared.topics import ACCOUNTS, SCREENED
from tests.e2e.harness import Pipeline, pipeline

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(240)]

MANY, CONTACTS = 2_000, 40
POISONED, ODD = 900, 1_100


def _message(number: int) -> InboundMessage:
    phone = f"+3933300{number % CONTACTS:05}"
    at = EPOCH.replace(year=2026)
    return InboundMessage(
        account_id="acme",
        id=f"message-{number}",
        occurred_at=at,
        correlation_id=f"message-{number}",
        channel="sms",
        address="+390200000",
        contact=Contact(id=f"e164:{phone}"),
        provider_message_id=str(number),
        sent_at=at,
        text=f"number {number}",
    )


def _records() -> list[Outgoing]:
    records = []
    for number in range(MANY):
        headers = [("odd", b"\xff\xfe"), ("null", None)] if number == ODD else []
        record = SCREENED.record(_message(number))
        value = b'{"type": "InboundMessage", "account_id"' if number == POISONED else record.value
        records.append(Outgoing(record.topic, record.key, value, (*record.headers, *headers)))
    return records


async def _ready(place: Pipeline) -> None:
    settings = AccountSettings(account_id="acme", channels=("sms",))
    await place.publish([ACCOUNTS.record(settings)])


async def _assert_all_handled_once_in_order(place: Pipeline, mongo: str) -> None:
    client: Any = motor.motor_asyncio.AsyncIOMotorClient(mongo)
    thread = client[place.unique]["thread"]

    async def all_there() -> bool:
        return bool(await thread.count_documents({}) >= MANY - 1)

    try:
        await place.until("every message is in a thread", all_there, 120)
        there = {row["_id"] async for row in thread.find({}, projection={"_id": 1})}
    finally:
        client.close()
    assert there == {f"message-{n}" for n in range(MANY) if n != POISONED}

    async def published() -> bool:
        return len(await _first_occurrences(place)) >= MANY - 1 + CONTACTS

    await place.until("every event is published", published, 60)
    events = await _first_occurrences(place)
    seqs: dict[str, list[int]] = defaultdict(list)
    said: dict[str, list[int]] = defaultdict(list)
    for event in events:
        seqs[event["ticket_id"]].append(event["seq"])
        if event["type"] == "CustomerWrote":
            said[event["ticket_id"]].append(int(event["message_id"].removeprefix("message-")))
    assert len(seqs) == CONTACTS, "one ticket per person"
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seqs.values())
    assert all(numbers == sorted(numbers) for numbers in said.values())
    assert sum(len(numbers) for numbers in said.values()) == MANY - 1

    async def buried() -> bool:
        return bool(await place.read("helpdesk.dead.ticketing"))

    await place.until("the poisoned record is a dead letter", buried)
    dead = await place.read("helpdesk.dead.ticketing")
    assert {(letter.value, letter.header("helpdesk-dead-reason")) for letter in dead} == {
        (b'{"type": "InboundMessage", "account_id"', "malformed")
    }


async def _first_occurrences(place: Pipeline) -> list[dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for record in await place.read("helpdesk.tickets"):
        event = json.loads(record.value or b"{}")
        assert seen.get(event["id"], event) == event, "two different events of one number"
        seen.setdefault(event["id"], event)
    return list(seen.values())


@pytest.mark.spec("ING 7")
async def test_a_poisoned_record_and_an_odd_header_and_a_lost_store_cost_nothing(
    servers: Servers, own_mongo: MongoServer, unique: str, tmp_path: Path
) -> None:
    own = Servers(kafka=servers.kafka, mongo=own_mongo.url, redis=servers.redis)
    async with pipeline(own, unique, tmp_path) as place:
        await _ready(place)
        records = _records()
        replica = place.run("ticketing")
        await place.publish(records[: MANY // 2])
        client: Any = motor.motor_asyncio.AsyncIOMotorClient(own_mongo.url)
        thread = client[unique]["thread"]

        async def under_way() -> bool:
            return bool(await thread.count_documents({}) > MANY // 8)

        await place.until("the first messages are handled", under_way)
        client.close()

        await asyncio.to_thread(own_mongo.stop)
        await place.publish(records[MANY // 2 :])
        await asyncio.sleep(20)  # the store is away for that long: it is what the test is about
        await asyncio.to_thread(own_mongo.start)

        await _assert_all_handled_once_in_order(place, own_mongo.url)
        assert replica.process.poll() is None
        assert replica.metric('helpdesk_consumer_rebalances_total{service="ticketing"}') == 1
        assert replica.stop() == 0


@pytest.mark.spec("TKT 9")
async def test_a_kill_in_the_middle_loses_and_doubles_nothing(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    async with pipeline(servers, unique, tmp_path) as place:
        await _ready(place)
        replica = place.run("ticketing")
        publishing = asyncio.create_task(place.publish(_records()))
        client: Any = motor.motor_asyncio.AsyncIOMotorClient(servers.mongo)
        thread = client[unique]["thread"]
        for part in (MANY // 10, MANY // 3, MANY // 2):

            async def so_far(part: int = part) -> bool:
                return bool(await thread.count_documents({}) > part)

            await place.until(f"{part} messages are handled", so_far)
            replica.kill()
            replica = place.run("ticketing")
        await publishing
        client.close()

        await _assert_all_handled_once_in_order(place, servers.mongo)


@pytest.mark.spec("TKT 7")
async def test_a_second_replica_that_joins_loses_and_doubles_nothing(
    servers: Servers, unique: str, tmp_path: Path
) -> None:
    async with pipeline(servers, unique, tmp_path) as place:
        await _ready(place)
        first = place.run("ticketing")
        records = _records()
        await place.publish(records[: MANY // 4])
        second = place.run("ticketing")
        await place.publish(records[MANY // 4 : MANY // 2])
        await asyncio.sleep(2)  # some traffic meets the rebalance, whenever it comes
        await place.publish(records[MANY // 2 :])

        await _assert_all_handled_once_in_order(place, servers.mongo)
        assert [first.stop(), second.stop()] == [0, 0]
