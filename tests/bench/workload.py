"""What benchmarks are given: screened messages of four channels, and SMS as they come in."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from random import Random

from shared.bus.delivery import Outgoing
from shared.clock import system_clock
from shared.contracts.accounts import Agent, AssignmentSettings, AutoClose
from shared.contracts.base import Channel, Contact, Identity
from shared.contracts.messages import InboundMessage, Verdict
from shared.contracts.presence import AgentWentOnline
from shared.topics import ACCOUNTS, INBOUND, PRESENCE, SCREENED
from tests.builders import ADDRESSES, MONDAY, an_account

ACCOUNT = "bench"
CHANNELS: tuple[Channel, ...] = ("sms", "whatsapp", "instagram", "webchat")
TEXTS = (
    "Hello, my parcel has not arrived yet. Could you look where it is, please? Order {n}.",
    "I would like to change the size of order {n} from M to L if it has not been sent.",
    "Thanks! And how do I send the shoes of order {n} back? They are too small, sadly.",
)


def messages(count: int, *, of_each: int = 1, named: str) -> Iterator[InboundMessage]:
    """`count` messages of contacts whom nobody else has, `of_each` of every contact.

    A contact's messages are a thousand messages apart at most, so that some meet in a batch and
    most find their ticket stored.
    """
    draw = Random(named)
    contacts = -(-count // of_each)
    turns = [(draw.uniform(0, 1000) + number, number) for number in range(contacts)] * of_each
    turns = sorted((place + draw.uniform(0, 1000), number) for place, number in turns)
    for n, (_, number) in enumerate(turns[:count]):
        channel = CHANNELS[number % len(CHANNELS)]
        sent = MONDAY + timedelta(milliseconds=10 * n)
        yield InboundMessage(
            account_id=ACCOUNT,
            id=f"{named}-{n:06}",
            occurred_at=sent,
            correlation_id=f"{named}-{n:06}",
            channel=channel,
            address=ADDRESSES[channel],
            contact=_contact(channel, f"{named}{number:06}"),
            conversation_id=f"chat-{named}-{number:06}" if channel == "webchat" else None,
            provider="bench",
            provider_message_id=f"provider-{named}-{n:06}",
            sent_at=sent,
            text=TEXTS[n % len(TEXTS)].format(n=n),
            verdict=Verdict(spam=False, score=0.02, threshold=0.9, model="bench"),
        )


def records(count: int, *, of_each: int = 1, named: str) -> list[Outgoing]:
    """The same as records of the topic of screened messages."""
    return [SCREENED.record(body) for body in messages(count, of_each=of_each, named=named)]


def settings() -> Outgoing:
    """The account's settings as a record."""
    return ACCOUNTS.record(an_account(account_id=ACCOUNT))


def _contact(channel: Channel, name: str) -> Contact:
    kind = {"sms": "e164", "whatsapp": "wa_id", "instagram": "igsid", "webchat": "visitor"}
    identity = Identity.model_validate({"type": kind[channel], "value": name})
    return Contact(
        id=identity.key,
        identities=(identity,),
        display_name="Vera Bianchi",
        profile_id=f"profile-{name}",
        segments=("vip", "newsletter"),
        sms_consent="marketing",
    )


PHONE = "+12025550100"
AGENTS = tuple(f"agent{number}" for number in range(20))


def open_office(account_id: str = ACCOUNT) -> list[Outgoing]:
    """Settings with a round robin among agents who all are online, and stay so."""
    account = an_account(
        account_id=account_id,
        agents=tuple(Agent(id=agent, name=agent.title()) for agent in AGENTS),
        teams=(),
        assignment=AssignmentSettings(round_robin=True, heartbeat_limit=timedelta(days=1)),
        autoclose=AutoClose(enabled=True),
    )
    return [ACCOUNTS.record(account)]


def come_online(account_id: str = ACCOUNT) -> list[Outgoing]:
    """What the apps of all agents say when their day begins, which is now."""
    return [
        PRESENCE.record(
            AgentWentOnline(
                account_id=account_id,
                id=f"online-{agent}",
                occurred_at=system_clock(),
                correlation_id=f"online-{agent}",
                agent_id=agent,
                said_by=agent,
            )
        )
        for agent in AGENTS
    ]


def phone(number: int) -> str:
    """Whom the SMS of that number is from: each is from somebody else."""
    return f"+39333{number:07}"


def inbound_sms(numbers: range) -> list[Outgoing]:
    """An SMS of each number as its provider delivers it, as JSON."""
    return [_telnyx(number) for number in numbers]


def number_in(text: str) -> int | None:
    """Which message it is, by its text."""
    found = _NUMBERED.search(text)
    return int(found[1]) if found else None


_NUMBERED = re.compile(r"order (\d+)", re.IGNORECASE)


def _telnyx(number: int) -> Outgoing:
    message = {
        "id": f"sms-{number}",
        "record_type": "message",
        "direction": "inbound",
        "type": "SMS",
        "from": {"phone_number": phone(number), "carrier": "TIM", "line_type": "Wireless"},
        "to": [{"phone_number": PHONE, "status": "webhook_delivered"}],
        "text": TEXTS[number % len(TEXTS)].format(n=number),
        "encoding": "GSM-7",
        "parts": 1,
        "media": [],
        "errors": [],
    }
    event = {"record_type": "event", "event_type": "message.received", "payload": message}
    return Outgoing(
        INBOUND["sms"].name, phone(number).encode(), json.dumps({"data": event}).encode()
    )
