"""Who the further customers are, and what their providers send of them."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count
from typing import Any

from shared.bus.delivery import Outgoing
from shared.cli.demo import samples
from shared.cli.demo.customers import CUSTOMERS, Customer
from shared.contracts.accounts import AccountSettings
from shared.contracts.profiles import Profile, ProfileEvent

OPEN_AT_MOST = 7
"""Tickets that an agent is given automatically: what is over waits in Unassigned."""

_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)
_KINDS = {"jpg": ("image", "jpeg"), "pdf": ("application", "pdf")}


def settings() -> AccountSettings:
    """The sample account with more macros, a second team, and a limit of open tickets."""
    account = samples.account().model_dump(mode="json")
    account["macros"] += [
        {
            "id": "etichetta-reso",
            "name": "Etichetta di reso (IT)",
            "text": "Buongiorno {{contact.first_name}},\n\necco l'etichetta per il reso."
            "\n\n{{agent.first_name}}, {{account.name}}",
            "tags": ["Returns"],
        },
        {
            "id": "necesito-pedido",
            "name": "¿Número de pedido? (ES)",
            "text": "Hola {{contact.first_name}}:\n\n¿nos dices el número de tu pedido?"
            "\n\n{{agent.first_name}}",
        },
        {
            "id": "wait-for-carrier",
            "name": "Waiting for the carrier",
            "text": "Hi {{contact.first_name}},\n\nwe have asked the carrier about ticket"
            " {{ticket.number}} and shall write as soon as we know.\n\n{{agent.first_name}}",
            "status": "snoozed",
        },
    ]
    account["teams"].append({"id": "returns", "name": "Returns", "members": ["ann", "bob"]})
    account["assignment"]["max_open_tickets"] = OPEN_AT_MOST
    return AccountSettings.model_validate(account)


def profiles(now: datetime) -> Sequence[Profile]:
    """Profiles of those whose names are known; numbers that can be told apart at a glance."""
    named = [one for one in CUSTOMERS if one.name and one.channel in ("email", "sms")]
    return [
        Profile.model_validate(
            {
                "account_id": samples.ACCOUNT,
                "profile_id": _profile_id(one),
                "identities": [
                    {"type": "e164" if one.channel == "sms" else "email", "value": one.address}
                ],
                "sms_consent": "transactional" if one.channel == "sms" else "none",
                "segments": ["Newsletter"] if place % 3 == 0 else [],
                "updated_at": now - timedelta(days=1),
                "name": one.name,
                "orders": 1 + place % 5,
                "lifetime_value": 60.0 + 35 * place,
                "currency": "EUR",
                "churn_risk": round(0.08 + 0.04 * (place % 20), 2),
                "location": ("Bologna, Italy", "Sevilla, Spain", "Leeds, England")[place % 3],
            }
        )
        for place, one in enumerate(named)
        if "http" not in one.says[0]
    ]


def events(now: datetime) -> Sequence[ProfileEvent]:
    """What some of them did in the shop."""
    happened = (
        (2, "Viewed Product", "Blue jacket, size M", None),
        (26, "Placed Order", "Order 2304: blue jacket", 89.0),
        (27, "Started Checkout", "Blue jacket, size M", 89.0),
        (90, "Clicked Email", "Autumn colours", None),
        (300, "Placed Order", "Order 1998: wool scarf", 39.5),
    )
    people = ["profile-vera", *(_profile_id(one) for one in CUSTOMERS[:4])]
    drawn = count()
    return [
        ProfileEvent(
            account_id=samples.ACCOUNT,
            id=(id_ := f"demo-profile-event-{next(drawn)}"),
            occurred_at=now - timedelta(hours=hours),
            correlation_id=id_,
            profile_id=person,
            metric=metric,
            title=title,
            value=value,
            currency=None if value is None else "EUR",
        )
        for person in people
        for hours, metric, title, value in happened
    ]


def conversation(
    one: Customer, said: Sequence[tuple[datetime, str]], turn: int = 0
) -> Sequence[Outgoing]:
    """What their provider delivers of that, on WhatsApp in one webhook; received as it was sent."""
    match one.channel:
        case "whatsapp":
            entries = [_whatsapp(one, at, text) for at, text in said]
            return [_at(said[-1][0], samples.whatsapp(*entries, sender=_who(one)))]
        case "email":
            return [_at(at, _mail(one, at, text, turn)) for at, text in said]
        case "sms":
            return [_at(at, _sms(one, text, turn)) for at, text in said]
        case "instagram":
            return [
                _at(
                    at,
                    samples.instagram(
                        {"mid": f"m_{one.address}_{turn}", "text": text},
                        now=at,
                        customer=one.address,
                    ),
                )
                for at, text in said
            ]
        case "webchat":
            return [
                _at(
                    at,
                    samples.chat(
                        "message",
                        f"{one.address}-{turn}",
                        now=at,
                        text=text,
                        session=f"chat-{one.address}",
                        visitor=one.address,
                    ),
                )
                for at, text in said
            ]


def _profile_id(one: Customer) -> str:
    return f"profile-{one.name.lower().replace(' ', '-')}"


def _at(received: datetime, record: Outgoing) -> Outgoing:
    header = ("x-received-at", received.isoformat().encode())
    return Outgoing(record.topic, record.key, record.value, (*record.headers, header))


def _who(one: Customer) -> Mapping[str, Any]:
    return {"wa_id": one.address, "profile": {"name": one.name}}


def _whatsapp(one: Customer, at: datetime, text: str) -> dict[str, Any]:
    wamid = f"wamid.{one.address}.{int(at.timestamp())}"
    return {**samples.whatsapp_text(text, wamid=wamid, now=at), "from": one.address}


def _sms(one: Customer, text: str, turn: int) -> Outgoing:
    return samples.sms(text, sid=f"SM-{one.address}-{turn}", sender=one.address)


def _mail(one: Customer, at: datetime, text: str, turn: int) -> Outgoing:
    """A mail as programs write it: text and HTML side by side, then the files."""
    name, domain = one.address.split("@")
    mail = EmailMessage()
    mail["From"] = Address(one.name, name, domain)
    mail["To"] = f"Sample Shop <{samples.MAILBOX}>"
    again = turn and not one.subject.startswith("Re: ")
    mail["Subject"] = f"Re: {one.subject}" if again else one.subject
    mail["Message-ID"] = f"<{name}-{turn}@{domain}>"
    if turn:
        mail["In-Reply-To"] = f"<{name}-0@{domain}>"
        mail["References"] = f"<{name}-0@{domain}>"
    mail["Date"] = format_datetime(at)
    quoted = f"\n\n{one.quoted}\n" if one.quoted and not turn else ""
    mail.set_content(text + quoted)
    if one.html and not turn:
        mail.add_alternative(one.html, subtype="html")
    for file in one.files if not turn else ():
        main, sub = _KINDS[file.rpartition(".")[2]]
        mail.add_attachment(
            _PIXEL + bytes(700 * len(one.name)), maintype=main, subtype=sub, filename=file
        )
    return samples.inbound(
        "email",
        mail.as_bytes(),
        content_type="message/rfc822",
        x_rcpt_to=samples.MAILBOX,
    )
