"""A contact on four channels is erased: it is searched for wherever the pipeline keeps anything."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from motor.motor_asyncio import AsyncIOMotorClient
from redis.asyncio import Redis

from services.ingest.contact_commands import Erasing, Person
from shared.bus.delivery import Outgoing, Record
from shared.bus.kafka import Producer, create_topics
from shared.cli.dead_erasing import needles, take_out
from shared.cli.erasing import ROLLED_AFTER, gone_by
from shared.cli.letters import Wanted, read
from shared.clock import system_clock
from shared.contracts.base import Identity
from shared.contracts.commands import AddNote, MarkSpam, ReplyToTicket, TagTicket
from shared.contracts.profiles import Profile
from shared.contracts.tickets import (
    CommandRejected,
    ContentErased,
    CustomerWrote,
    TicketSummary,
)
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings
from shared.topic import Topic
from shared.topics import BY_NAME, DEAD, PROFILES, SENDS, TOPICS
from tests.attribution.story import delivered
from tests.e2e.test_replay import Said, from_the_start
from tests.memory_bus import FakeClock
from tests.pipeline.kafka_stage import KafkaStage, kafka_stage
from tests.pipeline.stage import acme

pytestmark = [pytest.mark.connected, pytest.mark.kafka, pytest.mark.timeout(240)]

PHONE, WHATSAPP, ADDRESS, VISITOR = (
    "+393337654321",
    "393337654321",
    "zora@quetzal.example",
    "zora-v",
)
WORD, NAME = "xylocarp", "Zora Quetzal"
"""What the contact said and is called: nobody else says it."""
OTHER_PHONE, OTHER_ADDRESS, OTHER_WORD = "+393331230000", "otto@other.example", "wimblefluke"
PLANTED = frozenset(
    (*needles((f"e164:{PHONE}", f"email:{ADDRESS}", f"visitor:{VISITOR}")), WORD.encode(), b"zora")
)


async def they_all_write(stage: KafkaStage) -> None:
    """Two contacts write on every channel, agents answer, mark and tag, and some records die."""
    profile = Profile(
        account_id="acme",
        profile_id="p-77",
        identities=(
            Identity(type="email", value=ADDRESS),
            Identity(type="e164", value=PHONE),
            Identity(type="visitor", value=f"widget-1:{VISITOR}"),
        ),
        name=NAME,
        sms_consent="marketing",
    )
    said = Said(clock=stage.clock)
    await said.account(acme(autoclose={"enabled": True}))
    await said.publish(PROFILES, profile)
    await said.publish(
        SENDS,
        *(
            delivered(f"send-{phone[-4:]}", stage.clock(), phone=phone)
            for phone in (PHONE, OTHER_PHONE)
        ),
    )
    await said.to(stage)
    for phone, word in ((PHONE, WORD), (OTHER_PHONE, OTHER_WORD)):
        await said.sms(f"my {word} has not come", sender=phone)
        await said.sms("STOP", sender=phone)
        await said.whatsapp(f"a {word} please", sender=phone.removeprefix("+"))
    first = await said.mail(
        f"where is my {WORD}?",
        sender=f"{NAME} <{ADDRESS}>",
        subject=WORD,
        file=(f"{WORD}.pdf", f"%PDF {WORD}".encode()),
    )
    theirs = await said.mail(
        f"a {OTHER_WORD}", sender=f"Otto <{OTHER_ADDRESS}>", file=(f"{OTHER_WORD}.pdf", b"his")
    )
    await said.chat(f"the {WORD}", conversation="chat-z", visitor=VISITOR)
    await said.chat_typing(conversation="chat-z", visitor=VISITOR)
    await said.chat(f"the {OTHER_WORD}", conversation="chat-o", visitor="otto")
    for phone, word in ((PHONE, WORD), (OTHER_PHONE, OTHER_WORD), (PHONE, WORD)):
        await said.raw("sms", f'{{"From": "{phone}", "Body": "{word}", broken'.encode())
    await said.to(stage)
    # Each cites the other's mail, and takes no part in its thread.
    await said.mail("me too", sender=f"Otto <{OTHER_ADDRESS}>", answers=[first])
    await said.mail(f"my {WORD} too", sender=f"{NAME} <{ADDRESS}>", answers=[theirs])
    for ticket_id, ticket in list(stage.board.items()):
        word = WORD if is_hers(ticket) else OTHER_WORD
        await said.command(ReplyToTicket, ticket_id, text=f"about the {word}: tomorrow")
        await said.command(AddNote, ticket_id, text=f"{word} again")
        if ticket.channel == "whatsapp":
            await said.command(TagTicket, ticket_id, tags=("Loyalty",))
        if ticket.channel == "sms":
            await said.command(MarkSpam, ticket_id)
    await said.to(stage)


def is_hers(ticket: TicketSummary) -> bool:
    return any(name in ticket.contact.id for name in (WHATSAPP, ADDRESS, VISITOR))


@dataclass
class Kept:
    """All that the stores of the services hold."""

    servers: Servers
    unique: str

    async def naming(self, planted: Collection[bytes]) -> dict[str, list[str]]:
        """Where any of these is found: the collection or key, and what holds it."""
        found: dict[str, list[str]] = {}
        client: Any = AsyncIOMotorClient(self.servers.mongo, tz_aware=True)
        redis: Redis = Redis.from_url(self.servers.redis)
        try:
            database = client[self.unique]
            for name in await database.list_collection_names():
                async for row in database[name].find():
                    text = repr(row).lower().encode()
                    if any(each in text for each in planted):
                        found.setdefault(name, []).append(repr(row))
            async for key in redis.scan_iter(f"{self.unique}*"):
                kind = await redis.type(key)
                read: Any = redis.get
                if kind in (b"hash", b"stream"):
                    read = redis.hgetall if kind == b"hash" else redis.xrange
                said = repr(await read(key))
                text = repr(key).lower().encode() + said.lower().encode()
                if any(each in text for each in planted):
                    found.setdefault("redis", []).append(repr(key))
        finally:
            client.close()
            await redis.aclose()
        return found


def topics_naming(stage: KafkaStage, planted: Collection[bytes]) -> set[str]:
    return {t.name for t in TOPICS for r in stage.records(t) if says(r, planted)}


def says(record: Record, planted: Collection[bytes]) -> bool:
    text = (record.key or b"") + (record.value or b"") + repr(record.headers).encode()
    return any(each in text.lower() for each in planted)


async def there_now(stage: KafkaStage, topic: Topic[Any]) -> list[Record]:
    """What the topic has, without what was deleted from its beginning."""
    partitions = [tp for tp in stage.consumer.assignment() if tp.topic.endswith(topic.name)]
    begin = await stage.consumer.beginning_offsets(partitions)
    first = {tp.partition: offset for tp, offset in begin.items()}
    return [r for r in stage.records(topic) if r.offset >= first[r.partition]]


async def retention_of(servers: Servers, topic: str) -> timedelta:
    """How long a broker keeps what is on the topic: until its segment is rolled, and its time."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        (response,) = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, topic)]
        )
        told = {entry[0]: entry[1] for entry in response.resources[0][4]}
    finally:
        await admin.close()
    return timedelta(milliseconds=int(told["retention.ms"]) + int(told["segment.ms"]))


async def check_topics(servers: Servers, stage: KafkaStage) -> None:
    """Dead letters are gone, the profile is a tombstone, the rest has a day."""
    letters = await there_now(stage, DEAD["ingest"])
    assert [OTHER_WORD.encode() in (letter.value or b"") for letter in letters] == [True]
    (profile,) = {r.value for r in stage.records(PROFILES)[-1:]}
    assert profile is None
    now = system_clock()
    naming = topics_naming(stage, PLANTED) - {DEAD["ingest"].name, PROFILES.name}
    assert naming <= gone_by(now).keys()
    for name in naming:
        kept_for = await retention_of(servers, stage.settings.topic_prefix + name)
        assert kept_for == BY_NAME[name].retention + ROLLED_AFTER == gone_by(now)[name] - now


async def test_a_contact_is_erased_everywhere_and_nobody_else_is(
    servers: Servers, unique: str
) -> None:
    clock = FakeClock(now=system_clock() - timedelta(minutes=30))
    kept = Kept(servers, unique)
    others = (OTHER_WORD.encode(), OTHER_PHONE.encode(), OTHER_ADDRESS.encode())
    async with kafka_stage(servers, unique, clock) as stage:
        await they_all_write(stage)
        before = await kept.naming(PLANTED)
        of_others = await kept.naming(others)
        erasing = Erasing(stage.settings, "acme", "erasure-1", 30)
        person = Person(frozenset({f"email:{ADDRESS}"}), frozenset())

        told = await erasing.run(person, yes=False)
        assert {f"e164:{PHONE}", f"wa_id:{WHATSAPP}", f"visitor:widget-1:{VISITOR}"} <= {
            *told["contacts"]
        }
        assert told["profile_ids"] == ["p-77"]
        assert (told["found"]["ticketing"]["tickets"], told["dead_letters"]) == (5, {"ingest": 2})
        assert await kept.naming(PLANTED) == before
        assert set(before) >= {
            *("tickets", "thread", "autoclose_timers", "spam_contacts"),
            *("spam_memories", "tagging_memories", "spam_lessons", "tagging_lessons"),
            *("attribution_contacts", "ingest_profiles", "ingest_aliases"),
            *("desk_tickets_a", "desk_lines_a", "desk_stops", "desk_sends", "desk_profiles"),
            *("desk_files", "desk_parts"),
        }

        done = await erasing.run(person, yes=True)
        await stage.settle()
        assert done["left"] == {}
        assert await kept.naming(PLANTED) == {}
        assert without_shared(await kept.naming(others)) == without_shared(of_others)

        await check_topics(servers, stage)
        # It is told to whoever follows, and nothing comes back into an erased ticket.
        erased = [e for e in stage.events if isinstance(e, ContentErased)]
        assert sorted((e.whole, e.ticket.channel) for e in erased) == [
            (True, "email"), (True, "email"), (True, "sms"), (True, "webchat"), (True, "whatsapp"),
        ]  # fmt: skip
        late = await stage.command(AddNote, erased[-1].ticket_id, text=f"the {WORD}, at last")
        assert any(isinstance(e, CommandRejected) and e.command_id == late.id for e in stage.events)
        assert await kept.naming(PLANTED) == {}

        # What was received before, and is handled only now, is erased too.
        await stage.sms(f"a late {WORD}", sender=PHONE)
        await stage.publish(SENDS, delivered(f"send-{PHONE[-4:]}", stage.clock(), phone=PHONE))
        assert await kept.naming(PLANTED) == {}
        again = await erasing.run(person, yes=True)
        assert (again["found"], again["left"], again["dead_letters"]) == ({}, {}, {})
        assert set(again["contacts"]) == set(done["contacts"])
        await stage.settle()
        state = await kept.naming([b"_id"])

    await from_the_start(servers, stage)
    async with kafka_stage(servers, unique, clock) as later:
        await later.settle()
        assert await kept.naming(PLANTED) == {}
        # But for the hidden entries of the erasures, everything is there once, as it was.
        after = await kept.naming([b"_id"])
        assert {n: len(rows) for n, rows in after.items() if n not in ("thread", "redis")} == {
            n: len(rows) for n, rows in state.items() if n not in ("thread", "redis")
        }

        # Who writes anew is a new contact.
        clock.forward(minutes=40)
        await later.sms("hello, it is me", sender=PHONE, sid="SM-anew")
        wrote = next(e for e in later.events if getattr(e, "text", "") == "hello, it is me")
        assert isinstance(wrote, CustomerWrote)
        assert wrote.ticket.contact.id == f"e164:{PHONE}"
        assert wrote.ticket_id not in {event.ticket_id for event in erased}
        assert set(await kept.naming(PLANTED)) >= {"tickets", "thread", "attribution_contacts"}


def without_shared(found: dict[str, list[str]]) -> dict[str, int]:
    """How many rows of each collection; what two people share may lose the one who is erased."""
    return {name: len(rows) for name, rows in found.items() if name not in ("tickets", "thread")}


async def test_other_dead_letters_stay_and_keep_their_time_and_bytes(
    servers: Servers, unique: str
) -> None:
    settings = KafkaSettings(bootstrap=servers.kafka, topic_prefix=f"{unique}-")
    await create_topics(settings, replication=1, partitions=2)
    producer = Producer(settings)
    await producer.start()
    try:
        for number in range(6):
            for who in (PHONE, OTHER_PHONE):
                value = f"{who} {number}".encode()
                headers = (("odd", b"\xff"), ("null", None))
                letter = Outgoing(DEAD["ingest"].name, value, value, headers)
                await producer.publish([letter, replace(letter, key=None, value=None)])
    finally:
        await producer.stop()
    before = [letter.record async for letter, _ in read(settings, Wanted())]

    assert await take_out(settings, needles([f"e164:{PHONE}"])) == 6

    left = [letter.record async for letter, _ in read(settings, Wanted())]
    others = [r for r in before if PHONE.encode() not in (r.value or b"")]
    assert sorted(map(as_said, left)) == sorted(map(as_said, others))
    assert len(left) == 18
    assert await take_out(settings, needles([f"e164:{PHONE}"])) == 0


def as_said(record: Record) -> str:
    return repr((record.partition, record.value, record.headers, record.timestamp))
