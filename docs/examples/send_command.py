"""Ask something of a ticket, and print what became of it.

python send_command.py TYPE TICKET CAUSE TIME [JSON]

CAUSE names what made you ask, and TIME is when: both the same again whenever you try again.
JSON has the command's own fields: '{"text": "It is on its way"}'.
"""

import asyncio
import json
import sys
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer
from desk import CONNECTION, SYSTEM, Body, computed_id, producer, publish, topic

ACCOUNT = "sample"
CLOCKS_DIFFER = timedelta(minutes=5)


def command(kind: str, ticket_id: str, cause: str, at: str, **fields: object) -> Body:
    """The command. Its id is computed of its cause: asked again, it is the same command."""
    unique = computed_id(ACCOUNT, kind, ticket_id, cause)
    return {
        "type": kind,
        "account_id": ACCOUNT,
        "id": unique,
        "correlation_id": unique,
        "occurred_at": at,
        "ticket_id": ticket_id,
        "author": {"kind": "integration", "id": SYSTEM},
        **fields,
    }


async def ask(said: Body, seconds: float = 30) -> Body:
    """Send the command. Returns the event that it caused, or its CommandRejected.

    Raises TimeoutError where neither came in time: then ask again, with the same command. We read
    from before the command was first sent, because an answer is not given a second time.
    """
    since = datetime.fromisoformat(said["occurred_at"]) - CLOCKS_DIFFER
    async with AIOKafkaConsumer(topic("tickets"), **CONNECTION) as tickets, producer() as kafka:
        await _go_back(tickets, since)
        key = f"{said['account_id']}:{said['ticket_id']}"
        await publish(kafka, "commands", key, said)
        async with asyncio.timeout(seconds):
            async for record in tickets:
                event = json.loads(record.value)
                if event["account_id"] == said["account_id"] and said["id"] in (
                    event.get("cause_id"),
                    event.get("command_id"),
                ):
                    return dict(event)
    raise TimeoutError  # not reached: the stream has no end


async def _go_back(consumer: AIOKafkaConsumer, since: datetime) -> None:
    moment = int(since.timestamp() * 1000)
    offsets = await consumer.offsets_for_times(dict.fromkeys(consumer.assignment(), moment))
    for partition, found in offsets.items():
        if found is None:  # nothing is that new yet
            await consumer.seek_to_end(partition)
        else:
            consumer.seek(partition, found.offset)


async def main(kind: str, ticket_id: str, cause: str, at: str, fields: str = "{}") -> None:
    """Ask, and print the outcome; exit code 1 for a rejection, 2 for no answer."""
    try:
        outcome = await ask(command(kind, ticket_id, cause, at, **json.loads(fields)))
    except TimeoutError:
        print("no answer: ask again; or it is malformed (python dead_letters.py)", file=sys.stderr)
        sys.exit(2)
    print(json.dumps(outcome))
    sys.exit(outcome["type"] == "CommandRejected")


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
