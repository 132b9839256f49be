"""A replica of a later version, as far as one can be had without its code.

What this version is and a later one may become by the rules of docs/upgrade.md: it publishes fields
that nobody knows yet, in every object; it publishes a new type on the tickets' topic; and it stores
new fields in its documents and in their states. It reads what this version reads.
"""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer
from shared.running.service import main
from shared.stores.mongo_aggregates import MongoAggregates
from shared.topics import BY_NAME, TICKETS
from tests.contracts.library import with_more

NEW_TYPE = "TicketMergedLater"
STORED = "stored_by_a_newer_version"


def newer(record: Outgoing) -> list[Outgoing]:
    """The record as a later version writes it, and on the tickets' topic one of a new type."""
    if record.value is None or BY_NAME[record.topic].contract is None:
        return [record]
    said = json.loads(record.value)
    written = replace(record, value=json.dumps(with_more(said)).encode())
    if record.topic != TICKETS.name:
        return [written]
    other = json.dumps({**said, "id": f"{said['id']}:later", "type": NEW_TYPE}).encode()
    return [written, replace(record, value=other)]


def become_newer() -> None:
    """From now on this process publishes and stores as a later version does."""
    publish, row = Producer.publish, MongoAggregates._row  # noqa: SLF001  # it is another version

    async def published(self: Producer, records: Sequence[Outgoing]) -> None:
        await publish(self, [new for record in records for new in newer(record)])

    def stored(self: MongoAggregates[Any], document: Any) -> dict[str, Any]:
        said = row(self, document)
        return {**said, STORED: 2, "state": {**said["state"], STORED: 2}}

    Producer.publish = published  # type: ignore[method-assign]
    MongoAggregates._row = stored  # type: ignore[method-assign]  # noqa: SLF001


if __name__ == "__main__":
    service = os.environ["NEWER_SERVICE"]
    become_newer()
    app = import_module(f"services.{service}.app")
    settings = import_module(f"services.{service}.settings")
    sys.exit(main(app.build, settings.Settings))
