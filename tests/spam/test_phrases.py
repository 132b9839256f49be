"""The files of phrases: what may stand in them, how errors read, and what is found in a text."""

import re
import tomllib
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.spam.phrasebook import read, shipped
from services.spam.rules.finding import Finder
from services.spam.rules.lexicon import Lexicon, PhrasesDamaged, parsed
from services.spam.rules.ways import Unfit, way
from shared.learning.features import hashed
from shared.learning.languages import LANGUAGES
from shared.learning.text import LONGEST_TEXT, fold
from tests.examples import examples
from tests.spam.corpus import CUSTOMERS, SPAM
from tests.timing import times_as_long

FOLDER = files("services.spam.rules") / "phrases"
LEXICON = shipped()
THINGS = [phrases.ways for phrases in (*LEXICON.spam, *LEXICON.customers)]
FINDER = Finder(THINGS)

RULES = """
[spam.crypto]
about = "it is about speculation"
weight = 2
again = 0.5

[customer.doubt]
about = "it doubts"
weight = -4.0
again = 0
"""
ENGLISH = "crypto = ['bitcoins?']\ndoubt = ['scam']\n"
LINKS = "short_link = ['bit.ly']\ninvite = ['t.me']\nrisky_link = ['xyz']\n"


def lexicon(**changed: str) -> Lexicon:
    small = {"rules": RULES, "links": LINKS, "en": ENGLISH} | changed
    return parsed({f"{name}.toml": text for name, text in small.items()})


def ways_of(language: str) -> dict[str, list[str]]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def test_a_rule_is_declared_once_and_has_the_ways_of_all_languages() -> None:
    found = lexicon(es="crypto = ['criptomonedas?', 'bitcoins?']\n")

    [crypto], [doubt] = found.spam, found.customers
    assert (crypto.code, crypto.about) == ("crypto", "it is about speculation")
    assert (crypto.weight, crypto.again) == (2.0, 0.5)
    assert [each.text for each in crypto.ways] == ["bitcoins?", "criptomonedas?"]
    assert (doubt.weight, doubt.again) == (-4.0, 0.0)
    assert found.shorteners == {"bit.ly"}
    assert found.invites == {"t.me"}
    assert found.risky_endings == {"xyz"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"en": "crypto = ["}, "en.toml: "),
        ({"rules": "[spam.crypto"}, "rules.toml: "),
        ({"en": ENGLISH + "lottery = ['x']"}, "en.toml, lottery: rules.toml has no such rule"),
        ({"en": ENGLISH + "[doubts]\nways = ['x']"}, "en.toml, doubts: rules.toml has no such"),
        ({"en": "crypto = 'bitcoin'"}, "en.toml, crypto: it has to be a list of ways"),
        ({"en": "crypto = []"}, "en.toml, crypto: it has to be a list of ways"),
        ({"en": "crypto = ['btc', 5]"}, "en.toml, crypto, way 2: 5 is no text"),
        ({"en": "crypto = ['btc', 'a(b']"}, "en.toml, crypto, way 2 (a(b): "),
        ({"en": "crypto = ['btc']"}, "rules.toml, doubt: no language has a way to say it"),
        ({"rules": RULES.replace("again = 0.5", "")}, "rules.toml, crypto: “again” is missing"),
        ({"rules": RULES.replace("about", "words", 1)}, "rules.toml, crypto: “about” is missing"),
        ({"rules": RULES + "more = 1"}, "rules.toml, doubt: “more” means nothing here"),
        (
            {"rules": RULES.replace("2", "'2'", 1)},
            "crypto: “weight” has to be a number, and is '2'",
        ),
        ({"rules": RULES.replace("2", "true", 1)}, "crypto: “weight” has to be a number"),
        ({"rules": RULES.replace("2", "nan", 1)}, "crypto: “weight” has to be a number"),
        ({"rules": RULES.replace("-4", "4")}, "rules.toml, doubt: “weight” is 4.0, but"),
        ({"rules": RULES.replace('"it doubts"', '""')}, "rules.toml, doubt: “about” has to be"),
        ({"rules": RULES + "[ham.x]"}, "rules.toml: “ham” is neither"),
        ({"rules": "[spam]\ncrypto = 1\n[customer.doubt]"}, "rules.toml, crypto: it is no table"),
        (
            {"rules": RULES + "[spam.doubt]"},
            "rules.toml, doubt: it is both spam's and a customer's",
        ),
        ({"rules": ""}, "rules.toml: there is no rule “spam.…”"),
        ({"links": "short_link = ['bit.ly']"}, "links.toml, invite: it has to be a list of hosts"),
        ({"links": LINKS.replace("bit.ly", "Bit.ly")}, "links.toml, short_link: 'Bit.ly' is no"),
    ],
)
def test_what_is_damaged_is_told_with_file_rule_and_way(changed: dict[str, str], told: str) -> None:
    with pytest.raises(PhrasesDamaged) as raised:
        lexicon(**changed)

    assert told in str(raised.value)


@pytest.mark.parametrize("missing", ["rules.toml", "links.toml"])
def test_a_missing_file_is_told(missing: str) -> None:
    given_files = {"rules.toml": RULES, "links.toml": LINKS, "en.toml": ENGLISH}
    del given_files[missing]
    with pytest.raises(PhrasesDamaged, match=f"{missing}: there is no such file"):
        parsed(given_files)


def test_a_file_that_is_no_text_and_a_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    (tmp_path / "fr.toml").write_bytes(b"crypto = ['\xff']")
    with pytest.raises(PhrasesDamaged, match=r"fr\.toml: "):
        read(tmp_path)
    with pytest.raises(PhrasesDamaged, match="nowhere"):
        read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Bitcoin", "“B” is in no folded text: write “b” instead"),
        ("aquí", "“í” is in no folded text: write “i” instead"),
        ("groß", "“ß” is in no folded text: write “ss” instead"),
        ("don’t", "“’” is in no folded text: write “'” instead"),
        ("a\u200bb", "leave it out"),
        ("[aÀ]bc", "“À” is in no folded text"),
        ("two  spaces", "single spaces"),
        (" space", "single spaces"),
        ("(group)", "a group begins with “(?:”"),
        ("(?P<name>group)", "a group begins with “(?:”"),
        ("win(?=ner)", "a group begins with “(?:”"),
        ("(?:open", "is not closed"),
        ("closed)", "closes nothing"),
        ("[open", "is not closed"),
        ("bit.ly", "is written “\\.”"),
        ("^start", "is written “\\^”"),
        ("?what", "follows nothing"),
        (r"\bword", "“\\b” is not allowed"),
        (r"word\W", "“\\W” is not allowed"),
        (r"word[\s]", "“\\s” is not allowed"),
        ("word\\", "is not allowed"),
        ("[z-a]word", "it is no regular expression"),
        ("(?:(?:very )+much )+", "a repetition stands within a repetition"),
        (r"(?:\w+ )*won", "a repetition stands within a repetition"),
        ("won+?", "a repetition stands behind a repetition"),
        (r"\w+ \w+ \w+ won", "more than 2 repetitions"),
        (r"[\d.]*[\d,]*won", "as in “{0,20}”"),
        ("[^.]*won", "as in “{0,20}”"),
        ("won{0,200}", "to 40 at most"),
        ("won{9,2}", "has to count up"),
        ("won{x}", "begins a number of times"),
        (r"\w+", "it has to have a word"),
        ("(?:won)?", "it has to have a word"),
        ("[abcdefgh]" * 5, "in too many ways"),
    ],
)
def test_a_way_that_is_unfit_is_told_why(text: str, told: str) -> None:
    with pytest.raises(Unfit) as raised:
        way(text)

    assert told in str(raised.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_can_say_all_that_is_looked_for(language: str) -> None:
    codes = {phrases.code for phrases in (*LEXICON.spam, *LEXICON.customers)}

    assert set(ways_of(language)) == codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_says_a_thing_twice(language: str) -> None:
    for code, ways in ways_of(language).items():
        assert len(set(ways)) == len(ways), code


def found_in(pattern: re.Pattern[str], texts: list[str]) -> list[list[str]]:
    return [pattern.findall(text) for text in texts]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_is_done_with_the_worst_text_as_soon_as_texts_are_read(language: str) -> None:
    """The worst is what begins as the way does, over and over, and never ends."""
    slow, reading = [], partial(hashed, "where is my order? " * (LONGEST_TEXT // 19))
    for text in (text for ways in ways_of(language).values() for text in ways):
        own = re.sub(r"[^\w .]+", " ", text) + " 1.1"
        worst = ("a", "1", "1.", "a ", "$1,1.", "a-", own)
        folded = [fold(each * (LONGEST_TEXT // len(each))) for each in worst]
        beside = times_as_long(partial(found_in, way(text).pattern, folded), reading)
        if beside > 100:
            slow.append(text)

    assert slow == []


WORDS = sorted({word for ways in THINGS for each in ways for word in each.text.split()})


@settings(deadline=None, max_examples=examples(300))
@given(
    st.one_of(
        st.lists(
            st.one_of(st.sampled_from(WORDS), st.sampled_from(["12", "$5.000", "my", "x", "-"])),
            max_size=30,
        ).map(lambda words: fold(" ".join(re.sub(r"[(?:)\[\]\\*+]", "", word) for word in words))),
        st.permutations([*SPAM, *CUSTOMERS]).map(lambda texts: fold("\n".join(texts))),
        st.text(max_size=200).map(fold),
    )
)
def test_what_is_found_is_what_one_alternation_of_all_ways_would_find(folded: str) -> None:
    found = FINDER.found(folded)

    for thing, ways in enumerate(THINGS):
        together = "|".join(each.text for each in ways)
        assert found.get(thing, []) == re.findall(rf"(?<!\w)(?:{together})(?!\w)", folded)


def test_of_two_ways_that_overlap_the_earlier_counts_and_then_the_first_given() -> None:
    finder = Finder([[way("won a prize"), way("you won"), way("you"), way("prize")]])

    assert finder.found("you won a prize") == {0: ["you won", "prize"]}
    assert finder.found("your prizes") == {}
