"""Mail as providers' webhooks tell it: envelopes, verdicts, forms (ING 1, ING 4, ING 6)."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.bus.delivery import Record
from shared.contracts.messages import InboundMessage
from tests.ingest.builders import (
    MAILBOX,
    a_record,
    a_table,
    an_account,
    refusal_of,
    settled,
    the_message,
    the_signal,
)

SAMPLES = Path(__file__).parent / "samples" / "email"
RAW = b"From: ann@example.com\nMessage-ID: <m1@example.com>\nSubject: Hi\n\nWhere is it?\n"


def sample(name: str, **headers: str) -> Record:
    return a_record("email", (SAMPLES / name).read_bytes(), headers)


def of_json(document: object, **headers: str) -> Record:
    return a_record("email", json.dumps(document).encode(), headers)


def ses(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / "ses/raw_delivery_utf8.json").read_bytes())
    return found | changes


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("provider", ["raw", "MIME", "imap", "rfc822"])
def test_raw_mail_has_several_names(provider: str) -> None:
    record = a_record("email", RAW, {"x-provider": provider, "x-rcpt-to": MAILBOX})

    assert the_message(record).provider == "raw"


@pytest.mark.spec("ING 2")
def test_one_mail_is_the_same_message_raw_from_whichever_provider() -> None:
    raw = (SAMPLES / "raw/reply_with_token.eml").read_text()
    posted = the_message(of_json({"FromFull": {}, "MailboxHash": "", "RawEmail": raw}))
    mail = the_message(sample("raw/reply_with_token.eml"))

    assert posted.id == mail.id
    assert (posted.text, posted.mail) == (mail.text, mail.mail)


@pytest.mark.spec("ING 6")
def test_the_envelope_of_the_publisher_counts_over_everything() -> None:
    table = a_table(an_account(addresses=[("email", MAILBOX), ("email", "sales@shop.example")]))
    headers = {"x-rcpt-to": "Sales@Shop.example"}

    assert the_message(a_record("email", RAW, headers), table).address == "sales@shop.example"
    assert (
        the_message(sample("postmark/fields.json", **headers), table).address
        == "sales@shop.example"
    )


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "recipient",
    [
        "SRS0=HHH=TT=shop.example=support@relay.example",
        "prvs=123456789=support@shop.example",
        "support+caf_=x=y.example@shop.example",
        "support.t1mzxw6ytboi2dgnbvgy3tqobz@shop.example",
        "support=T1MZXW6YTBOI2DGNBVGY3TQOBZ@shop.example",
        "support+news@SHOP.example.",
    ],
)
def test_forwarders_and_tokens_do_not_hide_the_mailbox(recipient: str) -> None:
    assert the_message(a_record("email", RAW, {"x-rcpt-to": recipient})).address == MAILBOX


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("recipient", "listed"),
    [
        ("hilfe@münchen.example", "hilfe@münchen.example"),
        ("hilfe@mu\u0308nchen.example", "hilfe@xn--mnchen-3ya.example"),
        ("hilfe@xn--mnchen-3ya.example", "hilfe@xn--mnchen-3ya.example"),
    ],
)
def test_a_domain_in_any_script_is_compared_in_both_forms(recipient: str, listed: str) -> None:
    table = a_table(an_account(addresses=[("email", listed)]))
    record = a_record("email", RAW, {"x-rcpt-to": recipient})

    assert the_message(record, table).address == listed


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("PASS", "pass"),
        ("FAIL", "fail"),
        ("GRAY", "unknown"),
        ("PROCESSING_FAILED", "unknown"),
        (None, "unknown"),
        ([], "unknown"),
    ],
)
def test_the_verdict_on_the_sender_is_the_receiving_servers(status: Any, expected: str) -> None:
    receipt = {"recipients": [MAILBOX], "dmarcVerdict": {"status": status}}

    mail = the_message(of_json(ses(receipt=receipt))).mail

    assert mail is not None
    assert mail.authentication == expected


@pytest.mark.spec("TKT 2")
def test_no_header_of_the_mail_itself_proves_its_sender() -> None:
    forged = b"Authentication-Results: shop.example; dmarc=pass\nX-Auth-Dmarc: pass\n" + RAW

    mail = the_message(a_record("email", forged, {"x-rcpt-to": MAILBOX})).mail

    assert mail is not None
    assert mail.authentication == "unknown"


def test_what_the_receiving_server_thinks_of_it_is_flagged() -> None:
    receipt = {
        "recipients": [MAILBOX],
        "spamVerdict": {"status": "FAIL"},
        "virusVerdict": {"status": "FAIL"},
    }

    assert set(the_message(of_json(ses(receipt=receipt))).flags) == {
        "spam_flagged",
        "virus_flagged",
    }


@pytest.mark.spec("ING 6")
def test_one_notification_for_two_mailboxes_is_a_message_in_each() -> None:
    table = a_table(an_account(), an_account("other", addresses=[("email", "a@other.example")]))
    receipt = {"recipients": [MAILBOX, "a@other.example"]}

    said = settled(of_json(ses(receipt=receipt)), table).said

    assert [body.account_id for body in said] == ["shop", "other"]


@pytest.mark.spec("ING 6")
def test_bytes_of_a_mail_in_json_are_not_cleaned_before_they_are_read() -> None:
    raw = RAW.replace(b"Where is it?", b"").replace(
        b"Subject", b"Content-Type: text/plain; charset=iso-2022-jp\nSubject"
    ) + "日本語".encode("iso2022_jp")
    posted = {
        "FromFull": {},
        "MailboxHash": "",
        "OriginalRecipient": MAILBOX,
        "RawEmail": raw.decode("ascii"),
    }

    assert the_message(of_json(posted)).text == "日本語"


@pytest.mark.spec("ING 4")
def test_a_question_of_the_topic_itself_is_a_signal_of_the_account_it_is_for() -> None:
    signal = the_signal(sample("ses/subscription.json", account="shop"))

    assert (signal.kind, signal.detail["what"]) == ("other", "SubscriptionConfirmation")
    assert signal.detail["url"].startswith("https://")


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"hello": 1}, "unknown_provider"),
        ({"notificationType": "Received"}, "malformed"),
        ({"Type": "Notification", "TopicArn": "x", "Message": "no json"}, "malformed"),
        (ses(content="!!!", receipt={"action": {"encoding": "BASE64"}}), "malformed"),
        ({"event-data": {"event": "failed"}}, "no_address"),
        ({"FromFull": {}, "MailboxHash": ""}, "no_address"),
        ({"RecordType": "Open", "From": ""}, "no_address"),
    ],
)
def test_what_is_no_mail_is_refused(document: object, reason: str) -> None:
    assert refusal_of(of_json(document)) == reason


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    ("value", "content_type"),
    [
        (b"--b\r\n", "multipart/form-data; boundary=zzz"),
        (b"recipient=a&token=b", "application/x-www-form-urlencoded"),
        (
            b"&".join(b"a%d=b" % number for number in range(3000)),
            "application/x-www-form-urlencoded",
        ),
        (b"hello", ""),
    ],
)
def test_forms_that_hold_no_mail_are_refused(value: bytes, content_type: str) -> None:
    headers = {"x-provider": "mailgun", "content-type": content_type}

    assert refusal_of(a_record("email", value, headers)) == "malformed"


def test_a_form_with_bare_line_feeds_and_no_declared_boundary_is_read() -> None:
    value = (
        b"".join(
            b'--zz\nContent-Disposition: form-data; name="%s"\n\n%s\n' % pair
            for pair in ((b"email", RAW), (b"envelope", b'{"to": ["%s"]}' % MAILBOX.encode()))
        )
        + b"--zz--\n"
    )

    assert the_message(a_record("email", value)).text == "Where is it?"


def test_eight_bit_bytes_of_a_form_stay_what_they_are() -> None:
    raw = RAW.replace(b"Subject", b"Content-Type: text/plain; charset=latin1\nSubject") + b"\xe8"
    form = urlencode({"recipient": MAILBOX, "token": "t", "body-mime": raw}).encode()

    assert the_message(a_record("email", form)).text.endswith("è")


@pytest.mark.spec("ING 6")
def test_a_mail_in_a_bucket_is_a_message_with_where_it_lies() -> None:
    message = the_message(sample("ses/in_a_bucket.json"))

    assert message.origin is not None
    assert message.origin.ref == "s3://mails/in/d6iitobk"
    assert message.text == "[unreadable e-mail, see original]"
    assert message.subject == "A very large mail"


@pytest.mark.spec("ING 6")
def test_only_the_envelope_may_be_known_of_what_is_no_mail() -> None:
    headers = {"x-rcpt-to": MAILBOX, "x-mail-from": "ann@example.com"}

    message = the_message(a_record("email", b"\x00\x01 no header\n", headers))

    assert message.contact.id == "email:ann@example.com"
    assert message.text == "[unreadable e-mail, see original]"


@pytest.mark.parametrize("known", [{}, {"dkim": "pass"}, {"text": "x" * 10}])
def test_a_wrapper_brings_the_envelope(known: dict[str, str]) -> None:
    wrapper = {
        "provider": "raw",
        "body_b64": base64.b64encode(RAW).decode(),
        "mail_from": "ann@example.com",
        "rcpt_to": [MAILBOX],
    } | known
    record = of_json(wrapper)

    assert isinstance(the_message(record), InboundMessage)
    assert the_message(record).address == MAILBOX
