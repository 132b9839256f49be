"""Mail of ours that came back shows on its ticket, and does nothing else there (ING 4, TKT 2)."""

import random
from datetime import timedelta

import pytest

from services.ticketing.rules.bounces import KINDS
from services.ticketing.rules.ticket import Ticket
from shared.contracts.commands import CloseTicket, Command, SnoozeTicket
from shared.contracts.signals import Signal
from shared.contracts.tickets import NoticeAdded
from shared.values.mail_tokens import marked
from tests.builders import a_command, a_contact, a_signal, an_inbound_mail, minutes
from tests.ingest import builders as ingest
from tests.ticketing.desk import ROOT, Desk

ANNA = "anna@example.com"


def notices(desk: Desk) -> list[str]:
    return [event.text for event in desk.facts(NoticeAdded)]


def a_bounce(*, kind: str = "bounce", **more: str) -> Signal:
    fields = {key: more.pop(key) for key in ("id", "account_id", "address") if key in more}
    detail = {"recipient": ANNA, "status": "5.1.1", "diagnostic": "550 5.1.1 No such user"} | more
    contact = a_contact(channel="email", name="mailer-daemon")
    return a_signal(
        kind=kind, channel="email", at=minutes(5), detail=detail, contact=contact, **fields
    )


def without_notices(ticket: Ticket) -> Ticket:
    return ticket.model_copy(update={"seq": 0, "bounced": ()})


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("evidence", ["token", "id", "references"])
async def test_a_bounce_is_a_notice_in_the_ticket_whose_mail_came_back(
    desk: Desk, evidence: str
) -> None:
    cited = {
        "token": {"tokens": marked("id", desk.token), "original_id": "0102@amazonses.example"},
        "id": {"original_id": desk.answer.message_id or ""},
        "references": {
            "original_id": "0102@amazonses.example",
            "original_references": " ".join(desk.answer.references),
        },
    }
    before = desk.ticket

    await desk.happen(a_bounce(**cited[evidence]))

    assert notices(desk) == [
        f"Not delivered to {ANNA}: 550 5.1.1 No such user (says mailer-daemon@example.com)"
    ]
    assert without_notices(desk.ticket) == without_notices(before)
    assert "notice" in {entry.body["kind"] for _, entry in desk.store.ledger.values()}


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("state", ["closed", "snoozed"])
async def test_a_bounce_reopens_and_wakes_nothing(desk: Desk, state: str) -> None:
    until = minutes(2) + timedelta(days=3)
    commands: dict[str, Command] = {
        "closed": a_command(CloseTicket, ticket_id=desk.ticket.id, at=minutes(2)),
        "snoozed": a_command(SnoozeTicket, ticket_id=desk.ticket.id, at=minutes(2), until=until),
    }
    await desk.happen(commands[state])
    before = desk.ticket

    await desk.happen(a_bounce(original_id=desk.answer.message_id or ""))

    assert desk.status == state
    assert len(notices(desk)) == 1
    assert without_notices(desk.ticket) == without_notices(before)
    assert desk.ticket.deliveries == before.deliveries


@pytest.mark.spec("ING 4")
async def test_a_delay_or_an_automatic_answer_is_no_failure(desk: Desk) -> None:
    cited = desk.answer.message_id or ""
    kinds = ("delivery_status", "auto_reply", "read")

    await desk.happen(*(a_bounce(kind=kind, original_id=cited) for kind in kinds))

    assert notices(desk) == []
    assert not KINDS & set(kinds)


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    "forged",
    [
        {"account_id": "zeta"},
        {"address": "sales@acme.example"},
        {"original_id": "guess@acme.example"},
        {"original_id": "", "tokens": "id:t1mzxw6ytboi2dgnbvgy3tqobz"},
        {"original_id": "", "tokens": "text:TOKEN"},
        {"original_id": "", "tokens": "nonsense"},
        {"original_id": ""},
    ],
)
async def test_a_bounce_shows_in_no_ticket_of_another_account_or_mailbox(
    desk: Desk, forged: dict[str, str]
) -> None:
    before = desk.ticket
    forged = {name: text.replace("TOKEN", desk.token) for name, text in forged.items()}

    await desk.happen(a_bounce(**({"original_id": desk.answer.message_id or ""} | forged)))

    assert desk.ticket == before
    assert notices(desk) == []


@pytest.mark.spec("ING 4")
async def test_however_many_bounces_come_there_is_one_notice_for_each_mail_and_person(
    desk: Desk,
) -> None:
    cited = desk.answer.message_id or ""
    flood = [a_bounce(original_id=cited, recipient=f"{n}@made-up.example") for n in range(30)]
    flood += [
        a_bounce(original_id=f"{n}@made-up.example", tokens=marked("id", desk.token), recipient="")
        for n in range(30)
    ]
    await desk.batch(flood)
    await desk.batch(random.Random(4).sample(flood, len(flood)))
    assert len(notices(desk)) == 2

    await desk.happen(
        a_bounce(original_id=cited), a_bounce(original_id=cited, recipient="<Bob@example.com>")
    )

    assert len(notices(desk)) == 4
    assert notices(desk)[-1].startswith("Not delivered to bob@example.com: ")


async def test_of_two_tickets_that_know_a_mail_the_recipients_shows_it(desk: Desk) -> None:
    broadcast = an_inbound_mail(by="carl", answers=ROOT, at=minutes(2))
    await desk.happen(broadcast)
    carls = desk.ticket_of(broadcast)

    bounce = a_bounce(original_id=ROOT, recipient="carl@example.com")
    await desk.happen(bounce)

    assert desk.ticket_of(bounce).id == carls.id


async def test_a_complaint_shows_too(desk: Desk) -> None:
    await desk.happen(a_bounce(kind="complaint", original_id=desk.answer.message_id or ""))

    assert notices(desk)[0].startswith(f"Reported as spam to {ANNA}")


@pytest.mark.spec("ING 4")
async def test_a_real_report_of_a_mail_server_finds_the_ticket_it_is_about(desk: Desk) -> None:
    out = desk.answer
    report = f"""--r
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {ANNA}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 Unknown user

--r
Content-Type: text/rfc822-headers

From: {out.address}
To: {ANNA}
Message-ID: <{out.message_id}>
References: {" ".join(f"<{each}>" for each in out.references)}

--r--
"""
    record = ingest.a_mail(
        report,
        {
            "From": "MAILER-DAEMON@mx.example.net",
            "Delivered-To": out.address,
            "Content-Type": "multipart/report; report-type=delivery-status; boundary=r",
        },
    )
    accounts = ingest.a_table(ingest.an_account("acme", addresses=[("email", out.address)]))

    await desk.happen(ingest.the_signal(record, accounts))

    assert notices(desk) == [
        f"Not delivered to {ANNA}: smtp; 550 5.1.1 Unknown user (says mailer-daemon@mx.example.net)"
    ]
