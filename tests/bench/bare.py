"""The ceiling of ticketing: the same reads, writes and produces, and nothing else.

`python -m tests.bench.bare` with the service's own environment. No framework, no models, no
rules: dictionaries, one batch after the other. It knows four channels and no second of anything:
no spam, no closed tickets, no race, no crash.
"""

import asyncio
import gc
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import InsertOne, ReturnDocument, UpdateMany, UpdateOne, WriteConcern
from pymongo.read_concern import ReadConcern

from services.ticketing.settings import Settings
from shared.bus.kafka import connection
from shared.clock import FAR_FUTURE
from shared.running.service import OBJECTS_OF_A_BATCH
from shared.topic import MEBIBYTE
from shared.topics import SCREENED, TICKETS
from shared.values.ids import computed_id

Row = dict[str, Any]


class Bare:
    """Connections, and what is done with a batch."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(
            settings.mongo.url.get_secret_value(), tz_aware=True, retryWrites=False
        )
        self.client = client
        database = client.get_database(
            settings.mongo.database,
            write_concern=WriteConcern(w="majority", j=True),
            read_concern=ReadConcern("majority"),
        )
        self.tickets, self.thread = database["tickets"], database["thread"]
        self.numbers = database["ticket_numbers"]
        self.topic = settings.kafka.topic_prefix + TICKETS.name
        self.producer = AIOKafkaProducer(
            **connection(settings.kafka),
            acks="all",
            enable_idempotence=True,
            max_batch_size=MEBIBYTE,
        )

    async def run(self) -> None:
        """Consume until killed."""
        await self.prepare()
        await self.producer.start()
        kafka = self.settings.kafka
        consumer = AIOKafkaConsumer(
            kafka.topic_prefix + SCREENED.name,
            **connection(kafka),
            group_id="bare",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=int(kafka.fetch_wait.total_seconds() * 1000),
        )
        await consumer.start()
        while True:
            polled = await consumer.getmany(timeout_ms=1000, max_records=kafka.max_batch)
            if not polled:
                continue
            await self.take([raw.value for raws in polled.values() for raw in raws])
            done = {TopicPartition(*tp): raws[-1].offset + 1 for tp, raws in polled.items()}
            await consumer.commit(done)

    async def prepare(self) -> None:
        """The indexes of the service, for the writes to cost the same."""
        tickets, thread = self.tickets, self.thread
        await tickets.create_index([("account_id", 1), ("slot", 1)], unique=True)
        for name in ("outbox_at", "due_at"):
            await tickets.create_index([(name, 1)])
        for name in ("mail_keys", "mail_token", "number", "contact_id", "profile_id"):
            await tickets.create_index([("account_id", 1), (name, 1)])
        shown = [("sent_at", -1), ("received_at", -1), ("seq", -1)]
        await thread.create_index([("of", 1), ("shown", 1), *shown])
        await thread.create_index([("account_id", 1), ("mail_key", 1)])
        await thread.create_index([("message_id", 1)], sparse=True)
        await self.numbers.insert_one({"_id": "bench", "next": 1})

    async def produce(self, records: Sequence[Row]) -> None:
        """Return when all are acknowledged."""
        sent = [
            await self.producer.send(
                self.topic, key=r["key"], value=r["value"], headers=[tuple(h) for h in r["headers"]]
            )
            for r in records
        ]
        await asyncio.gather(*sent)

    async def take(self, values: Sequence[bytes]) -> None:
        """Read, decide, write, publish and trim one batch."""
        messages = [json.loads(value) for value in values]
        ids = [message["id"] for message in messages]
        counter = await self.numbers.find_one_and_update(
            {"_id": "bench"},
            {"$inc": {"next": len(messages)}},
            return_document=ReturnDocument.AFTER,
        )
        number = counter["next"] - len(messages)
        slots = [_slot(message) for message in messages]
        found: dict[str, Row] = {}
        async with await self.client.start_session(causal_consistency=True) as session:
            query = {"account_id": "bench", "slot": {"$in": sorted(set(slots))}}
            async for row in self.tickets.find(query, session=session):
                found[row["slot"]] = row
        async with await self.client.start_session(causal_consistency=True) as session:
            rows = self.thread.find({"_id": {"$in": ids}}, projection={"_id": 1}, session=session)
            done = {row["_id"] async for row in rows}
        changed: dict[str, Row] = {}
        for message, slot in zip(messages, slots, strict=True):
            if message["id"] in done:
                continue
            row = changed.get(slot)
            if row is None:
                row = changed[slot] = _opened(message, slot, number, found.get(slot))
                number += 1
            _write(row, message)
        writes: list[InsertOne[Row] | UpdateOne] = []
        for slot, row in changed.items():
            if slot in found:
                fields = {name: value for name, value in row.items() if name != "_id"}
                key = {"_id": row["_id"], "rev": row["rev"] - 1}
                writes.append(UpdateOne(key, {"$set": fields}))
            else:
                writes.append(InsertOne(row))
        await self.tickets.bulk_write(writes, ordered=False)
        opening = [
            message["id"]
            for message, slot in zip(messages, slots, strict=True)
            if slot not in found
        ]
        async with await self.client.start_session(causal_consistency=True) as session:
            rows = self.thread.find(
                {"_id": {"$in": opening}}, projection={"of": 1}, session=session
            )
            assert not [row async for row in rows]
        owed = [pending for row in changed.values() for pending in row["outbox"]]
        entries = [
            {**pending["entry"]["body"], "_id": pending["entry"]["id"], "of": row["_id"]}
            for row in changed.values()
            for pending in row["outbox"]
            if "entry" in pending
        ]
        await self.thread.insert_many(entries, ordered=False)
        records = [pending["publish"] for pending in owed if "publish" in pending]
        await self.produce(records)
        written: dict[int, list[Row]] = {}
        for row in changed.values():
            written.setdefault(row["rev"], []).append(row)
        trims = [
            UpdateMany(
                {"_id": {"$in": [row["_id"] for row in rows]}, "rev": revision},
                {
                    "$pull": {"outbox": {"id": {"$in": _ids(rows)}}},
                    "$set": {"outbox_at": FAR_FUTURE},
                },
            )
            for revision, rows in written.items()
        ]
        await self.tickets.bulk_write(trims, ordered=False)
        early = self.thread.find({"message_id": {"$in": sorted(set(ids))}, "kind": "early"})
        assert not [row async for row in early]


def _ids(rows: Sequence[Row]) -> list[str]:
    return sorted({pending["id"] for row in rows for pending in row["outbox"]})


def _slot(message: Mapping[str, Any]) -> str:
    party = message.get("conversation_id") or message["contact"]["id"]
    return f"{message['channel']}:{party}"


def _opened(message: Mapping[str, Any], slot: str, number: int, known: Row | None) -> Row:
    """The document that the batch's messages of a contact will be in."""
    if known is not None:
        return {**known, "rev": known["rev"] + 1, "outbox": [], "outbox_at": _soon(message)}
    ticket_id = computed_id("ticket", "bench", message["id"])
    state = {
        "id": ticket_id,
        "account_id": "bench",
        "slot": slot,
        "seq": 0,
        "number": number,
        "channel": message["channel"],
        "address": message["address"],
        "conversation_id": message.get("conversation_id"),
        "contact": message["contact"],
        "status": "open",
        "subject": None,
        "assignee": None,
        "team_id": None,
        "tags": [],
        "spam": False,
        "spam_by_agent": False,
        "unread": True,
        "ai_handled": False,
        "opened_at": datetime.fromisoformat(message["occurred_at"]),
        "closed_at": None,
        "close_reason": None,
        "snoozed_until": None,
        "waiting_epoch": None,
        "last_reply_seq": None,
        "assignee_epoch": 0,
        "unassigned_epoch": 1,
        "customer_waits_since": None,
        "last_customer_at": None,
        "message_count": 0,
        "credit": None,
        "opted_out": False,
        "related_ticket_id": None,
        "mail_root": None,
        "mail_ids": [],
        "last_mail_id": None,
        "participants": [],
        "deliveries": [],
        "changed": [],
    }
    row: Row = {
        "number": number,
        "contact_id": message["contact"]["id"],
        "profile_id": message["contact"]["profile_id"],
        "mail_keys": [],
        "mail_token": "",
        "_id": ticket_id,
        "account_id": "bench",
        "slot": slot,
        "due_at": FAR_FUTURE,
        "rev": 1,
        "token": "0" * 32,
        "outbox": [],
        "outbox_at": _soon(message),
        "sent_away": [],
        "state": state,
    }
    _event(row, message, "TicketOpened", "every conversation makes a ticket")
    return row


def _write(row: Row, message: Mapping[str, Any]) -> None:
    """The message is the ticket's: an entry, and an event."""
    state, received = row["state"], datetime.fromisoformat(message["occurred_at"])
    state |= {
        "contact": message["contact"],
        "unread": True,
        "message_count": state["message_count"] + 1,
        "last_customer_at": received,
        "customer_waits_since": state["customer_waits_since"] or received,
        "waiting_epoch": None,
        "last_reply_seq": None,
    }
    because = "one ticket per person"
    facts = {
        "message_id": message["id"],
        "text": message["text"],
        "sent_at": message["sent_at"],
        "received_at": message["occurred_at"],
        "spam": False,
        "attachments": 0,
    }
    before = len(row["outbox"])
    _event(row, message, "CustomerWrote", because, **facts)
    body = {
        "account_id": "bench",
        "kind": "message",
        "shown": True,
        "sent_at": datetime.fromisoformat(message["sent_at"]),
        "received_at": received,
        "text": message["text"],
        "because": because,
        "spam": False,
        "message": {name: value for name, value in message.items() if name != "text"},
        "seq": state["seq"],
        "events": [[state["seq"], "CustomerWrote", because]],
    }
    entry = {"id": message["id"], "body": body, "size": 1024}
    row["outbox"].insert(before, {"id": f"{row['rev']}.{before}e", "entry": entry})


def _event(row: Row, message: Mapping[str, Any], kind: str, because: str, **facts: Any) -> None:
    state = row["state"]
    state["seq"] += 1
    ticket = {name: state[name] for name in _SUMMARY if state[name] is not None}
    for name in ("opened_at", "customer_waits_since"):
        if name in ticket:
            ticket[name] = ticket[name].isoformat()
    body = {
        "account_id": "bench",
        "id": f"{state['id']}:{state['seq']}",
        "occurred_at": message["occurred_at"],
        "correlation_id": message["correlation_id"],
        "ticket_id": state["id"],
        "seq": state["seq"],
        "cause_id": message["id"],
        "because": because,
        "ticket": ticket,
        "type": kind,
        **facts,
    }
    record = {
        "topic": TICKETS.name,
        "key": f"bench:{state['id']}".encode(),
        "value": json.dumps(body).encode(),
        "headers": [["correlation-id", message["correlation_id"].encode()]],
    }
    row["outbox"].append({"id": f"{row['rev']}.{len(row['outbox'])}", "publish": record})


def _soon(message: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(message["occurred_at"]) + timedelta(seconds=5)


_SUMMARY = (
    "number",
    "channel",
    "address",
    "conversation_id",
    "contact",
    "status",
    "tags",
    "spam",
    "unread",
    "ai_handled",
    "opened_at",
    "assignee_epoch",
    "unassigned_epoch",
    "customer_waits_since",
    "message_count",
)


async def main() -> None:
    """Run on the loop that is there, the collector as in the service."""
    gc.set_threshold(OBJECTS_OF_A_BATCH)
    await Bare(Settings()).run()


if __name__ == "__main__":
    uvloop.run(main())
