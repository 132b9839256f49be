"""The ceiling: ticketing's reads, writes and produces for new SMS, without framework or models.

One batch after the other: the tickets by their slots, the ledger by the ids, one bulk
compare-and-set with the outbox inside, the ledger's entries, the events, the trimming, one commit.
"""

import asyncio
import json
import os
import uuid
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import InsertOne, UpdateOne, WriteConcern
from pymongo.read_concern import ReadConcern

PREFIX = os.environ["HELPDESK_KAFKA__TOPIC_PREFIX"]


async def main() -> None:
    """Run until killed."""
    client: Any = AsyncIOMotorClient(os.environ["HELPDESK_MONGO__URL"])
    database = client.get_database(
        os.environ["HELPDESK_MONGO__DATABASE"],
        write_concern=WriteConcern(w="majority", j=True),
        read_concern=ReadConcern("majority"),
    )
    tickets, thread = database["tickets"], database["thread"]
    await tickets.create_index([("account_id", 1), ("slot", 1)], unique=True)
    bootstrap = os.environ["HELPDESK_KAFKA__BOOTSTRAP"]
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0
    )
    consumer = AIOKafkaConsumer(
        f"{PREFIX}helpdesk.messages.screened",
        bootstrap_servers=bootstrap,
        group_id=f"{PREFIX}bare",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await producer.start()
    await consumer.start()
    while True:
        batches = await consumer.getmany(timeout_ms=100, max_records=500)
        if batches:
            await _batch(batches, tickets, thread, producer)
            await consumer.commit(
                {
                    TopicPartition(tp.topic, tp.partition): raws[-1].offset + 1
                    for tp, raws in batches.items()
                }
            )


async def _batch(batches: Any, tickets: Any, thread: Any, producer: Any) -> None:
    messages = [json.loads(raw.value) for raws in batches.values() for raw in raws]
    slots = {f"sms:{m['contact']['id']}" for m in messages}
    query = {"account_id": "bench", "slot": {"$in": sorted(slots)}}
    known = {row["slot"]: row async for row in tickets.find(query)}
    ids = [m["id"] for m in messages]
    done = {row["_id"] async for row in thread.find({"_id": {"$in": ids}}, {"_id": 1})}
    fresh: dict[str, dict[str, Any]] = {}
    entries, events = [], []
    for message in messages:
        if message["id"] in done:
            continue
        slot = f"sms:{message['contact']['id']}"
        row = fresh.get(slot) or known.get(slot)
        kinds = ["CustomerWrote"]
        if row is None:
            row = {
                "_id": str(uuid.uuid4()),
                "account_id": "bench",
                "slot": slot,
                "rev": 0,
                "state": {"seq": 0, "contact": message["contact"]},
                "outbox": [],
            }
            kinds = ["TicketOpened", "CustomerWrote"]
        if slot not in fresh:
            row = {**row, "outbox": []}
            fresh[slot] = row
        entry = {
            "_id": message["id"],
            "of": row["_id"],
            "text": message["text"],
            "message": message,
        }
        entries.append(entry)
        row["outbox"].append({"entry": entry})
        for kind in kinds:
            row["state"]["seq"] += 1
            event = {
                "type": kind,
                "id": f"{row['_id']}:{row['state']['seq']}",
                "account_id": "bench",
                "ticket_id": row["_id"],
                "seq": row["state"]["seq"],
                "cause_id": message["id"],
                "message_id": message["id"],
                "text": message["text"],
                "ticket": row["state"],
            }
            value = json.dumps(event).encode()
            events.append((f"bench:{row['_id']}".encode(), value))
            row["outbox"].append({"publish": value})
    operations: list[Any] = []
    for row in fresh.values():
        if row["rev"] == 0:
            operations.append(InsertOne({**row, "rev": 1}))
        else:
            change = {"state": row["state"], "outbox": row["outbox"], "rev": row["rev"] + 1}
            operations.append(UpdateOne({"_id": row["_id"], "rev": row["rev"]}, {"$set": change}))
    if not operations:
        return
    await tickets.bulk_write(operations, ordered=False)
    await thread.insert_many(entries, ordered=False)
    name = f"{PREFIX}helpdesk.tickets"
    futures = [await producer.send(name, value, key=key) for key, value in events]
    await asyncio.gather(*futures)
    trims = [
        UpdateOne({"_id": row["_id"], "rev": row["rev"] + 1}, {"$set": {"outbox": []}})
        for row in fresh.values()
    ]
    await tickets.bulk_write(trims, ordered=False)


if __name__ == "__main__":
    uvloop.run(main())
