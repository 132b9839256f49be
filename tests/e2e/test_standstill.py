"""A replica whose driver stands still ends, to be started again, instead of looking alive."""

import asyncio

import pytest

from shared.bus.delivery import Refusals
from shared.bus.kafka import create_topics
from shared.bus.kafka_bus import KafkaBus
from shared.embedded.servers import Servers
from shared.running.settings import KafkaSettings
from shared.topics import SENDS
from tests.e2e.harness import until

pytestmark = [pytest.mark.connected, pytest.mark.kafka]


async def _taken(_batch: object) -> Refusals | None:
    return None


@pytest.mark.parametrize("what", ["_coordinator._coordination_task", "_fetcher._fetch_task"])
async def test_a_driver_that_met_what_it_did_not_expect_ends_the_replica(
    servers: Servers, unique: str, what: str
) -> None:
    settings = KafkaSettings(bootstrap=servers.kafka, topic_prefix=f"{unique}-")
    await create_topics(settings, replication=1, partitions=1)
    bus = KafkaBus("attribution", settings, transient=lambda _: False)
    bus.consume(SENDS, _taken)
    await bus.start()
    try:

        async def ready() -> bool:
            return bus.ready() is None

        await until("the replica is ready", ready)
        assert not bus.gave_up.is_set()
        part, task = what.split(".")
        ended = getattr(getattr(bus._subscriber.consumer, part), task)  # noqa: SLF001  # breaking it
        ended.cancel()
        async with asyncio.timeout(10):
            await bus.gave_up.wait()
        assert "ended" in (bus.stopped_by or "")
    finally:
        await bus.stop()
