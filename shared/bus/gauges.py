"""What a replica shows of its partitions: how far it is, how far behind, for how long it waits."""

import time
from typing import Any

from shared.bus.consuming import Consuming
from shared.running import metrics

OUTCOMES = ("handled", "ignored", "dead")


def begin_counting(service: str, topic: str) -> None:
    """Let the series of a topic begin at 0, so that they show their first increase."""
    for outcome in OUTCOMES:
        metrics.MESSAGES_PROCESSED.labels(service, topic, outcome)
    for reason in ("transient", "bug"):
        metrics.RETRIES.labels(service, topic, reason)
    for outcome in ("ok", "failed"):
        metrics.COMMITS.labels(service, outcome)
    metrics.REBALANCES.labels(service)
    metrics.DEAD_LETTER_FAILURES.labels(service)
    metrics.ASSIGNED_PARTITIONS.labels(service)


class Gauges:
    """Shows what `Consuming` and the driver's consumer know, whenever it is asked to."""

    def __init__(self, consuming: Consuming) -> None:
        self._consuming = consuming
        self._shown: set[tuple[str, str]] = set()

    async def show(self, consumer: Any) -> None:  # noqa: ANN401  # aiokafka ships no types
        """Set every gauge; series of partitions that are not ours any more are gone."""
        consuming = self._consuming
        service = consuming.service
        for name, subscription in consuming.subscriptions.items():
            since = subscription.waiting_since
            waits = 0 if since is None else time.monotonic() - since
            metrics.WAITING.labels(service, name).set(waits)
        if consumer is None:
            return
        asked = consuming.clock().timestamp() - consumer._subscription.fetcher_idle_time  # noqa: SLF001  # not public
        metrics.POLL_LOOP.labels(service).set(asked)
        ours = consumer.assignment()
        metrics.ASSIGNED_PARTITIONS.labels(service).set(len(ours))
        await self._show_partitions(consumer, ours)

    async def _show_partitions(self, consumer: Any, ours: Any) -> None:  # noqa: ANN401  # as above
        service, committed = self._consuming.service, self._consuming.committed
        for partition in committed.keys() - ours:
            del committed[partition]
        current = set()
        for partition in ours:
            topic = partition.topic.removeprefix(self._consuming.prefix)
            labels = (topic, str(partition.partition))
            current.add(labels)
            if (offset := committed.get(partition)) is not None:
                metrics.COMMITTED_OFFSET.labels(service, *labels).set(offset)
            if (high := consumer.highwater(partition)) is not None:
                lag = high - await consumer.position(partition)
                metrics.CONSUMER_LAG.labels(service, *labels).set(max(lag, 0))
        for labels in self._shown - current:
            for gauge in (metrics.CONSUMER_LAG, metrics.COMMITTED_OFFSET):
                gauge.remove(service, *labels)
        self._shown = current
