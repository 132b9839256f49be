"""Publishing on Kafka goes on after whatever a broker refused."""

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.bus.delivery import Outgoing
from shared.bus.kafka import Producer
from shared.embedded.servers import Servers
from shared.errors import Poison
from shared.running.settings import KafkaSettings

pytestmark = [pytest.mark.connected, pytest.mark.kafka]


async def test_a_record_that_a_broker_refuses_keeps_no_later_one_from_it(
    servers: Servers, unique: str
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    small = {"max.message.bytes": "10000"}
    await admin.create_topics([NewTopic(f"{unique}-helpdesk.tickets", 1, 1, topic_configs=small)])
    await admin.close()
    producer = Producer(KafkaSettings(bootstrap=servers.kafka, topic_prefix=f"{unique}-"))
    await producer.start()
    try:
        for _ in range(2):
            await producer.publish([Outgoing("helpdesk.tickets", b"key", b"fits")])
            with pytest.raises(Poison, match="takes no record of 20000 bytes"):
                await producer.publish([Outgoing("helpdesk.tickets", b"key", b"x" * 20_000)])
        await producer.publish([Outgoing("helpdesk.tickets", b"key", b"fits")])
    finally:
        await producer.stop()
