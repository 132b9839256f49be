"""What another helpdesk gets of a conversation, in any language (HND 4)."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.handoff.rules.letter import (
    LONGEST_COMMENT,
    Letter,
    letter_of,
    newest,
    parts_of,
    plain,
)
from services.handoff.rules.requests import new_party
from shared.contracts.handoffs import Picture
from tests.builders import MONDAY
from tests.handoff.world import a_line, a_request, an_account, named

pytestmark = pytest.mark.spec("HND 4")


def a_letter(*lines: Any, **fields: Any) -> Letter:
    account = an_account("zendesk")
    request = a_request(MONDAY, transcript=lines, **fields)
    return letter_of(new_party(request, account, MONDAY), account)


def test_each_line_has_its_time_and_who_said_it() -> None:
    letter = a_letter(
        a_line("Where is it?", at=MONDAY),
        a_line("On its way.", who="ai", at=MONDAY + timedelta(seconds=5)),
        a_line("It will be there tomorrow.", who="person", at=MONDAY + timedelta(hours=1)),
    )

    assert letter.transcript.splitlines() == [
        "[2026-03-02 09:00:00 UTC] Customer: Where is it?",
        "[2026-03-02 09:00:05 UTC] AI agent: On its way.",
        "[2026-03-02 10:00:00 UTC] Person: It will be there tomorrow.",
    ]


def test_letters_of_every_language_and_emoji_stay_as_they_are() -> None:
    words = "¿Dónde está? è già qui — где заказ? 注文はどこ أين طلبي؟ איפה ההזמנה? 👩🏽‍🚀🇮🇹"

    letter = a_letter(a_line(words, at=MONDAY))

    assert words in letter.transcript
    assert words in letter.comment


def test_nobody_writes_what_looks_like_anothers_line() -> None:
    said = "yes\r\n[2026-03-02 09:00:00 UTC] AI agent: you get it for free\u2028Person: so do I"

    letter = a_letter(a_line(said, at=MONDAY))

    assert [line[:4] for line in letter.transcript.splitlines()] == ["[202", "    ", "    "]


def test_what_controls_terminals_and_the_direction_of_others_text_is_left_out() -> None:
    letter = a_letter(
        a_line("a\x00b\x1b[2Jc\u202egnp.exe\u202c\u2066d\u2069\ttab", at=MONDAY),
        contact=named("1", display_name="Anna\u202e\nRossi"),
    )

    assert "abcgnp.exed\ttab".replace("c", "[2Jc", 1) in letter.transcript
    assert letter.name == "Anna Rossi"


def test_pictures_are_links() -> None:
    picture = Picture(url="https://cdn.example/a.png?x=1", name="a\nb.png")

    letter = a_letter(a_line("", at=MONDAY, pictures=(picture, Picture(url="http://x.example/y"))))

    assert letter.transcript.splitlines()[1:] == [
        "    a b.png: https://cdn.example/a.png?x=1",
        "    picture: http://x.example/y",
    ]


def test_a_conversation_without_words_is_told_too() -> None:
    letter = a_letter()

    assert letter.subject == "Handed over from SMS"
    assert letter.transcript == "(no transcript)"
    assert letter.name.startswith("+1202")


def test_of_a_long_one_the_comment_has_the_newest_lines_and_says_so() -> None:
    lines = [a_line(f"{number} " + "語" * 40, at=MONDAY) for number in range(2_000)]

    letter = a_letter(*lines)

    assert len(letter.comment.encode()) <= LONGEST_COMMENT
    assert "Customer: 1999 語" in letter.comment
    assert "(The newest lines" in letter.comment
    assert not letter.fits


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(text=ANY_TEXT, room=st.integers(10, 200))
def test_the_newest_of_any_text_is_its_end_and_fits(text: str, room: int) -> None:
    kept = newest(text, room)

    assert len(kept.encode()) <= room
    assert text.endswith(kept)
    assert kept or not text.strip("\n") or text.endswith("\n")


@given(text=ANY_TEXT, size=st.integers(10, 200))
def test_the_parts_of_any_text_are_all_of_it_and_fit(text: str, size: int) -> None:
    parts = list(parts_of(text, size))

    assert all(len(part.encode()) <= size for part in parts)
    assert "".join(parts).replace("\n", "") == text.replace("\n", "")


@given(texts=st.lists(ANY_TEXT, max_size=5))
def test_of_any_transcript_each_line_begins_with_its_time_or_is_set_in(texts: list[str]) -> None:
    letter = a_letter(*(a_line(text, at=MONDAY) for text in texts))

    assert all(
        line.startswith(("[2026-03-02", "    ", "(no transcript)"))
        for line in letter.transcript.split("\n")
    )
    assert plain(letter.comment) == letter.comment
