"""The usual way: a FastStream handler that takes one message at a time and awaits each step."""

import asyncio
import json
import os
import uuid
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import WriteConcern

from shared.contracts.messages import InboundMessage

PREFIX = os.environ["HELPDESK_KAFKA__TOPIC_PREFIX"]


def build() -> FastStream:
    """The application; nothing is connected yet."""
    broker = KafkaBroker(os.environ["HELPDESK_KAFKA__BOOTSTRAP"], acks="all")
    client: Any = AsyncIOMotorClient(os.environ["HELPDESK_MONGO__URL"])
    database = client.get_database(
        os.environ["HELPDESK_MONGO__DATABASE"], write_concern=WriteConcern(w="majority", j=True)
    )

    @broker.subscriber(
        f"{PREFIX}helpdesk.messages.screened",
        group_id=f"{PREFIX}plain",
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
    )
    async def screened(message: InboundMessage) -> None:
        slot = f"sms:{message.contact.id}"
        ticket = await database["tickets"].find_one({"account_id": "bench", "slot": slot})
        if await database["thread"].find_one({"_id": message.id}):
            return
        kinds = ["CustomerWrote"]
        if ticket is None:
            ticket = {"_id": str(uuid.uuid4()), "account_id": "bench", "slot": slot, "seq": 0}
            await database["tickets"].insert_one(ticket)
            kinds = ["TicketOpened", "CustomerWrote"]
        for kind in kinds:
            ticket["seq"] += 1
            event = {
                "type": kind,
                "ticket_id": ticket["_id"],
                "seq": ticket["seq"],
                "cause_id": message.id,
                "message_id": message.id,
                "text": message.text,
            }
            await broker.publish(
                json.dumps(event).encode(),
                f"{PREFIX}helpdesk.tickets",
                key=f"bench:{ticket['_id']}".encode(),
            )
        await database["thread"].insert_one(
            {"_id": message.id, "of": ticket["_id"], "text": message.text}
        )
        key, change = {"_id": ticket["_id"]}, {"$set": {"seq": ticket["seq"]}}
        await database["tickets"].update_one(key, change)

    return FastStream(broker)


if __name__ == "__main__":
    asyncio.run(build().run())
