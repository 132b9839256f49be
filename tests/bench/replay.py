"""A service's ceiling: a bare loop that asks its database what the service asked, from a tape.

`python -m tests.bench.replay FILE` with the service's own environment: consume, `json.loads`, the
taped commands and records in the same proportion, `json.dumps`, produce, commit. No framework, no
models, no rules, no second thought about crashes.
"""

import asyncio
import gc
import json
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern

from shared.bus.acls import group_id
from shared.bus.delivery import Headers, Record
from shared.bus.kafka import LARGEST_RECORD, connection, partition_of
from shared.running.service import OBJECTS_OF_A_BATCH
from shared.running.settings import ServiceSettings
from shared.topic import MEBIBYTE, Service
from tests.bench.tape import Asked, Row, together

Made = tuple[str, bytes | None, Any, Headers]
"""A record to be made: topic, key, what its JSON says, headers."""

KeyOf = Callable[[Record], str]
"""What tells which records follow from which, such as the correlation id."""


@dataclass
class Part:
    """What a bare loop does in a service's place, spread over so many `records` of its topics.

    `answers` are made when the record that they follow from comes: by its topic, and by the
    number of its message. `made` follow from no single record.
    """

    service: Service
    topics: Sequence[str]
    records: int
    prepared: Sequence[Row] = ()
    groups: Sequence[Sequence[Row]] = ()
    made: Sequence[Made] = ()
    answers: Mapping[tuple[str, str], Sequence[Made]] = field(default_factory=dict)

    def save(self, file: Path) -> Path:
        """Put it where the loop's process finds it."""
        file.write_bytes(pickle.dumps(self))
        return file


def grouped(asked: Sequence[Asked]) -> list[list[Row]]:
    """The commands, those under way at the same time together."""
    return [[each.command for each in group] for group in together(asked)]


def made_of(records: Iterable[Record]) -> list[Made]:
    """The same records, their JSON read."""
    return [(r.topic, r.key, json.loads(r.value or b"null"), r.headers) for r in records]


def correlation(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """The message that it all began with; "" for an inbound record, which knows none yet."""
    return next((v.decode() for name, v in headers if name == "correlation-id" and v), "")


def due(part: Part, done: int, what: Sequence[Any]) -> int:
    """How much of `what` is to be through once `done` records have come."""
    return len(what) * min(done, part.records) // part.records


class Bare:
    """Connections, and what is done with a batch."""

    def __init__(self, settings: ServiceSettings, part: Part) -> None:
        self.settings, self.part = settings, part
        client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(
            settings.mongo.url.get_secret_value(), tz_aware=True, retryWrites=False
        )
        self.database = client.get_database(
            settings.mongo.database, write_concern=WriteConcern(w="majority", j=True)
        )
        self.producer = AIOKafkaProducer(
            **connection(settings.kafka),
            acks="all",
            enable_idempotence=True,
            max_batch_size=MEBIBYTE,
            partitioner=partition_of,
            max_request_size=LARGEST_RECORD,
        )
        self.answers = {key: list(answers) for key, answers in part.answers.items()}
        self.done = self.asked = self.made = 0

    async def run(self) -> None:
        """Consume until killed."""
        for command in self.part.prepared:
            await self.database.command(command)
        await self.producer.start()
        kafka = self.settings.kafka
        consumer = AIOKafkaConsumer(
            *(kafka.topic_prefix + topic for topic in self.part.topics),
            **connection(kafka),
            group_id=group_id(self.part.service, kafka.topic_prefix),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=int(kafka.fetch_wait.total_seconds() * 1000),
            max_partition_fetch_bytes=LARGEST_RECORD,
        )
        await consumer.start()
        while True:
            polled = await consumer.getmany(timeout_ms=1000, max_records=kafka.max_batch)
            if not polled:
                continue
            await self.take([raw for raws in polled.values() for raw in raws])
            done = {TopicPartition(*tp): raws[-1].offset + 1 for tp, raws in polled.items()}
            await consumer.commit(done)

    async def take(self, raws: Sequence[Any]) -> None:
        """Read one batch, ask the database its share, and publish what follows."""
        part = self.part
        for raw in raws:
            json.loads(raw.value)
        self.done += len(raws)
        until = due(part, self.done, part.groups)
        for group in part.groups[self.asked : until]:
            if len(group) == 1:
                await self.ask(group[0])
            else:
                await asyncio.gather(*(self.ask(command) for command in group))
        self.asked = max(until, self.asked)
        until = due(part, self.done, part.made)
        made = list(part.made[self.made : until])
        self.made = max(until, self.made)
        prefix = self.settings.kafka.topic_prefix
        for raw in raws if self.answers else ():
            made += self.answers.pop((raw.topic.removeprefix(prefix), number_of(raw)), ())
        sent = [
            await self.producer.send(
                prefix + topic, key=key, value=json.dumps(body).encode(), headers=list(headers)
            )
            for topic, key, body, headers in made
        ]
        await asyncio.gather(*sent)

    async def ask(self, command: Row) -> None:
        """One command, and all that its cursor has."""
        answer = await self.database.command(command)
        while cursor := answer.get("cursor", {}).get("id"):
            collection = next(iter(command.values()))
            answer = await self.database.command({"getMore": cursor, "collection": collection})


def number_of(raw: Any) -> str:
    """What `Part.answers` calls the message of a record: its correlation, or its key."""
    return correlation(raw.headers) or (raw.key or b"").decode()


async def _run(part: Part) -> None:
    await Bare(ServiceSettings(), part).run()


def main() -> None:
    """Run until killed, the collector as in the service."""
    gc.set_threshold(OBJECTS_OF_A_BATCH)
    part: Part = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  # we wrote it
    gc.freeze()
    uvloop.run(_run(part))


if __name__ == "__main__":
    main()
