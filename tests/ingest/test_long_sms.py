"""SMS in parts: joined once, whatever the order, the repeats, the crashes (ING 1, ING 2)."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.handlers import Ingest
from services.ingest.join.joining import joining
from services.ingest.join.long_sms import KEPT, Assembly
from services.ingest.sweep import Sweep
from shared.bus.delivery import Outgoing, Record
from shared.contracts.messages import InboundMessage, MessageEdited
from shared.errors import Transient
from shared.topics import BY_NAME
from tests.examples import examples
from tests.ingest.builders import RECEIVED, a_part, a_table, parts_of
from tests.ingest.memory import MemoryAliases, MemoryProfiles
from tests.memory import MemoryAggregates

WAIT = timedelta(seconds=30)


@dataclass
class Replicas:
    """Several of ingest on one store, which may crash when they publish."""

    count: int = 2
    crashes: random.Random | None = None
    now: datetime = RECEIVED
    published: list[Any] = field(default_factory=list)
    counted: list[tuple[str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store: MemoryAggregates[Assembly] = MemoryAggregates()
        table, profiles = a_table(), MemoryProfiles()
        self.joinings = [
            joining(
                self.store,
                profiles,
                table,
                self.publish,
                lambda _body: None,
                lambda: self.now,
                WAIT,
            )
            for _ in range(self.count)
        ]
        self.all = [
            Ingest(profiles, MemoryAliases(), table, self.publish, each, self.count_outcome)
            for each in self.joinings
        ]
        self.sweeps = [Sweep(self.store, each, lambda: self.now) for each in self.joinings]

    def count_outcome(self, *told: str) -> None:
        self.counted.append(told)  # type: ignore[arg-type]

    async def publish(self, records: Sequence[Outgoing]) -> None:
        before = self.crashes is not None and self.crashes.random() < 0.3
        after = self.crashes is not None and self.crashes.random() < 0.3
        if not before:
            self.published += [
                BY_NAME[record.topic].contract.validate_json(record.value or b"")  # type: ignore[union-attr]
                for record in records
            ]
        if before or after:
            message = "killed"
            raise Transient(message)

    async def receive(self, records: Sequence[Record], replica: int = 0) -> None:
        """Deliver, again if the replica is killed."""
        while True:
            try:
                assert await self.all[replica].records_received(records) == {}
            except Transient:
                replica = (replica + 1) % self.count
            else:
                return

    async def sweep(self) -> None:
        """Sweep everywhere until all is done, whatever is killed."""
        for sweep in [*self.sweeps, *self.sweeps]:
            try:
                await sweep.end_waits()
            except Transient:
                self.now += timedelta(seconds=10)
        self.crashes = None
        self.now += timedelta(seconds=10)
        await self.sweeps[0].end_waits()

    def texts(self) -> list[str]:
        """What readers of the topic end up with, a message once and by its newest edit."""
        seen: dict[str, str] = {}
        versions: dict[str, int] = {}
        for body in self.published:
            if isinstance(body, InboundMessage):
                seen.setdefault(body.id, body.text)
                continue
            assert isinstance(body, MessageEdited)
            assert body.message_id in seen, "an edit of what nobody knows"
            if body.version > versions.get(body.message_id, 0):
                seen[body.message_id], versions[body.message_id] = body.text, body.version
        return sorted(seen.values())


PIECES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=5)


@pytest.mark.spec("ING 2")
@settings(max_examples=examples(60))
@given(
    st.lists(st.lists(PIECES, min_size=2, max_size=4), min_size=1, max_size=3),
    st.integers(0, 2**32),
)
async def test_every_long_message_is_one_message_whatever_happens(
    texts: list[list[str]], seed: int
) -> None:
    chance = random.Random(seed)
    records = [
        record
        for place, pieces in enumerate(texts)
        for record in parts_of(*pieces, message=f"m{place}.", reference=str(place))
    ]
    delivered = chance.sample(records, len(records)) + chance.choices(records, k=4)
    chance.shuffle(delivered)
    replicas = Replicas(crashes=chance)

    while delivered:
        size = chance.randint(1, 4)
        batch, delivered = delivered[:size], delivered[size:]
        await replicas.receive(batch, chance.randint(0, 1))
        if chance.random() < 0.5:
            replicas.now += timedelta(seconds=chance.choice([1, 20, 40]))
            await replicas.sweep()
            replicas.crashes = chance
    await replicas.receive(records)
    await replicas.sweep()

    assert replicas.texts() == sorted("".join(pieces) for pieces in texts)
    assert all(not document.outbox for document in replicas.store.documents.values())


@pytest.mark.spec("ING 1")
async def test_the_parts_are_joined_as_soon_as_all_are_there() -> None:
    replicas = Replicas()
    first, second = parts_of("Where is ", "my order?")

    await replicas.receive([second])
    assert replicas.published == []
    await replicas.receive([first], replica=1)

    (message,) = replicas.published
    assert isinstance(message, InboundMessage)
    assert (message.text, message.provider_message_id) == ("Where is my order?", "m1")
    assert (message.flags, message.contact.id) == ((), "e164:+447700900001")
    assert message.origin is not None
    assert ("sms", "part", "") in replicas.counted


@pytest.mark.spec("ING 2")
async def test_a_part_that_comes_again_does_nothing_more() -> None:
    replicas = Replicas()
    records = parts_of("Where is ", "my order?")
    await replicas.receive(records)

    for record in records * 2:
        await replicas.receive([record], replica=1)
    replicas.now += KEPT
    await replicas.sweep()

    assert len(replicas.published) == 1


@pytest.mark.spec("ING 1")
async def test_what_a_part_is_missing_of_is_a_message_after_the_wait_and_changed_later() -> None:
    replicas = Replicas()
    first, second, third = parts_of("one ", "two ", "three")
    await replicas.receive([third, first])

    replicas.now += WAIT - timedelta(milliseconds=1)
    await replicas.sweep()
    replicas.now += timedelta(seconds=1)
    await replicas.sweep()
    await replicas.receive([second], replica=1)

    message, edit = replicas.published
    assert (message.text, message.flags) == ("one  […] three", ("truncated",))
    assert (edit.text, edit.message_id, edit.version) == ("one two three", message.id, 3)


async def test_a_reference_that_is_used_again_begins_another_message() -> None:
    replicas = Replicas()
    lost, _ = parts_of("Are you ", "there?", message="a")
    await replicas.receive([lost])
    replicas.now += timedelta(minutes=1)
    await replicas.sweep()

    await replicas.receive(parts_of("Hello ", "again", message="b"))

    assert replicas.texts() == ["Are you  […]", "Hello again"]


async def test_what_nobody_completed_is_forgotten_in_time() -> None:
    replicas = Replicas()
    _, lost = parts_of("Are you ", "there?", message="a")
    await replicas.receive([lost])
    replicas.now += timedelta(minutes=1)
    await replicas.sweep()
    replicas.now += KEPT

    await replicas.receive(parts_of("Hello ", "again", message="b"))

    assert replicas.texts() == ["Hello again", "[…] there?"]
    (document,) = replicas.store.documents.values()
    assert document.state.groups == ()


async def test_a_character_cut_in_two_is_whole_again() -> None:
    replicas = Replicas()
    halves = ["Thanks \ud83d", "\udc4d!"]

    await replicas.receive(parts_of(*halves))

    assert replicas.texts() == ["Thanks 👍!"]


@pytest.mark.spec("ING 3")
async def test_a_keyword_in_parts_is_a_keyword() -> None:
    replicas = Replicas()

    await replicas.receive(parts_of("ST", "OP"))

    (signal,) = replicas.published
    assert (signal.kind, signal.keyword) == ("keyword", "STOP")


@pytest.mark.parametrize(
    "numbering",
    [
        {"concat-part": "3"},
        {"concat-part": "0"},
        {"concat-total": "x"},
        {"concat-total": "1"},
        {"concat-total": "999"},
        {"concat-ref": {}, "concat-part": None},
    ],
)
async def test_a_part_that_is_numbered_without_sense_is_a_message(numbering: Any) -> None:
    replicas = Replicas()

    await replicas.receive([a_part(1, 2, "hello", **numbering)])

    assert replicas.texts() == ["hello"]


async def test_binary_parts_are_put_together_by_their_headers() -> None:
    replicas = Replicas()
    data = "Ciao, où est ma commande? 👍".encode("utf-16-be")
    records = [
        a_part(
            number, 2, "", type="binary", concat="", udh=f"0500034d02{number:02x}", data=piece.hex()
        )
        for number, piece in ((1, data[:21]), (2, data[21:]))
    ]

    await replicas.receive(records[::-1])

    assert replicas.texts() == ["Ciao, où est ma commande? 👍"]
