"""Tell what your system knows: profiles, marketing SMS, agents' presence.

python feed.py profile PROFILE PHONE CONSENT    CONSENT is none, transactional or marketing
python feed.py forget PROFILE                   the profile is deleted
python feed.py sent SEND CAMPAIGN PHONE         a marketing SMS has been delivered, now
python feed.py online|heartbeat|offline AGENT   said by the agent's app; heartbeats every 20 s
"""

import asyncio
import sys
from collections.abc import Callable

from desk import Body, computed_id, now, producer, publish

ACCOUNT = "sample"

Told = tuple[str, str, Body | None]
"""The topic, the key and the value."""


def profile(profile_id: str, phone: str, consent: str) -> Told:
    """All that is known of a person: it replaces what was told before, if it is newer."""
    said = {
        "account_id": ACCOUNT,
        "profile_id": profile_id,
        "identities": [{"type": "e164", "value": phone}],
        "segments": ["VIP"],
        "sms_consent": consent,
        "name": "Rosa",
        "updated_at": now().isoformat(),
    }
    return "profiles", f"{ACCOUNT}:{profile_id}", said


def forget(profile_id: str) -> Told:
    """A tombstone: a record with the profile's key and no value."""
    return "profiles", f"{ACCOUNT}:{profile_id}", None


def sent(send_id: str, campaign: str, phone: str) -> Told:
    """Publish it when the provider says that it was delivered; SendFailed if it was not."""
    moment = now().isoformat()
    said = {
        "type": "SendDelivered",
        "account_id": ACCOUNT,
        "id": computed_id(ACCOUNT, "delivered", send_id),
        "correlation_id": send_id,
        "occurred_at": moment,
        "send_id": send_id,
        "source": "campaign",
        "source_id": campaign,
        "phone": phone,
        "delivered_at": moment,
    }
    return "sends", f"{ACCOUNT}:{phone}", said


def presence(kind: str, agent: str) -> Told:
    """What an agent's app says of its own agent."""
    moment = now().isoformat()
    unique = computed_id(ACCOUNT, kind, agent, moment)
    said = {
        "type": kind,
        "account_id": ACCOUNT,
        "id": unique,
        "correlation_id": unique,
        "occurred_at": moment,
        "agent_id": agent,
        "said_by": agent,  # nobody speaks for another
    }
    return "presence", f"{ACCOUNT}:{agent}", said


TELL: dict[str, Callable[..., Told]] = {
    "profile": profile,
    "forget": forget,
    "sent": sent,
    "online": lambda agent: presence("AgentWentOnline", agent),
    "heartbeat": lambda agent: presence("AgentHeartbeat", agent),
    "offline": lambda agent: presence("AgentWentOffline", agent),
}


async def main(told: Told) -> None:
    """Publish it, and print where it lies."""
    async with producer() as kafka:
        print(await publish(kafka, *told))


if __name__ == "__main__":
    try:
        what = TELL[sys.argv[1]](*sys.argv[2:])
    except (IndexError, KeyError, TypeError):
        sys.exit(__doc__)
    asyncio.run(main(what))
