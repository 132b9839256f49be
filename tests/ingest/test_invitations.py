"""An invitation and nothing else: what it is about, when and where, and a file with a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail.mime.invitations import UNREADABLE_INVITATION, in_words
from shared.contracts.messages import InboundMessage
from shared.contracts.signals import Signal
from tests.ingest.builders import a_mail, settled, the_message
from tests.ingest.test_hostile_mail import ALLOWED, seconds

UTC_START = ("DTSTART:20261103T090000Z",)


def a_calendar(*lines: str, method: str = "REQUEST", end: str = "\r\n") -> str:
    event = ("BEGIN:VEVENT", "SUMMARY:Call about order 1234", *lines, "END:VEVENT")
    return end.join(("BEGIN:VCALENDAR", f"METHOD:{method}", *event, "END:VCALENDAR", ""))


def invited(calendar: str, method: str = "REQUEST") -> InboundMessage:
    return the_message(
        a_mail(calendar, {"Content-Type": f"text/calendar; charset=utf-8; method={method}"})
    )


def when(*lines: str) -> str:
    said = in_words(a_calendar(*lines)).split("\n")
    return next((line.removeprefix("When: ") for line in said if line.startswith("When: ")), "")


@pytest.mark.spec("ING 6")
def test_its_title_time_place_and_organiser_are_the_text() -> None:
    message = invited(
        a_calendar(
            "DTSTART;TZID=Europe/Rome:20261103T090000",
            "DTEND;TZID=Europe/Rome:20261103T093000",
            "LOCATION:Via Roma 1\\, Milano",
            'ORGANIZER;CN="Bianchi: Vera":mailto:vera@example.com',
            "DESCRIPTION:Please call me.\\nIt is abou",
            " t my order.",
            "BEGIN:VALARM",
            "DESCRIPTION:Reminder",
            "END:VALARM",
        )
    )

    assert message.text.split("\n") == [
        "Invitation: Call about order 1234",
        "When: 2026-11-03 09:00 to 09:30 (Europe/Rome)",
        "Where: Via Roma 1, Milano",
        "Organiser: Bianchi: Vera <vera@example.com>",
        "",
        "Please call me.",
        "It is about my order.",
    ]
    assert [file.filename for file in message.attachments] == ["invite.ics"]


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (UTC_START, "2026-11-03 09:00 (UTC)"),
        ((*UTC_START, "DURATION:PT1H30M"), "2026-11-03 09:00 to 10:30 (UTC)"),
        (
            (*UTC_START, "DTEND:20261104T090000Z"),
            "2026-11-03 09:00 (UTC) to 2026-11-04 09:00 (UTC)",
        ),
        (("DTSTART:20261103T090000",), "2026-11-03 09:00"),
        (("DTSTART;VALUE=DATE:20261103",), "2026-11-03"),
        (("DTSTART;VALUE=DATE:20261103", "DTEND;VALUE=DATE:20261104"), "2026-11-03"),
        (("DTSTART;VALUE=DATE:20261103", "DTEND;VALUE=DATE:20261106"), "2026-11-03 to 2026-11-05"),
        (
            ("DTSTART;TZID=W. Europe Standard Time:20261103T090000",),
            "2026-11-03 09:00 (Europe/Berlin)",
        ),
        (("DTSTART;TZID=Our Own:20261103T090000",), "2026-11-03 09:00 (Our Own)"),
        (("DTSTART:soon",), ""),
        ((*UTC_START, "DTEND:later"), "2026-11-03 09:00 (UTC)"),
        (("DTSTART:99991231T235900Z", "DURATION:P99999W"), "9999-12-31 23:59 (UTC)"),
    ],
)
def test_its_time_is_said_as_it_was_given(lines: tuple[str, ...], said: str) -> None:
    assert when(*lines) == said


@pytest.mark.spec("ING 6")
def test_one_that_is_called_off_says_so() -> None:
    assert in_words(a_calendar(*UTC_START, method="CANCEL")).startswith("Cancelled: Call")
    assert in_words(a_calendar(*UTC_START, "STATUS:CANCELLED")).startswith("Cancelled: Call")


@pytest.mark.spec("ING 6")
def test_several_events_are_all_said_and_how_often_they_repeat() -> None:
    said = in_words(a_calendar(*UTC_START, "RRULE:FREQ=WEEKLY;COUNT=3") + a_calendar(*UTC_START))

    assert said.count("Invitation: Call about order 1234") == 2
    assert "Repeats: FREQ=WEEKLY;COUNT=3" in said


@pytest.mark.spec("ING 6")
def test_a_mail_that_says_something_itself_is_shown_with_that() -> None:
    body = (
        "--b\nContent-Type: text/plain\n\nCan we talk?\n"
        f"--b\nContent-Type: text/calendar; method=REQUEST\n\n{a_calendar(*UTC_START)}\n--b--\n"
    )
    message = the_message(a_mail(body, {"Content-Type": "multipart/alternative; boundary=b"}))

    assert message.text == "Can we talk?"
    assert [file.filename for file in message.attachments] == ["invite.ics"]


@pytest.mark.spec("ING 4")
@pytest.mark.parametrize("method", ["REPLY", "COUNTER"])
def test_an_answer_to_an_invitation_stays_a_signal(method: str) -> None:
    calendar = a_calendar(*UTC_START, method=method)
    headers = {"Content-Type": f"text/calendar; method={method}"}
    (signal,) = settled(a_mail(calendar, headers)).said

    assert isinstance(signal, Signal)


@pytest.mark.spec("ING 6", "ING 7")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@given(st.data())
def test_a_calendar_that_was_cut_off_says_what_is_left(end: str, data: st.DataObject) -> None:
    calendar = a_calendar(*UTC_START, "LOCATION:Milano", end=end)
    whole_title = calendar.index("DTSTART")
    cut = calendar[: data.draw(st.integers(whole_title, len(calendar)))]

    assert in_words(cut).startswith("Invitation: Call about order 1234")


@pytest.mark.spec("ING 7")
@given(
    st.lists(
        st.sampled_from(
            [
                "BEGIN:VEVENT",
                "END:VEVENT",
                "BEGIN:VTIMEZONE",
                "END:VCALENDAR",
                "BEGIN:VCALENDAR",
                "DTSTART;TZID=../../etc/passwd:20261103T090000",
                "DTSTART;TZID=:20261103T090000",
                "DTEND:",
                "DURATION:P",
                "ORGANIZER:",
                "RRULE:x",
                "SUMMARY:",
                "DTSTART;VALUE=PERIOD:20261103T090000Z/PT1H",
                " folded",
                "no property",
                ":",
                ";;;:",
                "DTSTART;TZID=Europe/Rome:99999999T999999",
            ]
        ),
        max_size=12,
    )
)
def test_any_lines_are_some_calendar(lines: list[str]) -> None:
    said = in_words("\r\n".join(["BEGIN:VCALENDAR", *lines]))

    assert said == "" or said.startswith(("Invitation:", "Cancelled:", UNREADABLE_INVITATION))


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "piece",
    [
        "BEGIN:VEVENT\r\n",
        "ATTENDEE;CN=x:mailto:a@b.example\r\n",
        "DESCRIPTION:a\r\n b\r\n",
        "END:VEVENT\r\nBEGIN:VEVENT\r\n",
        "RRULE:FREQ=SECONDLY\r\n",
        'X;A="b;c":d\\,\\;\r\n',
    ],
)
def test_reading_one_takes_time_by_the_length_alone(piece: str) -> None:
    calendar = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + piece * (1_000_000 // len(piece))

    assert seconds(lambda: in_words(calendar)) < ALLOWED


@pytest.mark.spec("ING 6")
def test_no_attachment_is_nameless() -> None:
    kinds = [
        "application/pdf",
        "image/png",
        "image/png",
        "message/rfc822",
        "application/x-own",
        "text/calendar",
    ]
    parts = "".join(
        f"--b\nContent-Type: {kind}\nContent-Disposition: attachment\n\nSubject: x\n\nx\n"
        for kind in kinds
    )
    body = f"--b\nContent-Type: text/plain\n\nSee the files\n{parts}--b--\n"
    message = the_message(a_mail(body, {"Content-Type": "multipart/mixed; boundary=b"}))

    assert [file.filename for file in message.attachments] == [
        "attachment-1.pdf",
        "image-2.png",
        "image-3.png",
        "mail-4.eml",
        "attachment-5",
        "invite-6.ics",
    ]
