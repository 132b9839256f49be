"""The demonstration's world in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.bus.delivery import Outgoing
from shared.cli.demo.observed import WATCHED, Json, Observed
from shared.cli.demo.story import Story
from shared.topic import Service, Topic
from tests.pipeline.stage import MemoryStage


@dataclass
class MemoryWorld:
    """See `shared.cli.demo.story.World`."""

    stage: MemoryStage = field(default_factory=MemoryStage)

    async def publish(self, records: Sequence[Outgoing]) -> None:
        await self.stage.append(records)

    async def taken(self, topic: Topic[Any], service: Service) -> None:
        assert service in topic.consumers

    async def until(self, what: str, holds: Callable[[Observed], bool]) -> Observed:
        seen = self.observed()
        assert holds(seen), f"never: {what}"
        return seen

    def observed(self) -> Observed:
        seen = Observed()
        for topic in WATCHED:
            for record in self.stage.records(topic):
                seen.add(record)
        return seen


async def told_in_memory() -> Json:
    """The document after the whole story."""
    world = MemoryWorld()
    await Story(world, world.stage.clock()).tell()
    return world.observed().document()
