"""Where the services' consumer groups stand, moved as an operator moves them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.embedded.servers import Servers
from shared.topic import SERVICES
from tests.pipeline.kafka_stage import KafkaStage


async def each_group(
    servers: Servers, stage: KafkaStage
) -> AsyncIterator[tuple[Any, list[TopicPartition]]]:
    """A consumer in each service's group, assigned all that the service consumes."""
    for service in SERVICES:
        async with _member(servers, stage.settings.topic_prefix, service) as consumer:
            metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001  # not public
            prefix = stage.settings.topic_prefix
            partitions = [
                TopicPartition(prefix + name, number)
                for name in stage.buses[service].consumed
                for number in metadata.partitions_for_topic(prefix + name)
            ]
            consumer.assign(partitions)
            yield consumer, partitions


@asynccontextmanager
async def _member(servers: Servers, prefix: str, service: str) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers.kafka,
        group_id=f"{prefix}helpdesk.{service}",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()
