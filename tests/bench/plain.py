"""What most would write: a handler of the framework that takes a message and awaits each step.

`python -m tests.bench.plain` with the service's own environment: the steps of `tests.bench.bare`
for every single message, its model parsed and its events published by the framework.
"""

from collections.abc import Sequence
from typing import Any

import uvloop
from faststream import FastStream
from faststream.kafka import KafkaBroker

from services.ticketing.settings import Settings
from shared.contracts.messages import InboundMessage
from shared.topics import SCREENED
from tests.bench.bare import Bare


class Plain(Bare):
    """The same connections, and the framework's producer."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.broker = KafkaBroker(settings.kafka.bootstrap, logger=None)
        self.broker.subscriber(
            settings.kafka.topic_prefix + SCREENED.name,
            group_id="plain",
            auto_offset_reset="earliest",
        )(self.message_screened)

    async def message_screened(self, message: InboundMessage) -> None:
        """Take one message; all its effects stand."""
        await self.take([message.model_dump_json(exclude_none=True).encode()])

    async def produce(self, records: Sequence[dict[str, Any]]) -> None:
        """Publish one after another."""
        for record in records:
            await self.broker.publish(record["value"], self.topic, key=record["key"])

    async def run(self) -> None:
        """Consume until killed."""
        await self.prepare()
        await FastStream(self.broker, logger=None).run()


async def main() -> None:
    """Run on the loop that is there."""
    await Plain(Settings()).run()


if __name__ == "__main__":
    uvloop.run(main())
