"""What tests of other helpdesks begin with."""

from datetime import timedelta
from typing import Any

import pytest

from tests.handoff.standing_in import StandIn
from tests.handoff.world import World, an_account

both = pytest.mark.parametrize("method", ["zendesk", "gorgias"])


async def a_world(method: str, faults: tuple[str, ...] = ()) -> tuple[World, StandIn]:
    world = World()
    await world.account(an_account(method))
    other: StandIn = getattr(world, method)
    other.faults = list(faults)
    return world, other


async def until_it_ends(world: World, hours: float = 26) -> Any:
    end = world.clock() + timedelta(hours=hours)
    while not world.ended and world.clock() < end:
        await world.forward(minutes=1)
    return world.only_end()


def a_phone(value: str) -> dict[str, str]:
    return {"type": "e164", "value": value}
