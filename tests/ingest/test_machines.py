"""Reports that come as plain text, and what of them a signal tells (ING 4)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail import ways_to_say as phrases
from tests.ingest.builders import a_mail, settled, the_message, the_signal
from tests.ingest.test_hostile_mail import ALLOWED, seconds

NOTICE = {
    "notificationType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bouncedRecipients": [
            {"emailAddress": "ann@example.com", "action": "failed", "status": "5.1.1"}
        ],
    },
    "mail": {
        "source": "support@shop.example",
        "commonHeaders": {"messageId": "<out@shop.example>"},
    },
}
FIELDS = """Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; ann@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 User unknown
Original-Message-ID: <out@shop.example>
"""
ABUSE = """This is an email abuse report for an email message received from IP 192.0.2.1.

Feedback-Type: abuse
User-Agent: Loop/1.0
Original-Rcpt-To: ann@example.com
"""


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Bounce", "bounce"),
        ("Complaint", "complaint"),
        ("Delivery", "delivery_status"),
        ("DeliveryDelay", "delivery_status"),
    ],
)
def test_a_delivery_notice_that_comes_as_json_tells_whom_and_which_mail(
    name: str, kind: str
) -> None:
    key = name[:1].lower() + name[1:]
    notice = {**NOTICE, "notificationType": name, key: NOTICE["bounce"]}
    body = f"{json.dumps(notice, indent=1)}\n\n--\nDo you wish to stop these? Click here.\n"
    signal = the_signal(a_mail(body, {"Subject": "AWS Notification Message"}))

    assert signal.kind == kind
    assert signal.detail["recipient"] == "ann@example.com"
    assert signal.detail["original_id"] == "out@shop.example"


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", "bounce"),
        ("delayed", "4.4.1", "delivery_status"),
        ("delivered", "2.0.0", "delivery_status"),
    ],
)
@pytest.mark.parametrize("subject", ["Re: My order", "Undelivered Mail", "Fwd: x"])
def test_a_delivery_report_that_was_flattened_into_a_text_is_still_one(
    action: str, status: str, kind: str, subject: str
) -> None:
    body = FIELDS.format(action=action, status=status)
    signal = the_signal(a_mail(body, {"Subject": subject}))

    assert signal.kind == kind
    assert signal.detail["recipient"] == "ann@example.com"
    assert signal.detail["status"] == status
    assert signal.detail["original_id"] == "out@shop.example"


@pytest.mark.spec("ING 4")
def test_a_feedback_report_without_its_type_is_still_one() -> None:
    signal = the_signal(a_mail(ABUSE))

    assert signal.kind == "complaint"
    assert signal.detail["feedback_type"] == "abuse"


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize(
    "body",
    [
        f"What does this mean?\n\n{FIELDS.format(action='failed', status='5.1.1')}",
        f"My app got this notice from you, is it right?\n\n{json.dumps(NOTICE)}",
        f"Is this mail from you?\n\n{ABUSE}",
        '{"notificationType": "Bounce", "bounce": [], "mail": 1',
        '{"notificationType": 5}',
        '{"order": 12, "note": "it is late"}',
    ],
)
def test_whoever_pastes_a_report_and_asks_is_a_person(body: str) -> None:
    the_message(a_mail(body))


@pytest.mark.spec("ING 4", "ING 7")
@given(
    st.recursive(
        st.none() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["bounce", "mail", "bouncedRecipients", "commonHeaders", "messageId"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    )
)
def test_a_notice_of_any_shape_is_read_without_harm(details: object) -> None:
    body = json.dumps({"notificationType": "Bounce", "bounce": details, "mail": details})

    assert len(settled(a_mail(body)).said) == 1


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "text",
    [
        "your message ",
        "the following recipient ",
        "[" * 50,
        "ihre nachricht ",
        "i will be ",
        "メール",
        "Action: ",
        '{"notificationType": ' + "[" * 90_000,
    ],
)
def test_telling_who_wrote_a_mail_takes_no_longer_for_a_hostile_text(text: str) -> None:
    record = a_mail(text * (200_000 // len(text)), {"Subject": text * 20})

    assert seconds(lambda: settled(record)) < ALLOWED


def test_phrases_go_over_lines_and_take_accents_as_they_come() -> None:
    found = phrases.pattern(
        r"""
        # a note
        réponse \
        (?:automatique|rapide)
        non remis
        """
    )

    assert found.pattern == "reponse (?:automatique|rapide)|non remis"
    assert found.search(phrases.plain("Une  RÉPONSE\n automatique"))
    assert not found.search("a note")
