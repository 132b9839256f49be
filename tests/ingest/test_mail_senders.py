"""Whom a mail is from: its From; something else where that is the account's, or it says so."""

import pytest

from services.ingest.read.mail.mime.content import Content
from services.ingest.read.mail.quoting import forwards
from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import AccountSettings, Address, Agent
from shared.contracts.base import CHANNELS
from shared.contracts.messages import InboundMessage
from tests.ingest.builders import MAILBOX, a_mail, a_table, settled, the_message, the_signal

FORM = {"From": "Shop form <no-reply@forms.example>", "Reply-To": "Ann <ann@example.com>"}
LIST = {
    "From": "'Ann' via Team <team@shop.example>",
    "List-Id": "<team.shop.example>",
    "X-Original-From": "Ann <ann@example.com>",
    "Reply-To": "Ann <ann@example.com>",
}
GMAIL = """Can you answer her?

---------- Forwarded message ---------
From: Ann <ann@example.com>
Date: Thu, 1 Jan 2026 at 00:00
Subject: My order
To: <ada@shop.example>

Where is it?
"""


def accounts(**mailbox: str) -> AccountsTable:
    return a_table(
        AccountSettings(
            account_id="shop",
            channels=CHANNELS,
            agents=(
                Agent(id="ada", name="Ada", email="Ada@Shop.example"),
                Agent(id="bob", name="Bob"),
            ),
            addresses=(
                Address.model_validate(
                    {"channel": "email", "value": "Support@shop.example"} | mailbox
                ),
            ),
        )
    )


def who(headers: dict[str, str], body: str = "Hi\n", **mailbox: str) -> str:
    message = the_message(a_mail(body, headers), accounts(**mailbox))
    assert message.mail is not None
    assert message.contact.id == f"email:{message.mail.sender}"
    return message.mail.sender


@pytest.mark.spec("ING 6")
def test_a_mailbox_may_be_set_to_go_by_reply_to() -> None:
    assert who(FORM) == "no-reply@forms.example"
    assert who(FORM, contact_from="reply_to") == "ann@example.com"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("setting", ["from", "reply_to"])
@pytest.mark.parametrize("field", ["X-Original-From", "X-Original-Sender", "X-MailFrom", "Sender"])
def test_of_a_strangers_mail_no_field_but_reply_to_ever_counts(setting: str, field: str) -> None:
    header = {"From": "bob@example.com", "Subject": "Fwd: x", field: "ann@example.com"}

    assert who(header, GMAIL, contact_from=setting) == "bob@example.com"


@pytest.mark.parametrize(
    "answers", ['<"">', '""@', "unknown", "x@unknown", MAILBOX, "<>", "ada@shop.example"]
)
def test_a_reply_to_that_is_nobodys_or_ours_leaves_the_from(answers: str) -> None:
    assert who(FORM | {"Reply-To": answers}, contact_from="reply_to") == "no-reply@forms.example"


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    "cited",
    [
        {"In-Reply-To": "<a@b>"},
        {"References": "<a@b>"},
        {"To": "support+t1mzxw6ytboi2dgnbvgy3tqobz@shop.example"},
        {"Thread-Index": "AdIw" + "A" * 28},
    ],
)
def test_by_reply_to_nobody_writes_in_a_thread_in_anothers_name(cited: dict[str, str]) -> None:
    assert who(FORM | cited, contact_from="reply_to") == "no-reply@forms.example"


@pytest.mark.spec("ING 6")
def test_a_list_of_the_account_that_rewrote_the_from_stands_for_its_sender() -> None:
    message = the_message(a_mail(headers=LIST, record_headers={"x-auth-dmarc": "pass"}), accounts())

    assert message.contact.id == "email:ann@example.com"
    assert message.mail is not None
    assert message.mail.authentication == "unknown"
    assert message.mail.reply_to == "ann@example.com"


def test_a_mailman_list_names_its_sender_in_one_of_its_own_fields() -> None:
    list_header = {"From": "Ann via Team <team@lists.shop.example>", "List-Post": "<mailto:team@x>"}

    assert who(list_header | {"X-MailFrom": "ann@example.com"}) == "ann@example.com"
    assert who(list_header | {"Reply-To": "ann@example.com"}) == "ann@example.com"
    assert who(list_header) == "team@lists.shop.example"


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    "changed",
    [
        {"From": "'Ann' via Team <team@evil.example>"},
        {"From": "'Ann' via Team <team@notshop.example>"},
        {"From": "Team <team@shop.example>", "X-Original-From": ""},
        {"List-Id": "", "X-Original-From": ""},
    ],
)
def test_no_other_list_may_say_whom_a_mail_is_from(changed: dict[str, str]) -> None:
    assert who(LIST | changed) != "ann@example.com"


@pytest.mark.spec("TKT 2")
def test_at_a_domain_of_everybodys_no_list_is_the_accounts() -> None:
    record = a_mail(
        headers=LIST | {"From": "Ann via x <x@gmail.com>", "Delivered-To": "s@gmail.com"}
    )
    message = the_message(record, accounts(value="s@gmail.com"))

    assert message.contact.id == "email:x@gmail.com"


@pytest.mark.spec("TKT 2")
def test_what_is_forged_stays_forged_whoever_it_is_from() -> None:
    record = a_mail(headers=LIST, record_headers={"x-auth-dmarc": "fail"})
    message = the_message(record, accounts())

    assert message.mail is not None
    assert message.mail.authentication == "fail"


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("by", ["ada@shop.example", MAILBOX])
def test_what_an_agent_or_the_mailbox_forwards_is_from_whoever_wrote_it(by: str) -> None:
    message = the_message(a_mail(GMAIL, {"From": by, "Subject": "Fwd: My order"}), accounts())

    assert message.contact.id == "email:ann@example.com"
    assert message.contact.display_name == "Ann"
    assert message.mail is not None
    assert (message.mail.sender, message.mail.forwarded_by) == ("ann@example.com", by)
    assert "Can you answer her?" in message.text


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    "by", ["mallory@evil.example", "bob@shop.example", "ada@shop.example.evil"]
)
def test_what_an_outsider_forwards_is_the_outsiders(by: str) -> None:
    message = the_message(a_mail(GMAIL, {"From": by, "Subject": "Fwd: My order"}), accounts())

    assert message.contact.id == f"email:{by}"
    assert message.mail is not None
    assert message.mail.forwarded_by is None


def test_what_agents_pass_among_themselves_is_their_own() -> None:
    body = GMAIL.replace("ann@example.com", MAILBOX)

    assert who({"From": "ada@shop.example", "Subject": "Fwd: x"}, body) == "ada@shop.example"
    assert the_signal(a_mail(body, {"From": MAILBOX}), accounts()).kind == "echo"


def test_what_an_agent_forwards_as_a_file_is_from_whoever_wrote_it() -> None:
    body = (
        "--b\nContent-Type: text/plain\n\n\n--b\nContent-Type: message/rfc822\n\n"
        "From: =?utf-8?q?=C3=84nn?= <ann@example.com>\nSubject: My order\n\nWhere?\n--b--\n"
    )
    header = {"From": "ada@shop.example", "Content-Type": "multipart/mixed; boundary=b"}

    assert who(header, body) == "ann@example.com"
    answered = body.replace("text/plain\n\n", "text/plain\n\nLook at what is attached.")
    assert who(header | {"Subject": "Evidence"}, answered) == "ada@shop.example"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Fwd: x", "From: Ann <ann@example.com>\nSent: Friday\nTo: Ada\nSubject: x\n\nHi"),
        (
            "WG: x",
            "Von: Ann [mailto:ann@example.com]\nGesendet: Freitag\nAn: Ada\nBetreff: x\n\nHi",
        ),
        ("x", "Begin forwarded message:\n\n> From: Ann <ann@example.com>\n> Subject: x\n>\n> Hi"),
        (
            "x",
            "------- Forwarded Message --------\nSubject: \tx\nDate: \tno\nFrom: \tann@example.com",
        ),
        ("TR: x", "De : Ann <ann@example.com>\nEnvoyé : vendredi\nÀ : Ada\nObjet : x\n\nBonjour"),
        (
            "Fw: x",
            "*From:* Ann <ann@example.com<mailto:ann@example.com>>\n*Sent:* now\n*To:* Ada\n",
        ),
        ("转发: x", "发件人：Ann <ann@example.com>\n发送时间：今天\n收件人：Ada\n主题：x\n"),
        ("Fwd: x", "FYI\n\nFrom: Ann\n <ann@example.com>\nSent: now\nTo: Ada\nSubject: x"),
    ],
)
def test_programs_name_the_sender_of_what_they_forward_each_in_their_way(
    subject: str, text: str
) -> None:
    found = forwards.original_sender(text, subject, Content())

    assert found is not None
    assert found[1] == "ann@example.com"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: x", "From: Ann <ann@example.com>\nSent: Friday\nTo: Ada\nSubject: x\n"),
        ("Fwd: x", "From: ann@example.com to you with love.\n\nBye"),
        ("Fwd: x", "Nothing is here"),
        ("x", "---------- Forwarded message ---------\nnothing follows"),
    ],
)
def test_what_forwards_nothing_names_nobody(subject: str, text: str) -> None:
    assert forwards.original_sender(text, subject, Content()) is None


GENERATED = {"From": "shop@orders.example", "Auto-Submitted": "auto-generated"}


@pytest.mark.spec("ING 4")
def test_a_mailbox_may_be_set_to_open_tickets_for_what_programs_make() -> None:
    record = a_mail(headers=GENERATED)
    (message,) = settled(record, accounts(generated_mail="ticket")).said

    assert the_signal(record, accounts()).kind == "auto_reply"
    assert isinstance(message, InboundMessage)
    assert message.mail is not None
    assert message.mail.auto_generated
    assert "auto_generated" in message.flags


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "more",
    [
        {"Auto-Submitted": "auto-replied"},
        {"In-Reply-To": "<a@b>"},
        {"References": "<a@b>"},
        {"Subject": "Automatic reply: x"},
        {"Return-Path": "<>"},
        {"X-Autoreply": "yes"},
        {"From": "MAILER-DAEMON@x.example"},
    ],
)
def test_what_answers_by_itself_never_opens_one(more: dict[str, str]) -> None:
    record = a_mail("Your order was sent.\n", GENERATED | more)

    the_signal(record, accounts(generated_mail="ticket"))
