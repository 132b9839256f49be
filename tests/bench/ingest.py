"""What parsing costs: payloads a second on one core, beside the parsers of the standard library.

And what the service's process does a second, beside one that consumes, parses JSON and produces.
"""

import asyncio
import email
import email.policy
import json
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from services.ingest import rules
from shared.bus.delivery import Outgoing, Record
from shared.cli.demo import samples
from shared.clock import EPOCH
from shared.embedded.servers import Servers
from shared.topics import INBOUND, MESSAGES
from tests.bench import places, workload
from tests.bench.contest import Contest
from tests.bench.figures import Figure, rate

MOMENT = EPOCH.replace(year=2026)
MANY: Final = 15_000
"""Records that the service's process finds on its topic."""


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
    with places.servers() as there, TemporaryDirectory() as folder:
        ours, bare = asyncio.run(_processes(there, Path(folder)))
    loads = rate(json.loads, [record.value or b"" for record in webhooks])
    library = rate(_as_the_library_does, [record.value or b"" for record in mails])
    return [
        Figure("ingest: Twilio SMS", sms, "payloads/s", None, 5_000, "more"),
        Figure("ingest: WhatsApp", whatsapp, "payloads/s", None, 5_000, "more"),
        Figure("ingest: plain mail", mail, "mails/s", None, 1_000, "more"),
        Figure(
            "ingest: SMS, to bare consume, json.loads, produce",
            *(ours, "records/s", bare),
            0.5,
            "more",
        ),
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


async def _processes(there: Servers, folder: Path) -> list[float]:
    """Records a second of the service and of the bare loop, which asks no database."""
    contest = Contest(
        *(there, "ingest", (INBOUND["sms"].name,)),
        workload.inbound_sms(range(MANY)),
        makes=(MESSAGES.name,),
    )
    part, _ = await contest.taped(folder)
    return await contest.against([replace(part, prepared=(), groups=())])


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
