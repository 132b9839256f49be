"""A mail made anew: whatever its sender wrote, it has the headers it should have, and no other."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.spam.rules.letter import NOBODY, Letter, written
from tests.spam.samples import MONDAY

ADDRESSES = st.one_of(st.text(max_size=30), st.just("anna@example.com"))


@given(sender=ADDRESSES, to=ADDRESSES, subject=st.text(), text=st.text(), name=st.text(max_size=9))
def test_whatever_a_sender_writes_a_letter_has_its_own_headers_and_no_other(
    sender: str, to: str, subject: str, text: str, name: str
) -> None:
    letter = Letter(sender, to, subject, text, MONDAY, name)

    read = message_from_bytes(written(letter), policy=default)

    allowed = {"From", "To", "Subject", "Date", "Message-ID"}
    allowed |= {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert set(read.keys()) <= allowed
    assert len(set(read.keys())) == len(read.keys())
    assert not read.is_multipart()


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"])
def test_a_header_cannot_be_smuggled_in_by_subject_sender_or_id(ending: str) -> None:
    smuggled = f"Hi{ending}Bcc: all@example.com{ending}{ending}<body>"
    letter = Letter(
        f"a@b.example{ending}Bcc: x@y.example", "b@c.example", smuggled, "text", MONDAY, smuggled
    )

    raw = written(letter)
    read = message_from_bytes(raw, policy=default)

    assert isinstance(read, EmailMessage)
    assert read["Bcc"] is None
    assert read["From"] == NOBODY
    assert read["Message-ID"] is None
    assert "Bcc" in read["Subject"]
    assert b"\r\n\r\ntext" in raw
    assert read.get_content().strip() == "text"


def test_a_letter_is_read_as_it_was_written() -> None:
    letter = Letter(
        "anna@example.com", "b@c.example", "¿Dónde está?", "Ñandú\n.\nFrom x", MONDAY, "1@x"
    )

    read = message_from_bytes(written(letter), policy=default)

    assert isinstance(read, EmailMessage)
    assert (read["From"], read["Subject"], read["Message-ID"]) == (
        "anna@example.com",
        "¿Dónde está?",
        "<1@x>",
    )
    assert read.get_content().splitlines() == ["Ñandú", ".", "From x"]
    assert read["Date"].datetime == MONDAY
