"""What parsing costs: payloads a second on one core, beside the parsers of the standard library."""

import email
import email.policy
import json
from email.message import EmailMessage

from services.ingest import rules
from shared.bus.delivery import Outgoing, Record
from shared.cli.demo import samples
from shared.clock import EPOCH
from tests.bench.figures import Figure, rate

MOMENT = EPOCH.replace(year=2026)


def measure() -> list[Figure]:
    """Rates of ingest's readers, and how many times the standard library's time they take."""
    payloads = [_record(samples.sms(f"Where is order {n}?", sid=f"SM{n}")) for n in range(200)]
    webhooks = [
        _record(
            samples.whatsapp(
                samples.whatsapp_text(f"Where is order {n}?", wamid=f"wamid.{n}", now=MOMENT)
            )
        )
        for n in range(200)
    ]
    mails = [_record(_mail(n)) for n in range(200)]
    sms, whatsapp, mail = (rate(_read, each) for each in (payloads, webhooks, mails))
    loads = rate(json.loads, [record.value or b"" for record in webhooks])
    library = rate(_as_the_library_does, [record.value or b"" for record in mails])
    return [
        Figure("ingest: Twilio SMS", sms, "payloads/s", None, 5_000, "more"),
        Figure("ingest: WhatsApp", whatsapp, "payloads/s", None, 5_000, "more"),
        Figure("ingest: plain mail", mail, "mails/s", None, 1_000, "more"),
        Figure(
            "ingest: WhatsApp, time to json.loads", 1e6 / whatsapp, "µs", 1e6 / loads, 15, "less"
        ),
        Figure(
            "ingest: mail, time to the library's parser",
            1e6 / mail,
            "µs",
            1e6 / library,
            3,
            "less",
        ),
    ]


def _read(record: Record) -> object:
    return rules.read(record)


def _record(outgoing: Outgoing) -> Record:
    return Record(outgoing.topic, 0, 0, None, outgoing.value, outgoing.headers, MOMENT)


def _mail(number: int) -> Outgoing:
    text = "Hello,\n\nmy order has not arrived yet. Could you check, please?\n\nVera\n" * 3
    return samples.mail(
        "Vera Bianchi <vera@example.com>",
        f"Order {number}",
        text,
        message_id=f"{number}@mail.example.com",
        now=MOMENT,
    )


def _as_the_library_does(raw: bytes) -> object:
    """All headers and the text body, by the standard library's newest policy."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    headers = [(name, str(value)) for name, value in message.items()]
    body = message.get_body(("plain",))
    return headers, body.get_content() if body else ""
