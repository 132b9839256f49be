"""Screening on messages that nobody trained on: what is found, and whom it hides (SPM 1, SPM 4).

The files in `held_out` were written apart from the seeds. `hard.ham` are customers who sound like
spam: prices in capitals, bank details, quoted phishing, wholesale.
"""

import json
from pathlib import Path

import pytest

from services.spam.phrasebook import shipped
from services.spam.rules.learned import Learned
from services.spam.rules.phrases import Rules
from services.spam.rules.text import features
from services.spam.rules.verdict import verdict
from shared.contracts.accounts import SpamSettings
from shared.contracts.messages import Verdict
from shared.learning.models import WHETHER_SPAM, whole
from shared.learning.seeds import all_seeds, spam_model
from shared.learning.teaching import Account
from shared.learning.text import fold
from tests.spam.samples import message

FOLDER = Path(__file__).parent / "held_out"
ENGINES = (Rules(shipped(), alone=False), Learned(whole(WHETHER_SPAM), lambda _: Account()))

NEVER_HIDDEN = [
    "Order 4711 for 249.00 EUR still not here, WHERE IS IT???",
    "I won your giveaway last week, when do I get the prize?",
    "I got a text in your name: 'your parcel is on hold, pay 1.99 at bit.ly/x'. Is it you?",
    "We would like to order 200 pieces for our shops, what is your wholesale price?",
    "HELLO??? THIS IS THE THIRD TIME I WRITE. REFUND ME!!!",
    "is the 50% discount code SAVE50 still valid",
    "Please refund to IBAN DE00 5000 0000 1234, the card is closed. URGENT",
    "your site https://shop.example/p/12?ref=mail gives an error at the checkout",
    "free shipping over 50 euros, right?",
    "call me on 555-0134 please, it is about my delivery",
    "I paid with bitcoin, did you get the payment for order 12?",
    "my gift card does not work: balance 100 dollars",
    "Ciao, ho vinto il vostro concorso su Instagram, come ricevo il premio?",
    "Hola, me llegó un SMS diciendo que pague 2 euros por mi paquete, ¿es vuestro?",
    "Guten Tag, wann kommt mein Paket? Sendungsnummer 00340434161094",
    "Bonjour, le code promo -20% ne marche pas sur ma commande de 80 €",
    "ok",
    "👍",
    "",
]


def of(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text().splitlines()]


def judged(text: str, subject: str | None = None) -> Verdict:
    seen = features(message(text, subject=subject))
    opinions = [each for engine in ENGINES if (each := engine.opinion(seen)) is not None]
    return verdict(opinions, SpamSettings())


def share_hidden(*names: str) -> float:
    said = [each for name in names for each in of(name)]
    return sum(judged(each["text"], each.get("subject")).spam for each in said) / len(said)


@pytest.mark.spec("SPM 4")
@pytest.mark.parametrize("text", NEVER_HIDDEN)
def test_what_a_customer_may_well_write_is_never_hidden(text: str) -> None:
    assert not judged(text).spam, judged(text).reasons


@pytest.mark.spec("SPM 4")
def test_of_ordinary_messages_to_a_helpdesk_at_most_two_in_a_thousand_are_hidden() -> None:
    assert share_hidden(*(f"{each}.tags" for each in ("en", "es", "it", "fr", "de", "pt"))) <= 0.002


@pytest.mark.spec("SPM 4")
def test_even_of_customers_who_sound_like_spam_few_are_hidden() -> None:
    assert share_hidden("hard.ham") <= 0.04


@pytest.mark.spec("SPM 1")
@pytest.mark.parametrize(("name", "found"), [("sms", 0.6), ("mail", 0.55), ("messenger", 0.5)])
def test_most_spam_is_found_before_anybody_marked_anything(name: str, found: float) -> None:
    assert share_hidden(f"{name}.spam") >= found


@pytest.mark.slow
@pytest.mark.spec("SPM 1", "SPM 4")
def test_the_seeds_that_are_kept_apart_are_told_by_the_others() -> None:
    """Templates are kept together: no test is on another form of its own seed."""
    apart = [seed for seed in all_seeds() if seed.is_kept_apart]
    model = spam_model([seed for seed in all_seeds() if not seed.is_kept_apart])
    engines = (Rules(shipped(), alone=False), Learned(model, lambda _: Account()))
    hidden = {
        seed.id
        for seed in apart
        if verdict(
            [
                opinion
                for engine in engines
                if (opinion := engine.opinion(features(message(seed.whole)))) is not None
            ],
            SpamSettings(),
        ).spam
    }
    spam, ham = ([seed for seed in apart if seed.spam is is_spam] for is_spam in (True, False))

    assert len(spam) >= 150
    assert len(ham) >= 500
    assert sum(seed.id in hidden for seed in spam) / len(spam) >= 0.4
    assert sum(seed.id in hidden for seed in ham) / len(ham) <= 0.01


def test_no_held_out_message_is_a_seed() -> None:
    seeds = {fold(seed.whole) for seed in all_seeds()}
    long_enough = 20
    same = [
        each["text"]
        for path in FOLDER.glob("*.jsonl")
        for each in of(path.stem)
        if fold(each["text"]) in seeds and len(each["text"]) > long_enough
    ]

    assert same == []


@pytest.mark.spec("SPM 4")
@pytest.mark.parametrize("text", [each["text"] for each in of("sms.spam")[:20]])
def test_capitals_spaces_and_invisible_letters_hide_no_spam(text: str) -> None:
    disguised = "\u200b".join(text.split(" ")) if " " not in text else text.replace(" ", " \u200b")

    assert judged(disguised).score == pytest.approx(judged(text).score, abs=0.02)
