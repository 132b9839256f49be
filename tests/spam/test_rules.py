"""What content alone makes of a message."""

from collections.abc import Callable
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.spam.phrasebook import shipped
from services.spam.rules.engine import HIGHEST_SCORE, Opinion, combined
from services.spam.rules.lexicon import Phrases
from services.spam.rules.phrases import Rules
from services.spam.rules.text import features, hosts
from services.spam.rules.verdict import verdict
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import InboundMessage, Verdict
from shared.learning.text import LONGEST_TEXT, fold
from tests.spam.corpus import CUSTOMERS, SPAM
from tests.spam.samples import SPAM_TEXT, mail, message
from tests.timing import times_as_long

THRESHOLD = SpamSettings().threshold
LEXICON = shipped()
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u202e\u2066"


def judged(screened: InboundMessage | str, threshold: float = THRESHOLD) -> Verdict:
    screened = message(screened) if isinstance(screened, str) else screened
    return verdict([alone(screened)], SpamSettings(threshold=threshold))


def alone(screened: InboundMessage) -> Opinion:
    opinion = Rules(LEXICON).opinion(features(screened))
    assert opinion is not None
    return opinion


@pytest.mark.spec("SPM 4")
@pytest.mark.parametrize("text", CUSTOMERS)
def test_what_a_customer_writes_is_not_hidden(text: str) -> None:
    assert not judged(text).spam, judged(text).reasons


@pytest.mark.spec("SPM 1")
def test_nine_in_ten_of_the_spam_that_was_made_up_for_this_is_found() -> None:
    missed = [text for text in SPAM if not judged(text).spam]
    assert len(missed) <= len(SPAM) / 10, missed


@pytest.mark.slow
@pytest.mark.spec("SPM 4")
def test_what_two_customers_write_is_not_hidden_in_one_message() -> None:
    together = ("\n".join(pair) for pair in permutations(CUSTOMERS, 2))
    assert [text for text in together if judged(text).spam] == []


@pytest.mark.spec("SPM 4")
@pytest.mark.parametrize("phrases", LEXICON.spam, ids=lambda phrases: phrases.code)
def test_no_phrase_alone_hides_a_message_not_even_beside_a_link(phrases: Phrases) -> None:
    base = alone(message(""))
    for weight in (phrases.weight, phrases.weight + 1.5):
        with_it = Opinion("rules", 1, base.logit + weight, ())
        assert combined([with_it]) < THRESHOLD


@pytest.mark.spec("SPM 4")
@pytest.mark.parametrize("phrases", LEXICON.customers, ids=lambda phrases: phrases.code)
def test_what_customers_say_only_ever_counts_against_spam(phrases: Phrases) -> None:
    assert phrases.weight < 0
    assert phrases.again <= 0


@pytest.mark.spec("SPM 3")
@settings(deadline=None)
@given(
    text=st.sampled_from([*SPAM, *CUSTOMERS]),
    places=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(INVISIBLE)), max_size=60),
    change=st.sampled_from([str, str.upper, str.lower, str.swapcase, str.title]),
)
def test_capitals_and_invisible_characters_change_no_verdict(
    text: str, places: list[tuple[int, str]], change: Callable[[str], str]
) -> None:
    disguised = change(text)
    for place, invisible in places:
        disguised = disguised[:place] + invisible + disguised[place:]
    assert judged(disguised) == judged(text)


@pytest.mark.spec("SPM 3")
def test_wide_accented_and_look_alike_letters_change_no_verdict() -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" < c <= "~" else c for c in SPAM_TEXT)
    cyrillic = SPAM_TEXT.translate(str.maketrans("aeopc", "\u0430\u0435\u043e\u0440\u0441"))
    accented = SPAM_TEXT.replace("o", "o\u0301")
    bold = "".join(chr(0x1D400 + ord(c) - ord("A")) if "A" <= c <= "Z" else c for c in SPAM_TEXT)
    controls = SPAM_TEXT.replace("prize", "p\x00ri\x1bze")
    plain = judged(SPAM_TEXT)
    assert plain.spam
    for disguised in (wide, cyrillic, accented, bold, controls):
        assert judged(disguised) == plain


@pytest.mark.spec("SPM 3")
@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_at_all_has_one_verdict_with_a_score_between_0_and_1(text: str) -> None:
    once, again = judged(text), judged(text)
    assert once == again
    assert 0 <= once.score <= HIGHEST_SCORE
    assert once.spam == (once.score >= THRESHOLD)


@pytest.mark.spec("SPM 3")
def test_the_reasons_say_in_words_what_was_found_the_heaviest_first() -> None:
    found = judged(SPAM_TEXT)
    assert found.model == "rules-3"
    assert [reason.code for reason in found.reasons] == ["prize", "short_link", "link"]
    assert found.reasons[0].words == (
        "it says that its reader has won: “congratulations! you”, “claim your prize”"
    )
    assert found.reasons[1].words == "a link hides where it leads: bit.ly"


@pytest.mark.spec("SPM 4")
def test_what_scores_just_the_threshold_is_spam() -> None:
    score = judged(SPAM_TEXT).score
    assert judged(SPAM_TEXT, threshold=score).spam
    assert not judged(SPAM_TEXT, threshold=score + 0.0001).spam


@pytest.mark.spec("SPM 4")
def test_an_account_whose_threshold_is_1_has_nothing_hidden() -> None:
    assert not judged(" ".join(SPAM), threshold=1).spam


@pytest.mark.spec("SPM 1")
def test_a_mails_subject_is_read_too() -> None:
    body = "Claim your prize: http://gifts.example.com"
    assert not judged(body).spam
    assert judged(message(body, subject="Congratulations! You have won")).spam


@pytest.mark.spec("SPM 3")
def test_mail_to_many_and_mail_that_nobody_vouches_for_says_so() -> None:
    sent = message("News", mail=mail(bulk=True, authentication="fail"))
    assert {reason.code for reason in judged(sent).reasons} == {"bulk", "unauthenticated"}
    assert not judged(sent).spam


def test_a_message_without_words_is_no_spam() -> None:
    assert judged("").score < 0.05
    assert judged("\u200b\n").reasons == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://www.bit.ly/x?y=1 and http://bit.ly/z", ("bit.ly",)),
        ("visit shop.example.com/a, thanks", ("shop.example.com",)),
        ("write to anna@example.com", ()),
        ("http://user:pass@evil.top:8080/x", ("evil.top",)),
        ("http://10.0.0.7/pay", ("10.0.0.7",)),
        ("3.5 stars. ok.me too... e.g. 12.50", ("ok.me",)),
        ("(https://a.example/b)", ("a.example",)),
    ],
)
def test_the_hosts_of_links_are_found(text: str, found: tuple[str, ...]) -> None:
    assert hosts(fold(text)) == found


def test_only_the_first_two_thousand_characters_are_read() -> None:
    assert len(fold("\ufdfa" * 30_000)) <= LONGEST_TEXT
    assert not judged("hello " * 400 + SPAM_TEXT).spam
    assert judged("\u200b" * 10_000 + SPAM_TEXT).spam


@pytest.mark.parametrize(
    "hostile",
    [
        "a",
        "you have won ",
        "www.",
        "a-b.",
        "1.",
        "click ",
        "gana dinero ",
        "@",
        "$1,1.",
        "we are a ",
        "late client ",
        "your account ",
    ],
)
def test_the_worst_text_is_judged_about_as_soon_as_an_ordinary_one(hostile: str) -> None:
    text = message(hostile * (LONGEST_TEXT // len(hostile)))
    ordinary = message("where is my order? " * (LONGEST_TEXT // 19))

    assert times_as_long(lambda: judged(text), lambda: judged(ordinary)) < 10


@pytest.mark.spec("SPM 3")
@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Opinion,
            engine=st.just("e"),
            weight=st.floats(0.01, 10),
            logit=st.floats(-1e6, 1e6),
            reasons=st.just(()),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_engines_together_score_between_the_mildest_and_the_harshest(
    opinions: list[Opinion],
) -> None:
    alone = [combined([opinion]) for opinion in opinions]
    assert min(alone) - 0.001 <= combined(opinions) <= max(alone) + 0.001


def test_an_engine_without_an_opinion_is_as_if_it_were_not_there() -> None:
    sure, unsure = Opinion("a", 3, 4.0, ()), Opinion("b", 1, 0.0, ())
    assert combined([sure, unsure]) == round(1 / (1 + 2.718281828**-3), 4)
    assert combined([sure]) > combined([sure, unsure])
    assert combined([]) == 0
