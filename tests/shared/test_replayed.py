"""What becomes of a batch, told by logs and metrics; on Kafka itself see `tests/e2e`."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from structlog.testing import capture_logs

from shared.bus.accounts import AccountsTable
from shared.bus.consuming import Consuming
from shared.bus.delivery import REPLAYED, Outgoing, RetryPolicy
from shared.bus.subscriptions import Subscription
from shared.contracts.commands import CloseTicket
from shared.running import metrics
from shared.topics import COMMANDS
from tests.builders import MONDAY, a_command, an_account


class Consumer:
    """Has one partition, and commits."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(COMMANDS.name, 0)}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed |= offsets


def a_raw(offset: int, value: bytes, **headers: bytes) -> Any:
    """A record as the driver gives it."""
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return SimpleNamespace(
        topic=COMMANDS.name, partition=0, offset=offset, key=b"k", value=value, headers=named,
        timestamp=int(MONDAY.timestamp() * 1000),
    )  # fmt: skip


def counted(outcome: str) -> float:
    counter = metrics.REPLAYED_RECORDS.labels("ticketing", COMMANDS.name, outcome)
    value: float = counter._value.get()  # noqa: SLF001  # no public way
    return value


@pytest.mark.spec("ING 7")
async def test_what_became_of_a_replayed_record_is_said() -> None:
    taken: list[Any] = []
    dead: list[Outgoing] = []

    async def take(batch: Sequence[Any]) -> None:
        taken.extend(batch)

    async def publish(records: Sequence[Outgoing]) -> None:
        dead.extend(records)

    accounts = AccountsTable()
    accounts.apply(an_account())
    consuming = Consuming(
        "ticketing", "", accounts, publish, lambda _: False, lambda: MONDAY, RetryPolicy(), print,
        consumer=Consumer(), subscriptions={COMMANDS.name: Subscription(COMMANDS, take)},
    )  # fmt: skip
    command = COMMANDS.record(a_command(CloseTicket, ticket_id="t")).value or b""
    before = counted("handled"), counted("dead")
    said = b"2026-03-04T09:00:00+00:00 ticketing:0:7"

    with capture_logs() as logs:
        await consuming.take(
            [
                a_raw(0, command),
                a_raw(1, command, **{REPLAYED: said}),
                a_raw(2, b"{", **{REPLAYED: said}),
            ]
        )

    await consuming.commit()
    assert (counted("handled"), counted("dead")) == (before[0] + 1, before[1] + 1)
    told = {log["outcome"]: log["replayed"] for log in logs if log["event"] == "a replayed record"}
    assert told == {"handled": said.decode(), "dead": said.decode()}
    assert (len(taken), len(dead)) == (2, 1)
    assert consuming.consumer.committed == {TopicPartition(COMMANDS.name, 0): 3}
