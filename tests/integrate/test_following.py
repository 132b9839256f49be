"""The example that follows the ticket stream, as processes that share it on Apache Kafka."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from shared.embedded.servers import Servers
from tests.e2e.harness import until
from tests.integrate.examples import make_topics, module, reaching, running
from tests.integrate.fold import a_log, until_folded

pytestmark = [pytest.mark.connected, pytest.mark.kafka]


async def test_two_that_follow_miss_and_double_nothing_when_one_is_killed(
    servers: Servers, unique: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = reaching(servers, unique)
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    desk, database, draw = module("desk"), tmp_path / "tables.db", random.Random(unique)
    log = [event for number in range(40) for event in a_log(draw, f"-{number}")]
    await make_topics(servers, f"{unique}-helpdesk.tickets", partitions=4)

    async def say(events: Sequence[Any]) -> None:
        async with desk.producer() as kafka:
            for event in events:
                key = f"{event['account_id']}:{event['ticket_id']}"
                await desk.publish(kafka, "tickets", key, event)

    half = len(log) // 2
    follow = ("follow_tickets.py", str(database))
    async with (
        running(*follow, environment=variables),
        running(*follow, environment=variables) as killed,
    ):
        await say(log[:half])
        await until("both share the partitions", _members(servers, desk))
        saying = asyncio.create_task(say(log[half:]))
        killed.kill()
        await killed.wait()
        async with running(*follow, environment=variables):
            await saying
            await until_folded(database, log)


def _members(servers: Servers, desk: Any) -> Callable[[], Awaitable[bool]]:
    async def two() -> bool:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
        await admin.start()
        try:
            (answer,) = await admin.describe_consumer_groups([desk.group("tickets")])
        except GroupCoordinatorNotAvailableError:  # nobody has begun yet
            return False
        finally:
            await admin.close()
        (group,) = answer.groups
        state, members = group[2], group[5]
        return (state, len(members)) == ("Stable", 2)

    return two
