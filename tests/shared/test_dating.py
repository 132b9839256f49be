"""A wrong clock moves nothing by more than its topic allows."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.bus.accounts import AccountsTable
from shared.bus.consuming import Consuming
from shared.bus.delivery import Outgoing, Record, RetryPolicy
from shared.bus.kafka import topic_configuration
from shared.bus.subscriptions import Subscription
from shared.clock import EPOCH
from shared.contracts.commands import CloseTicket
from shared.topics import COMMANDS, TOPICS
from tests.builders import MONDAY, a_command, an_account
from tests.shared.test_replayed import Consumer, a_raw

MINUTE = timedelta(minutes=1)


def heard(said_at: datetime, recorded_at: datetime) -> datetime:
    """When a command counts as given that says one time and lies in Kafka since another."""
    value = COMMANDS.record(a_command(CloseTicket, ticket_id="t", at=said_at)).value
    body: Any = COMMANDS.heard(Record(COMMANDS.name, 0, 0, b"k", value, (), recorded_at))
    at: datetime = body.occurred_at
    return at


@pytest.mark.spec("TKT 11")
@pytest.mark.parametrize(
    ("behind", "counted"),
    [
        (timedelta(0), timedelta(0)),
        (9 * MINUTE, 9 * MINUTE),
        (timedelta(days=3), 10 * MINUTE),
        (-0.5 * MINUTE, -0.5 * MINUTE),
        (-timedelta(days=3), -MINUTE),
    ],
)
def test_a_command_is_dated_ten_minutes_before_its_record_at_most_and_one_after(
    behind: timedelta, counted: timedelta
) -> None:
    assert heard(MONDAY - behind, MONDAY) == MONDAY - counted


def test_a_record_without_a_time_of_its_own_says_nothing_about_its_author_s_clock() -> None:
    assert heard(MONDAY, EPOCH) == MONDAY


def test_brokers_give_the_time_by_which_others_clocks_are_judged() -> None:
    stamped = {
        topic.name: topic_configuration(topic, 3).get("message.timestamp.type") for topic in TOPICS
    }

    assert {name for name, by in stamped.items() if by == "LogAppendTime"} == {COMMANDS.name}
    assert {topic.name for topic in TOPICS if topic.allowance} == {COMMANDS.name}


@pytest.mark.spec("TKT 11")
async def test_a_handler_gets_commands_with_the_times_that_are_believed_each_time_the_same() -> (
    None
):
    taken: list[datetime] = []

    async def take(batch: Sequence[Any]) -> None:
        taken.extend(each.occurred_at for each in batch)

    async def publish(_: Sequence[Outgoing]) -> None:
        raise AssertionError

    accounts = AccountsTable()
    accounts.apply(an_account())
    consuming = Consuming(
        "ticketing", "", accounts, publish, lambda _: False, lambda: MONDAY, RetryPolicy(), print,
        consumer=Consumer(), subscriptions={COMMANDS.name: Subscription(COMMANDS, take)},
    )  # fmt: skip
    old = a_command(CloseTicket, ticket_id="t", at=MONDAY - timedelta(days=3))
    raw = a_raw(0, COMMANDS.record(old).value or b"")

    await consuming.take([raw])
    await consuming.take([raw])

    assert taken == [MONDAY - 10 * MINUTE] * 2
