"""No readable mail is lost: whatever stands among or above its headers (ING 1, ING 7)."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.delivery import Record
from shared.contracts.messages import InboundMessage
from shared.contracts.signals import Signal
from tests.ingest.builders import MAILBOX, a_mail, a_record, refusal_of, settled, the_message

HEADERS = (
    b"Received: from mx.example by mail.shop.example; Thu, 1 Jan 2026 00:00:20 +0000",
    b"From: Vera <vera@example.com>",
    b"Delivered-To: support@shop.example",
    b"To: support@shop.example",
    b"Message-ID: <whole@example.com>",
    b"Date: Thu, 1 Jan 2026 00:00:00 +0000",
    b"Subject: Where is my order",
    b"MIME-Version: 1.0",
    b"X-Mailer: any",
)
TEXT = "It has not come yet.\nVera"
JUNK = st.sampled_from(
    [
        b" ",
        b"\t  ",
        b"\x00\x00",
        b"\xa0",
        b"no header at all",
        b"[spam score 0.3]",
        b">From somebody Thu Jan  1 00:00:00 2026",
        b"\x0b\x0c",
        b": no name",
        b"\xef\xbb\xbf",
        b"X-Broken =?utf-8?q?=zz",
        b"X-Odd: =?utf-8?b?!!!?= =?nowhere?q?a?=",
        b"X-Long: " + b"a" * 30_000,
        b"=?utf-8?q?Subject?= =?utf-8?q?:?= nothing",
        b"\xff\xfe\x80",
    ]
) | st.binary(max_size=30).filter(lambda line: not set(line) & {10, 13, 58} and line != b"")


def a_raw(lines: Sequence[bytes], end: bytes = b"\n") -> Record:
    return a_record("email", end.join((*lines, b"", TEXT.encode())))


def with_lines_put_in(places: Sequence[tuple[int, bytes]]) -> list[bytes]:
    lines = list(HEADERS)
    for place, line in sorted(places, key=lambda each: each[0], reverse=True):
        lines.insert(place, line)
    return lines


@pytest.mark.spec("ING 1", "ING 7")
@given(
    st.lists(st.tuples(st.integers(0, len(HEADERS)), JUNK), max_size=8),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_lines_that_are_no_headers_lose_neither_the_mail_nor_its_subject_nor_its_text(
    places: list[tuple[int, bytes]], end: bytes
) -> None:
    message = the_message(a_raw(with_lines_put_in(places), end))

    assert message.text.endswith(TEXT)
    # A line of blanks, or odd letters, below a header belongs to that header.
    assert message.subject is not None
    assert message.subject.startswith("Where is my order")
    assert message.contact.id == "email:vera@example.com"


@pytest.mark.spec("ING 1", "ING 7")
@given(st.lists(st.tuples(st.integers(0, len(HEADERS)), JUNK | st.just(b"")), max_size=8))
def test_with_empty_lines_too_everything_that_the_customer_wrote_is_there(
    places: list[tuple[int, bytes]],
) -> None:
    outcome = settled(a_raw(with_lines_put_in(places)))

    for body in outcome.said:
        assert isinstance(body, InboundMessage)
        shown = f"{body.subject}\n{body.text_full or body.text}"
        assert "Where is my order" in shown
        assert TEXT in shown
    # What is above the first empty line may not say whom it is for; nothing else refuses it.
    assert {refused.reason for refused in outcome.refused} <= {"no_address"}
    assert len(outcome.said) + len(outcome.refused) == 1


@pytest.mark.spec("ING 7")
@given(
    st.binary(max_size=200),
    st.lists(st.sampled_from(HEADERS), max_size=6),
    st.binary(max_size=200),
)
def test_a_record_that_names_its_mailbox_is_refused_only_where_no_header_can_be_read(
    above: bytes, lines: list[bytes], below: bytes
) -> None:
    record = a_record(
        "email",
        above + b"\n" + b"\n".join(lines) + b"\n" + below,
        {"x-rcpt-to": MAILBOX},
    )
    outcome = settled(record)

    reasons = {refused.reason for refused in outcome.refused}
    # What has an equals sign may be a form, of nobody who is known.
    assert reasons <= {"malformed", "empty", "unknown_provider"}
    if lines and not above.strip():
        assert not outcome.refused
        assert all(isinstance(body, InboundMessage | Signal) for body in outcome.said)


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize("above", [b"\n", b"\r\n\r\n", b"   \n", b"\xef\xbb\xbf\n", b"\t\n \n"])
def test_blank_lines_above_a_mail_are_not_its_end(above: bytes) -> None:
    mail = a_mail()
    assert mail.value is not None

    assert the_message(a_record("email", above + mail.value)).text == "Where is my order?"


@pytest.mark.spec("ING 1")
def test_headers_below_an_empty_line_are_headers_where_those_above_name_nobody() -> None:
    raw = b"Received: from x by y\nX-Scanned: yes\n\n\n" + b"\n".join(HEADERS) + b"\n\nHello\n"
    message = the_message(a_record("email", raw))

    assert (message.contact.id, message.text) == ("email:vera@example.com", "Hello")


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize(
    "body",
    [
        "From: Ann <ann@example.com>\nSubject: my order\n\nIt is late\n",
        "Subject: lamp\nDate: 3 May\nColour: red\n",
        "To: Munich\nFrom: Berlin\n\nHow much?\n",
    ],
)
def test_a_text_that_begins_like_a_header_stays_the_text(body: str) -> None:
    assert the_message(a_mail(body)).text == body.strip()


@pytest.mark.spec("ING 1")
def test_nothing_is_cut_where_the_empty_line_was_forgotten() -> None:
    body = "Hello,\nthis is about my order.\nDate: 3 May\nSubject: the red lamp\nThanks"
    lines = [*HEADERS, *body.encode().split(b"\n")]

    assert the_message(a_record("email", b"\n".join(lines))).text == body


@pytest.mark.spec("ING 1")
def test_a_mail_with_carriage_returns_alone_is_a_mail() -> None:
    raw = b"\r".join((*HEADERS, b"", b"Hello", b"Vera"))

    assert the_message(a_record("email", raw)).text == "Hello\nVera"


OLD_FORMS = """From : Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>
To:A Group(Some people)
 :Chris Jones <c@(Chris's host.)public.example>,
 joe@example.org,
 John <jdoe@one.test> (my dear friend); (the end of the group), support@shop.example
Cc:(Empty list)(start)Hidden recipients :(nobody(that I know)) ;
Date: Thu,
 1
 Jan
 2026
 00:00
 -0000 (Newfoundland Time)
Message-ID : <testabcd.1234@silly.test>
Subject : old forms

Testing.
"""


@pytest.mark.spec("ING 1", "ING 6")
def test_the_old_forms_of_the_standard_are_read() -> None:
    message = the_message(a_record("email", OLD_FORMS.encode()))

    assert message.contact.id == "email:pete@silly.test"
    assert message.subject == "old forms"
    assert message.text == "Testing."
    assert message.provider_message_id == "testabcd.1234@silly.test"
    assert message.sent_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert "time_suspect" not in message.flags


@pytest.mark.spec("ING 1")
@pytest.mark.parametrize(
    "date",
    [
        "Thu, 1 Jan 2026 00 : 00 : 00 +0000",
        "Thu (day), 1 (d) Jan (m) 2026 00:00:00 +0000",
        "1 Jan 26 00:00:00 GMT",
        "Thu, 1 Jan 2026 00:00:00",
    ],
)
def test_dates_in_the_old_forms_are_read(date: str) -> None:
    message = the_message(a_mail(headers={"Date": date}))

    assert message.sent_at.isoformat() == "2026-01-01T00:00:00+00:00"
    assert "time_suspect" not in message.flags


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    "headers",
    [{"From": ""}, {"From": "Vera"}, {"From": "Vera <>"}, {"From": "<vera at example>"}],
)
def test_a_message_without_a_readable_sender_is_from_an_unknown_one(
    headers: dict[str, str],
) -> None:
    message = the_message(a_mail(headers=headers))

    assert "unknown_sender" in message.flags
    assert message.contact.id.startswith("unknown:")
    assert message.contact.identities == ()
    assert message.contact.display_name == (headers["From"].strip("<> ") or None)
    assert message.text == "Where is my order?"


@pytest.mark.spec("ING 2", "ING 6")
def test_an_unknown_sender_is_the_same_each_time_its_mail_comes_and_nobody_else() -> None:
    first, again = (the_message(a_mail(without=["From"])) for _ in range(2))
    other = the_message(a_mail(headers={"Message-ID": "<m2@example.com>"}, without=["From"]))
    without_id = [
        the_message(a_mail(text, without=["From", "Message-ID"])).contact.id for text in "ab"
    ]

    assert (first.id, first.contact.id) == (again.id, again.contact.id)
    assert len({first.contact.id, other.contact.id, *without_id}) == 4


@pytest.mark.spec("ING 4", "ING 6")
def test_whom_a_report_is_from_does_not_matter() -> None:
    report = (
        b"From: Mail Delivery System <>\nTo: support@shop.example\nSubject: Undelivered mail\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x.example\n\n"
        b"Final-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    (signal,) = settled(a_record("email", report)).said

    assert isinstance(signal, Signal)
    assert signal.kind == "bounce"


@pytest.mark.spec("ING 7")
def test_what_has_no_header_is_no_mail_and_says_so() -> None:
    outcome = settled(a_record("email", b"just words\nand more\n", {"x-rcpt-to": MAILBOX}))

    assert [refused.reason for refused in outcome.refused] == ["malformed"]
    assert "not one header line can be read" in str(outcome.refused[0])


@pytest.mark.spec("ING 1")
def test_a_raw_mail_inside_a_webhook_is_read_the_same() -> None:
    raw = b"\n".join((b"  ", HEADERS[0], b"no header", *HEADERS[1:], b"", TEXT.encode()))
    posted = {
        "FromFull": {},
        "MailboxHash": "",
        "OriginalRecipient": MAILBOX,
        "RawEmail": raw.decode(),
    }
    record = a_record("email", json.dumps(posted).encode(), {"x-provider": "postmark"})

    assert the_message(record).text == TEXT
    assert refusal_of(record) is None
