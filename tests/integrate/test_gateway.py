"""The example of a gateway: whenever it dies, the customer gets each reply once."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from aiokafka.structs import RecordMetadata

from shared.contracts.commands import ReportDelivery
from shared.topics import COMMANDS, OUTBOUND
from tests.contracts.library import examples
from tests.integrate.examples import module

MESSAGES = [example.json for example in examples() if example.topic is OUTBOUND]


class Kafka:
    """A broker that is away as often as it is told to be."""

    def __init__(self, away: int) -> None:
        self.away, self.taken = away, list[Any]()

    async def send_and_wait(self, topic: str, *, value: bytes, **_: Any) -> RecordMetadata:
        if self.away:
            self.away -= 1
            raise KafkaConnectionError
        self.taken.append(json.loads(value))
        return RecordMetadata(topic, 0, TopicPartition(topic, 0), 0, None, None, 0)


def _delivered(folder: Path) -> int:
    return len(list(folder.iterdir()))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["channel"])
async def test_a_reply_whose_report_was_lost_is_delivered_once_and_reported_alike(
    message: Any, tmp_path: Path
) -> None:
    gateway, kafka = module("gateway"), Kafka(away=1)

    with pytest.raises(KafkaConnectionError):
        await gateway.deliver_and_report(message, tmp_path, kafka)
    await gateway.deliver_and_report(message, tmp_path, kafka)
    await gateway.deliver_and_report(message, tmp_path, kafka)

    assert _delivered(tmp_path) == 1
    assert COMMANDS.contract is not None
    first, again = [COMMANDS.contract.validate_python(said) for said in kafka.taken]
    assert isinstance(first, ReportDelivery)
    assert (first.id, first.status) == (again.id, "sent")
    assert first.outbound_id == message["idempotency_key"]


async def test_what_the_provider_refuses_is_reported_as_failed(tmp_path: Path) -> None:
    gateway, kafka = module("gateway"), Kafka(away=0)
    message = {**MESSAGES[0], "text": "", "attachments": []}

    await gateway.deliver_and_report(message, tmp_path, kafka)

    assert _delivered(tmp_path) == 0
    (said,) = kafka.taken
    assert (said["status"], said["error"]) == ("failed", "there is nothing in it")
