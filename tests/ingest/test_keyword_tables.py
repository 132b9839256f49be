"""Each language's keywords, by a table of what customers write (ING 3).

`REGENERATE=1 pytest` writes the tables' verdicts anew, to be read before they are kept.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.emit import keywords
from shared.contracts.accounts import Keyword
from tests.ingest.builders import a_table, an_account, an_sms, the_message, the_signal

TABLES = sorted((Path(__file__).parent / "keywords").glob("*.json"))
LANGUAGES = sorted(keywords.LANGUAGES)
CARRIERS = ["STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "START", "HELP", "INFO"]
LOCAL = [
    "ARRÊT",
    "AIDE",
    "BAJA",
    "ALTO",
    "AYUDA",
    "SAIR",
    "STOPP",
    "HILFE",
    "ANNULLA",
    "AFMELDEN",
    "REZYGNUJĘ",
    "POMOC",
]
SENTENCES = (
    st.lists(
        st.text(st.characters(categories=("Ll", "Lu", "Nd")), min_size=2, max_size=12),
        min_size=1,
        max_size=8,
    )
    .map(" ".join)
    .filter(lambda text: keywords.normal_form(text) not in ("all", "out"))
)


def verdict(text: str, languages: list[str]) -> str:
    found = keywords.match(text, (), languages)
    return f"{found.class_}: {found.keyword}" if found else "a message"


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_text_is_a_keyword_or_a_message_as_its_table_says(path: Path) -> None:
    table: dict[str, Any] = json.loads(path.read_text())

    found = [
        {"text": row["text"], "is": verdict(row["text"], table["languages"])}
        for row in table["texts"]
    ]

    if os.environ.get("REGENERATE"):
        path.write_text(json.dumps(table | {"texts": found}, ensure_ascii=False, indent=1) + "\n")
    assert found == table["texts"]


@pytest.mark.spec("ING 3")
def test_every_language_has_a_table() -> None:
    assert {path.stem for path in TABLES} >= keywords.LANGUAGES


@pytest.mark.spec("ING 3")
@pytest.mark.parametrize("word", LOCAL)
def test_a_languages_words_are_keywords_only_where_the_account_has_switched_it_on(
    word: str,
) -> None:
    off = an_account()
    on = off.model_copy(update={"keyword_languages": tuple(LANGUAGES)})

    assert the_message(an_sms(word), a_table(off)).text == word
    assert the_signal(an_sms(word), a_table(on)).kind == "keyword"


@pytest.mark.spec("ING 3")
@given(st.sampled_from(CARRIERS + LOCAL), SENTENCES, SENTENCES, st.sampled_from([1, 2, 3]))
def test_a_keyword_before_or_after_a_sentence_is_a_message(
    word: str, before: str, after: str, sides: int
) -> None:
    text = " ".join(
        [
            *([before] if sides & 1 else []),
            word,
            *([after] if sides & 2 else []),
        ]
    )
    account = an_account().model_copy(update={"keyword_languages": tuple(LANGUAGES)})

    assert the_message(an_sms(text), a_table(account)).text == text


@pytest.mark.spec("ING 3")
def test_the_providers_word_counts_over_the_lists_and_the_accounts_over_its_languages() -> None:
    account = an_account(keywords=[Keyword(word="BAJA", class_="campaign")]).model_copy(
        update={"keyword_languages": ("es",)}
    )

    campaign = the_signal(an_sms("baja"), a_table(account))
    provider = the_signal(an_sms("baja", OptOutType="STOP"), a_table(account))

    assert (campaign.keyword_class, provider.keyword_class) == ("campaign", "stop")
