"""Which read model serves: looked up now and then, so that a switch is seen soon (VWS 9)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from services.desk.store.own import MongoOwn
from services.desk.store.read import SIDES, MongoReadModel, Side

LOOKED_UP_EVERY: Final = 1.0
"""In seconds. A rebuild goes on writing for much longer after its switch."""


@dataclass(slots=True)
class Models:
    """The read models, and which of them serves."""

    own: MongoOwn
    fixed: Side | None = None
    _known: dict[Side, MongoReadModel] = field(default_factory=dict)
    _side: Side | None = None
    _at: float = 0.0

    async def serving(self) -> MongoReadModel:
        """See `handlers.Models`; with `fixed` it is always that one."""
        if self.fixed is not None:
            return self.of(self.fixed)
        if self._side is None or time.monotonic() - self._at > LOOKED_UP_EVERY:
            self._side = await self.own.side()
            self._at = time.monotonic()
        return self.of(self._side)

    async def all_sides(self) -> Sequence[MongoReadModel]:
        """See `erasing.ErasableModels`."""
        return [self.of(side) for side in SIDES]

    def of(self, side: Side) -> MongoReadModel:
        """That side's."""
        if side not in self._known:
            self._known[side] = self.own.model(side)
        return self._known[side]
