"""The accounts' topic, connected when somebody first changes settings."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.bus.account_topic import AccountsTopic
from shared.bus.delivery import Outgoing, Record
from shared.running.settings import KafkaSettings


@dataclass(slots=True)
class SettingsLog:
    """See `shared.bus.account_changes.Log`; one at a time asks."""

    settings: KafkaSettings
    _topic: AccountsTopic | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def read(self) -> Sequence[Record]:
        """See `Log`."""
        async with self._lock:
            return await (await self._connected()).read()

    async def append(self, record: Outgoing) -> None:
        """See `Log`."""
        async with self._lock:
            await (await self._connected()).append(record)

    async def _connected(self) -> AccountsTopic:
        if self._topic is None:
            topic = AccountsTopic(self.settings)
            await topic.__aenter__()
            self._topic = topic
        return self._topic

    async def close(self) -> None:
        """Let go of the connection."""
        if self._topic is not None:
            await self._topic.__aexit__(None, None, None)
