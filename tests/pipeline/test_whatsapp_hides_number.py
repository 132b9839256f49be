"""A WhatsApp user who hides their number, and one who shows it later, keep their ticket."""

import json
from typing import Any

import pytest

from tests.pipeline.stage import BUSINESS, Stage, acme

NUMBER, USER = "393331112222", "IT.1349"


async def whatsapp(stage: Stage, wamid: str, **ids: str) -> None:
    message = {"id": wamid, "type": "text", "text": {"body": wamid}, **ids}
    value: dict[str, Any] = {"metadata": {"phone_number_id": BUSINESS}, "messages": [message]}
    change = {"field": "messages", "value": value}
    body = {"object": "whatsapp_business_account", "entry": [{"id": "w", "changes": [change]}]}
    await stage.raw("whatsapp", json.dumps(body).encode())


@pytest.mark.spec("TKT 5")
@pytest.mark.parametrize("order", [("number", "both", "user"), ("user", "both", "number")])
async def test_whichever_id_a_whatsapp_user_writes_under_it_is_their_one_ticket(
    stage: Stage, order: tuple[str, ...]
) -> None:
    await stage.account(acme())
    ids = {
        "number": {"from": NUMBER},
        "user": {"from_user_id": USER},
        "both": {"from": NUMBER, "from_user_id": USER},
    }

    for known in order:
        await whatsapp(stage, f"by {known}", **ids[known])

    ticket_id, ticket = stage.only_ticket()
    assert ticket.message_count == 3
    assert stage.kinds(ticket_id).count("CustomerWrote") == 3
