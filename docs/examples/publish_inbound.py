"""Publish what a customer wrote, as the channel's provider delivers it.

python publish_inbound.py CHANNEL ID TEXT    ID is the provider's: the same twice is one message
"""

import asyncio
import sys
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlencode

from desk import Body, now, producer, publish

Inbound = tuple[str, Body | bytes, dict[str, str]]
"""The key, which keeps in order what one sender wrote; the value; headers."""


def webchat(unique: str, text: str) -> Inbound:
    """There is no provider: your widget's server speaks a format of the pipeline's own."""
    said = {
        "type": "message",
        "widget_id": "widget-sample",
        "session_id": "chat-77",
        "visitor_id": "visitor-9",
        "client_message_id": unique,
        "text": text,
        "sent_at": now().isoformat(),
    }
    return "chat-77", said, {"x_provider": "webchat"}


def email(unique: str, text: str) -> Inbound:
    """The mail itself, in bytes; the envelope's recipient says for which mailbox it is."""
    mail = EmailMessage()
    mail["From"], mail["To"] = "Rosa <rosa@example.com>", "help@sample.example"
    mail["Subject"], mail["Message-ID"] = "My order", f"<{unique}@mail.example.com>"
    mail["Date"] = format_datetime(now())
    mail.set_content(text)
    headers = {"x_provider": "raw", "x_rcpt_to": "help@sample.example"}
    return "rosa@example.com", mail.as_bytes(), headers


def sms(unique: str, text: str) -> Inbound:
    """The body of Twilio's webhook, a form."""
    form = {
        "MessageSid": unique,
        "AccountSid": "AC00000000000000000000000000000000",
        "From": "+393335550001",
        "To": "+390212345678",
        "Body": text,
        "NumMedia": "0",
    }
    headers = {"x_provider": "twilio", "content_type": "application/x-www-form-urlencoded"}
    return form["From"], urlencode(form).encode(), headers


def whatsapp(unique: str, text: str) -> Inbound:
    """The body of the Cloud API's webhook."""
    message = {
        "id": unique,
        "from": "393335550002",
        "timestamp": str(int(now().timestamp())),
        "type": "text",
        "text": {"body": text},
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"phone_number_id": "106540352242922"},
        "contacts": [{"wa_id": "393335550002", "profile": {"name": "Rosa"}}],
        "messages": [message],
    }
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}
    webhook = {"object": "whatsapp_business_account", "entry": [entry]}
    return "393335550002", webhook, {"x_provider": "cloud_api"}


def instagram(unique: str, text: str) -> Inbound:
    """The body of Meta's webhook."""
    moment = int(now().timestamp() * 1000)
    messaging = {
        "sender": {"id": "5550003"},
        "recipient": {"id": "17841405822304914"},
        "timestamp": moment,
        "message": {"mid": unique, "text": text},
    }
    entry = {"id": "17841405822304914", "time": moment, "messaging": [messaging]}
    return "5550003", {"object": "instagram", "entry": [entry]}, {"x_provider": "meta"}


CHANNELS = {each.__name__: each for each in (webchat, email, sms, whatsapp, instagram)}


async def main(channel: str, unique: str, text: str) -> None:
    """Publish it, and print where it lies."""
    if channel not in CHANNELS:
        sys.exit(f"there is no channel {channel!r}: {', '.join(CHANNELS)}")
    key, value, headers = CHANNELS[channel](unique, text)
    received = now().isoformat()  # when your webhook was called
    async with producer() as kafka:
        place = await publish(
            kafka, f"inbound.{channel}", key, value, x_received_at=received, **headers
        )
    print(place)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
