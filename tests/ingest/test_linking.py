"""Messages with what their contact’s profile says (ING 8)."""

import pytest

from services.ingest import rules
from shared.contracts.base import Identity
from shared.contracts.messages import InboundMessage
from shared.contracts.profiles import Profile
from tests.ingest.builders import CUSTOMER, a_whatsapp, an_sms, settled


def a_profile(profile_id: str, *identities: tuple[str, str], **fields: object) -> Profile:
    return Profile.model_validate(
        {
            "account_id": "shop",
            "profile_id": profile_id,
            "identities": [
                Identity.model_validate({"type": kind, "value": value})
                for kind, value in identities
            ],
            **fields,
        }
    )


@pytest.mark.spec("ING 8")
def test_a_message_carries_its_profiles_segments_and_consent() -> None:
    profile = a_profile("p1", segments=("vip",), sms_consent="marketing", name="Ann")
    outcome = settled(an_sms())

    (message,) = rules.with_profiles(outcome, {f"shop|e164:{CUSTOMER}": profile}).said

    assert isinstance(message, InboundMessage)
    assert message.contact.profile_id == "p1"
    assert message.contact.segments == ("vip",)
    assert message.contact.sms_consent == "marketing"
    assert message.contact.display_name == "Ann"
    assert message.contact.id == f"e164:{CUSTOMER}"


@pytest.mark.spec("ING 8")
def test_of_several_profiles_the_smallest_id_counts() -> None:
    person = {"user_id": "US.1", "wa_id": "14155550123"}
    text = {"type": "text", "text": {"body": "hi"}}
    outcome = settled(a_whatsapp(text, contacts=[person]))
    found = {
        "shop|wa_bsuid:US.1": a_profile("p2"),
        "shop|wa_id:14155550123": a_profile("p1"),
        "other|wa_id:14155550123": a_profile("p0"),
    }

    (message,) = rules.with_profiles(outcome, found).said

    assert isinstance(message, InboundMessage)
    assert message.contact.profile_id == "p1"
