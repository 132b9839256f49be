"""Keywords (ING 3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.emit import keywords
from shared.contracts.accounts import Keyword
from shared.contracts.signals import KeywordClass
from tests.ingest.builders import (
    a_table,
    a_whatsapp,
    a_whatsapp_text,
    an_account,
    an_instagram,
    an_sms,
    the_message,
    the_signal,
)

WORDS = ["STOP", "stopall", "Stop All", "UNSUBSCRIBE", "END", "Quit", "CANCEL", "REVOKE", "OPTOUT"]


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize(
    ("text", "keyword", "class_"),
    [
        ("STOP", "STOP", "stop"),
        (" stop. ", "STOP", "stop"),
        ("\uff33\uff34\uff2f\uff30", "STOP", "stop"),
        ("\u201cSTOP\u201d", "STOP", "stop"),
        ("STOP  ALL", "STOP ALL", "stop"),
        ("*Stop*", "STOP", "stop"),
        ("ST\u200bOP\ufe0f", "STOP", "stop"),
        ("Stop!!!\n", "STOP", "stop"),
        ("END", "END", "stop"),
        ("UNSTOP", "UNSTOP", "start"),
        ("start", "START", "start"),
        ("HELP", "HELP", "help"),
        ("Info?", "INFO", "help"),
    ],
)
def test_a_message_that_is_a_keyword_is_a_signal_with_its_text(
    text: str, keyword: str, class_: str
) -> None:
    for record in (an_sms(text), a_whatsapp_text(text)):
        signal = the_signal(record)

        assert (signal.kind, signal.keyword, signal.keyword_class) == ("keyword", keyword, class_)
        assert signal.text == text
        assert signal.message_id == signal.correlation_id


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize(
    "text",
    [
        "Please cancel my order",
        "I need help",
        "cancel my order",
        "stopwatch is broken",
        "yes",
        "YES",
        "INFO about order 5",
        "the end",
        "Arrêt",
        "can't stop",
        "start-up",
        "?",
        "👍",
    ],
)
def test_a_message_that_only_has_a_keyword_in_it_is_a_message(text: str) -> None:
    for record in (an_sms(text), a_whatsapp_text(text)):
        message = the_message(record)

        assert message.text == text
        assert "possible_opt_out" not in message.flags


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize("text", ["Stop please", "STOP texting me", "unsubscribe, now"])
def test_a_message_that_begins_with_stop_is_a_message_flagged_as_a_possible_opt_out(
    text: str,
) -> None:
    assert "possible_opt_out" in the_message(an_sms(text)).flags


@pytest.mark.spec("ING 3")
def test_a_picture_with_a_keyword_under_it_is_a_message() -> None:
    sms = an_sms(
        "Stop", NumMedia="1", MediaUrl0="https://x.example/1", MediaContentType0="image/png"
    )
    picture = {"type": "image", "image": {"id": "5", "caption": "STOP"}}

    assert the_message(sms).attachments[0].kind == "image"
    assert the_message(a_whatsapp(picture)).text == "STOP"


@pytest.mark.spec("ING 3")
def test_what_the_provider_took_for_a_keyword_is_one() -> None:
    signal = the_signal(an_sms("ya basta", OptOutType="STOP"))

    assert (signal.keyword, signal.keyword_class) == ("ya basta", "stop")


@pytest.mark.spec("ING 3")
def test_the_accounts_own_words_are_keywords_and_come_before_the_carriers() -> None:
    own = [
        Keyword(word="ARRÊT", class_="stop"),
        Keyword(word="#Summer 25"),
        Keyword(word="CANCEL", class_="campaign"),
    ]
    accounts = a_table(an_account(keywords=own))

    found = [the_signal(an_sms(text), accounts) for text in ("arret", "summer  25!", "cancel")]

    assert [(signal.keyword, signal.keyword_class) for signal in found] == [
        ("ARRÊT", "stop"),
        ("#Summer 25", "campaign"),
        ("CANCEL", "campaign"),
    ]


@pytest.mark.spec("ING 3")
def test_other_channels_have_no_keywords() -> None:
    assert the_message(an_instagram({"message": {"mid": "m", "text": "STOP"}})).text == "STOP"


@pytest.mark.spec("ING 3")
@given(
    st.sampled_from(WORDS),
    st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=1, max_size=30),
    st.booleans(),
)
def test_a_keyword_next_to_any_other_word_is_no_keyword(
    word: str,
    other: str,
    before: bool,  # noqa: FBT001
) -> None:
    text = f"{other} {word}" if before else f"{word} {other}"
    if keywords.normal_form(text) == "stop all":
        return

    assert keywords.match(text, ()) is None


@given(st.sampled_from(WORDS), st.text(" \t\n.,;:!?\"'“”*_¡¿()", max_size=10))
def test_space_and_punctuation_around_a_keyword_do_not_matter(word: str, around: str) -> None:
    found = keywords.match(f"{around}{word}{around}", ())

    expected: KeywordClass = "stop"
    assert found is not None
    assert found.class_ == expected


ASCII = st.one_of(
    st.text(st.characters(max_codepoint=127), max_size=40),
    st.lists(
        st.sampled_from(["STOP", " all", "\t", "!", "...", "-", "a1", "\x1c"]), max_size=8
    ).map("".join),
)


@given(ASCII)
def test_a_text_of_ascii_has_the_form_that_it_has_beside_an_invisible_character(text: str) -> None:
    assert keywords.normal_form(text) == keywords.normal_form(f"{text}\u200b")
