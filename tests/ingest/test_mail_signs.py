"""Who wrote a mail, a person or a program, and which proofs there are (ING 4, TKT 2)."""

import pytest

from services.ingest.read.mail.machines.signs import signs
from services.ingest.read.mail.mime import header_block
from services.ingest.read.mail.mime.content import Content
from shared.contracts.messages import InboundMessage
from tests.ingest.builders import MAILBOX, a_mail, settled, the_message, the_signal

TOKEN = "t1mzxw6ytboi2dgnbvgy3tqobz"  # noqa: S105  # none of ours: letters of the alphabet


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Auto-Submitted": "auto-replied"}, "auto_reply"),
        ({"Auto-Submitted": "vacation (x)"}, "auto_reply"),
        ({"Auto-Submitted": "Auto-Generated; owner=x", "In-Reply-To": "<a@b>"}, "auto_reply"),
        ({"Auto-Submitted": "auto-generated"}, "auto_reply"),
        ({"Auto-Submitted": "auto-notified; x"}, "auto_reply"),
        ({"X-Autoreply": "yes"}, "auto_reply"),
        ({"Precedence": "auto_reply"}, "auto_reply"),
        ({"Return-Path": "<>"}, "auto_reply"),
        ({"Subject": "Automatic reply: x", "X-Auto-Response-Suppress": "All"}, "auto_reply"),
        ({"X-Failed-Recipients": "x@y.example"}, "bounce"),
        ({"From": "MAILER-DAEMON@x.example"}, "bounce"),
        ({"From": "MAILER-DAEMON <>", "Subject": "Returned mail"}, "bounce"),
        ({"From": "Mail Delivery System <>"}, "bounce"),
        ({"From": "postmaster@x.example", "Subject": "Undeliverable: x"}, "bounce"),
        ({"Subject": "Undeliverable: x", "Precedence": "junk"}, "bounce"),
        (
            {"Content-Type": "multipart/report; report-type=feedback-report; boundary=b"},
            "complaint",
        ),
        (
            {"Content-Type": "multipart/report; report-type=disposition-notification; boundary=b"},
            "read",
        ),
    ],
)
def test_what_no_person_wrote_is_a_signal(headers: dict[str, str], kind: str) -> None:
    signal = the_signal(a_mail("This was not read.\n", headers))

    assert signal.kind == kind
    assert signal.detail["why"]


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"X-Auto-Response-Suppress": "All"},
        {"Precedence": "bulk"},
        {"List-Id": "<news.example.com>"},
        {"Subject": "Automatic reply is broken in your app"},
        {"Subject": "Delivery failed: my parcel never came"},
        {"From": "postmaster.fan@x.example"},
        {"From": "postmaster@x.example"},
        {"From": "Ann <admin@x.example>"},
        {"From": "Ann <noreply@x.example>"},
        {"Subject": "Out of office cushion"},
        {"Subject": "Fwd: Undeliverable: x", "From": "postmaster@x.example"},
    ],
)
def test_one_weak_sign_alone_hides_no_mail(headers: dict[str, str]) -> None:
    assert the_message(a_mail(headers=headers)).text == "Where is my order?"


def test_mail_of_lists_is_flagged() -> None:
    message = the_message(a_mail(headers={"List-Id": "<l.example>"}))

    assert message.mail is not None
    assert message.mail.bulk
    assert "bulk" in message.flags


@pytest.mark.spec("ING 4")
def test_a_rewritten_envelope_never_names_the_sender() -> None:
    message = the_message(
        a_mail(headers={"Return-Path": "<SRS0=H=T=victim.example=boss@fwd.example>"})
    )

    assert message.contact.id == "email:ann@example.com"


def report(*groups: dict[str, str], **fields: str) -> Content:
    return Content(report=dict(groups[0]) if groups else fields, types=["multipart/report"])


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"action": "failed", "status": "5.1.1"}, "bounce"),
        ({"action": "Delayed", "status": "4.4.1"}, "delivery_status"),
        ({"status": "4.4.1"}, "delivery_status"),
        ({"action": "delivered", "status": "2.0.0"}, "delivery_status"),
        ({"action": "relayed"}, "delivery_status"),
        ({"action": "failed", "status": "4.4.7"}, "bounce"),
        ({}, "bounce"),
    ],
)
def test_delivery_reports_are_told_apart(fields: dict[str, str], kind: str) -> None:
    head, _ = header_block.split(b"From: mailer@x.example\n\n")

    assert signs(head, report(fields), "mailer@x.example").kind == kind


@pytest.mark.spec("ING 4")
def test_who_wants_no_automatic_answer_writes_a_flagged_message() -> None:
    message = the_message(a_mail(headers={"X-Auto-Response-Suppress": "OOF"}))

    assert message.mail is not None
    assert message.mail.auto_generated
    assert "auto_generated" in message.flags


@pytest.mark.spec("ING 4")
def test_a_null_envelope_sender_is_as_good_as_a_null_return_path() -> None:
    signal = the_signal(a_mail("This was not read.\n", record_headers={"x-mail-from": "<>"}))

    assert (signal.kind, signal.detail["why"]) == ("auto_reply", "null return path")


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("headers_", "body"),
    [
        (
            {
                "Subject": "Report Domain: shop.example Submitter: x",
                "Content-Type": "application/zip",
            },
            "PK",
        ),
        ({"Content-Type": "application/tlsrpt+gzip"}, "x"),
    ],
)
def test_daily_reports_on_a_domain_open_nothing(headers_: dict[str, str], body: str) -> None:
    assert the_signal(a_mail(body, headers_)).detail["why"] == "aggregate report"


@pytest.mark.spec("ING 4")
def test_an_auto_reply_names_what_it_answers_for_ticketing() -> None:
    signal = the_signal(
        a_mail(
            headers={
                "Auto-Submitted": "auto-replied",
                "In-Reply-To": f"<{TOKEN}.1@shop.example>",
                "To": f"support+{TOKEN}@shop.example",
            }
        )
    )

    assert signal.detail["original_id"] == f"{TOKEN}.1@shop.example"
    assert signal.detail["tokens"] == f"address:{TOKEN}"


@pytest.mark.spec("TKT 2")
def test_nothing_is_proved_of_a_sender_whom_another_field_names() -> None:
    form = a_mail(
        headers={"From": MAILBOX, "Reply-To": "ann@example.com"},
        record_headers={"x-auth-dmarc": "pass"},
    )

    mail = the_message(form).mail

    assert mail is not None
    assert (mail.sender, mail.authentication) == ("ann@example.com", "unknown")


@pytest.mark.spec("TKT 2")
def test_a_sender_who_is_not_us_is_who_their_from_says() -> None:
    message = the_message(
        a_mail(
            headers={
                "From": "'Victim' via List <eve@evil.example>",
                "X-Original-From": "victim@example.com",
                "Reply-To": "victim@example.com",
            }
        )
    )

    assert message.contact.id == "email:eve@evil.example"


@pytest.mark.spec("ING 2")
def test_a_mail_that_was_sent_on_to_the_team_is_another_one() -> None:
    first = the_message(a_mail())
    resent = a_mail(headers={"Resent-Message-ID": "<r1@x>", "Resent-From": "bob@example.com"})

    assert the_message(resent).id != first.id
    assert the_message(resent).contact == first.contact


def test_two_senders_are_flagged_and_the_first_counts() -> None:
    raw = a_mail().value or b""
    record = a_mail()
    twice = type(record)(
        record.topic, 0, 0, None, b"From: eve@evil.example\n" + raw, (), record.timestamp
    )

    (message,) = settled(twice).said

    assert isinstance(message, InboundMessage)
    assert message.contact.id == "email:eve@evil.example"
    assert "several_from" in message.flags


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("text", "cited"),
    [
        (
            "Sorry.\n\n--- Below:\n\nReturn-Path: <a@b>\nMessage-ID: <x@shop.example>\n\nHi",
            "x@shop.example",
        ),
        ("> Message-ID: <x@shop.example>", None),
        ("message-id:\n <folded@shop.example>\n\nHi", "folded@shop.example"),
        ("Message-ID: none", None),
    ],
)
def test_a_bounce_may_return_the_mail_in_its_text(text: str, cited: str | None) -> None:
    signal = the_signal(a_mail(text, {"From": "MAILER-DAEMON@x.example"}))

    assert signal.provider_message_id == cited
