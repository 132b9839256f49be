"""Names and previews are one harmless line, and what a message quotes is found."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desk.rules.mail_html import quoted_part
from services.desk.rules.plain import plain_name, preview
from shared.contracts.messages import InboundMessage
from tests.desk.hostile import MAILS
from tests.desk.hostile.texts import CHANNELS, TEXTS
from tests.ingest.builders import a_record, settled, the_message

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


def is_plain(line: str, longest: int) -> bool:
    without_flags = line.replace(ENGLAND, "").replace("\u200d", "").replace("\u200c", "")
    kinds = {unicodedata.category(sign) for sign in without_flags}
    return len(line) <= longest and not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def most_marks(line: str) -> int:
    most = count = 0
    for sign in line:
        count = count + 1 if unicodedata.combining(sign) else 0
        most = max(most, count)
    return most


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", TEXTS)
def test_the_preview_of_a_hostile_text_is_a_plain_line(name: str, channel: str) -> None:
    said = settled(CHANNELS[channel](TEXTS[name])).said
    for body in said:
        assert isinstance(body, InboundMessage)
        line = preview(body.text)

        assert is_plain(line, 140)
        assert most_marks(line) <= 3


@pytest.mark.parametrize("name", [name for name in MAILS if name.endswith("(mime)")])
def test_names_and_files_of_a_hostile_mail_are_plain_lines(name: str) -> None:
    message = the_message(a_record("email", MAILS[name].raw))
    names = [message.contact.display_name or "", message.subject or ""]
    names += [file.filename or "" for file in message.attachments]

    for each in names:
        assert is_plain(plain_name(each), 80)
        assert most_marks(plain_name(each)) <= 3


@given(st.text(st.characters(), max_size=300))
def test_any_text_has_a_plain_preview_and_name(text: str) -> None:
    assert is_plain(preview(text), 140)
    assert is_plain(plain_name(text), 80)
    assert most_marks(preview(text)) <= 3


@given(st.text(max_size=300))
def test_a_preview_of_a_preview_is_the_same(text: str) -> None:
    assert preview(preview(text)) == preview(text)


@given(st.text(st.sampled_from("abc é ñ 漢字 한글 שלום ไทย"), max_size=60))
def test_words_stay_as_they_were_written(text: str) -> None:
    assert preview(text) == unicodedata.normalize("NFC", " ".join(text.split()))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\r\ntwo\u2028three\tfour", "one two three four"),
        ("\u202eevil\u202c\u200e", "evil"),
        (f"{ENGLAND} 👨\u200d👩\u200d👧 🇮🇹", f"{ENGLAND} 👨\u200d👩\u200d👧 🇮🇹"),
        ("hi\U000e0061\U000e0062", "hi"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200b\u200d\u3164", ""),
        ("a" * 141, "a" * 139 + "…"),
        ("a" * 138 + "🇮🇹🇪🇸", "a" * 138 + "…"),
    ],
)
def test_a_preview_keeps_what_is_seen(text: str, line: str) -> None:
    assert preview(text) == line


@pytest.mark.parametrize(
    ("text", "full", "quoted"),
    [
        ("new", None, None),
        ("new", "new", None),
        ("new", "new\n\nOn Monday Ann wrote:\n> old\n", "On Monday Ann wrote:\n> old"),
        ("one\ntwo", "> a\n\none\n> b\n two", "> a\n\n> b"),
        ("", "> old", "> old"),
        ("other words", "a\n> b", "a\n> b"),
    ],
)
def test_what_is_quoted_is_what_is_not_new(text: str, full: str | None, quoted: str | None) -> None:
    assert quoted_part(text, full) == quoted


@given(st.text("a>\n ", max_size=60), st.text("ab>\n ", max_size=60))
def test_no_line_of_a_message_is_lost_between_what_is_new_and_what_is_quoted(
    text: str, full: str
) -> None:
    lines = {line.strip() for line in full.splitlines()}
    together = f"{text}\n{quoted_part(text, full) or ''}".splitlines()

    assert lines - {""} <= {line.strip() for line in together}
