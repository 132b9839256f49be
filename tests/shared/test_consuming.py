"""Batches and their fates, on a consumer that does what it is told and notes it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from shared.bus.accounts import AccountsTable
from shared.bus.consuming import Consuming
from shared.bus.delivery import Outgoing, RetryPolicy
from shared.bus.framework import Members
from shared.bus.subscriptions import Subscription
from shared.clock import system_clock
from shared.errors import Transient
from shared.topics import INBOUND

TOPIC = INBOUND["sms"]
AT_ONCE = RetryPolicy(first_pause=timedelta(microseconds=1))
PATIENCE = timedelta(seconds=30)


@dataclass
class Consumer:
    """Has three partitions for ever."""

    committed: dict[TopicPartition, int] = field(default_factory=dict)
    commits: int = 0
    sought: list[tuple[TopicPartition, int]] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(TOPIC.name, number) for number in range(3)}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought.append((partition, offset))

    def pause(self, *_: TopicPartition) -> None: ...

    def resume(self, *_: TopicPartition) -> None: ...

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.commits += 1
        await self.answers.wait()
        self.committed |= offsets


@dataclass
class Place:
    """A consumer's loop, and what came of the batches that a test gives it."""

    error: type[Exception] = ZeroDivisionError
    error_alone: type[Exception] = ZeroDivisionError
    consumer: Consumer = field(default_factory=Consumer)
    handled: list[bytes] = field(default_factory=list)
    dead: list[Outgoing] = field(default_factory=list)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.goes_on.set()
        self.consuming = Consuming(
            service="ingest",
            prefix="",
            accounts=AccountsTable(self._nothing_new),
            publish=self._bury,
            transient=lambda _: False,
            clock=system_clock,
            retry=AT_ONCE,
            give_up=pytest.fail,
            consumer=self.consumer,
            subscriptions={TOPIC.name: Subscription(TOPIC, self._handle)},
        )

    async def _nothing_new(self) -> None: ...

    async def _bury(self, letters: Sequence[Outgoing]) -> None:
        self.dead += letters

    async def _handle(self, records: Sequence[Any]) -> None:
        await self.goes_on.wait()
        if any(record.value == b"bad" for record in records):
            raise self.error if len(records) > 1 else self.error_alone
        self.handled += [record.value for record in records]

    async def takes_without_end(self, *records: tuple[int, int, bytes]) -> asyncio.Task[None]:
        """Poll these; their batch is under way until `goes_on` is set."""
        self.goes_on.clear()
        taking = asyncio.create_task(self.take(*records))
        await asyncio.sleep(0)
        return taking

    async def take(self, *records: tuple[int, int, bytes]) -> None:
        """Poll these: partition, offset and value of each."""
        await self.consuming.take(
            [
                ConsumerRecord(
                    topic=TOPIC.name,
                    partition=partition,
                    offset=offset,
                    timestamp=0,
                    timestamp_type=0,
                    key=None,
                    value=value,
                    checksum=None,
                    serialized_key_size=-1,
                    serialized_value_size=len(value),
                    headers=(),
                )
                for partition, offset, value in records
            ]
        )


@pytest.mark.spec("ING 7")
async def test_a_bug_on_one_partition_ends_though_all_goes_well_on_another() -> None:
    place = Place()

    for number in range(AT_ONCE.tries):
        await place.take((0, 7, b"bad"))
        await place.take((1, number, b"good"))

    await place.consuming.commit()
    assert [letter.value for letter in place.dead] == [b"bad"]
    assert place.consumer.committed[TopicPartition(TOPIC.name, 0)] == 8
    assert place.handled == [b"good"] * AT_ONCE.tries


async def test_who_waits_for_a_dependency_is_known_while_all_goes_well_on_another() -> None:
    place = Place(error=Transient, error_alone=Transient)
    subscription = place.consuming.subscriptions[TOPIC.name]

    await place.take((0, 7, b"bad"))
    since = subscription.waiting_since
    await place.take((1, 0, b"good"))

    assert since is not None
    assert subscription.waiting_since == since
    await place.consuming.commit()
    assert place.dead == []
    assert TopicPartition(TOPIC.name, 0) not in place.consumer.committed

    await place.take((0, 7, b"good again"))

    assert subscription.waiting_since is None


async def test_a_partition_that_went_to_another_replica_is_waited_for_no_longer() -> None:
    place = Place(error=Transient, error_alone=Transient)
    subscription = place.consuming.subscriptions[TOPIC.name]
    await place.take((0, 7, b"bad"))
    await place.take((1, 3, b"bad"))
    since = subscription.waiting_since

    place.consuming.assigned([TopicPartition(TOPIC.name, number) for number in (0, 2)])
    assert subscription.waiting_since == since

    place.consuming.assigned([TopicPartition(TOPIC.name, 2)])
    assert subscription.waiting_since is None


async def test_a_partition_that_got_on_is_out_of_trouble_though_another_still_waits() -> None:
    place = Place(error_alone=Transient)
    subscription = place.consuming.subscriptions[TOPIC.name]

    for _ in range(AT_ONCE.tries):
        await place.take((0, 7, b"good"), (1, 3, b"bad"))

    await place.consuming.commit()
    assert place.handled == [b"good"]
    assert place.consumer.committed == {TopicPartition(TOPIC.name, 0): 8}
    assert subscription.waiting_since is not None
    place.consuming.assigned([TopicPartition(TOPIC.name, 0)])
    assert subscription.waiting_since is None


async def until(place: Place, offset: int) -> None:
    """Return once the first partition is committed so far."""
    async with asyncio.timeout(5):
        while place.consumer.committed.get(TopicPartition(TOPIC.name, 0), 0) < offset:
            await asyncio.sleep(0.001)


async def test_what_is_done_is_committed_though_nothing_else_comes() -> None:
    place = Place()

    await place.take((0, 0, b"good"))
    await until(place, 1)
    await place.take((0, 1, b"good"))

    await until(place, 2)


async def test_no_batch_waits_for_a_commit_and_what_ends_meanwhile_is_committed_together() -> None:
    place = Place()
    place.consumer.answers.clear()

    for offset in range(50):
        await place.take((0, offset, b"good"))
        await asyncio.sleep(0)
    assert len(place.handled) == 50
    assert place.consumer.committed == {}
    place.consumer.answers.set()

    await until(place, 50)
    assert place.consumer.commits == 2


async def test_who_stops_or_loses_partitions_has_committed_all_that_is_done() -> None:
    place = Place()
    place.consumer.answers.clear()
    await place.take((0, 0, b"good"))
    await asyncio.sleep(0)
    await place.take((0, 1, b"good"))

    revoked = asyncio.create_task(Members("ingest", place.consuming).on_partitions_revoked([]))
    await asyncio.sleep(0)
    assert not revoked.done()
    place.consumer.answers.set()
    await revoked
    assert place.consumer.committed == {TopicPartition(TOPIC.name, 0): 2}

    await place.take((0, 2, b"good"))
    await place.consuming.stop(PATIENCE)
    assert place.consumer.committed == {TopicPartition(TOPIC.name, 0): 3}


async def test_who_stops_finishes_its_batch_commits_it_and_takes_no_more() -> None:
    place = Place()
    taking = await place.takes_without_end((0, 0, b"good"))
    stopping = asyncio.create_task(place.consuming.stop(PATIENCE))
    await asyncio.sleep(0)
    assert not stopping.done()

    place.goes_on.set()
    await asyncio.gather(taking, stopping)
    await place.take((0, 1, b"good"))

    assert place.handled == [b"good"]
    assert place.consumer.committed == {TopicPartition(TOPIC.name, 0): 1}


async def test_nobody_is_kept_from_stopping_by_a_batch_that_does_not_end() -> None:
    place = Place()
    taking = await place.takes_without_end((0, 0, b"good"))

    async with asyncio.timeout(5):
        await place.consuming.stop(timedelta(milliseconds=10))

    assert not taking.done()
    assert place.consumer.committed == {}
    taking.cancel()


async def test_a_commit_that_fails_unexpectedly_is_told_with_the_next_batch() -> None:
    class Broken(Consumer):
        async def commit(self, offsets: dict[TopicPartition, int]) -> None:
            raise ZeroDivisionError(offsets)

    place = Place(consumer=Broken())
    await place.take((0, 0, b"good"))
    await asyncio.sleep(0)

    with pytest.raises(ZeroDivisionError):
        await place.take((0, 1, b"good"))


async def test_what_was_handled_before_anybody_asked_keeps_no_sweep_waiting() -> None:
    place = Place()
    partition, assigned = TopicPartition(TOPIC.name, 0), place.consumer.assignment()
    await place.take((0, 0, b"good"))
    await until(place, 1)

    place.consuming.behind = {partition: 1, TopicPartition("somebody else's", 0): 9}
    assert not place.consuming.is_behind(assigned)

    place.consuming.behind = {partition: 2}
    assert place.consuming.is_behind(assigned)
    await place.take((0, 1, b"good"))
    assert not place.consuming.is_behind(assigned)


async def test_whoever_never_had_a_batch_has_nothing_to_commit() -> None:
    place = Place()
    place.consuming.consumer = None

    await Members("ingest", place.consuming).on_partitions_revoked([])
    await place.consuming.stop(PATIENCE)


async def test_nobody_is_kept_from_stopping_by_brokers_that_take_no_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.bus.consuming.COMMITTED_WITHIN", timedelta(milliseconds=10))
    place = Place()
    place.consumer.answers.clear()
    await place.take((0, 0, b"good"))

    async with asyncio.timeout(5):
        await place.consuming.stop(PATIENCE)

    assert place.consumer.committed == {}
