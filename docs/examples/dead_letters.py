"""Print which of your records a service could not take, and why.

python dead_letters.py SERVICE    ingest, ticketing, attribution, assignment …
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer
from desk import CONNECTION, SYSTEM, topic


async def main(service: str) -> None:
    """Print a line of JSON for each of our records among the dead letters that there are now."""
    consumer = AIOKafkaConsumer(
        topic(f"dead.{service}"),
        **CONNECTION,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=6 * 1024 * 1024,
    )
    async with consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        while any([await consumer.position(at) < end for at, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    said = {
                        name: (text or b"").decode(errors="replace")
                        for name, text in record.headers
                    }
                    if said.get("source") == SYSTEM:
                        names = ("topic", "partition", "offset", "reason", "text")
                        print(json.dumps({n: said[f"helpdesk-dead-{n}"] for n in names}))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
