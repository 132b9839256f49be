"""Whatever a mail says: the time it takes grows with its length alone (ING 7)."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.mail.mime.html_tree import read
from services.ingest.read.mail.mime.leaves import flowed, without_uuencoded
from services.ingest.read.mail.quoting.quotes import new_text
from services.ingest.read.mail.quoting.subjects import base_subject
from shared.values.mail_tokens import found_in
from tests.ingest.test_hostile_mail import ALLOWED, seconds

CHEAP = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

PIECES = st.sampled_from(
    [
        "On ",
        "wrote:",
        "a écrit :",
        "schrieb ",
        "1 ",
        "a@b ",
        "<a@b>",
        "10:00",
        ">",
        "> ",
        "\n",
        " ",
        "\n\n",
        "From: ",
        "Von: ",
        "-----Original Message-----",
        "____",
        "De: x\n",
        "写道：",
        "el ",
        "Subject:",
        "*",
        "-",
        "=",
        "x",
        "2026-01-01",
        "чт, 1 янв",
        "C> ",
        "| ",
        "-- \n",
        "---\n",
        "Sent from ",
        "wrote",
        "You are receiving this because ",
        "confidential ",
        "reply above ",
        ":",
        "：",
        "\u200f",
    ]
)


@CHEAP
@given(st.lists(PIECES, min_size=1, max_size=6))
@pytest.mark.slow
@pytest.mark.timeout(120)
def test_stripping_quotes_takes_time_by_the_length_alone(pieces: list[str]) -> None:
    piece = "".join(pieces)
    text = piece * (200_000 // len(piece))

    assert seconds(lambda: new_text(text)) < ALLOWED


@CHEAP
@given(
    st.lists(
        st.sampled_from(
            [
                "<div>",
                "</div>",
                "<b>",
                "</b>",
                "<p>",
                "</p>",
                "<table>",
                "</table>",
                "<tr>",
                "<td>",
                "x",
                "<a href=x>",
                "</a>",
                "<blockquote type=cite>",
                "</blockquote>",
                "<i id=1>",
                "</i>",
                "<li>",
                "<div style='display:none'>",
                "<select>",
                "<option>",
                "<svg>",
                "<math>",
                "<form>",
                "<nobr>",
                "<div class=gmail_quote>",
                "<button>",
                "<template>",
                "<ruby>",
                "<rt>",
                "<h1>",
                "<font size=2>",
            ]
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(100, 14_000),
)
@pytest.mark.timeout(120)
def test_taking_html_apart_takes_no_more(pieces: list[str], times: int) -> None:
    source = "".join(pieces) * (times // len(pieces))

    assert seconds(lambda: to_text(read(source).full)) < ALLOWED


@CHEAP
@given(
    st.lists(
        st.sampled_from(
            [
                "re:",
                "[a]",
                "(fwd)",
                "fwd: ",
                "[fwd: ",
                "]",
                " ",
                "t1",
                "aaaa",
                "begin 644 x\n",
                "M!!!!\n",
                "end\n",
                "a \n",
                "> ",
            ]
        ),
        min_size=1,
    )
)
@pytest.mark.timeout(120)
def test_nor_do_subjects_tokens_files_and_paragraphs(pieces: list[str]) -> None:
    piece = "".join(pieces)
    text = piece * (200_000 // len(piece) + 1)

    for work in (base_subject, found_in, without_uuencoded, flowed):
        assert seconds(lambda work=work: work(text)) < ALLOWED  # type: ignore[misc]
