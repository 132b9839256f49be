"""Letters that grow when case and form are set aside: no mail is lost over them (ING 6, ING 7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import AccountSettings, Address, Agent
from shared.contracts.base import CHANNELS
from tests.ingest import winmail
from tests.ingest.builders import (
    MAILBOX,
    OUR_PHONE,
    a_chat,
    a_mail,
    a_record,
    an_sms,
    settled,
    the_message,
    the_signal,
)
from tests.ingest.builders import a_table as table_of
from tests.ingest.test_winmail import HEADER as PACKED
from tests.ingest.test_winmail import packed_up

AGENT = "ada@shop.example"
LONG = ["ΐ" * 300 + "@x.de", "eve@" + "ﷺ." * 60 + "de", "x" * 400 + ".ann@example.com"]
"""Addresses that are too long, the first two of them only once they are compared."""

GROWING = "ΐᾷﬃßİﷺ㏿𝅘𝅥𝅮שּׂ"
"""What becomes several letters without regard to case, or by one of the normal forms."""
ODD = "@＠.。．‹›<>[]()\"'\\,;:： =?&#*+\u202e\u200b\ufeff\u0301"
PIECES = [
    "&#xD800;",
    "[mailto:",
    "=?utf-8?b?zpDOkM6Q?=",
    "=?utf-7?q?+2AA-?=",
    "xn--",
    "@x.de",
    "@unknown",
    "<a@b.example>",
]

LETTERS = (
    st.sampled_from(GROWING)
    | st.sampled_from(ODD)
    | st.sampled_from(PIECES)
    | st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
)
RUNS = st.builds(lambda letters, times: letters * times, LETTERS, st.sampled_from([1, 2, 64, 300]))
SAID = st.lists(RUNS, max_size=5).map("".join)
TIMES = st.sampled_from([1, 60, 100, 300])
LOCAL = st.builds(lambda letter, times: letter * times, st.sampled_from(GROWING), TIMES)
DOMAIN = st.builds(lambda letter, times: f"{letter}." * times, st.sampled_from(GROWING), TIMES)
ADDRESSES = st.builds(
    "{}@{}{}".format, LOCAL | RUNS, DOMAIN | RUNS | st.just("x."), st.sampled_from(["", "de"])
)
NAMED = st.builds("{} <{}>".format, SAID, ADDRESSES) | ADDRESSES | SAID


def accounts() -> AccountsTable:
    """A shop whose mailbox goes by Reply-To, and whose agent Ada passes mails on."""
    mailbox = Address(channel="email", value=MAILBOX, contact_from="reply_to")
    phone = Address(channel="sms", value=OUR_PHONE)
    return table_of(
        AccountSettings(
            account_id="shop",
            channels=CHANNELS,
            agents=(Agent(id="ada", name="Ada", email=AGENT),),
            addresses=(mailbox, phone),
        )
    )


def forwarding(whom: str) -> str:
    return f"See below.\n\nFrom: {whom}\nDate: Friday\nTo: Ada\nSubject: x\n\nHello\n"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("by", ["ann@example.com", AGENT])
@pytest.mark.parametrize("brackets", ["<{}>", "‹{}>", "{}"])
@pytest.mark.parametrize("address", LONG)
def test_an_address_in_the_text_that_is_too_long_once_compared_names_nobody(
    by: str, brackets: str, address: str
) -> None:
    body = forwarding(f"Eve {brackets.format(address)}")
    message = the_message(a_mail(body, {"From": by, "Subject": "Fwd: x"}), accounts())

    assert message.contact.id == f"email:{by}"
    assert "See below." in message.text


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("field", ["Reply-To", "Sender", "X-Original-From", "X-MailFrom", "Cc"])
@pytest.mark.parametrize("by", ["bob@example.com", AGENT, "Ann via Team <team@shop.example>"])
@pytest.mark.parametrize("address", LONG)
def test_nor_does_one_in_a_field_that_anybody_can_write(field: str, by: str, address: str) -> None:
    header = {"From": by, "List-Id": "<team.shop.example>", field: f"Eve <{address}>"}
    message = the_message(a_mail(headers=header), accounts())

    assert message.contact.id == f"email:{by.rpartition('<')[2].strip('>')}"
    assert message.mail is not None
    assert (message.mail.reply_to, message.mail.cc) == (None, ())


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("address", LONG)
def test_a_from_that_is_too_long_leaves_it_to_the_next_field(address: str) -> None:
    header = {"From": f"Eve <{address}>", "Sender": "bob@example.com"}

    assert the_message(a_mail(headers=header), accounts()).contact.id == "email:bob@example.com"


@pytest.mark.spec("ING 6")
@given(
    by=st.sampled_from(["ann@example.com", AGENT]),
    fields=st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("Reply-To", "Sender", "To", "Cc", "X-Original-From"), NAMED)
    ),
    name=SAID,
    whom=NAMED,
    subject=st.sampled_from(["Fwd: x", "x"]) | SAID,
    shape=st.sampled_from(["plain", "html", "file"]),
)
def test_no_letters_in_text_or_fields_lose_the_mail_of_somebody_who_is_known(
    by: str, fields: dict[str, str], name: str, whom: str, subject: str, shape: str
) -> None:
    encoded = "".join(f"={byte:02x}" for byte in name[:1000].encode())
    header = {"From": f"=?utf-8?q?{encoded}?= <{by}>", "Subject": subject}
    kinds = {"plain": "text/plain", "html": "text/html", "file": "message/rfc822"}
    header |= {"Content-Type": f"{kinds[shape]}; charset=utf-8"}
    bodies = {
        "plain": forwarding(whom),
        "html": f"<pre>{forwarding(whom)}</pre>",
        "file": f"From: {whom}\nSubject: x\n\nHello\n",
    }
    record = a_mail(bodies[shape], header | fields)
    outcome = settled(record, accounts())

    assert outcome.refusal is None
    assert len(outcome.said) == 1


@pytest.mark.spec("ING 6")
@given(name=SAID, media_type=SAID, content_id=SAID, text=SAID)
def test_nor_do_any_in_the_names_of_files(
    name: str, media_type: str, content_id: str, text: str
) -> None:
    def wide(identity: int, said: str) -> tuple[int, int, bytes]:
        return identity, winmail.UNICODE, said.encode("utf-16-le")

    package = winmail.stream(
        winmail.of_the_mail(wide(winmail.BODY, forwarding(text))),
        winmail.file(
            name, b"x", wide(winmail.MEDIA_TYPE, media_type), wide(winmail.CONTENT_ID, content_id)
        ),
    )
    part = f'--b\nContent-Type: a/{media_type}; name="{name}"\nContent-ID: {content_id}\n\nx\n'

    message = the_message(a_mail(part + packed_up(package), PACKED), accounts())

    assert message.attachments


@pytest.mark.spec("ING 4")
@given(NAMED)
def test_nor_do_any_in_whom_a_bounce_says_it_could_not_reach(whom: str) -> None:
    header = {"From": "MAILER-DAEMON@x.example", "Content-Type": "message/delivery-status"}
    report = f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {whom}\nAction: failed\n"

    assert the_signal(a_mail(report, header), accounts()).kind == "bounce"


@pytest.mark.spec("ING 4")
@given(NAMED | st.sampled_from(LONG))
def test_nor_do_any_in_whom_a_provider_says_it_could_not_reach(whom: str) -> None:
    about = {"from": MAILBOX, "message-id": "m@x"}
    notices = [
        {"RecordType": "Bounce", "Type": "HardBounce", "Email": whom, "From": MAILBOX},
        {
            "event-data": {
                "event": "failed",
                "recipient": whom,
                "message": {"headers": about},
            }
        },
        {
            "notificationType": "Bounce",
            "mail": {"source": MAILBOX},
            "bounce": {"bouncedRecipients": [{"emailAddress": whom}]},
        },
    ]
    for notice in notices:
        record = a_record("email", json.dumps(notice).encode())
        assert the_signal(record, accounts()).kind == "bounce"


@pytest.mark.spec("ING 8")
@given(ADDRESSES.map(lambda address: address[:320]) | st.sampled_from([*LONG[:2], " "]))
def test_a_visitor_is_known_without_an_address_that_is_none(address: str) -> None:
    widget = table_of()
    message = the_message(a_chat(user={"email": address, "verified": True}), widget)

    assert message.contact.id == "visitor:shop-widget:visitor-1"


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize("address", [LONG[0], "x" * 600 + "@x.de"])
def test_an_sms_from_an_address_that_is_too_long_is_from_a_name(address: str) -> None:
    signal = the_signal(an_sms(From=address), accounts())

    assert signal.contact is not None
    assert signal.contact.identities[0].type == "sender_name"
