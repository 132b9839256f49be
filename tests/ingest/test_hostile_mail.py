"""Mail made to stall or crash its reader: a message all the same, within two seconds (ING 7)."""

import json
import time
from collections.abc import Callable

import pytest

from services.ingest.read.mail.mime.content import UNREADABLE
from shared.contracts.messages import InboundMessage
from shared.topics import MESSAGES
from tests.ingest.builders import MAILBOX, Published, a_mail, a_record, an_ingest, settled
from tests.ingest.test_any_bytes import HOSTILE, TO, nested

ALLOWED = 2.0
"""Seconds of the processor: other work on the machine does not count."""

HTML = TO + b"Content-Type: text/html\n\n"


def people(count: int) -> bytes:
    return b", ".join(b"Somebody <a%d@x.example>" % number for number in range(count))


MORE: dict[str, bytes] = {
    "nested 500 deep": nested(500),
    "nested 2000 deep": nested(2000),
    "5k recipients": b"From: a@b.example\nDelivered-To: support@shop.example\nTo: "
    + people(5_000)
    + b"\n\nhello",
    "20k recipients in many fields": b"From: a@b.example\nDelivered-To: support@shop.example\n"
    b"Cc: " + b"\nCc: ".join(people(200) for _ in range(100)) + b"\n\nhello",
    "a bad line end in the From": b"To: support@shop.example\n"
    b"From: =?utf-8?q?a=0d=0aBcc=3a_x@y?= <a@b.example>\n\nhello",
    "a bad line end in the subject": TO + b"Subject: =?utf-8?q?a=0d=0aBcc=3a_x@y?=\n\nhello",
    "3k parameters": TO
    + b"Content-Type: text/plain; "
    + b"; ".join(b"p%d=v" % number for number in range(3_000))
    + b"\n\nhello",
    "numbered parameters": TO
    + b"Content-Disposition: attachment; "
    + b"; ".join(b"filename*%d*=x" % number for number in range(3_000))
    + b"\n\nhello",
    "eight-bit names": TO
    + b"Reply-To: "
    + b", ".join(b"\xe8\xf2\xe0\xcd" * 16 + b" <a@b.example>" for _ in range(250))
    + b"\n\nhello",
    "nested comments everywhere": b"".join(
        b"%s: %s a@b.example\n" % (name, b"(" * 15_000)
        for name in (b"From", b"To", b"Cc", b"Reply-To", b"Sender", b"Delivered-To")
    )
    + b"To: support@shop.example\n\nhello",
    "flowed lines": TO + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 700_000,
    "flowed quotes": TO + b"Content-Type: text/plain; format=flowed\n\n" + b"> " * 700_000,
    "uuencoded": TO + b"\n" + b"begin 644 x\nM" * 150_000,
    "elements that are never closed": HTML + b"<div>" * 200_000,
    "formatting that is never closed": HTML + b"<b><p>" * 60_000,
    "formatting that is closed elsewhere": HTML
    + b"".join(b"<b a=%d><table></b></table>" % number for number in range(13_000)),
    "formatting made again and again": HTML
    + b"<p>"
    + b"".join(b"<b a=%d>" % number for number in range(24))
    + b"<div>x</div>" * 7_000,
    "options": HTML + b"<select>" + b"<option>" * 14_900,
    "attributes": HTML + b"<a " + b" ".join(b"a%d=1" % number for number in range(50_000)) + b">",
    "hidden in hidden": HTML + b"<p>x" + b"<div hidden>" * 190,
    "quotes in quotes": HTML + b"x" + b"<blockquote type=cite>" * 190 + b"y",
    "entities": HTML + b"&lt;" * 95_000,
    "attributions": TO + b"\n" + b"On 1 a@b wrote:\n" * 100_000,
    "headers of quotes": TO + b"\n" + b"From: x\nSent: y\n\n" * 60_000,
    "long unnamed charset": TO
    + b"Content-Type: text/plain; charset=x-unknown\n\n"
    + b"\xe8\x81\x8d\xf2 " * 300_000,
    "tokens": TO
    + b"References: "
    + b"<t1"
    + b"a" * 15_000
    + b">\nSubject: "
    + b"t1mzxw6ytboi2dgnbvgy3tqobz " * 500
    + b"\n\n"
    + b"t1" * 200_000,
    "brackets in the subject": TO + b"Subject: " + b"[re: " * 3_000 + b"\n\nhello",
    "an endless thread index": TO + b"Thread-Index: " + b"A" * 200_000 + b"\n\nhello",
    "delivery reports": TO
    + b"Content-Type: message/delivery-status\n\n"
    + b"Action: failed\nStatus: 5.0.0\n\n" * 30_000,
    "forms in a form": b"--b\n"
    + b'content-disposition: form-data; name="email"\n\n' * 1
    + TO
    + b"\nhello\n"
    + b"--b\nx\n" * 100_000,
    "one header of a megabyte": b"X" * 1_000_000 + b": y\n" + TO + b"\nhello",
}


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


@pytest.mark.spec("ING 7")
@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", [*HOSTILE, *MORE])
def test_it_becomes_a_message_within_two_seconds(name: str) -> None:
    record = a_record(
        "email", (HOSTILE | MORE)[name], {"x-rcpt-to": MAILBOX, "x-mail-from": "a@b.example"}
    )
    outcome = []
    took = seconds(lambda: outcome.append(settled(record)))

    (body,) = outcome[0].said
    assert outcome[0].refusal is None
    assert len(MESSAGES.record(body).value or b"") < MESSAGES.max_bytes
    assert took < ALLOWED, f"{took:.2f} s"


@pytest.mark.spec("ING 7")
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "document",
    [
        '{"Type": "Notification", "TopicArn": "x", "Message": ' + json.dumps("[" * 500_000) + "}",
        '{"notificationType": "Received", "mail": ' + '{"a":' * 100_000,
        '{"FromFull": {"Email": "a@b.example"}, "MailboxHash": "", "Headers": ['
        + ", ".join(['{"Name": "To", "Value": "support@shop.example"}'] * 50_000)
        + "]}",
    ],
)
def test_a_webhook_is_read_or_refused_as_soon(document: str) -> None:
    outcome = []
    took = seconds(lambda: outcome.append(settled(a_record("email", document.encode()))))

    assert len(outcome[0].said) + len(outcome[0].refused) == 1
    assert took < ALLOWED, f"{took:.2f} s"


@pytest.mark.spec("ING 7")
def test_what_is_too_intricate_to_be_read_says_so_and_keeps_what_is_known() -> None:
    (body,) = settled(a_record("email", nested(2000))).said

    assert isinstance(body, InboundMessage)
    assert (body.text, body.contact.id) == (UNREADABLE, "email:a@b.example")
    assert "unreadable" in body.flags


@pytest.mark.spec("ING 7")
@pytest.mark.timeout(120)
async def test_no_hostile_mail_stops_those_behind_it() -> None:
    published = Published()
    ingest = an_ingest(published)
    for name in ("nested comments", "nested multiparts", "recipients", "a bracket in an id"):
        hostile = a_record("email", HOSTILE[name])
        assert await ingest.records_received([hostile, a_mail()]) == {}
    assert [len(call) for call in published.calls] == [2, 2, 2, 2]
