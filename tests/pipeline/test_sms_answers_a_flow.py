"""An SMS is credited to the flow it answers, not to the campaign before it."""

from datetime import timedelta

import pytest

from shared.contracts.marketing import SendDelivered
from shared.topics import ATTRIBUTIONS, SENDS
from tests.pipeline.stage import Stage, acme

CUSTOMER = "+393331112222"


def _send(stage: Stage, source: str, minutes_ago: int) -> SendDelivered:
    at = stage.clock() - timedelta(minutes=minutes_ago)
    return SendDelivered.model_validate(
        {
            "account_id": "acme",
            "id": f"{source}:delivered",
            "occurred_at": at,
            "correlation_id": source,
            "send_id": source,
            "source": source,
            "source_id": f"the-{source}",
            "phone": CUSTOMER,
            "delivered_at": at,
        }
    )


@pytest.mark.spec("ATT 3")
async def test_an_sms_is_credited_to_the_flow_not_the_campaign_before_it(stage: Stage) -> None:
    await stage.account(acme())
    await stage.publish(SENDS, _send(stage, "campaign", 60), _send(stage, "flow", 5))

    await stage.sms("Yes please", sender=CUSTOMER)
    await stage.sms("In blue", sender=CUSTOMER)

    facts = {fact.id: fact for fact in stage.bodies(ATTRIBUTIONS)}
    assert [fact.credit.source_id for fact in facts.values()] == ["the-flow"]
    _, ticket = stage.only_ticket()
    assert ticket.credit is not None
    assert ticket.credit.source_id == "the-flow"


@pytest.mark.spec("ATT 5")
async def test_a_send_recorded_after_its_answer_counts_as_if_in_time(stage: Stage) -> None:
    await stage.account(acme())
    await stage.sms("Yes please", sender=CUSTOMER)

    await stage.publish(SENDS, _send(stage, "campaign", 60))
    await stage.publish(SENDS, _send(stage, "flow", 5))

    facts = {fact.id: fact for fact in stage.bodies(ATTRIBUTIONS)}
    assert [(f.revision, f.credit.source_id) for f in facts.values()] == [
        (1, "the-campaign"),
        (2, "the-flow"),
    ]
