"""Hands batches of records to services' handlers, and decides what becomes of each record.

Each topic's share of a batch goes to that topic's handler. A record that can never be handled
becomes a dead letter. If records must wait, their partitions are rewound, paused, and resumed by a
timer: so the order is kept, and the replica stays in its consumer group. Offsets are committed once
all effects of their records are stored and published, but no batch waits for that, and what ends
shortly afterwards is committed together.
"""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.bus.accounts import Accounts
from shared.bus.delivery import REPLAYED, Fate, Publish, Record, RetryPolicy, dead_letter
from shared.bus.kafka import record_of
from shared.bus.subscriptions import Subscription
from shared.clock import Clock
from shared.errors import Poison, Transient
from shared.running import failpoints, metrics
from shared.running.telling import told
from shared.topic import Deleted, Service, Topic, UnknownType
from shared.topics import ACCOUNTS

COMMITS_APART: Final = timedelta(milliseconds=100)
"""How long after a commit the next one begins at the earliest; a killed replica repeats so much."""

COMMITTED_WITHIN: Final = timedelta(seconds=5)

_log = structlog.get_logger()


@dataclass(slots=True)
class _Batch:
    """A topic's share of a batch, parsed."""

    good: list[tuple[Record, Any]] = field(default_factory=list)
    dead: list[tuple[Record, Exception]] = field(default_factory=list)
    ignored: int = 0


@dataclass(slots=True)
class Consuming:
    """Takes batches from a consumer on behalf of a service's handlers.

    `publish` sends dead letters; `transient` says which errors pass by themselves; `give_up` is
    called, with the reason, when something else than the records is wrong.
    """

    service: Service
    prefix: str
    accounts: Accounts
    publish: Publish
    transient: Callable[[BaseException], bool]
    clock: Clock
    retry: RetryPolicy
    give_up: Callable[[str], None]
    consumer: Any = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    in_flight: asyncio.Lock = field(default_factory=asyncio.Lock)
    behind: dict[Any, int] | None = None
    committed: dict[Any, int] = field(default_factory=dict)
    _done: dict[Any, int] = field(default_factory=dict)
    """By partition, the offset to commit; what is committed is no longer here."""
    _handled: dict[Any, int] = field(default_factory=dict)
    """By partition, the offset after what was handled last."""
    _committing: asyncio.Task[None] | None = None
    _one_commit: asyncio.Lock = field(default_factory=asyncio.Lock)
    _draining: bool = False
    _bugs_in_a_row: int = 0
    _stopped: bool = False

    async def take(self, raws: Sequence[Any]) -> None:
        """Handle a batch of any topics' records; what is done will be committed soon.

        Whoever stops takes no more: these records are another replica's then.
        """
        if self._committing is not None and self._committing.done():
            self._committing.result()
        async with self.in_flight:
            if self._draining:
                return
            shares: dict[str, list[Record]] = {}
            assigned = self.consumer.assignment()
            for raw in raws:
                # Since the poll, the partition may have gone to another replica.
                if TopicPartition(raw.topic, raw.partition) in assigned:
                    record = record_of(raw, self.prefix)
                    shares.setdefault(record.topic, []).append(record)
            for name, subscription in self.subscriptions.items():
                if records := shares.get(name):
                    await self._deliver(subscription, records)
            if self._done and (self._committing is None or self._committing.done()):
                self._committing = asyncio.create_task(self._commit_until_all_is())

    async def stop(self, within: timedelta) -> None:
        """Take no more; what is done once the batch in flight has ended is committed.

        Where that batch takes longer than `within`, or the brokers take no commit within
        `COMMITTED_WITHIN`, the records come again.
        """
        self._draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(within.total_seconds()), self.in_flight:
                pass
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMITTED_WITHIN.total_seconds()):
                await self.commit()

    async def _deliver(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Handle one topic's share, or let it wait; `_done` then has the offsets to commit."""
        started = time.monotonic()
        topic = subscription.topic.name
        try:
            await self._attempt(subscription, records)
        except Exception as error:  # noqa: BLE001  # the fates are decided here, for every error
            attempts = subscription.failed(self._partitions(records))
            if self._fate(error, attempts, alone=False) == "singly":
                await self._singly(subscription, records, attempts)
            else:
                self._wait(subscription, records, error, attempts)
            return
        subscription.went_well(self._partitions(records))
        self._bugs_in_a_row = 0
        metrics.BATCH_SIZE.labels(self.service, topic).observe(len(records))
        metrics.PROCESSING_DURATION.labels(self.service, topic).observe(time.monotonic() - started)
        age = (self.clock() - records[-1].timestamp).total_seconds()
        metrics.EVENT_LATENCY.labels(self.service, topic).observe(max(age, 0))

    def assigned(self, partitions: Collection[Any]) -> None:
        """This replica has these partitions from now on; failures on others are forgotten."""
        for subscription in self.subscriptions.values():
            subscription.forget_but(partitions)

    def is_transient(self, error: Exception) -> bool:
        """Whether the error passes by itself."""
        return isinstance(error, Transient | KafkaError) or self.transient(error)

    def _fate(self, error: Exception, attempts: int, *, alone: bool) -> Fate:
        transient = self.is_transient(error)
        return self.retry.fate(error, attempts, alone=alone, transient=transient)

    async def _attempt(self, subscription: Subscription, records: Sequence[Record]) -> None:
        """Handle the good records first: dead letters before them would repeat with each retry."""
        batch = await self._parse(subscription.topic, records)
        if batch.good:
            refusals = await subscription.handler([body for _, body in batch.good])
            batch.dead += [(batch.good[i][0], why) for i, why in (refusals or {}).items()]
        failpoints.reach("after-handler")
        await self._bury(batch.dead, tries=1)
        self._finished(subscription, records, dead=len(batch.dead), ignored=batch.ignored)
        self._tell_of_replays(records, {record.position for record, _ in batch.dead})

    def _tell_of_replays(self, records: Iterable[Record], dead: Collection[str]) -> None:
        """Log and count what became of replayed records, for the operator who put them back."""
        for record in records:
            if any(name == REPLAYED for name, _ in record.headers):
                outcome = "dead" if record.position in dead else "handled"
                metrics.REPLAYED_RECORDS.labels(self.service, record.topic, outcome).inc()
                since = record.header(REPLAYED)
                _log.info("a replayed record", at=record.position, replayed=since, outcome=outcome)

    async def _singly(
        self, subscription: Subscription, records: Sequence[Record], attempts: int
    ) -> None:
        """Handle record by record, so that only the culprit goes to the dead letters."""
        for place, record in enumerate(records):
            try:
                await self._attempt(subscription, [record])
                self._bugs_in_a_row = 0
            except Exception as error:  # noqa: BLE001  # as in `_deliver`
                if self._fate(error, attempts, alone=True) == "wait":
                    self._wait_at(place, subscription, records, error, attempts)
                    return
                try:
                    await self._bury([(record, error)], tries=attempts + 1)
                except Transient as away:
                    self._wait_at(place, subscription, records, away, attempts)
                    return
                self._finished(subscription, [record], dead=1, ignored=0)
                self._tell_of_replays([record], {record.position})
                self._count_bug(record, error)
                if self._stopped:
                    self._rewind(records[place + 1 :])
                    return
        subscription.went_well(self._partitions(records))

    def _count_bug(self, record: Record, error: Exception) -> None:
        if isinstance(error, Poison):
            return
        _log.error("a record could not be handled", at=record.position, exc_info=error)
        self._bugs_in_a_row += 1
        if self._bugs_in_a_row >= self.retry.bugs_in_a_row:
            self._stopped = True
            self.give_up(
                f"{self._bugs_in_a_row} records in a row failed unexpectedly, "
                f"the last one {record.position}: {told(error)}"
            )

    async def _parse(self, topic: Topic[Any], records: Sequence[Record]) -> _Batch:
        batch = _Batch()
        strangers = False
        for record in records:
            try:
                body = topic.heard(record)
            except UnknownType:
                batch.ignored += 1
            except Poison as error:
                batch.dead.append((record, error))
            else:
                batch.good.append((record, body))
                strangers = strangers or self._stranger(topic, body) is not None
        if strangers:
            # The account may be newer than the table.
            await self.accounts.refresh()
            known = [pair for pair in batch.good if self._stranger(topic, pair[1]) is None]
            for record, body in batch.good:
                if (account_id := self._stranger(topic, body)) is not None:
                    text = f"account {account_id!r} has no settings on {ACCOUNTS.name}"
                    batch.dead.append((record, Poison("unknown_account", text)))
            batch.good = known
        return batch

    def _stranger(self, topic: Topic[Any], body: object) -> str | None:
        """The account that a body names, if it has no settings here; else None."""
        if topic is ACCOUNTS or isinstance(body, Record):
            return None
        key = body.key.partition(":")[0] if isinstance(body, Deleted) else ""
        account_id = getattr(body, "account_id", key)
        return None if self.accounts.get(account_id) else str(account_id)

    async def _bury(self, dead: Iterable[tuple[Record, Exception]], *, tries: int) -> None:
        """Publish dead letters; raises Transient when that fails, and nothing is committed."""
        letters, counted = [], []
        for record, error in dead:
            letter = dead_letter(record, error, service=self.service, tries=tries, now=self.clock())
            letters.append(letter)
            counted.append((record.topic, error.reason if isinstance(error, Poison) else "bug"))
            _log.warning("dead letter", at=record.position, error=told(error))
        if not letters:
            return
        try:
            await self.publish(letters)
        except Exception as error:  # else the poll loop would end, and start again with these
            metrics.DEAD_LETTER_FAILURES.labels(self.service).inc(len(letters))
            text = f"dead letters could not be published: {told(error)}"
            raise Transient(text) from error
        for topic, reason in counted:
            metrics.DEAD_LETTERS.labels(self.service, topic, reason).inc()

    def _partition(self, record: Record) -> Any:  # noqa: ANN401  # aiokafka ships no types
        return TopicPartition(self.prefix + record.topic, record.partition)

    def _partitions(self, records: Iterable[Record]) -> set[Any]:
        return {self._partition(record) for record in records}

    def _finished(
        self, subscription: Subscription, records: Sequence[Record], *, dead: int, ignored: int
    ) -> None:
        for record in records:
            self._done[self._partition(record)] = record.offset + 1
        self._handled |= self._done
        counter = metrics.MESSAGES_PROCESSED
        topic = subscription.topic.name
        counter.labels(self.service, topic, "handled").inc(len(records) - dead - ignored)
        counter.labels(self.service, topic, "dead").inc(dead)
        counter.labels(self.service, topic, "ignored").inc(ignored)
        newest = records[-1].timestamp.timestamp()
        metrics.LAST_RECORD.labels(self.service, topic).set(newest)

    def _wait_at(
        self,
        place: int,
        subscription: Subscription,
        records: Sequence[Record],
        error: Exception,
        attempts: int,
    ) -> None:
        """Let the records from `place` on wait; a partition without any is out of trouble."""
        left = records[place:]
        subscription.went_well(self._partitions(records[:place]) - self._partitions(left))
        self._wait(subscription, left, error, attempts)

    def _wait(
        self,
        subscription: Subscription,
        records: Sequence[Record],
        error: Exception,
        attempts: int,
    ) -> None:
        """Rewind the records' partitions, pause them, and resume them by a timer: order is kept."""
        bug = not self.is_transient(error)
        metrics.RETRIES.labels(
            self.service, subscription.topic.name, "bug" if bug else "transient"
        ).inc()
        pause = self.retry.pause(attempts, random.random())  # jitter
        _log.warning(
            "waiting to try again",
            at=records[0].position,
            seconds=round(pause.total_seconds(), 2),
            error=told(error),
            exc_info=error if bug else None,
        )
        partitions = self._rewind(records)
        self.consumer.pause(*partitions)
        asyncio.get_running_loop().call_later(pause.total_seconds(), self._resume, partitions)

    def _rewind(self, records: Sequence[Record]) -> list[Any]:
        """Let the next poll give these records again; returns their partitions that are still ours.

        A partition that has gone to another replica is left alone.
        """
        firsts: dict[Any, int] = {}
        for record in records:
            firsts.setdefault(self._partition(record), record.offset)
        still = [partition for partition in firsts if partition in self.consumer.assignment()]
        for partition in still:
            self.consumer.seek(partition, firsts[partition])
        return still

    def _resume(self, partitions: Sequence[Any]) -> None:
        still = [partition for partition in partitions if partition in self.consumer.assignment()]
        if still:
            self.consumer.resume(*still)

    def is_behind(self, assigned: Collection[Any]) -> bool:
        """Whether one of these partitions has not been handled up to its end in `behind`."""
        return any(
            partition in assigned and self._handled.get(partition, 0) < end
            for partition, end in (self.behind or {}).items()
        )

    async def _commit_until_all_is(self) -> None:
        while self._done and not self._draining:
            await self.commit()
            await asyncio.sleep(COMMITS_APART.total_seconds())

    async def commit(self) -> None:
        """Commit what is done; a failure is harmless, since effects may be repeated."""
        async with self._one_commit:
            done, self._done = self._done, {}
            assigned = self.consumer.assignment() if done else ()
            if offsets := {tp: offset for tp, offset in done.items() if tp in assigned}:
                await self._commit(offsets)

    async def _commit(self, offsets: Mapping[Any, int]) -> None:
        try:
            failpoints.reach("before-commit")
            await self.consumer.commit(offsets)
            failpoints.reach("after-commit")
            self.committed |= offsets
            metrics.COMMITS.labels(self.service, "ok").inc()
        except (CommitFailedError, IllegalStateError, KafkaError) as error:
            metrics.COMMITS.labels(self.service, "failed").inc()
            _log.info("a commit failed; the records may come again", error=told(error))
