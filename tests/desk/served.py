"""Fixtures of a desk that is served over HTTP."""

from collections.abc import AsyncIterator

import pytest

from shared.embedded.servers import Servers
from tests.desk.http import Served, serving
from tests.desk.memory_people import MemoryPeople


@pytest.fixture
async def served(servers: Servers, unique: str) -> AsyncIterator[Served]:
    """One replica of the desk."""
    async with serving(servers, unique, MemoryPeople()) as found:
        yield found


@pytest.fixture
async def two(servers: Servers, unique: str) -> AsyncIterator[Served]:
    """Two replicas of the desk."""
    async with serving(servers, unique, MemoryPeople(), replicas=2) as found:
        yield found
