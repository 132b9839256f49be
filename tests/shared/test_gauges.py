"""What a replica shows of itself begins at 0, and is gone with its partitions."""

import time
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from prometheus_client import REGISTRY, generate_latest

from shared.bus.accounts import AccountsTable
from shared.bus.consuming import Consuming
from shared.bus.delivery import RetryPolicy
from shared.bus.gauges import OUTCOMES, Gauges, begin_counting
from shared.bus.subscriptions import Subscription
from shared.running.calls import Calls
from shared.topics import COMMANDS
from tests.builders import MONDAY

NAME = COMMANDS.name


async def nothing(_: Any) -> None:
    return


class Consumer:
    """Has some partitions; it last asked for records ten seconds ago."""

    def __init__(self) -> None:
        self.ours = {TopicPartition(NAME, 0), TopicPartition(NAME, 1)}
        self._subscription = SimpleNamespace(fetcher_idle_time=10)
        self.error: Exception | None = None

    def assignment(self) -> set[TopicPartition]:
        return self.ours

    def highwater(self, partition: TopicPartition) -> int:
        return 100 + int(partition.partition)

    async def position(self, _: TopicPartition) -> int:
        return 90

    async def commit(self, _: dict[TopicPartition, int]) -> None:
        if self.error:
            raise self.error


def a_raw(partition: int, offset: int) -> Any:
    return SimpleNamespace(
        topic=NAME, partition=partition, offset=offset, key=b"k", value=b"{", headers=(),
        timestamp=int(MONDAY.timestamp() * 1000),
    )  # fmt: skip


def shown(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"service": "ticketing", **labels})


@pytest.fixture
def consuming() -> Consuming:
    def now() -> datetime:
        return MONDAY

    return Consuming(
        "ticketing", "", AccountsTable(), nothing, lambda _: False, now, RetryPolicy(), print,
        consumer=Consumer(), subscriptions={NAME: Subscription(COMMANDS, nothing)},
    )  # fmt: skip


async def test_lag_and_commits_are_shown_of_the_partitions_that_are_ours_alone(
    consuming: Consuming,
) -> None:
    gauges, consumer = Gauges(consuming), consuming.consumer
    await consuming.take([a_raw(0, 41), a_raw(1, 6)])
    await consuming.commit()
    await gauges.show(consumer)
    offset, lag = "helpdesk_consumer_committed_offset", "helpdesk_consumer_lag_messages"
    assert shown(offset, topic=NAME, partition="0") == 42
    assert shown(offset, topic=NAME, partition="1") == 7
    assert shown(lag, topic=NAME, partition="1") == 11
    assert shown("helpdesk_consumer_assigned_partitions") == 2

    consumer.ours = {TopicPartition(NAME, 1)}
    await gauges.show(consumer)
    assert shown(offset, topic=NAME, partition="0") is None
    assert shown(lag, topic=NAME, partition="0") is None
    assert shown(lag, topic=NAME, partition="1") == 11

    consumer.ours = {TopicPartition(NAME, 0)}
    await gauges.show(consumer)
    # Another replica may have committed more meanwhile.
    assert shown(offset, topic=NAME, partition="0") is None


async def test_the_last_record_and_the_last_poll_have_their_times(consuming: Consuming) -> None:
    await consuming.take([a_raw(0, 1)])
    await Gauges(consuming).show(consuming.consumer)

    at = MONDAY.timestamp()
    assert shown("helpdesk_consumer_last_record_timestamp_seconds", topic=NAME) == at
    assert shown("helpdesk_poll_loop_timestamp_seconds") == at - 10


async def test_a_topic_waits_from_its_first_failure_on(consuming: Consuming) -> None:
    gauges, subscription = Gauges(consuming), consuming.subscriptions[NAME]
    await gauges.show(None)
    assert shown("helpdesk_consumer_waiting_seconds", topic=NAME) == 0
    subscription.failed([TopicPartition(NAME, 0)])
    began = time.monotonic()
    await gauges.show(None)

    waits = shown("helpdesk_consumer_waiting_seconds", topic=NAME)
    assert waits is not None
    assert 0 < waits <= time.monotonic() - began + 1


@pytest.mark.parametrize("outcome", ["ok", "failed"])
async def test_commits_are_counted_by_what_came_of_them(consuming: Consuming, outcome: str) -> None:
    begin_counting("ticketing", NAME)
    before = shown("helpdesk_consumer_commits_total", outcome=outcome)
    consuming.consumer.error = KafkaConnectionError() if outcome == "failed" else None
    await consuming.take([a_raw(0, 1)])
    await consuming.commit()

    assert before is not None
    assert shown("helpdesk_consumer_commits_total", outcome=outcome) == before + 1
    assert bool(consuming.committed) is (outcome == "ok")


def test_a_topic_begins_with_all_outcomes_at_0() -> None:
    begin_counting("nobody", "no topic")

    for outcome in OUTCOMES:
        labels = {"service": "nobody", "topic": "no topic", "outcome": outcome}
        assert REGISTRY.get_sample_value("helpdesk_messages_processed_total", labels) == 0


def test_no_series_says_when_it_was_created() -> None:
    begin_counting("ticketing", NAME)
    series = generate_latest().decode()

    assert "helpdesk_messages_processed_total" in series
    assert "_created" not in series


def test_calls_are_counted_by_operation_and_outcome_others_together() -> None:
    calls = Calls("nobody", "redis", frozenset({"pipeline"}))
    with calls.timed("pipeline"):
        pass
    with pytest.raises(ZeroDivisionError), calls.timed("pipeline"):
        raise ZeroDivisionError
    calls.took("shutdown", 3, "ok")

    def count(operation: str, outcome: str) -> float | None:
        return REGISTRY.get_sample_value(
            "helpdesk_dependency_request_duration_seconds_count",
            {"service": "nobody", "dependency": "redis"}
            | {"operation": operation, "outcome": outcome},
        )

    assert count("pipeline", "ok") == count("pipeline", "error") == count("other", "ok") == 1
    assert count("shutdown", "ok") is None
