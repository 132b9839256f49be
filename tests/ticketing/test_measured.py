"""The time from a message's receipt to its ticket is noted, of what was taken alone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from prometheus_client import REGISTRY

from services.ticketing.app import measured
from shared.bus.delivery import Refusals
from shared.errors import Poison
from tests.builders import MONDAY, a_message


def noted(le: str) -> float:
    name = "helpdesk_inbound_to_ticket_seconds_bucket"
    return REGISTRY.get_sample_value(name, {"channel": "sms", "le": le}) or 0


async def test_the_time_since_receipt_is_noted_of_messages_that_were_taken() -> None:
    async def take(_: Sequence[Any]) -> Refusals:
        return {1: Poison("no", "it is refused")}

    messages = [a_message(id=name) for name in ("a", "b", "c")]
    before = noted("30.0"), noted("60.0")
    handler = measured(take, lambda: MONDAY + timedelta(seconds=45))
    refused = await handler([*messages, object()])

    assert set(refused or ()) == {1}
    assert (noted("30.0"), noted("60.0")) == (before[0], before[1] + 2)
