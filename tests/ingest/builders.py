"""Records and accounts with defaults that make sense: a test says only what matters to it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from services.ingest import rules
from services.ingest.handlers import Ingest, outcome_of
from services.ingest.join.joining import DEFAULT_WAIT, joining
from services.ingest.join.long_sms import Assembly
from services.ingest.rules import Outcome
from services.ingest.who.profiles import Profiles
from shared.bus.accounts import AccountsTable
from shared.bus.delivery import Outgoing, Publish, Record
from shared.contracts.accounts import AccountSettings, Address, Keyword
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.messages import InboundMessage
from shared.contracts.signals import Signal
from shared.topics import INBOUND
from tests.ingest.memory import MemoryAliases, MemoryProfiles
from tests.memory import MemoryAggregates

RECEIVED = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
OUR_PHONE = "+14155550100"
CUSTOMER = "+14155550123"
PHONE_NUMBER_ID = "106540352242922"
PAGE = "17841405309211844"
MAILBOX = "support@shop.example"
WIDGET = "shop-widget"


def an_account(
    account_id: str = "shop",
    channels: Sequence[Channel] = CHANNELS,
    addresses: Sequence[tuple[Channel, str]] = (
        ("sms", OUR_PHONE),
        ("whatsapp", PHONE_NUMBER_ID),
        ("whatsapp", "100200300"),
        ("whatsapp", OUR_PHONE),
        ("instagram", PAGE),
        ("email", MAILBOX),
        ("webchat", WIDGET),
    ),
    keywords: Sequence[Keyword] = (),
) -> AccountSettings:
    return AccountSettings(
        account_id=account_id,
        channels=tuple(channels),
        keywords=tuple(keywords),
        addresses=tuple(Address(channel=channel, value=value) for channel, value in addresses),
    )


def a_table(*accounts: AccountSettings) -> AccountsTable:
    table = AccountsTable()
    for account in accounts or (an_account(),):
        table.apply(account)
    return table


def a_record(
    channel: Channel, value: bytes | None, headers: dict[str, str] | None = None, offset: int = 0
) -> Record:
    return Record(
        topic=INBOUND[channel].name,
        partition=0,
        offset=offset,
        key=None,
        value=value,
        headers=tuple((name, text.encode()) for name, text in (headers or {}).items()),
        timestamp=RECEIVED,
    )


def settled(record: Record, accounts: AccountsTable | None = None) -> Outcome:
    return rules.settle(rules.read(record), accounts or a_table())


def refusal_of(record: Record, accounts: AccountsTable | None = None) -> str | None:
    outcome = settled(record, accounts)
    return outcome.refusal.reason if outcome.refusal else None


def with_headers(record: Record, **headers: str) -> Record:
    extra = tuple((name.replace("_", "-"), text.encode()) for name, text in headers.items())
    return Record(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers + extra,
        record.timestamp,
    )


def the_message(record: Record, accounts: AccountsTable | None = None) -> InboundMessage:
    """The one message that the record is."""
    outcome = settled(record, accounts)
    assert outcome.refusal is None, outcome.refusal
    (body,) = outcome.said
    assert isinstance(body, InboundMessage), body
    return body


def the_signal(record: Record, accounts: AccountsTable | None = None) -> Signal:
    """The one signal that the record is."""
    outcome = settled(record, accounts)
    assert outcome.refusal is None, outcome.refusal
    (body,) = outcome.said
    assert isinstance(body, Signal), body
    return body


def an_sms(text: str = "Where is my order?", offset: int = 0, **fields: str) -> Record:
    form = {
        "MessageSid": "SM1",
        "AccountSid": "AC1",
        "From": CUSTOMER,
        "To": OUR_PHONE,
        "Body": text,
        "NumMedia": "0",
        "SmsStatus": "received",
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return a_record("sms", urlencode(form | fields).encode(), headers, offset)


def a_part(
    number: int,
    total: int,
    text: str,
    *,
    message: str = "m",
    reference: str = "7",
    **fields: Any,
) -> Record:
    """A part as Vonage delivers it; its id tells its message and number."""
    body = {
        "msisdn": "447700900001",
        "to": OUR_PHONE[1:],
        "messageId": f"{message}{number}",
        "text": text,
        "type": "unicode",
        "concat": "true",
        "concat-ref": reference,
        "concat-total": str(total),
        "concat-part": str(number),
        "message-timestamp": "2026-01-01 00:00:10",
    }
    return a_record("sms", json.dumps(body | fields).encode(), offset=number)


def parts_of(*texts: str, message: str = "m", reference: str = "7") -> list[Record]:
    return [
        a_part(number, len(texts), text, message=message, reference=reference)
        for number, text in enumerate(texts, 1)
    ]


def a_whatsapp(message: dict[str, Any], **value: Any) -> Record:
    sender = {"from": "14155550123", "id": "wamid.1", "timestamp": "1767225600"}
    change = {
        "field": "messages",
        "value": {"metadata": {"phone_number_id": PHONE_NUMBER_ID}, "messages": [sender | message]}
        | value,
    }
    body = {"object": "whatsapp_business_account", "entry": [{"id": "waba", "changes": [change]}]}
    return a_record("whatsapp", json.dumps(body).encode())


def a_whatsapp_text(text: str) -> Record:
    return a_whatsapp({"type": "text", "text": {"body": text}})


def an_instagram(event: dict[str, Any]) -> Record:
    whole = {"sender": {"id": "igsid-1"}, "recipient": {"id": PAGE}, "timestamp": 1767225600000}
    body = {"object": "instagram", "entry": [{"id": PAGE, "messaging": [whole | event]}]}
    return a_record("instagram", json.dumps(body).encode())


def a_chat(kind: str = "message", **fields: Any) -> Record:
    event = {
        "type": kind,
        "widget_id": WIDGET,
        "session_id": "session-1",
        "visitor_id": "visitor-1",
        "client_message_id": "client-1",
        "sent_at": "2026-01-01T00:00:00Z",
        "text": "Hello" if kind in ("message", "edit") else "",
    }
    return a_record("webchat", json.dumps(event | fields).encode())


def a_mail(
    body: str | bytes = "Where is my order?\n",
    headers: dict[str, str] | None = None,
    without: Sequence[str] = (),
    record_headers: dict[str, str] | None = None,
) -> Record:
    """A mail with ASCII header fields."""
    fields = {
        "Delivered-To": MAILBOX,
        "From": "Ann <ann@example.com>",
        "To": MAILBOX,
        "Subject": "My order",
        "Message-ID": "<m1@example.com>",
        "Date": "Thu, 1 Jan 2026 00:00:00 +0000",
    } | (headers or {})
    lines = "".join(f"{name}: {text}\n" for name, text in fields.items() if name not in without)
    raw = body.encode() if isinstance(body, str) else body
    return a_record("email", lines.encode() + b"\n" + raw, record_headers)


def an_ingest(
    published: "Published",
    accounts: AccountsTable | None = None,
    profiles: Profiles | None = None,
    publish: Publish | None = None,
) -> Ingest:
    """Ingest with its stores in memory."""
    accounts, profiles = accounts or a_table(), profiles or MemoryProfiles()
    publish = publish or published
    store: MemoryAggregates[Assembly] = MemoryAggregates()
    long_sms = joining(
        store,
        profiles,
        accounts,
        publish,
        lambda body: published.count(*outcome_of(body)),
        lambda: RECEIVED,
        DEFAULT_WAIT,
    )
    return Ingest(profiles, MemoryAliases(), accounts, publish, long_sms, published.count)


class Published:
    """Takes what is published."""

    def __init__(self) -> None:
        self.calls: list[list[Outgoing]] = []
        self.counted: list[tuple[Channel, str, str]] = []

    async def __call__(self, records: Sequence[Outgoing]) -> None:
        self.calls.append(list(records))

    def count(self, channel: Channel, outcome: str, reason: str) -> None:
        """Take what is told to the metric."""
        self.counted.append((channel, outcome, reason))
