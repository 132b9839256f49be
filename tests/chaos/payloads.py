"""What providers deliver to a shop, one form a channel."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import urlencode

from shared.bus.delivery import Outgoing
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel
from shared.topics import INBOUND

AGENTS = ("ann", "bob", "carla")
METHODS: tuple[Literal["helpdesk", "zendesk", "message"], ...] = ("message", "helpdesk", "zendesk")
"""How a shop's conversations are handed over, by its number."""


@dataclass(frozen=True, slots=True)
class Shop:
    """An account and where it is written to."""

    number: int

    @property
    def account_id(self) -> str:
        return f"shop{self.number}"

    @property
    def mailbox(self) -> str:
        return f"help@shop{self.number}.example"

    @property
    def phone(self) -> str:
        return f"+3902123456{self.number:02}"

    @property
    def widget(self) -> str:
        return f"widget-{self.number}"

    @property
    def page(self) -> str:
        return f"178414058223049{self.number:02}"

    @property
    def business(self) -> str:
        return f"1065403522429{self.number:02}"

    def settings(self) -> AccountSettings:
        """Five channels, three agents in a round robin, always open, two days' silence closed."""
        addresses = {
            "webchat": self.widget,
            "email": self.mailbox,
            "sms": self.phone,
            "instagram": self.page,
            "whatsapp": self.business,
        }
        said: dict[str, Any] = {
            "account_id": self.account_id,
            "region": "IT",
            "channels": list(addresses),
            "addresses": [{"channel": c, "value": v} for c, v in addresses.items()],
            "agents": [{"id": agent, "name": agent.title()} for agent in AGENTS],
            "assignment": {"round_robin": True, "heartbeat_limit": 86_400},
            "autoclose": {"enabled": True, "period": "P1D"},
            "handoff": {
                "method": METHODS[self.number % len(METHODS)],
                "message": {"en": "Please write to us."},
                "zendesk": {"subdomain": "shop", "secret": "zendesk"},
            },
            "auto_replies": {
                "sms": {"enabled": True, "to": "everybody", "text": {"en": "We shall answer."}},
                "webchat": {"open": {"en": "Welcome."}, "closed": {"en": "We are closed."}},
            },
        }
        return AccountSettings.model_validate(said)


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody in one conversation with a shop; `number` is unique over all channels."""

    shop: Shop
    channel: Channel
    number: int

    @property
    def name(self) -> str:
        """How the channel's provider calls them."""
        match self.channel:
            case "sms":
                return f"+39333{self.number:07}"
            case "whatsapp":
                return f"39333{self.number:07}"
            case "instagram":
                return f"77{self.number:08}"
            case "email":
                return f"customer{self.number}@mail.example"
            case "webchat":
                return f"chat-{self.number}"

    @property
    def conversation(self) -> str:
        """The conversation, unique over all accounts."""
        return f"{self.shop.account_id}:{self.channel}:{self.name}"


def record(
    customer: Customer, text: str, *, unique: str, now: datetime, first: str = ""
) -> Outgoing:
    """A message with the provider's id `unique`; a mail that is not the `first` cites that one."""
    headers = {"x-received-at": now.isoformat()}
    more: Mapping[str, str]
    if customer.channel == "sms":
        value, more = _sms(customer, text, unique)
    elif customer.channel == "whatsapp":
        value, more = _whatsapp(customer, text, unique, now)
    elif customer.channel == "instagram":
        value, more = _instagram(customer, text, unique, now)
    elif customer.channel == "email":
        value, more = _mail(customer, text, unique, now, first)
    else:
        value, more = _chat(customer, text, unique, now), {}
    named = tuple((name, said.encode()) for name, said in (headers | dict(more)).items())
    return Outgoing(INBOUND[customer.channel].name, customer.name.encode(), value, named)


def _sms(customer: Customer, text: str, unique: str) -> tuple[bytes, Mapping[str, str]]:
    form = {
        "MessageSid": unique,
        "SmsSid": unique,
        "AccountSid": "AC" + "0" * 32,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "From": customer.name,
        "To": customer.shop.phone,
        "Body": text,
        "ApiVersion": "2010-04-01",
    }
    kind = "application/x-www-form-urlencoded"
    return urlencode(form).encode(), {"content-type": kind, "x-provider": "twilio"}


def _whatsapp(
    customer: Customer, text: str, unique: str, now: datetime
) -> tuple[bytes, Mapping[str, str]]:
    message = {
        "from": customer.name,
        "id": unique,
        "timestamp": str(int(now.timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": "390298765432",
            "phone_number_id": customer.shop.business,
        },
        "contacts": [{"wa_id": customer.name, "profile": {"name": "Lucia"}}],
        "messages": [message],
    }
    change = {"field": "messages", "value": value}
    entry = {"id": "102290129340398", "changes": [change]}
    payload = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(payload).encode(), {"x-provider": "cloud_api"}


def _instagram(
    customer: Customer, text: str, unique: str, now: datetime
) -> tuple[bytes, Mapping[str, str]]:
    page, moment = customer.shop.page, int(now.timestamp() * 1000)
    event = {
        "sender": {"id": customer.name},
        "recipient": {"id": page},
        "timestamp": moment,
        "message": {"mid": unique, "text": text},
    }
    payload = {"object": "instagram", "entry": [{"id": page, "time": moment, "messaging": [event]}]}
    return json.dumps(payload).encode(), {"x-provider": "meta"}


def _mail(
    customer: Customer, text: str, unique: str, now: datetime, first: str
) -> tuple[bytes, Mapping[str, str]]:
    domain = "mail.example"
    lines = [
        f"From: {customer.name}",
        f"To: {customer.shop.mailbox}",
        "Subject: My order" if unique == first else "Subject: Re: My order",
        f"Message-ID: <{unique}@{domain}>",
        f"Date: {format_datetime(now)}",
    ]
    if unique != first:
        lines += [f"In-Reply-To: <{first}@{domain}>", f"References: <{first}@{domain}>"]
    raw = "\r\n".join([*lines, "", text, ""])
    headers = {"content-type": "message/rfc822", "x-rcpt-to": customer.shop.mailbox}
    return raw.encode(), headers


def _chat(customer: Customer, text: str, unique: str, now: datetime) -> bytes:
    event = {
        "type": "message",
        "event_id": unique,
        "client_message_id": unique,
        "widget_id": customer.shop.widget,
        "session_id": customer.name,
        "visitor_id": f"visitor-{customer.number}",
        "author": "visitor",
        "text": text,
        "sent_at": now.isoformat(),
    }
    return json.dumps(event).encode()
