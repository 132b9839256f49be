"""What the page says: the same in every language, and nothing that there are no words for."""

import re
from pathlib import Path
from string import Formatter

import pytest

from services.desk.web import templating
from services.desk.web.words import LANGUAGES, Said, words

pytestmark = pytest.mark.spec("VWS 7")

SAID = re.compile(r"""(?<![\w.$])t\(\s*["']([a-z_0-9.-]+)["']\s*[,)]""")
"""A key that is said whole; those that are put together are seen in a browser."""


def placeholders(said: Said) -> set[str]:
    texts = [said] if isinstance(said, str) else said.values()
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_the_same_texts_with_the_same_placeholders(language: str) -> None:
    ours, theirs = words(LANGUAGES[0]).texts, words(language).texts

    assert ours.keys() == theirs.keys()
    assert {k: placeholders(said) for k, said in ours.items()} == {
        k: placeholders(said) for k, said in theirs.items()
    }
    assert {k for k, said in ours.items() if isinstance(said, str)} == {
        k for k, said in theirs.items() if isinstance(said, str)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_has_space_around_it(language: str) -> None:
    for said in words(language).texts.values():
        for text in [said] if isinstance(said, str) else said.values():
            assert text == text.strip() != ""


@pytest.mark.parametrize(
    "path",
    [*templating.STATIC.glob("*.js"), *(templating.HERE / "templates").glob("*.html")],
    ids=lambda path: path.name,
)
def test_there_are_words_for_what_is_said(path: Path) -> None:
    missing = {key for key in SAID.findall(path.read_text()) if key not in words("en").texts}

    assert missing == set()


def test_a_text_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        words("en")("no.such.text")


def test_a_count_chooses_the_form() -> None:
    t = words("it")

    assert (t("list.new", count=1), t("list.new", count=3)) == ("1 nuovo", "3 nuovi")


def test_another_language_is_the_default() -> None:
    assert words("de").language == "en"
