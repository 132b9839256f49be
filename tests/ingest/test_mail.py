"""Mail: bodies, headers, ids, what is no message (ING 2, ING 4, ING 6)."""

from datetime import UTC, datetime

import pytest

from shared.contracts.messages import InboundMessage
from tests.ingest.builders import (
    MAILBOX,
    RECEIVED,
    a_mail,
    a_table,
    an_account,
    settled,
    the_message,
    the_signal,
)


@pytest.mark.spec("ING 6")
def test_a_mail_is_a_message_with_the_headers_that_threading_needs() -> None:
    message = the_message(
        a_mail(
            headers={
                "In-Reply-To": "<a@b>",
                "References": "<z@b>\n <a@b>,<c d@b>",
                "Cc": "B <B@x.example>",
                "Reply-To": "r@x.example",
            },
            record_headers={"x-auth-dmarc": "pass"},
        )
    )

    mail = message.mail
    assert mail is not None
    assert message.contact.id == "email:ann@example.com"
    assert message.contact.display_name == "Ann"
    assert (message.subject, message.text) == ("My order", "Where is my order?")
    assert (mail.message_id, mail.in_reply_to) == ("m1@example.com", ("a@b",))
    assert mail.references == ("z@b", "a@b", "cd@b")
    assert (mail.sender, mail.to, mail.cc) == ("ann@example.com", (MAILBOX,), ("b@x.example",))
    assert (mail.reply_to, mail.authentication) == ("r@x.example", "pass")


@pytest.mark.spec("ING 2")
def test_the_same_mail_by_another_way_is_the_same_message() -> None:
    first = a_mail()
    again = a_mail(
        "Where is my order?\r\n",
        {
            "Received": "by b; Thu, 1 Jan 2026 00:00:30 +0000",
            "DKIM-Signature": "v=1",
            "X-Spam-Score": "1",
        },
    )

    assert the_message(first).id == the_message(again).id


@pytest.mark.spec("ING 2")
def test_a_mail_without_an_id_gets_one_of_what_no_hop_changes() -> None:
    first = the_message(a_mail(without=["Message-ID"]))
    again = the_message(a_mail(headers={"Received": "by b; x"}, without=["Message-ID"]))
    other = the_message(a_mail("Something else", without=["Message-ID"]))

    assert first.id == again.id != other.id
    assert first.mail is not None
    assert first.mail.message_id.startswith("gen.")


@pytest.mark.spec("ING 2")
def test_whoever_reuses_the_id_of_anothers_mail_suppresses_nothing() -> None:
    mails = [a_mail(), a_mail("another body"), a_mail(headers={"From": "eve@evil.example"})]

    assert len({the_message(mail).id for mail in mails}) == 3


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("headers", "record_headers", "mailbox"),
    [
        ({"To": "x@y.example"}, {"x-rcpt-to": "Sales@Shop.example"}, "sales@shop.example"),
        ({"X-Original-To": "sales@shop.example"}, {}, "sales@shop.example"),
        (
            {"Delivered-To": "hop@relay.example", "To": "S <support+tok@shop.example>"},
            {},
            "support@shop.example",
        ),
    ],
)
def test_the_mailbox_is_the_envelopes_before_the_headers(
    headers: dict[str, str], record_headers: dict[str, str], mailbox: str
) -> None:
    account = an_account(addresses=[("email", MAILBOX), ("email", "sales@shop.example")])

    message = the_message(a_mail(headers=headers, record_headers=record_headers), a_table(account))

    assert message.address == mailbox


@pytest.mark.spec("ING 6")
def test_a_mail_to_two_mailboxes_is_a_message_in_each() -> None:
    shop = an_account(addresses=[("email", MAILBOX)])
    other = an_account("other", addresses=[("email", "help@other.example")])
    record = a_mail(headers={"To": f"{MAILBOX}, help@other.example"}, without=["Delivered-To"])

    said = settled(record, a_table(shop, other)).said

    assert [(body.account_id, body.address) for body in said] == [
        ("shop", MAILBOX),
        ("other", "help@other.example"),
    ]
    assert len({body.id for body in said}) == 2


@pytest.mark.spec("ING 4")
def test_the_accounts_own_mail_is_an_echo() -> None:
    assert the_signal(a_mail(headers={"From": f"Shop <{MAILBOX}>"})).kind == "echo"


def test_a_forms_mail_from_our_own_mailbox_is_from_whom_it_names() -> None:
    headers = {"From": f"'Ann' via Support <{MAILBOX}>", "Reply-To": "Ann <ann@example.com>"}

    message = the_message(a_mail(headers=headers))

    assert message.contact.id == "email:ann@example.com"
    assert message.mail is not None
    assert message.mail.sender == "ann@example.com"


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", "è".encode(), "è"),
        ("us-ascii", "è".encode(), "è"),
        ("iso-8859-1", b"\x80 \xe8", "€ è"),
        ("iso-8859-1", "è".encode(), "è"),
        ("x-unknown", b"\xe8", "è"),
        ("zlib", b"x\xe8", "xè"),
        ("gb2312", "中文".encode("gb18030"), "中文"),
        ("iso-2022-jp", "日本".encode("iso2022_jp"), "日本"),
        ("utf-16", "hi".encode("utf-16"), "hi"),
        ("shift_jis", "日本".encode("cp932"), "日本"),
    ],
)
def test_text_is_read_whatever_charset_it_claims(charset: str, body: bytes, text: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}

    assert the_message(a_mail(body, headers)).text == text


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("=?utf-8?b?w6jDqA==?= x", "èè x"),
        ("=?utf-8?q?a=0d=0aBcc=3a_x@y?=", "a Bcc: x@y"),
        ("=?x-none?q?=e8?=", "è"),
        ("=?utf-8?b?broken", "=?utf-8?b?broken"),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
    ],
)
def test_a_subject_is_one_line_of_text(subject: str, text: str) -> None:
    assert the_message(a_mail(headers={"Subject": subject})).subject == text


@pytest.mark.parametrize(
    ("headers", "sent_at", "suspect"),
    [
        ({}, datetime(2026, 1, 1, tzinfo=UTC), False),
        ({"Date": "Thu, 1 Jan 2026 00:00:00 -0000"}, datetime(2026, 1, 1, tzinfo=UTC), False),
        (
            {"Received": "by x; Thu, 1 Jan 2026 01:00:30 +0100", "Date": "garbage"},
            datetime(2026, 1, 1, 0, 0, 30, tzinfo=UTC),
            False,
        ),
        ({"Date": "garbage"}, RECEIVED, True),
        ({"Date": "Thu, 1 Jan 2099 00:00:00 +0000"}, datetime(2026, 1, 1, 0, 11, tzinfo=UTC), True),
    ],
)
def test_the_mailboxs_stamp_comes_before_the_senders_date(
    headers: dict[str, str],
    sent_at: datetime,
    suspect: bool,  # noqa: FBT001
) -> None:
    message = the_message(a_mail(headers=headers))

    assert message.sent_at == sent_at
    assert ("time_suspect" in message.flags) is suspect


def a_multipart(
    subtype: str, *parts: str, boundary: str = "b", ends: bool = True
) -> InboundMessage:
    body = "".join(f"--{boundary}\n{part}\n" for part in parts)
    body += "--b--\n" if ends else ""
    return the_message(a_mail(body, {"Content-Type": f"multipart/{subtype}; boundary=b"}))


def test_text_parts_of_one_mail_are_joined_in_order() -> None:
    message = a_multipart(
        "mixed",
        "Content-Type: text/plain\n\nbefore",
        'Content-Type: image/png; name="../../a\u202eb.png"\n\nx',
        "Content-Type: text/html\n\n<p>after</p>",
    )

    assert message.text == "before\nafter"
    assert [(file.kind, file.filename) for file in message.attachments] == [("image", "ab.png")]


def test_html_counts_where_the_plain_text_says_nothing() -> None:
    message = a_multipart(
        "alternative",
        "Content-Type: text/plain\n\n [image: x]\u200b ",
        "Content-Type: text/html\n\n<p>Ciao</p>",
    )

    assert message.text == "Ciao"
    assert message.html is not None
    assert message.html.strip() == "<p>Ciao</p>"


def test_a_multipart_with_the_wrong_boundary_or_none_is_still_read() -> None:
    wrong = a_multipart("mixed", "Content-Type: text/plain\n\nhello", boundary="other", ends=False)
    bare = a_multipart("mixed")

    assert wrong.text.strip() == "hello"
    assert (bare.subject, bare.text) == ("My order", "")


def test_an_attached_mail_is_a_file_and_not_the_body() -> None:
    message = a_multipart(
        "mixed",
        "Content-Type: text/plain\n\nsee below",
        "Content-Type: message/rfc822\n\nSubject: x\n\nsecret\n",
    )

    assert message.text == "see below"
    assert [file.media_type for file in message.attachments] == ["message/rfc822"]


def test_flowed_text_is_put_together_again() -> None:
    headers = {"Content-Type": "text/plain; format=flowed"}

    message = the_message(a_mail("one \ntwo\n\n-- \nAnn\n", headers))

    assert message.text == "one two"
    assert message.text_full == "one two\n\n-- \nAnn"
