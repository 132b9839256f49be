"""What of a text is learned from: no disguise, no order number and no link makes another text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.learning.features import SIZE, grams, hashed, index_of
from shared.learning.languages import language_of
from shared.learning.text import LONGEST_TEXT, fold
from tests.timing import times_as_long

ALLOWED = 60


@given(st.text())
def test_any_text_has_indices_each_once_and_in_order(text: str) -> None:
    found = hashed(text)

    assert len(found) >= 1
    assert found.dtype == np.uint32
    assert (np.diff(found.astype(np.int64)) > 0).all()
    assert int(found.max()) < SIZE
    assert (hashed(text) == found).all()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Claim your prize now", "claim your  prize\nnow"),
        ("pay $12.50 today", "pay $99 today"),
        ("see https://a.example/x?1 please", "see http://b.example please"),
        ("write to a@b.example soon", "write to somebody@elsewhere.example soon"),
        ("call +44 7700 900123 now", "call 07700900999 now"),
        ("order 4711 is late", "order 8822 is late"),
        ("free\u200b prize\u00ad", "free prize"),
        ("\uff46\uff52\uff45\uff45 prize", "free prize"),
        ("fr\u0435\u0435 priz\u0435", "free prize"),
        ("¿dónde está?", "¿donde esta?"),
    ],
)
def test_what_stands_for_the_same_is_the_same(one: str, other: str) -> None:
    assert set(grams(one)) == set(grams(other))
    assert (hashed(one) == hashed(other)).all()


def test_capitals_alone_are_one_sign_more() -> None:
    shouted, said = set(grams("THIS IS VERY URGENT NOW")), set(grams("this is very urgent now"))

    assert shouted - said == {"<shouted>"}


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    text = "word " * LONGEST_TEXT

    assert (hashed(text + "and more") == hashed(text)).all()
    assert len(fold(text)) <= LONGEST_TEXT


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "1 " * 500_000,
        "www." * 250_000,
        "a.b." * 250_000,
        "€1" * 500_000,
        "+1 (" * 250_000,
        "é" * 1_000_000,
        "ﷺ" * 1_000_000,
        "\u200b" * 1_000_000,
        "a@" * 500_000,
        "!" * 1_000_000,
    ],
)
def test_the_worst_text_is_hashed_about_as_soon_as_an_ordinary_one(text: str) -> None:
    ordinary = "where is my order? " * (LONGEST_TEXT // 19)

    assert times_as_long(lambda: hashed(text), lambda: hashed(ordinary)) < ALLOWED


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where is my order and when will it be here", "en"),
        ("hola, donde esta mi pedido que no llega", "es"),
        ("ciao, il mio ordine non e ancora arrivato, grazie", "it"),
        ("bonjour je voudrais savoir quand mon colis arrive", "fr"),
        ("hallo, wann kommt mein paket? danke", "de"),
        ("ola, quando chega o meu pedido por favor", "pt"),
        ("ok", "other"),
        ("", "other"),
        ("注文はいつ届きますか", "other"),
    ],
)
def test_the_language_is_guessed_by_short_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_marks_of_masks_are_no_words_of_a_text() -> None:
    assert index_of("<link>") != index_of("link")
    assert "<link>" in set(grams("www.x.example"))


def test_runs_of_four_letters_are_looked_at_across_words_too() -> None:
    """So "parcels" is near to "parcel", and "tracking no" to "tracking-number"."""
    parcel, parcels, other = (set(hashed(word).tolist()) for word in ("parcel", "parcels", "lamp"))

    assert len(parcel & parcels) >= 1 + len("parcel") - 3
    assert parcel & other == {index_of("<any>")}
    assert len(hashed("abc")) == 2
