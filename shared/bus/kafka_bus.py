"""A service's end of Kafka, from start to stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from aiokafka.errors import KafkaError

from shared.bus.accounts import AccountsTable
from shared.bus.acls import group_id
from shared.bus.consuming import Consuming
from shared.bus.delivery import Handler, Outgoing, RetryPolicy
from shared.bus.following import Follower
from shared.bus.framework import Members, broker_of, subscribed
from shared.bus.gauges import Gauges, begin_counting
from shared.bus.kafka import Producer, renew_password
from shared.bus.refusals import in_words
from shared.bus.subscriptions import Subscription
from shared.clock import Clock, system_clock
from shared.errors import HelpdeskError, Transient
from shared.running import metrics, tasks
from shared.running.settings import KafkaSettings
from shared.running.telling import told
from shared.topic import Service, Topic
from shared.topics import ACCOUNTS, BY_NAME, DEAD

_log = structlog.get_logger()
UNREADY_AFTER = timedelta(seconds=30)

LEAVES_WITHIN = timedelta(seconds=5)
"""Nobody waits longer for the brokers when leaving: then they miss this member by themselves."""


class KafkaBus:
    """A service's end of Kafka (see `shared.bus.ports.Bus`); runs until told to stop.

    Records reach a service for which nobody waits up to `gather` later, and more of them at once:
    each fetch costs the brokers, the database and the service about the same, however much it
    brings.
    """

    def __init__(
        self,
        service: Service,
        settings: KafkaSettings,
        *,
        transient: Callable[[BaseException], bool],
        clock: Clock = system_clock,
        retry: RetryPolicy = RetryPolicy(),
        stop_timeout: timedelta = timedelta(seconds=25),
        gather: timedelta = timedelta(0),
    ) -> None:
        self.service: Service = service
        self.stopped_by: str | None = None
        self.gave_up = asyncio.Event()
        self._settings = settings
        self._gather = gather
        self._producer = Producer(settings, service)
        self._accounts = AccountsTable(self._refresh_accounts)
        self._followers = [Follower(settings, ACCOUNTS, self._accounts.apply)]
        self._consuming = Consuming(
            service=service,
            prefix=settings.topic_prefix,
            accounts=self._accounts,
            publish=self._producer.publish,
            transient=transient,
            clock=clock,
            retry=retry,
            give_up=self._give_up,
        )
        self._members = Members(service, self._consuming)
        self._gauges = Gauges(self._consuming)
        self._sweeps: list[tuple[timedelta, Callable[[], Awaitable[None]]]] = []
        self._measuring = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._turned_at = time.monotonic()
        self._draining = False
        self._subscriber: Any = None
        self._stop_timeout = stop_timeout
        self.broker = broker_of(settings)

    @property
    def accounts(self) -> AccountsTable:
        """See `Bus`."""
        return self._accounts

    @property
    def group(self) -> str:
        """The consumer group of all replicas of the service."""
        return group_id(self.service, self._settings.topic_prefix)

    @property
    def consumed(self) -> frozenset[str]:
        """The topics that handlers are registered for."""
        return frozenset(self._consuming.subscriptions)

    @property
    def followed(self) -> frozenset[str]:
        """The topics that every replica holds all of."""
        return frozenset(follower.topic.name for follower in self._followers)

    def consume(self, topic: Topic[Any], handler: Handler) -> None:
        """See `Bus`. A topic that the registry does not give this service is an error."""
        if self.service not in topic.consumers:
            text = f"{self.service} is no consumer of {topic.name} in shared/topics.py"
            raise HelpdeskError(text)
        begin_counting(self.service, topic.name)
        self._consuming.subscriptions[topic.name] = Subscription(topic, handler)

    async def refresh(self) -> None:
        """Return once all was applied that the followed topics said when this was called."""
        for follower in self._followers:
            await follower.refresh()

    async def _refresh_accounts(self) -> None:
        await self._followers[0].refresh()

    def follow(self, topic: Topic[Any], apply: Callable[[Any], None]) -> None:
        """See `Bus`. A topic that the registry does not give this service is an error."""
        if self.service not in topic.consumers:
            text = f"{self.service} is no consumer of {topic.name} in shared/topics.py"
            raise HelpdeskError(text)
        self._followers.append(Follower(self._settings, topic, apply))

    def every(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        """See `Bus`."""
        self._sweeps.append((interval, sweep))

    def is_transient(self, error: Exception) -> bool:
        """Whether the error passes by itself: a broker or a database is away."""
        return self._consuming.is_transient(error)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        """See `Bus`. A topic that the registry does not give this service is an error."""
        for record in records:
            if self.service not in BY_NAME[record.topic].producers:
                text = f"{self.service} is no producer of {record.topic} in shared/topics.py"
                raise HelpdeskError(text)
        await self._producer.publish(records)

    # Starting and stopping

    async def start(self) -> None:
        """Connect, fill the settings table, and only then consume and sweep.

        Raises HelpdeskError when topics are missing or not allowed, Transient when no broker
        answers or takes this user.
        """
        await self._producer.start()
        wanted = [subscription.topic for subscription in self._consuming.subscriptions.values()]
        followed = [follower.topic for follower in self._followers]
        if missing := await self._producer.missing([*wanted, *followed, DEAD[self.service]]):
            text = f"these topics do not exist: {', '.join(missing)}; `helpdesk topics --create`"
            if self._settings.username:
                text += f". Or user {self._settings.username!r} may not use them: see its ACLs"
            raise HelpdeskError(text)
        for follower in self._followers:
            await follower.start()
        prefix = self._settings.topic_prefix
        topics = [prefix + name for name in self._consuming.subscriptions]
        self._subscriber = subscribed(
            *(self.broker, topics, self.group, self._settings, self._members, self._take),
            self._gather,
        )
        try:
            await self.broker.start()
        except KafkaError as error:
            raise Transient(in_words(error, self._settings, "joining the consumers")) from error
        self._tasks = [asyncio.create_task(self._tick())]
        self._tasks += [
            asyncio.create_task(self._sweep(interval, sweep)) for interval, sweep in self._sweeps
        ]

    async def stop(self) -> None:
        """Finish the batch in flight, commit, leave the group, let go of the connections."""
        self._draining = True
        await tasks.cancel(self._tasks)
        await self._consuming.stop(self._stop_timeout)
        try:
            # Whoever is just joining would wait for the others, dead ones too, before it leaves.
            async with asyncio.timeout(LEAVES_WITHIN.total_seconds()):
                await self.broker.stop()
        except TimeoutError:
            _log.warning("left the consumer group without a word: it did not let go in time")
        for follower in self._followers:
            await follower.stop()
        await self._producer.stop()

    def live(self) -> str | None:
        """None while the event loop and the poll loop run, else what is wrong.

        It is asked from another thread.
        """
        behind = time.monotonic() - self._turned_at
        if behind > UNREADY_AFTER.total_seconds():
            return f"the event loop has not turned for {behind:.0f} s"
        if self._subscriber is not None and any(task.done() for task in self._subscriber.tasks):
            return "the poll loop has ended"
        return None

    def ready(self) -> str | None:
        """None if this replica is in its group, is not stopping and no topic waits for long.

        Else it says what is wrong; waiting is long after `UNREADY_AFTER`.
        """
        if self._draining:
            return "stopping"
        if not self._members.joined:
            return "not in the consumer group yet"
        for name, subscription in self._consuming.subscriptions.items():
            since = subscription.waiting_since
            if since is not None and time.monotonic() - since > UNREADY_AFTER.total_seconds():
                return f"{name} has been waiting for a dependency for long"
        return None

    async def _take(self, raws: Sequence[Any]) -> None:
        self._consuming.consumer = self._consumer
        try:
            await self._consuming.take(raws)
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing may go on
            # The framework would go on with the next batch, and a later commit would skip this.
            _log.critical("the bus itself failed", exc_info=error)
            self._consumer.pause(*self._consumer.assignment())
            self._give_up(f"the bus itself failed: {told(error)}")

    def _give_up(self, why: str) -> None:
        _log.critical("stopping: something else than the records is wrong", why=why)
        self.stopped_by = why
        self.gave_up.set()

    @property
    def _consumer(self) -> Any:  # noqa: ANN401  # aiokafka ships no types
        return self._subscriber.consumer

    async def _sweep(self, interval: timedelta, sweep: Callable[[], Awaitable[None]]) -> None:
        name = getattr(sweep, "__qualname__", repr(sweep))
        metrics.SWEEP_FAILURES.labels(self.service, name)
        metrics.SWEEP_LAST_RUN.labels(self.service, name).set_to_current_time()
        await self._caught_up()
        while True:
            try:
                await sweep()
                metrics.SWEEP_LAST_RUN.labels(self.service, name).set_to_current_time()
            except Exception as error:  # noqa: BLE001  # the next run looks at the same things
                metrics.SWEEP_FAILURES.labels(self.service, name).inc()
                away = self.is_transient(error)
                _log.warning(
                    "a sweep failed",
                    sweep=name,
                    exc_info=None if away else error,
                    error=told(error),
                )
            await asyncio.sleep(interval.total_seconds())

    async def _caught_up(self) -> None:
        """Return once this replica has handled what its partitions held when it joined.

        Sweeps wait for that: what a partition still holds may change what is due.
        """
        while not self._members.joined:
            await asyncio.sleep(0.05)
        async with self._measuring:
            if self._consuming.behind is None:
                self._consuming.behind = await self._backlog()
        while self._consuming.is_behind(self._consumer.assignment()):
            await asyncio.sleep(0.05)

    async def _backlog(self) -> dict[Any, int]:
        """The ends of those partitions that hold records which nobody has handled yet."""
        partitions = list(self._consumer.assignment())
        ends = await self._consumer.end_offsets(partitions)
        starts = await self._consumer.beginning_offsets(partitions)
        behind = {}
        for partition, end in ends.items():
            committed = await self._consumer.committed(partition)
            if max(committed or 0, starts[partition]) < end:
                behind[partition] = end
        return behind

    async def _tick(self) -> None:
        """Once a second, note that the event loop turns, and how far behind the partitions are."""
        while True:
            expected = time.monotonic() + 1
            await asyncio.sleep(1)
            self._turned_at = time.monotonic()
            if (ended := self._ended()) is not None and not self.gave_up.is_set():
                self._give_up(f"{ended}, which does not start again by itself")
            metrics.EVENT_LOOP_LAG.labels(self.service).set(max(self._turned_at - expected, 0))
            if self._consumer:
                renew_password(self._consumer._client, self._settings)  # noqa: SLF001  # not public
            await self._gauges.show(self._consumer)

    def _ended(self) -> str | None:
        """Which task of the driver has ended by an unexpected error, so that it stands still."""
        its = {f"following {follower.topic.name}": follower.task for follower in self._followers}
        if self._consumer:
            its["fetching"] = self._consumer._fetcher._fetch_task  # noqa: SLF001  # not public
            its["the group's coordination"] = self._consumer._coordinator._coordination_task  # noqa: SLF001  # not public
        for name, task in its.items():
            if task and task.done():
                error = None if task.cancelled() else task.exception()
                return in_words(error, self._settings, name) if error else f"{name} ended"
        return None
