"""Journeys are made twice, in memory and on Kafka with its stores; their variations in memory."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.pipeline.kafka_stage import kafka_stage
from tests.pipeline.stage import MemoryStage, Stage


@pytest_asyncio.fixture(
    params=["memory", pytest.param("kafka", marks=[pytest.mark.connected, pytest.mark.kafka])]
)
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """All services, at rest."""
    if request.param == "memory":
        yield MemoryStage()
        return
    servers = request.getfixturevalue("servers")
    async with kafka_stage(servers, request.getfixturevalue("unique")) as stage:
        yield stage


@pytest.fixture
def in_memory() -> Stage:
    """All services, at rest: for many variations of a journey that is made on Kafka as well."""
    return MemoryStage()
