"""What replies remembers, in memory."""

from dataclasses import dataclass, field
from datetime import datetime

from services.replies.rules.correspondent import Correspondent
from tests.memory import MemoryAggregates, MemoryErasures


@dataclass(slots=True)
class MemoryCorrespondents(MemoryAggregates[Correspondent]):
    """See `services.replies.store.MongoCorrespondents`."""

    erasures: MemoryErasures = field(default_factory=MemoryErasures)

    async def due(  # type: ignore[override]  # states, as the service's store gives them
        self, now: datetime, limit: int | None = None
    ) -> list[Correspondent]:
        return [document.state for document in await MemoryAggregates.due(self, now, limit)]
