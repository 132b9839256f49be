"""Payloads as providers deliver them, and the sample account they are written to."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from shared.bus.delivery import Outgoing
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel
from shared.topics import INBOUND

ACCOUNT = "sample"
MAILBOX, PHONE, WIDGET = "help@sample.example", "+390212345678", "widget-sample"
PAGE, BUSINESS = "17841405822304914", "106540352242922"
VERA, MARIO, SPAMMER = "vera@example.com", "+393331234567", "winner@prizes.example"
AGENTS = ("ann", "bob", "carla")
SIGN_INS = {"owner": "olga", "admin": "dana", "manager": "bob", "support": "ann"}
"""An agent of each role; those who are none of `AGENTS` stay offline."""


def account() -> AccountSettings:
    """Five channels, three agents, a team for important customers, round robin on."""
    return AccountSettings.model_validate(
        {
            "account_id": ACCOUNT,
            "name": "Sample Shop",
            "time_zone": "Europe/Rome",
            "region": "IT",
            "channels": ["webchat", "email", "sms", "instagram", "whatsapp"],
            "addresses": [
                {"channel": "webchat", "value": WIDGET},
                {"channel": "email", "value": MAILBOX},
                {"channel": "sms", "value": PHONE, "provider": "twilio"},
                {"channel": "instagram", "value": PAGE},
                {"channel": "whatsapp", "value": BUSINESS},
            ],
            "agents": [
                {
                    "id": agent,
                    "name": agent.title(),
                    "email": f"{agent}@sample.example",
                    "role": next((r for r, one in SIGN_INS.items() if one == agent), "support"),
                }
                for agent in dict.fromkeys([*AGENTS, *SIGN_INS.values()])
            ],
            "macros": [
                {
                    "id": "on-its-way",
                    "name": "Parcel on its way",
                    "text": "Hi {{contact.first_name}},\n\nyour parcel left us this morning and"
                    " should be with you tomorrow.\n\n{{agent.first_name}}, {{account.name}}",
                    "tags": ["Shipping"],
                },
                {
                    "id": "return-label",
                    "name": "Return label",
                    "text": "Hi {{contact.first_name}},\n\nhere is the label for your return. The"
                    " money is back within five days of its arrival.\n\n{{agent.first_name}}",
                    "tags": ["Returns"],
                    "status": "closed",
                },
            ],
            "teams": [{"id": "vip", "name": "Important customers", "members": ["carla"]}],
            "assignment": {
                "round_robin": True,
                "routing": [{"when": "segment", "is": "VIP", "team_id": "vip"}],
                "heartbeat_limit": 86_400,
            },
            "autoclose": {"enabled": True, "period": "P2D"},
        }
    )


def profiles(now: datetime) -> list[dict[str, Any]]:
    """Vera is important; Mario wants marketing SMS."""
    return [
        {
            "account_id": ACCOUNT,
            "profile_id": "profile-vera",
            "identities": [{"type": "email", "value": VERA}],
            "segments": ["VIP"],
            "updated_at": now,
            "name": "Vera Bianchi",
            "lifetime_value": 1240.5,
            "currency": "EUR",
            "orders": 9,
            "churn_risk": 0.12,
            "location": "Bologna, Italy",
        },
        {
            "account_id": ACCOUNT,
            "profile_id": "profile-mario",
            "identities": [{"type": "e164", "value": MARIO}],
            "sms_consent": "marketing",
            "updated_at": now,
            "name": "Mario Neri",
            "orders": 2,
        },
    ]


def inbound(channel: Channel, value: bytes, **headers: str) -> Outgoing:
    """A record as a webhook's forwarder publishes it."""
    named = tuple((name.replace("_", "-"), text.encode()) for name, text in headers.items())
    return Outgoing(INBOUND[channel].name, None, value, named)


def mail(
    sender: str, subject: str, text: str, *, message_id: str, now: datetime, answers: str = ""
) -> Outgoing:
    """A raw MIME mail in base64 UTF-8, as a mail provider forwards it."""
    lines = [
        f"From: {sender}",
        f"To: Sample Shop <{MAILBOX}>",
        f"Subject: {subject}",
        f"Message-ID: <{message_id}>",
        f"Date: {format_datetime(now)}",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: base64",
    ]
    if answers:
        lines += [f"In-Reply-To: <{answers}>", f"References: <{answers}>"]
    body = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    raw = "\r\n".join([*lines, "", body])
    return inbound("email", raw.encode(), content_type="message/rfc822", x_rcpt_to=MAILBOX)


def sms(text: str, *, sid: str, sender: str = MARIO, to: str = PHONE) -> Outgoing:
    """Twilio's form fields."""
    form = {
        "ToCountry": "IT",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": text,
        "To": to,
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": "AC00000000000000000000000000000000",
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    return inbound(
        "sms",
        urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
        x_provider="twilio",
    )


LUCIA: Mapping[str, Any] = {"wa_id": "393337654321", "profile": {"name": "Lucia"}}
"""A customer on WhatsApp."""


def whatsapp(
    *entries: dict[str, Any], field: str = "messages", sender: Mapping[str, Any] = LUCIA
) -> Outgoing:
    """A WhatsApp Cloud API webhook with some `messages`, or `statuses`."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "390298765432", "phone_number_id": BUSINESS},
        "contacts": [sender],
        field: list(entries),
    }
    payload = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}],
    }
    return inbound("whatsapp", json.dumps(payload).encode(), x_provider="cloud_api")


def whatsapp_text(text: str, *, wamid: str, now: datetime) -> dict[str, Any]:
    """One message of a WhatsApp webhook."""
    return {
        "from": "393337654321",
        "id": wamid,
        "timestamp": str(int(now.timestamp())),
        "type": "text",
        "text": {"body": text},
    }


def instagram(message: dict[str, Any], *, now: datetime, customer: str = "5678901234") -> Outgoing:
    """An Instagram webhook; an echo goes the other way round."""
    people = {"sender": {"id": customer}, "recipient": {"id": PAGE}}
    if message.get("is_echo"):
        people = {"sender": {"id": PAGE}, "recipient": {"id": customer}}
    moment = int(now.timestamp() * 1000)
    payload = {
        "object": "instagram",
        "entry": [
            {
                "id": PAGE,
                "time": moment,
                "messaging": [{**people, "timestamp": moment, "message": message}],
            }
        ],
    }
    return inbound("instagram", json.dumps(payload).encode(), x_provider="meta")


def chat(
    kind: str,
    event_id: str,
    *,
    now: datetime,
    text: str | None = None,
    session: str = "chat-1",
    visitor: str = "visitor-1",
) -> Outgoing:
    """An event of the web-chat widget."""
    event = {
        "type": kind,
        "event_id": event_id,
        "client_message_id": event_id,
        "widget_id": WIDGET,
        "session_id": session,
        "visitor_id": visitor,
        "author": "visitor",
        "sent_at": now.isoformat(),
        "text": text,
    }
    said = {name: value for name, value in event.items() if value is not None}
    return inbound("webchat", json.dumps(said).encode())
